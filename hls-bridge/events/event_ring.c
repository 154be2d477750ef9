/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_ring.h"

#include <stdlib.h>

#include "base/media.h"

#define RETRY_FIRST_US US_PER_S
#define RETRY_MOST_US  (60 * US_PER_S)
#define DOUBLINGS_MAX  6 /* of the first, until it is the most */

bool event_ring_init(EventRing *r, size_t room, size_t readers)
{
    *r = (EventRing){.room = room, .readers = readers};
    for (size_t i = 0; i < readers; i++)
        r->reader[i].next = 1;
    if (readers == 0)
        return true;
    r->events = calloc(room, sizeof(*r->events));
    return r->events;
}

void event_ring_free(EventRing *r)
{
    free(r->events);
    r->events = NULL;
}

void event_ring_put(EventRing *r, Event *event)
{
    event->sequence = ++r->written;
    if (!r->events)
        return;
    r->events[event->sequence % r->room] = *event;
    for (size_t i = 0; i < r->readers; i++) {
        if (event_ring_waiting(r, i) <= r->room)
            continue;
        r->reader[i].next++;
        r->reader[i].dropped++;
    }
}

const Event *event_ring_next(const EventRing *r, size_t reader, int64_t now_us)
{
    const EventReader *of = &r->reader[reader];

    if (of->next > r->written || now_us < of->not_before_us)
        return NULL;
    return &r->events[of->next % r->room];
}

void event_ring_taken(EventRing *r, size_t reader, uint64_t sequence)
{
    EventReader *of = &r->reader[reader];

    if (of->next <= sequence)
        of->next = sequence + 1;
    else
        of->dropped--; /* while it was being delivered: it is not lost */
    of->taken++;
    of->failures_in_a_row = 0;
    of->not_before_us = 0;
}

void event_ring_failed(EventRing *r, size_t reader, int64_t now_us)
{
    EventReader *of = &r->reader[reader];
    unsigned doublings =
        of->failures_in_a_row < DOUBLINGS_MAX ? of->failures_in_a_row : DOUBLINGS_MAX;
    int64_t wait_us = RETRY_FIRST_US << doublings;

    of->failures++;
    of->failures_in_a_row++;
    of->not_before_us = now_us + (wait_us < RETRY_MOST_US ? wait_us : RETRY_MOST_US);
}

void event_ring_give_up(EventRing *r, size_t reader)
{
    r->reader[reader].dropped += event_ring_waiting(r, reader);
    r->reader[reader].next = r->written + 1;
}

size_t event_ring_waiting(const EventRing *r, size_t reader)
{
    return (size_t)(r->written + 1 - r->reader[reader].next);
}

int64_t event_ring_due_us(const EventRing *r, size_t reader)
{
    return event_ring_waiting(r, reader) > 0 ? r->reader[reader].not_before_us : INT64_MAX;
}
