/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/sample_queue.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

/* Makes room for one more. It reuses the room of released samples before it grows. */
static int reserve(SampleQueue *q)
{
    if (q->count < q->capacity)
        return 0;
    if (q->first > 0) {
        q->count -= q->first;
        memmove(q->sample, q->sample + q->first, q->count * sizeof(q->sample[0]));
        q->first = 0;
        return 0;
    }
    size_t capacity = q->capacity ? q->capacity * 2 : FIRST_CAPACITY;
    QueuedSample *grown = realloc(q->sample, capacity * sizeof(*grown));
    if (!grown)
        return -1;
    q->sample = grown;
    q->capacity = capacity;
    return 0;
}

int sample_queue_add(SampleQueue *q, SampleBytes *bytes, int64_t pts, int64_t dts, bool key)
{
    if (!bytes || reserve(q) < 0) {
        sample_bytes_release(&bytes);
        return -1;
    }
    q->sample[q->count++] = (QueuedSample){.bytes = bytes, .pts = pts, .dts = dts, .key = key};
    return 0;
}

int sample_queue_add_first(SampleQueue *q, SampleBytes *bytes, int64_t pts, int64_t dts, bool key)
{
    if (sample_queue_add(q, bytes, pts, dts, key) < 0)
        return -1;
    QueuedSample added = q->sample[q->count - 1];
    memmove(q->sample + q->first + 1, q->sample + q->first,
            (q->count - 1 - q->first) * sizeof(q->sample[0]));
    q->sample[q->first] = added;
    return 0;
}

void sample_queue_drop(SampleQueue *q, size_t n)
{
    for (; n > 0; n--)
        sample_bytes_release(&q->sample[q->first++].bytes);
}

void sample_queue_free(SampleQueue *q)
{
    sample_queue_drop(q, q->count - q->first);
    free(q->sample);
    *q = (SampleQueue){0};
}
