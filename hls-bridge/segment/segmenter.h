/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENTER_H
#define SEGMENTER_H

/* Decides where a stream's segments begin and end, once for every rendition and every output, and
 * hands the media on to the outputs. Cuts are taken from the first video rendition, the best.
 *
 * It outlives publishers: between two of them the playlists stay open, and the next one goes on
 * behind a discontinuity.
 *
 * Thread-safety: one thread, the stream's. */

#include "segment/outputs.h"
#include "segment/segmenter_stats.h"

typedef struct Segmenter Segmenter;

typedef struct SegmenterParams {
    const char *stream;        /* for log lines; borrowed */
    Outputs *outputs;          /* borrowed */
    int64_t segment_us;        /* target length of a segment */
    int64_t target_duration_s; /* that all playlists have promised */
    OutputBound *bound;        /* of restarts and pictures; borrowed */
} SegmenterParams;

/* Returns NULL if there is no memory. */
Segmenter *segmenter_create(const SegmenterParams *params);

/* Media that is not written is lost: finish first. Accepts NULL, leaves NULL. */
void segmenter_destroy(Segmenter **segmenter);

/* What makes the pictures of renditions that follow is given those of the best one that go out,
 * with the times at which they go out; its own are to have the same times. It must not call the
 * segmenter. */
typedef struct SegmenterTap {
    void (*picture)(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k);
    void *user;
} SegmenterTap;

/* It is copied. NULL: there is none any more. */
void segmenter_set_tap(Segmenter *segmenter, const SegmenterTap *tap);

/* A publisher begins, and sends these renditions; they are copied. Those that follow stand last,
 * and nobody makes their pictures yet. */
void segmenter_begin(Segmenter *segmenter, const Renditions *renditions, OutputWallClock wall_clock,
                     void *user);

/* Media from now on comes at `now_us`; files are kept by that time. Call it before media that may
 * come long after the last tick. */
void segmenter_set_time(Segmenter *segmenter, int64_t now_us);

void segmenter_picture(Segmenter *segmenter, const AccessUnit *unit, int64_t pts_90k,
                       int64_t dts_90k);
void segmenter_sound(Segmenter *segmenter, const AacFrame *frame);

/* Whether somebody makes the pictures of a rendition that follows; `track` is its index in what the
 * publisher sends. If nobody does, it is filled with those of the best one at once. */
void segmenter_set_running(Segmenter *segmenter, size_t track, bool running);

/* Packets of a video track came at `at_90k`, but no picture can be made of them before an IDR
 * picture comes, which is asked for. */
void segmenter_broken(Segmenter *segmenter, size_t track, int64_t at_90k);

/* Does what is due; `clock_90k` is the stream's clock. Returns whether to ask for an IDR picture.
 */
bool segmenter_tick(Segmenter *segmenter, int64_t clock_90k, int64_t now_us);

/* When, on the stream's clock, the tick has something to do next; INT64_MAX: not by itself. */
int64_t segmenter_deadline_90k(const Segmenter *segmenter);

/* When, on the stream's clock, it will next ask for an IDR picture, and how long after that again.
 * Returns false if it will not. */
bool segmenter_next_idr(const Segmenter *segmenter, int64_t *at_90k, int64_t *every_90k);

/* The publisher has gone: writes what is left as a last, shorter segment. */
void segmenter_finish(Segmenter *segmenter, int64_t now_us);

/* Where the sound of this publisher is to end if it goes now: with its pictures, as they are put
 * out, and up to a cut that the last one stands still to. 0: none has come. */
int64_t segmenter_pictures_end_90k(const Segmenter *segmenter);

/* Where on the stream's clock the next publisher may begin. */
int64_t segmenter_end_90k(const Segmenter *segmenter);

SegmenterStats segmenter_stats(const Segmenter *segmenter);

/* Which of this publisher's renditions, as it describes them, viewers see as the best one: the
 * layer that leads; until there is one, the first of video. RENDITION_NONE: it sends none. */
size_t segmenter_best(const Segmenter *segmenter);

#endif
