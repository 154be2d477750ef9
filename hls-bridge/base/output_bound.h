/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OUTPUT_BOUND_H
#define OUTPUT_BOUND_H

/* Limits what one stream may put out in a second, whatever its publisher sends: restarts of its
 * pictures, files, and bytes of pictures. A second is one of the stream's clock, which keeps to
 * real time by the arrival of packets. So a thread that was held up may work off its queue at any
 * speed.
 *
 * Pictures over a limit are left out up to an IDR picture. Sound is never left out: its own clock
 * limits it. To leave room for sound, pictures may use only half of the files. What renditions make
 * that follow the best one adds to the files: they are the bridge's own, and cut like it.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include "base/media.h"

#define OUTPUT_BOUND_BURST_S 2 /* after quiet seconds, this many seconds' worth at once */

/* A member that is 0 sets no limit. */
typedef struct OutputBoundParams {
    int64_t restart_us;      /* least time between two restarts of the pictures */
    int64_t files_per_s;     /* segments, parts and initialisation segments */
    int64_t picture_bitrate; /* of the pictures that are put out, bit/s */
} OutputBoundParams;

/* How many were refused. */
typedef struct OutputBoundStats {
    uint64_t restarts, pictures, files;
} OutputBoundStats;

typedef struct OutputBound {
    OutputBoundParams params;
    int64_t now_90k;       /* the latest time given to output_bound_time() */
    bool restarted;        /* pictures have restarted, */
    int64_t restarted_90k; /* here on the stream's clock */
    int64_t files, bytes;  /* that may still be put out, times TICKS_PER_S */
    size_t followers;      /* renditions that each may make as many files as all that is sent */
    OutputBoundStats stats;
} OutputBound;

/* Returns a new bound, with a whole burst to use. */
OutputBound output_bound(const OutputBoundParams *params);

/* From now on there are so many renditions that follow. */
void output_bound_set_followers(OutputBound *bound, size_t count);

/* The stream's clock stands at `clock_90k`; a time before the last one changes nothing. */
void output_bound_time(OutputBound *bound, int64_t clock_90k);

/* The earliest time on the stream's clock for another restart of the pictures; INT64_MIN: any. */
int64_t output_bound_restart_at_90k(const OutputBound *bound);

/* Whether pictures may restart with the one at `pts_90k`. If so, the restart is counted. */
bool output_bound_takes_restart(OutputBound *bound, int64_t pts_90k);

/* Whether a picture of `len` bytes may be put out. If so, it is counted. */
bool output_bound_takes_picture(OutputBound *bound, size_t len);

/* Whether a file may be made. If so, it is counted. */
bool output_bound_takes_file(OutputBound *bound);

#endif
