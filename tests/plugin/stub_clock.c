/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stub_clock.h"

#include <stdatomic.h>

#include "core/plugin_clock.h"

/* Relaxed, so that a sanitizer takes no order between threads from it. It begins long after 0, as
 * the clock of a machine does that runs. */
static _Atomic int64_t now_us = INT64_C(3600000000);

void stub_clock_pass(int64_t us)
{
    atomic_fetch_add_explicit(&now_us, us, memory_order_relaxed);
}

int64_t monotonic_us(void)
{
    return atomic_load_explicit(&now_us, memory_order_relaxed);
}

int64_t wall_s(void)
{
    return STUB_CLOCK_WALL_S + monotonic_us() / 1000000;
}
