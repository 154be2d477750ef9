/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flight_queue.h"

#include <assert.h>
#include <stdlib.h>

typedef struct Entry {
    Flight flight;
    uint64_t order; /* in which it was added */
} Entry;

struct FlightQueue {
    size_t count, most;
    uint64_t added;
    Entry heap[]; /* each before the two at twice its place */
};

FlightQueue *flight_queue_create(size_t most)
{
    FlightQueue *q = calloc(1, sizeof(*q) + most * sizeof(Entry));

    if (q)
        q->most = most;
    return q;
}

void flight_queue_destroy(FlightQueue **queue)
{
    free(*queue);
    *queue = NULL;
}

static bool comes_before(const Entry *a, const Entry *b)
{
    if (a->flight.when_us != b->flight.when_us)
        return a->flight.when_us < b->flight.when_us;
    return a->order < b->order;
}

static void swap(Entry *a, Entry *b)
{
    Entry c = *a;

    *a = *b;
    *b = c;
}

void flight_queue_add(FlightQueue *q, const Flight *flight)
{
    size_t i = q->count++;

    assert(q->count <= q->most);
    q->heap[i] = (Entry){*flight, q->added++};
    for (; i > 0 && comes_before(&q->heap[i], &q->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&q->heap[i], &q->heap[(i - 1) / 2]);
}

int64_t flight_queue_next_us(const FlightQueue *q)
{
    return q->count > 0 ? q->heap[0].flight.when_us : INT64_MAX;
}

bool flight_queue_take(FlightQueue *q, Flight *out)
{
    size_t i = 0, best = 0;

    if (q->count == 0)
        return false;
    *out = q->heap[0].flight;
    q->heap[0] = q->heap[--q->count];
    do {
        i = best;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < q->count; child++)
            if (comes_before(&q->heap[child], &q->heap[best]))
                best = child;
        if (best != i)
            swap(&q->heap[i], &q->heap[best]);
    } while (best != i);
    return true;
}
