/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/follower.h"

#include <string.h>

/* ---- what goes out ---- */

/* When a picture would be shown and decoded if it went out now. */
static void place(const Follower *f, const AccessUnit *unit, int64_t *pts_90k, int64_t *dts_90k)
{
    outputs_settle(&f->outputs, unit, pts_90k, dts_90k);
    if (*pts_90k < f->start_90k) /* it has come after a cut that waited for too long */
        *dts_90k = f->start_90k;
    *dts_90k = larger(*dts_90k, f->last_dts_90k + 1);
    *pts_90k = larger(*pts_90k, *dts_90k);
}

static void hand_on(Follower *f, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                    int64_t now_us)
{
    AccessUnit own = *unit;

    own.track = f->track;
    place(f, &own, &pts_90k, &dts_90k);
    f->last_dts_90k = dts_90k;
    f->fresh = false;
    outputs_picture(&f->outputs, &own, pts_90k, dts_90k, now_us);
}

/* Whether a segment may begin with this picture of the best rendition. */
static bool may_fill(const Follower *f, const AccessUnit *unit)
{
    return unit->idr && unit->codec == f->rendition.codec;
}

static void set_feed(Follower *f, FollowerFeed feed)
{
    f->stats.fillings += feed == FOLLOWER_BEST && f->feed != FOLLOWER_BEST;
    f->feed = feed;
}

/* ---- cuts ---- */

/* The first picture of the best rendition in the oldest segment that the follower has not come to;
 * NULL: there is none yet. */
static const HeldPicture *first_of_next(const Follower *f)
{
    return f->cut[0].pictures > 0 ? held_pictures_oldest(&f->held) : NULL;
}

/* Whether the follower can come back there, or has to begin there like the best rendition. */
static bool begins_with_idr(const Follower *f)
{
    const HeldPicture *first = first_of_next(f);

    return first && first->unit.idr;
}

/* The follower comes to the oldest such segment. What is held of it goes out if it is filled. */
static void make_cut(Follower *f, FollowerFeed feed, int64_t now_us)
{
    FollowerCut cut = f->cut[0];

    set_feed(f, feed);
    f->began = true;
    f->cuts--;
    memmove(f->cut, f->cut + 1, f->cuts * sizeof(f->cut[0]));
    f->fresh = true;
    f->start_90k = cut.segment.start_90k;
    cut.segment.copies = feed == FOLLOWER_BEST && f->rendition.side > 0 && !f->running;
    f->differs = f->differs || cut.segment.copies;
    if (cut.first)
        outputs_start(&f->outputs, &cut.segment, now_us);
    else
        outputs_cut(&f->outputs, &cut.segment, now_us);
    for (; cut.pictures > 0; cut.pictures--) {
        const HeldPicture *p = held_pictures_oldest(&f->held);
        if (f->feed == FOLLOWER_BEST)
            hand_on(f, &p->unit, p->pts_90k, p->dts_90k, now_us);
        held_pictures_drop(&f->held);
    }
}

/* Whether the oldest such segment may begin with this picture, of what feeds it from there on. */
static bool may_change(const Follower *f, const AccessUnit *unit)
{
    const FollowerCut *next = &f->cut[0];

    return next->first || next->segment.discontinuity || !outputs_need_cut(&f->outputs, unit);
}

/* The same without a picture of its own: it is filled from there on, if it can be. */
static void pass_cut(Follower *f, int64_t now_us)
{
    const HeldPicture *first = first_of_next(f);
    FollowerFeed feed = f->feed;

    if (begins_with_idr(f) && feed != FOLLOWER_BEST) {
        bool same = f->began && !outputs_need_cut(&f->outputs, &first->unit);
        bool may = may_fill(f, &first->unit) && may_change(f, &first->unit);
        feed = may ? FOLLOWER_BEST : FOLLOWER_NOBODY;
        f->differs = may ? !same : f->differs;
    }
    make_cut(f, feed, now_us);
}

/* ---- what is waited for ---- */

/* Whether something was given of which nothing has come back yet. */
static bool awaits(const Follower *f)
{
    return f->running && f->given && f->own_90k < f->best_90k;
}

