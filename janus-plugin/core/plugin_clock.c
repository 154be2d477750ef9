/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/plugin_clock.h"

#include <glib.h>

int64_t monotonic_us(void)
{
    return g_get_monotonic_time();
}

int64_t wall_s(void)
{
    return g_get_real_time() / G_USEC_PER_SEC;
}
