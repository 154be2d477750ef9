/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLUGIN_CLOCK_H
#define PLUGIN_CLOCK_H

/* The one clock of the plugin. It is a file of its own so that tests can link another in its place
 * (tests/plugin/stub_clock.c), and hours pass at once.
 *
 * Thread-safety: any thread. */

#include <stdint.h>

/* CLOCK_MONOTONIC in microseconds. */
int64_t monotonic_us(void);

#endif
