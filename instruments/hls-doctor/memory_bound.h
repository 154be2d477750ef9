/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEMORY_BOUND_H
#define MEMORY_BOUND_H

/* What a server lists, hls-doctor remembers: names, and files that wait for others. Each of these
 * has a bound or goes on growing for as long as new things are listed; this is the bound of all.
 *
 * Thread-safety: any thread. */

#include <stdbool.h>
#include <stdint.h>

#include "findings.h"

/* Whether this process has taken `most` bytes of memory; if so, that is a remark. */
bool memory_bound_is_reached(int64_t most, Findings *findings);

#endif
