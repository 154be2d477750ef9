/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FOLLOWER_H
#define FOLLOWER_H

/* A rendition whose pictures are made of the best one's, and come later: a rung of the transcoder.
 *
 * What makes them is given the pictures that go out, with the times at which they go out, and gives
 * back pictures of these times, an IDR picture for an IDR picture. The follower has outputs of its
 * own (`follow` of output.h). It repeats to them what was done with the best rendition, the first
 * segment, the cuts and the end, each when its own pictures have come so far. So its segments are
 * those of all others, to the tick and with the same dates, and nobody waits for it.
 *
 * Where a segment begins with an IDR picture of the best rendition, the follower's own of that time
 * is waited for, OUTPUT_LAG_90K at the most. If it does not come, the segment is *filled*: it has
 * the best rendition's pictures. So are all that come, up to one whose own IDR picture is there in
 * time. If nobody makes its pictures (follower_set_running()), or nothing has come back for that
 * long, nothing is waited for. Pictures of another codec cannot fill: then the last one is
 * repeated. So it is up to the next segment if its own have too many bytes, or come when all before
 * that segment is out.
 *
 * One that is made only while it is watched (Rendition.side) costs next to nothing until then: a
 * segment that begins while nobody makes its pictures is told to outputs as a copy of the best
 * one's (OutputSegment.copies).
 *
 * What feeds it changes only behind a discontinuity, unless the pictures need no other parameter
 * sets (rfc8216bis, section 6.2.1). A discontinuity is in all renditions, and is decided on with
 * the cut, before it is known what becomes of the follower there: so follower_parts() asks for one
 * ahead. Until that comes, its last picture is repeated.
 *
 * It decides by media and the stream's clock alone, an argument. Thread-safety: one thread, the
 * stream's. */

#include "base/output_bound.h"
#include "package/held_pictures.h"
#include "segment/outputs.h"
#include "segment/segmenter_stats.h"

/* Cuts that it is behind at the most: more than there are within OUTPUT_LAG_90K, but for restarts.
 * If there is one more, the oldest is not waited for. */
#define FOLLOWER_CUTS_MAX 16

/* A segment that it has not come to. */
typedef struct FollowerCut {
    OutputSegment segment;
    bool first;       /* of the publisher */
    int64_t came_90k; /* on the stream's clock: when it was decided on */
    size_t pictures;  /* of the best rendition that it has so far; they are held */
} FollowerCut;

/* Whose pictures go out. */
typedef enum FollowerFeed {
    FOLLOWER_NOBODY, /* the last picture is repeated */
    FOLLOWER_OWN,
    FOLLOWER_BEST, /* it is filled */
} FollowerFeed;

typedef struct Follower {
    Outputs outputs; /* its own */
    Rendition rendition;
    OutputBound bound; /* of its own pictures: what makes them may have been taken over */
    size_t track;      /* of outputs */
    bool running;      /* somebody makes its pictures, */
    bool given;        /* has been given an IDR picture since, to begin with, */
    bool answered;     /* and some have come since */
    FollowerFeed feed;
    bool began;   /* its outputs have come to a segment of this publisher */
    bool differs; /* while it is filled: its own pictures have other parameter sets, as far as is
                     known; else: than its segment, so that they wait for a cut */
    int64_t start_90k;                  /* of the segment that it has come to */
    bool fresh;                         /* no picture has gone out since */
    FollowerCut cut[FOLLOWER_CUTS_MAX]; /* that it has not come to, the oldest first */
    size_t cuts;
    HeldPictures held;    /* what lies behind these */
    int64_t best_90k;     /* the newest picture of the best rendition, */
    int64_t own_90k;      /* and of its own */
    int64_t waits_90k;    /* on the stream's clock: since when nothing has come back */
    int64_t clock_90k;    /* of the newest tick */
    int64_t last_dts_90k; /* that went out */
    FollowerStats stats;
} Follower;

/* A zeroed follower that is told its rendition and bound has nothing to do. Outputs have begun:
 * `track` is its index for them; RENDITION_NONE: they do not take it. What went out before must be
 * finished.
 */
void follower_begin(Follower *follower, Outputs *outputs, size_t track);

/* Frees what it has; what is not written is lost. */
void follower_end(Follower *follower);

/* Whether somebody makes its pictures, from the next one of the best rendition on. */
void follower_set_running(Follower *follower, bool running);

/* The best rendition comes to a segment, to its `first` or behind a cut. */
void follower_cut(Follower *follower, const OutputSegment *segment, bool first, int64_t now_us);

/* A picture of the best rendition has gone out. */
void follower_best(Follower *follower, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us);

/* One of its own has come. */
void follower_own(Follower *follower, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                  int64_t now_us);

/* Time has passed: no more pictures of the best rendition come before `known_90k`. */
void follower_tick(Follower *follower, int64_t clock_90k, int64_t known_90k, int64_t now_us);

/* Whether a segment that begins with this IDR picture of the best rendition should be behind a
 * discontinuity: what feeds the follower is about to change. */
bool follower_parts(const Follower *follower, const AccessUnit *unit);

/* When, on the stream's clock, a tick has something to do; INT64_MAX: nothing waits. */
int64_t follower_deadline_90k(const Follower *follower);

/* The publisher has gone: comes to all that the best rendition has come to, with what there is,
 * before that one's outputs finish; they say where all renditions end. Then does the same. */
void follower_come_to_end(Follower *follower, int64_t now_us);
void follower_finish(Follower *follower, int64_t now_us);

FollowerStats follower_stats(const Follower *follower);

#endif
