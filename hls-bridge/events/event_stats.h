/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_STATS_H
#define EVENT_STATS_H

/* How many events each sink got, as plain values.
 *
 * Thread-safety: none needed, values are copied. */

#include <stddef.h>
#include <stdint.h>

#define EVENT_SINKS_MAX 4

typedef struct EventSinkStats {
    const char *name;        /* static */
    uint64_t taken, dropped; /* events */
    uint64_t failures;       /* tries to deliver one that have failed */
    uint64_t waiting;        /* events */
} EventSinkStats;

typedef struct EventStats {
    uint64_t emitted;
    size_t sinks; /* of those that wait */
    EventSinkStats sink[EVENT_SINKS_MAX];
} EventStats;

#endif
