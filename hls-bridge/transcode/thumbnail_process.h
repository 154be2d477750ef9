/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef THUMBNAIL_PROCESS_H
#define THUMBNAIL_PROCESS_H

/* Has thumbnails made by hls-transcoder, for all streams: it is started when one is due, and ends
 * if it is told to rest. One that ends, or does not answer, costs the thumbnail that it was at; the
 * next one starts another process.
 *
 * Thread-safety: one thread calls all functions but thumbnail_process_stop(), and the kernel ends
 * the process with that thread. */

#include "base/clock.h"
#include "transcode/transcode_wire.h"

#define THUMBNAIL_PATIENCE_US 5000000ll /* that one may take; it takes some milliseconds */

typedef struct ThumbnailProcess ThumbnailProcess;

typedef struct ThumbnailProcessParams {
    const char *program; /* path of hls-transcoder; borrowed for its life */
    const Clock *clock;  /* likewise */
    int64_t patience_us;
    TranscodeFault fault; /* tests alone */
} ThumbnailProcessParams;

/* Counts of its whole life. */
typedef struct ThumbnailProcessStats {
    uint64_t started, faults;        /* processes; thumbnails that were lost to what it did */
    uint64_t stood_still, forbidden; /* ... since it did not answer, did what it may not */
} ThumbnailProcessStats;

/* Starts nothing yet. Returns NULL with errno. */
ThumbnailProcess *thumbnail_process_create(const ThumbnailProcessParams *params);

/* Accepts NULL, leaves NULL. */
void thumbnail_process_destroy(ThumbnailProcess **process);

/* Makes `jpeg` from a key picture of `codec`, as AccessUnit has it, and waits for it. Returns 0, or
 * -1: then `jpeg` is empty. */
int thumbnail_process_make(ThumbnailProcess *process, Codec codec, const uint8_t *data, size_t len,
                           ByteBuffer *jpeg);

/* Ends the process until the next thumbnail is due. */
void thumbnail_process_rest(ThumbnailProcess *process);

/* From now on none is made, and the one under way is given up. Any thread. */
void thumbnail_process_stop(ThumbnailProcess *process);

ThumbnailProcessStats thumbnail_process_stats(const ThumbnailProcess *process);

#endif
