/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TS_VARIANTS_H
#define TS_VARIANTS_H

/* The renditions of classic HLS as .ts: a muxer and the figures of each, and ts.m3u8, which names
 * their playlists. They have the indexes of the lists of a SegmentStore.
 *
 * A segment is made of each rendition, or of none. One that has no picture for it, or is not sent
 * at all, has a copy of the best one's segment: so its list goes on, and its viewers see something.
 * If that does not begin with an IDR picture, which no decoder could go on from, or with one of
 * another format and no discontinuity before it, it has its sound alone; without sound, a picture
 * that repeats its last one (some 5 KB for each to make it of).
 *
 * Thread-safety: one thread, the stream's. */

#include "codec/h264_parameter_sets.h"
#include "package/multivariant.h"
#include "package/output.h"
#include "package/output_stats.h"
#include "package/promise.h"
#include "package/rate_meter.h"
#include "package/segment_mux.h"
#include "package/segment_store.h"

typedef struct TsVariant {
    SegmentMux *mux; /* owned; NULL: the publisher does not send it */
    Promise promise;
    size_t track; /* of the pictures, as the publisher has them; RENDITION_NONE: there are none */
    bool follows; /* they come later than the best one's, and may fail to come for long */
    bool began;   /* there was a segment of this publisher */
    H264Sps sps;  /* the newest; width 0: no picture has come yet */
    VideoFormat shown; /* of the newest pictures in its list; width 0: it has none */
    RateMeter meter;
    uint64_t segments, bytes;
    uint64_t filled;     /* of the segments, copies of the best one's, */
    bool copies;         /* and the newest is one */
    bool skips;          /* what comes is left out, since its segment is to be one, */
    bool may_skip;       /* or would be if the next picture is an IDR picture */
    int64_t skipped_90k; /* of what is left out, the newest picture's decoding time */
} TsVariant;

typedef struct TsVariants {
    const char *stream; /* for log lines; all of these are borrowed */
    Store *folder;
    SegmentStore *store; /* with a list for each */
    bool sound;          /* the publisher sends it */
    TsVariant item[SEGMENT_LISTS_MAX];
    Multivariant listed; /* as it was last written */
} TsVariants;

/* What a cut has made of each. `bytes` are valid until media is added. */
typedef struct TsCut {
    Segment best;
    SegmentBytes bytes[SEGMENT_LISTS_MAX];
    size_t pictures[SEGMENT_LISTS_MAX];
    bool filled[SEGMENT_LISTS_MAX];
} TsCut;

/* Whether players of classic HLS can play a rendition. */
bool ts_variants_take(const Rendition *rendition);

/* A publisher begins: makes a muxer for each rendition that it sends and that can be played. The
 * first of these is the best. Returns 0, or -1: then there is none for the best one, and `error` is
 * a static sentence. */
int ts_variants_begin(TsVariants *variants, const Renditions *renditions, const uint8_t *aac_config,
                      size_t aac_config_len, const char **error);

/* The publisher has gone. What is collected is lost. */
void ts_variants_finish(TsVariants *variants);

/* Collect. Return 0, or -1 if there is no memory. */
int ts_variants_picture(TsVariants *variants, const AccessUnit *unit, int64_t pts_90k,
                        int64_t dts_90k);
int ts_variants_sound(TsVariants *variants, const AacFrame *frame);

/* What comes from now on of a rendition that follows is for this segment; `may_change`: it is the
 * publisher's first, or behind a discontinuity. If it is a copy, and no decoder minds, its pictures
 * are not collected: the best one's segment is what it has. */
void ts_variants_follow(TsVariants *variants, size_t track, const OutputSegment *segment,
                        bool may_change);

/* Pictures of one moment are placed so much apart in two renditions, at the most: each is placed by
 * its own sender reports. */
#define TS_APART_90K (TICKS_PER_S * 20 / 1000)

/* Whether pictures of another rendition than the best, or of one that follows, may still come for
 * what lies before a cut, or the IDR picture that belongs there. */
bool ts_variants_are_behind(const TsVariants *variants, int64_t cut_90k);

/* As segment_mux_cut() has it, of the best one; the segment begins at `start_90k`. If there are
 * several, an IDR picture that lies just behind the start is put there, and if another picture
 * comes first, the one before it stands from there on. One changes between its own pictures and
 * a copy only if the segment is behind a discontinuity, or if both are of one format and it does
 * not follow; until then it has what comes, or its sound alone. */
int ts_variants_cut(TsVariants *variants, int64_t start_90k, int64_t cut_90k, bool discontinuity,
                    TsCut *out);

/* Nobody wants what lies before the start of the first segment. */
void ts_variants_start(TsVariants *variants, int64_t start_90k);

/* What was cut is a segment now, of `duration_90k`. Writes ts.m3u8 if it says something new and
 * each list has a segment; what cannot be written is tried again with the next segment. */
void ts_variants_listed(TsVariants *variants, const TsCut *cut, int64_t duration_90k);

/* Fills in what there is of other renditions than the best. */
void ts_variants_stats(const TsVariants *variants, TsOutputStats *out);

#endif
