/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_SINK_H
#define EVENT_SINK_H

/* Somebody who wants to hear of events: the log, a file, a web hook. A new one is one new file that
 * fills in this table, and one line in event_sinks.c.
 *
 * Thread-safety: `offer` and `flush` are called by one thread at a time; `hurry` by any. */

#include <stddef.h>

#include "events/event.h"

#define EVENT_WHY_SIZE 256

typedef struct EventSink {
    const char *name; /* in status, metrics and log; static */
    void *user;

    /* The sink may take its time: it is called on the queue's thread, one event after the other,
     * and one that it could not take is offered again later. Else it is called at once by whoever
     * emits, under the queue's lock, and must neither wait nor fail. */
    bool waits;

    /* Delivers the event, which is borrowed. Returns false with a sentence in `why` (EVENT_WHY_SIZE
     * bytes) if it cannot now. Takes 10 seconds at most. */
    bool (*offer)(void *user, const Event *event, char *why);

    /* No event waits at the moment: gives back what was kept open for the next. NULL: nothing is.
     */
    void (*flush)(void *user);

    /* The bridge stops: an offer that is under way, and each one after it, takes a quarter of a
     * second at most. NULL: none ever takes longer. */
    void (*hurry)(void *user);

    /* Frees `user`. NULL: there is nothing to free. */
    void (*close)(void *user);
} EventSink;

#endif
