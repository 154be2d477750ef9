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
    int64_t peak;    /* ... and of one segment, at the most */
} Promise;

typedef struct Promised {
    int width, height;     /* pixels */
    int64_t peak, average; /* bit/s of its pictures */
} Promised;

/* A rate is kept over a second, so a segment has at the most what a second more would have. It is
 * as long as the list's target duration. */
static inline Promise promise_of(const Rendition *rendition, int64_t target_duration_s)
{
    return (Promise){rendition->side, rendition->bitrate,
                     rendition->bitrate + rendition->bitrate / target_duration_s};
}

/* What becomes of a best rendition of `width` by `height` pixels. Returns false if nothing is
 * promised, or it is no larger than this: then the rung shows what it has. */
static inline bool promise_read(const Promise *promise, int width, int height, Promised *out)
{
    int shorter = width < height ? width : height;

    if (promise->side == 0 || shorter <= promise->side)
        return false;
    *out = (Promised){nearest_even((int64_t)width * promise->side, shorter),
                      nearest_even((int64_t)height * promise->side, shorter), promise->peak,
                      promise->bitrate};
    return true;
}

#endif
