/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEST_STUB_CLOCK_H
#define TEST_STUB_CLOCK_H

/* In place of janus-plugin/core/plugin_clock.c: a clock that stands still until the test moves it.
 *
 * Thread-safety: any thread. */

#include <stdint.h>

void stub_clock_pass(int64_t us);

/* What wall_s() is more than the seconds of monotonic_us(). */
#define STUB_CLOCK_WALL_S INT64_C(1700000000)

#endif
