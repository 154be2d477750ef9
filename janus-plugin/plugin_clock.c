/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugin_clock.h"

#include <glib.h>

int64_t monotonic_us(void)
{
    return g_get_monotonic_time();
}
