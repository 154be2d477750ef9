/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_SINK_H
#define EVENT_SINK_H

/* A sink receives events: the log, a file, a web hook. A new one is one new file that fills in this
 * table, and one line in event_sinks.c.
 *
 * Thread-safety: `offer` and `flush` of a sink that waits are called by one thread at a time;
 * `offer` of another by several at once, `hurry` and `stats` by any. */

#include <stddef.h>

#include "events/event.h"
#include "events/event_stats.h"

#define EVENT_WHY_SIZE 256

typedef struct EventSink {
    const char *name; /* in status, metrics and log; as long as the sink is there */
    void *user;

    /* true: the sink may wait. It is called on a thread of its own, one event after the other, and
     * an event that it could not take is offered again later. false: it is called at once, on the
     * thread that emits, and must neither wait nor fail. The events of one thread come in order;
     * several threads may be in it at the same time. */
    bool waits;

    /* Delivers the event, which is borrowed. Returns false with a sentence in `why` (EVENT_WHY_SIZE
     * bytes) if it cannot now. Takes 10 seconds at most. */
    bool (*offer)(void *user, const Event *event, char *why);

    /* No event waits now: closes what was kept open for the next one. NULL: nothing to close. */
    void (*flush)(void *user);

    /* The bridge stops: the current offer, and each one after it, must end within a quarter of a
     * second. NULL: offers are always that quick. */
    void (*hurry)(void *user);

    /* Adds what the sink itself has counted to what the queue has. Must not wait. NULL: nothing. */
    void (*stats)(void *user, EventSinkStats *stats);

    /* Frees `user`. NULL: there is nothing to free. */
    void (*close)(void *user);
} EventSink;

#endif
