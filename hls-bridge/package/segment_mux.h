/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_MUX_H
#define SEGMENT_MUX_H

/* Collects access units and AAC frames, and makes MPEG-TS segments from them in memory.
 *
 * Tracks may come in any order; a segment is written when it is cut, in order of decoding time over
 * all tracks. One muxer makes all segments of a stream until decoding restarts, so continuity
 * counters and timestamps go on from one to the next. Each segment begins with PAT and PMT.
 *
 * No I/O, no clock. Thread-safety: one thread. */

#include "base/media.h"

typedef struct SegmentMux SegmentMux;

/* The tracks to mux: video, audio, or both. */
typedef struct SegmentMuxParams {
    bool video;
    bool audio;
    bool repeats;              /* pictures may be repeated; takes some 5 KB */
    bool formats;              /* segments say of which format their pictures are */
    const uint8_t *aac_config; /* AudioSpecificConfig, if there is audio; copied */
    size_t aac_config_len;
} SegmentMuxParams;

/* A segment. `data` is borrowed until the next call. */
typedef struct Segment {
    const uint8_t *data;
    size_t len;
    size_t pictures, aac_frames;
    bool starts_with_idr; /* its first picture is one; false if it has none */
    VideoFormat format;   /* of the newest IDR picture up to its end; width 0: there was none, or
                           * nobody asked for it */
} Segment;

/* Returns NULL with a static sentence in `error`. */
SegmentMux *segment_mux_create(const SegmentMuxParams *params, const char **error);

/* What is collected is lost. Accepts NULL, leaves NULL. */
void segment_mux_destroy(SegmentMux **mux);

/* Collect; the bytes are held, or copied if they are only borrowed. Decoding times of each track
 * must grow. Return 0, or -1 if there is no memory. */
int segment_mux_video(SegmentMux *mux, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k);
int segment_mux_audio(SegmentMux *mux, const AacFrame *frame);

/* Bytes that are collected and not yet cut. */
size_t segment_mux_pending(const SegmentMux *mux);

/* When the newest picture that is collected is decoded; INT64_MIN: there is none. */
int64_t segment_mux_newest(const SegmentMux *mux);

/* A segment begins whose predecessor is written. Puts an IDR picture that lies no more than
 * `apart_90k` behind its start exactly there, so that all renditions are cut at one tick; what
 * should have been in the predecessor has come too late, and goes. If the pictures beside it are in
 * the way, it stays. One before the start is the predecessor's, and no beginning: that may be
 * another, which is still to come. */
void segment_mux_begin(SegmentMux *mux, int64_t start_90k, int64_t apart_90k);

/* Adds a picture at `at_90k` that repeats the newest one which is in a segment. All pictures that
 * wait must come behind it; what comes later is put there. Returns 0, 1: none can be made, as
 * h264_filler.h has it, or -1 if there is no memory. */
int segment_mux_repeat(SegmentMux *mux, int64_t at_90k);

/* Has the pictures of a segment that no IDR picture begins begin at its start all the same, if it
 * has any before `cut_90k`: what has come too late for its predecessor goes on from there, and if
 * the first one is later, the newest that is in a segment is repeated, but not among B-frames. An
 * IDR picture that is later stays, since nobody could decode what is before it. */
void segment_mux_lead_in(SegmentMux *mux, int64_t start_90k, int64_t cut_90k);

/* Drops what segment_mux_cut() would make a segment of, if that is sound alone. Returns whether it
 * is: else nothing has changed. */
bool segment_mux_drop_sound(SegmentMux *mux, int64_t cut_90k);

/* Makes a segment of all that is before `cut_90k`: IDR pictures and audio by the time at which they
 * are shown, other pictures by the time at which they are decoded. Returns 0, 1 if nothing is
 * before it, or -1 if libavformat fails. */
int segment_mux_cut(SegmentMux *mux, int64_t cut_90k, Segment *out);

#endif
