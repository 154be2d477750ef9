/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_STATS_H
#define EVENT_STATS_H

/* How many events each sink got, as plain values.
 *
 * Thread-safety: none needed, values are copied. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_SINKS_MAX 10 /* the log, events.janus, and eight webhooks */

typedef struct EventSinkStats {
    const char *name;        /* as long as the sink is there */
    uint64_t taken, dropped; /* events */
    uint64_t failures;       /* tries to deliver one that have failed */
    uint64_t waiting;        /* events */
    bool keeps;              /* it keeps them on disk, and has what follows */
    uint64_t dead;           /* events that were given up, and written to a file */
    uint64_t bytes;          /* of its queue on disk */
    int64_t oldest_us;       /* Unix time of the oldest that waits there; 0: none */
} EventSinkStats;

typedef struct EventStats {
    uint64_t emitted;
    size_t sinks; /* of those that wait */
    EventSinkStats sink[EVENT_SINKS_MAX];
} EventStats;

#endif
