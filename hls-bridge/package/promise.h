/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PROMISE_H
#define PROMISE_H

/* What is listed of a rendition that is made only while somebody watches it. Until then it is
 * filled with the best one's pictures. If it were listed as these, no player would ever choose it.
 * So it is listed as what it becomes.
 *
 * Pure. Thread-safety: none needed, these are plain values. */

#include "base/rendition.h"

typedef struct Promise {
    int side;        /* Rendition.side; 0: nothing is promised */
    int64_t bitrate; /* bit/s of its pictures */
} Promise;

typedef struct Promised {
    int width, height;     /* pixels */
    int64_t peak, average; /* bit/s of its pictures */
} Promised;

static inline Promise promise_of(const Rendition *rendition)
{
    return (Promise){rendition->side, rendition->bitrate};
}

/* What becomes of a best rendition of `width` by `height` pixels. Returns false if nothing is
 * promised, or it is no larger than this: then the rung shows what it has. A rate is kept over a
 * second, so that a segment of two seconds has half as much again at the most. */
static inline bool promise_read(const Promise *promise, int width, int height, Promised *out)
{
    int shorter = width < height ? width : height;

    if (promise->side == 0 || shorter <= promise->side)
        return false;
    *out = (Promised){nearest_even((int64_t)width * promise->side, shorter),
                      nearest_even((int64_t)height * promise->side, shorter),
                      promise->bitrate + promise->bitrate / 2, promise->bitrate};
    return true;
}

#endif
