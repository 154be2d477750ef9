/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLUGIN_CLOCK_H
#define PLUGIN_CLOCK_H

/* The clocks of the plugin. They are in a file of its own so that tests can link another in its
 * place (tests/plugin/stub_clock.c), and hours pass at once.
 *
 * Thread-safety: any thread. */

#include <stdint.h>

/* CLOCK_MONOTONIC in microseconds. */
int64_t monotonic_us(void);

/* Seconds since 1970: for what people have written a time into. */
int64_t wall_s(void);

#endif
