/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_RING_H
#define EVENT_RING_H

/* The newest events, and how far each reader has come with them. A reader that falls behind by more
 * than the ring holds loses the oldest, which are counted; it takes nothing from the others. One
 * that fails is left alone for a second, then two, up to a minute.
 *
 * Pure: time is an argument, of any clock that does not go back. Thread-safety: none, the owner has
 * a lock. */

#include <stddef.h>

#include "events/event.h"
#include "events/event_stats.h"

typedef struct EventReader {
    uint64_t next;           /* the sequence number of the event that it is to read */
    uint64_t taken, dropped; /* events */
    uint64_t failures;       /* tries that have failed */
    unsigned failures_in_a_row;
    int64_t not_before_us; /* when it may try again */
} EventReader;

typedef struct EventRing {
    Event *events; /* NULL: nobody reads */
    size_t room;
    uint64_t written; /* the sequence number of the newest; 0: none */
    size_t readers;
    EventReader reader[EVENT_SINKS_MAX];
} EventRing;

/* A ring of `room` events (1 or more) for `readers`, of which there may be none. Returns false if
 * there is no memory. */
bool event_ring_init(EventRing *ring, size_t room, size_t readers);

void event_ring_free(EventRing *ring);

/* Gives the event its number, and keeps it. */
void event_ring_put(EventRing *ring, Event *event);

/* The event that `reader` may read at `now_us`, to be copied before the next put. NULL: there is
 * none, or it must wait. */
const Event *event_ring_next(const EventRing *ring, size_t reader, int64_t now_us);

/* The reader has taken the event of that number, which may have been dropped meanwhile. */
void event_ring_taken(EventRing *ring, size_t reader, uint64_t sequence);

/* The reader has failed with its event. */
void event_ring_failed(EventRing *ring, size_t reader, int64_t now_us);

/* The reader gives up: what waits for it is dropped. */
void event_ring_give_up(EventRing *ring, size_t reader);

/* How many events wait for the reader. */
size_t event_ring_waiting(const EventRing *ring, size_t reader);

/* When the reader has something to do; INT64_MAX: when something is put. */
int64_t event_ring_due_us(const EventRing *ring, size_t reader);

#endif
