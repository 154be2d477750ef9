/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SAMPLE_QUEUE_H
#define SAMPLE_QUEUE_H

/* Samples of one track that wait to be written, in decoding order. Zero-initialised: empty. They
 * are sample[first] to sample[count - 1].
 *
 * Thread-safety: one thread. */

#include "base/sample_bytes.h"

typedef struct QueuedSample {
    SampleBytes *bytes;
    int64_t pts, dts, duration; /* in the track's unit; the duration is the caller's to fill */
    bool key;                   /* it needs no other sample */
} QueuedSample;

typedef struct SampleQueue {
    QueuedSample *sample;
    size_t first, count, capacity;
} SampleQueue;

/* Adds a sample at the end and takes over its bytes; NULL: there was no memory for them. Returns 0,
 * or -1 if there is no memory. */
int sample_queue_add(SampleQueue *queue, SampleBytes *bytes, int64_t pts, int64_t dts, bool key);

/* The same before all others that wait. */
int sample_queue_add_first(SampleQueue *queue, SampleBytes *bytes, int64_t pts, int64_t dts,
                           bool key);

/* Releases the first `n` samples. */
void sample_queue_drop(SampleQueue *queue, size_t n);

/* Releases all of them and frees it. */
void sample_queue_free(SampleQueue *queue);

#endif