static bool is_silent(const Follower *f)
{
    return awaits(f) && f->clock_90k >= f->waits_90k + OUTPUT_LAG_90K;
}

/* Whether its own pictures come, and soon enough. */
static bool comes(const Follower *f)
{
    return f->running && !is_silent(f) &&
           (!awaits(f) || f->best_90k - f->own_90k <= OUTPUT_LAG_90K);
}

bool follower_parts(const Follower *f, const AccessUnit *unit)
{
    if (!f->began || comes(f))
        return f->began && f->differs;
    return f->feed != FOLLOWER_BEST && may_fill(f, unit) && outputs_need_cut(&f->outputs, unit);
}

/* Whether there would be nothing at all without the first picture of its own. */
static bool waits_for_first(const Follower *f)
{
    return f->running && !f->answered && f->cuts > 0 && f->cut[0].first && begins_with_idr(f) &&
           !may_fill(f, &first_of_next(f)->unit);
}

/* Whether its own pictures are to say what becomes of the oldest cut. */
static bool waits_at_cut(const Follower *f)
{
    if (waits_for_first(f))
        return true;
    if (!awaits(f) || is_silent(f) || f->clock_90k >= f->cut[0].came_90k + OUTPUT_LAG_90K)
        return false;
    return f->feed == FOLLOWER_OWN || begins_with_idr(f);
}

static void pass_cuts(Follower *f, int64_t now_us)
{
    while (f->cuts > 0 && !waits_at_cut(f))
        pass_cut(f, now_us);
}

/* ---- a publisher ---- */

void follower_begin(Follower *f, Outputs *outputs, size_t track)
{
    follower_end(f);
    *f = (Follower){.rendition = f->rendition,
                    .bound = f->bound,
                    .track = track,
                    .running = f->running,
                    .stats = f->stats};
    if (track != RENDITION_NONE)
        outputs_follow(outputs, track, &f->outputs);
}

void follower_end(Follower *f)
{
    outputs_close(&f->outputs);
    held_pictures_clear(&f->held);
}

void follower_set_running(Follower *f, bool running)
{
    if (running && !f->running)
        f->given = f->answered = false;
    f->running = running;
}

void follower_come_to_end(Follower *f, int64_t now_us)
{
    uint64_t fillings = f->stats.fillings;

    while (f->cuts > 0)
        pass_cut(f, now_us);
    f->stats.fillings = fillings; /* what was under way at the end is no fault */
}

void follower_finish(Follower *f, int64_t now_us)
{
    outputs_finish(&f->outputs, now_us);
    follower_end(f);
}

/* ---- media ---- */

void follower_cut(Follower *f, const OutputSegment *segment, bool first, int64_t now_us)
{
    if (f->cuts == FOLLOWER_CUTS_MAX)
        pass_cut(f, now_us);
    /* what the segment begins with decides: it comes next, or a tick */
    f->cut[f->cuts++] = (FollowerCut){
        .segment = *segment, .first = first, .came_90k = larger(f->clock_90k, segment->start_90k)};
}

/* A picture is kept until it is known whether it is needed. */
static void hold(Follower *f, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                 int64_t now_us)
{
    bool fills = unit->codec == f->rendition.codec;

    if (!fills && f->cut[f->cuts - 1].pictures > 0)
        return; /* the first one says where the segment begins, and that is all it is for */
    if (held_pictures_add(&f->held, unit, pts_90k, dts_90k) == 0) {
        f->cut[f->cuts - 1].pictures++;
        return;
    }
    while (f->cuts > 0) /* it is behind by too much, or there is no memory */
        pass_cut(f, now_us);
    if (f->feed == FOLLOWER_BEST)
        hand_on(f, unit, pts_90k, dts_90k, now_us);
}

void follower_best(Follower *f, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us)
{
    if (unit->idr && !f->given) {
        f->given = f->running;
        f->own_90k = f->best_90k;
    }
    if (!awaits(f) || (unit->idr && !f->answered))
        f->waits_90k = larger(f->clock_90k, pts_90k);
    f->best_90k = larger(f->best_90k, pts_90k);
    if (f->cuts > 0) {
        hold(f, unit, pts_90k, dts_90k, now_us);
        pass_cuts(f, now_us);
        return;
    }
    if (f->feed == FOLLOWER_BEST)
        hand_on(f, unit, pts_90k, dts_90k, now_us);
}

