/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_QUEUE_H
#define EVENT_QUEUE_H

/* Takes events from any thread, numbers them, and hands each to every sink.
 *
 * A sink that waits (for a disk, for a network) is served by a thread of its own, from a ring of
 * bounded size, in the order of the numbers, so that emitting never waits for it, and no such sink
 * for another. Without one there is no ring. One that does not wait is served by the thread that
 * emits.
 *
 * Thread-safety: any thread, but for create and destroy. One lock guards the ring; it is held while
 * no sink is served. It is a leaf: emit with any lock held. */

#include "base/clock.h"
#include "events/event_sink.h"
#include "events/event_stats.h"

typedef struct EventQueue EventQueue;

typedef struct EventQueueParams {
    const Clock *clock;     /* borrowed */
    const EventSink *sinks; /* copied; their `user` is the queue's as soon as it is made */
    size_t count;           /* of sinks, EVENT_SINKS_MAX at most */
    size_t room;            /* events that may wait for each of them: events.queue */
} EventQueueParams;

/* Returns NULL with errno; the sinks are still the caller's then. */
EventQueue *event_queue_create(const EventQueueParams *params);

/* Delivers what waits, each event tried once more, and closes the sinks. Accepts NULL, leaves NULL.
 */
void event_queue_destroy(EventQueue **queue);

/* Emits an event that happens now; its `sequence` and `unix_us` are filled in. Waits for no sink
 * but those that say they do not wait. Does nothing if `queue` is NULL. */
void event_queue_emit(EventQueue *queue, const Event *event);

/* All zero if `queue` is NULL. */
EventStats event_queue_stats(EventQueue *queue);

#endif
