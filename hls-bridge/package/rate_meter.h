/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RATE_METER_H
#define RATE_METER_H

/* Measures what a multivariant playlist says of a rendition: its peak and average segment bit rate,
 * and its frame rate (rfc8216bis, sections 4.4.6.2 and 4.1).
 *
 * The figures are of all segments that may be listed, and of some before them. So they come down
 * again in time, for example after another layer has filled a small rendition with large pictures.
 *
 * Pure: no I/O, no clock, no allocation. Thread-safety: one thread. */

#include "base/media.h"

/* Of some segments that follow each other. */
typedef struct RateBlock {
    size_t segments;
    int64_t bytes, media_90k;
    int64_t peak_bitrate; /* bit/s of the largest segment */
    int64_t frames_milli; /* the most pictures in 1000 s of a segment */
    int64_t short_milli;  /* the same of segments that are too short to say much */
} RateBlock;

typedef struct RateMeter {
    size_t block;       /* segments in a block; two blocks are kept */
    int64_t steady_90k; /* how long a segment must be for its frame rate to count */
    RateBlock now, before;
} RateMeter;

/* A list shows `listed` segments at the most, as a rule, of about `target_duration_s`. */
RateMeter rate_meter(size_t listed, int64_t target_duration_s);

/* A segment of `duration_90k`, above 0, has so many bytes and pictures. */
void rate_meter_add(RateMeter *meter, size_t bytes, size_t pictures, int64_t duration_90k);

/* bit/s; 0: there was no segment yet. The peak is rounded up, since it is a bound. */
int64_t rate_meter_peak(const RateMeter *meter);
int64_t rate_meter_average(const RateMeter *meter);

/* 30000 is 30 pictures a second; 0: there was none. Segments of less than half a target duration
 * count only if there are no others. */
int64_t rate_meter_frames_milli(const RateMeter *meter);

#endif