/* Whether a picture of its own lies behind the oldest cut. */
static bool is_behind_cut(const Follower *f, int64_t pts_90k)
{
    const HeldPicture *first = first_of_next(f);

    return pts_90k >= (first ? first->pts_90k : f->cut[0].segment.start_90k);
}

/* Whether a picture of its own that lies before the oldest cut has come so late that it would go
 * out behind it: the next segment would begin with it, and not with the IDR picture that it has. */
static bool is_left_behind(const Follower *f, const AccessUnit *unit, int64_t pts_90k,
                           int64_t dts_90k)
{
    if (f->cuts == 0 || !begins_with_idr(f))
        return false;
    place(f, unit, &pts_90k, &dts_90k);
    return dts_90k >= f->cut[0].segment.start_90k;
}

static void come_to_cut(Follower *f, const AccessUnit *unit, int64_t pts_90k, int64_t now_us)
{
    bool is_first = begins_with_idr(f) && unit->idr && pts_90k == first_of_next(f)->pts_90k;
    bool may = is_first && may_change(f, unit);

    if (may || (!begins_with_idr(f) && f->feed == FOLLOWER_OWN)) {
        f->differs = f->differs && !may;
        make_cut(f, FOLLOWER_OWN, now_us);
    } else {
        pass_cut(f, now_us); /* the one that it was to begin with was left out, or has other sets */
        f->differs = f->differs || is_first;
    }
}

void follower_own(Follower *f, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                  int64_t now_us)
{
    f->own_90k = larger(f->own_90k, pts_90k);
    f->waits_90k = larger(f->waits_90k, f->clock_90k);
    f->answered = true;
    while (f->cuts > 0 && is_behind_cut(f, pts_90k))
        come_to_cut(f, unit, pts_90k, now_us);
    /* other parameter sets than its segment has: nobody could decode it there */
    if (f->feed == FOLLOWER_OWN && unit->idr && !f->fresh && outputs_need_cut(&f->outputs, unit)) {
        f->feed = FOLLOWER_NOBODY;
        f->differs = true;
    }
    if (f->feed == FOLLOWER_OWN && (is_left_behind(f, unit, pts_90k, dts_90k) ||
                                    !output_bound_takes_picture(&f->bound, unit->len)))
        f->feed = FOLLOWER_NOBODY; /* what follows it is made of it */
    if (f->feed == FOLLOWER_OWN) {
        f->stats.pictures++;
        hand_on(f, unit, pts_90k, dts_90k, now_us);
    } else {
        f->stats.dropped++;
    }
    pass_cuts(f, now_us);
}

/* ---- time ---- */

/* No more pictures are to go out before this. */
static int64_t known_90k(const Follower *f, int64_t known_90k)
{
    if (f->feed == FOLLOWER_OWN && awaits(f))
        known_90k = smaller(known_90k, larger(f->own_90k, known_90k - OUTPUT_LAG_90K));
    return f->cuts > 0 ? smaller(known_90k, f->cut[0].segment.start_90k) : known_90k;
}

void follower_tick(Follower *f, int64_t clock_90k, int64_t known, int64_t now_us)
{
    f->clock_90k = larger(f->clock_90k, clock_90k);
    output_bound_time(&f->bound, clock_90k);
    pass_cuts(f, now_us);
    outputs_tick(&f->outputs, known_90k(f, known), now_us);
}

int64_t follower_deadline_90k(const Follower *f)
{
    if (f->cuts == 0 || waits_for_first(f))
        return INT64_MAX;
    return OUTPUT_LAG_90K + smaller(f->cut[0].came_90k, f->waits_90k);
}

FollowerStats follower_stats(const Follower *f)
{
    FollowerStats stats = f->stats;

    memcpy(stats.name, f->rendition.name, sizeof(stats.name));
    stats.running = f->running;
    stats.filled = f->feed != FOLLOWER_OWN;
    stats.lag_90k = awaits(f) && f->answered ? f->best_90k - f->own_90k : 0;
    return stats;
}
