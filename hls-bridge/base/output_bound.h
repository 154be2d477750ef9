/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OUTPUT_BOUND_H
#define OUTPUT_BOUND_H

/* What one stream may make of a second, whatever its publisher sends: restarts of its pictures,
 * files, and bytes of pictures. A second is one of the stream's clock, which keeps to real time by
 * arrival: a thread that was held up and works off what has waited may be as fast as it likes.
 *
 * Pictures that find no room are left out, up to an IDR picture; sound is not, which is bounded by
 * its clock. So pictures may take half of the files that there is room for, and no more.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include "base/media.h"

#define OUTPUT_BOUND_BURST_S 2 /* what may be taken at once, after less was */

/* A member that is 0: there is no such bound. */
typedef struct OutputBoundParams {
    int64_t restart_us;      /* between two restarts of the pictures, at least */
    int64_t files_per_s;     /* segments, parts and initialisation segments */
    int64_t picture_bitrate; /* of pictures, as they are put out, bit/s */
} OutputBoundParams;

/* What was refused. */
typedef struct OutputBoundStats {
    uint64_t restarts, pictures, files;
} OutputBoundStats;

typedef struct OutputBound {
    OutputBoundParams params;
    int64_t now_90k;       /* the latest that it was told of */
    bool restarted;        /* pictures have, at: */
    int64_t restarted_90k; /* where on the stream's clock */
    int64_t files, bytes;  /* that may be taken, times TICKS_PER_S */
    OutputBoundStats stats;
} OutputBound;

/* With as much as there may be. */
OutputBound output_bound(const OutputBoundParams *params);

/* The stream's clock stands at `clock_90k`, which may be before what it was told. */
void output_bound_time(OutputBound *bound, int64_t clock_90k);

/* When on the stream's clock pictures may restart; INT64_MIN: they never have. */
int64_t output_bound_restart_at_90k(const OutputBound *bound);

/* Whether pictures may restart with the one of `pts_90k`; then they have. */
bool output_bound_takes_restart(OutputBound *bound, int64_t pts_90k);

/* Whether a picture of `len` bytes may be put out; then it is. */
bool output_bound_takes_picture(OutputBound *bound, size_t len);

/* Whether a file may be made; then it is. */
bool output_bound_takes_file(OutputBound *bound);

#endif
