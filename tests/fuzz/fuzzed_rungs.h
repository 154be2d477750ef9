/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FUZZED_RUNGS_H
#define FUZZED_RUNGS_H

/* Renditions that are made of the best one's pictures and come later, as a transcoder's. The input
 * says how late, which are lost, and what is in them: it may be one that somebody has taken over.
 * What the bridge's side of a transcoder refuses is not tried: a picture is of a time that was
 * given, later than the last one, and an IDR picture if that was one.
 *
 * Thread-safety: none, there is one set. */

#include "hls-bridge/segment/segmenter.h"

#define FUZZED_RUNGS_MAX 3

/* What becomes of a rung from now on. */
typedef enum FuzzedFate {
    FUZZED_LAG,     /* comes `value` tenths of a millisecond later */
    FUZZED_LOSES,   /* the next `value` pictures do not come */
    FUZZED_GONE,    /* its maker is gone, and what it had is lost */
    FUZZED_THERE,   /* it is there */
    FUZZED_STANDS,  /* nothing comes, and nobody knows of it */
    FUZZED_GOES_ON, /* all of that comes */
    FUZZED_TALL,    /* IDR pictures have other parameter sets */
    FUZZED_SPOILT,  /* pictures have these bytes behind the delimiter; none: as they should */
    FUZZED_FATES
} FuzzedFate;

/* Adds `count` of them to what a publisher sends. */
void fuzzed_rungs_describe(size_t count, Renditions *renditions);

/* That publisher has begun. */
void fuzzed_rungs_begin(Segmenter *segmenter, const Renditions *renditions);

/* Something becomes of one of them; nothing if there are none. */
void fuzzed_rungs_change(size_t rung, FuzzedFate fate, unsigned value, const uint8_t *bytes,
                         size_t len);

/* Gives the segmenter what is due. */
void fuzzed_rungs_work(int64_t now_us);

/* The publisher goes. */
void fuzzed_rungs_end(void);

/* The playlist of the one and the other rendition, as they were last written, have the same
 * segments: as long, as many, the same dates and discontinuities. */
bool fuzzed_rungs_are_cut_alike(const char *one, const char *other);

#endif
