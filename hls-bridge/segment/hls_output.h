/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HLS_OUTPUT_H
#define HLS_OUTPUT_H

/* Pictures and AAC frames in, segments and a playlist out:
 *
 *   segment_cutter says where, segment_mux makes the segment, segment_store puts it in its place
 *
 * It outlives publishers: between two of them the playlist stays open, and the next one goes on
 * behind a discontinuity.
 *
 * Thread-safety: one thread, the stream's. */

#include "base/clock.h"
#include "package/cmaf_output.h"
#include "base/media.h"
#include "segment/segment_cutter.h"
#include "package/segment_store.h"

typedef struct HlsOutput HlsOutput;

typedef struct HlsOutputParams {
    const char *stream;        /* for log lines */
    SegmentStore *store;       /* borrowed */
    bool writes_ts;            /* .ts segments and their playlist */
    CmafOutput *cmaf;          /* gets the same media and the same segments; borrowed; NULL: none */
    int64_t segment_us;        /* target length of a segment */
    OutputBound *bound;        /* of restarts and pictures; borrowed; NULL: none */
    const Clock *clock;        /* borrowed */
    const uint8_t *aac_config; /* AudioSpecificConfig; borrowed, must outlive this */
    size_t aac_config_len;
} HlsOutputParams;

typedef struct HlsOutputStats {
    uint64_t segments, bytes;
    uint64_t failed_writes; /* segments lost to the disk */
    uint64_t discontinuities;
    int64_t last_duration_90k;
    uint64_t last_bytes;
    int64_t last_published_us; /* monotonic; 0: none yet */
    Histogram durations;       /* of segments */
    Histogram lateness;        /* by which segments were longer than the target */
    Histogram latency;         /* from the arrival of a segment's end until it is in the playlist */
    Histogram writes;          /* of files, low latency's too */
    int64_t picture_wait_90k;  /* how long a picture is waited for */
    bool has_low_latency;
    CmafOutputStats low_latency;
    SegmentCutterStats cutter;
    OutputBoundStats bound;
} HlsOutputStats;

/* What the output asks its publisher's clock: when what is at `at_90k` was captured, by the wall
 * clock. */
typedef int64_t (*HlsOutputWallClock)(void *user, int64_t at_90k);

/* Returns NULL where there is no memory. */
HlsOutput *hls_output_create(const HlsOutputParams *params);

/* What is not yet written is lost: finish first. Accepts NULL, leaves NULL. */
void hls_output_destroy(HlsOutput **output);

/* A publisher begins, with these tracks. */
void hls_output_begin(HlsOutput *output, bool has_video, bool has_audio,
                      HlsOutputWallClock wall_clock, void *user);

/* What is handed in from now on comes at `now_us`, by which files are kept: to be said before media
 * that may come long after the last tick. */
void hls_output_set_time(HlsOutput *output, int64_t now_us);

void hls_output_picture(HlsOutput *output, const AccessUnit *unit, int64_t pts_90k,
                        int64_t dts_90k);
void hls_output_audio(HlsOutput *output, const AacFrame *frame);

/* Goes on with what time has brought about; `clock_90k` is the stream's clock. Returns whether an
 * IDR picture should be asked for. */
bool hls_output_tick(HlsOutput *output, int64_t clock_90k, int64_t now_us);

/* When, on the stream's clock, the tick has something to do next; INT64_MAX: not by itself. */
int64_t hls_output_deadline_90k(const HlsOutput *output);

/* When, on the stream's clock, it will next ask for an IDR picture, and how long after that again.
 * Returns false where it will not. */
bool hls_output_next_idr(const HlsOutput *output, int64_t *at_90k, int64_t *every_90k);

/* The publisher has gone: writes what there is as a last, shorter segment. */
void hls_output_finish(HlsOutput *output, int64_t now_us);

/* Where this publisher's pictures have ended, as they are put out; 0: none has come. */
int64_t hls_output_pictures_end_90k(const HlsOutput *output);

/* Where on the stream's clock the next publisher may begin. */
int64_t hls_output_end_90k(const HlsOutput *output);

HlsOutputStats hls_output_stats(const HlsOutput *output);

#endif
