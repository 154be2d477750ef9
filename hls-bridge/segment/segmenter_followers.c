/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/segmenter_inner.h"

#include <stdlib.h>

#include "base/bridge_log.h"

/* ---- a publisher ---- */

static void forget(Segmenter *o)
{
    for (size_t i = 0; i < o->followers; i++)
        follower_end(&o->follower[i]);
    free(o->follower);
    o->follower = NULL;
    o->followers = 0;
}

/* One that is to have more than a publisher may send has twice that. */
static OutputBound bound_of(const Segmenter *o, const Rendition *rendition)
{
    int64_t most = o->params.bound->params.picture_bitrate;

    return output_bound(
        &(OutputBoundParams){.picture_bitrate = most ? larger(most, 2 * rendition->bitrate) : 0});
}

void segmenter_followers_begin(Segmenter *o, Renditions *sent)
{
    size_t first = sent->count;

    forget(o);
    output_bound_set_followers(o->params.bound, 0);
    while (first > 0 && sent->item[first - 1].follows)
        first--;
    if (first == sent->count)
        return;
    o->follower = calloc(sent->count - first, sizeof(*o->follower));
    if (!o->follower)
        log_error("%s: there is no memory for what follows the best rendition", o->params.stream);
    for (size_t i = first; o->follower && i < sent->count; i++)
        o->follower[o->followers++] =
            (Follower){.rendition = sent->item[i], .bound = bound_of(o, &sent->item[i])};
    output_bound_set_followers(o->params.bound, o->followers);
    sent->count = first;
}

void segmenter_followers_leave_out(const Segmenter *o, Renditions *listed)
{
    size_t left = 0;

    for (size_t i = 0; i < listed->count; i++) {
        bool follows = false;
        for (size_t k = 0; k < o->followers; k++)
            follows = follows || rendition_is(&o->follower[k].rendition, &listed->item[i]);
        if (!follows)
            listed->item[left++] = listed->item[i];
    }
    listed->count = left;
}

void segmenter_followers_add(Segmenter *o, Renditions *going)
{
    for (size_t i = 0; i < o->followers; i++) {
        if (going->count < RENDITIONS_MAX)
            going->item[going->count++] = o->follower[i].rendition;
        else
            log_warn("%s: there is no room for the rendition \"%s\"", o->params.stream,
                     o->follower[i].rendition.name);
    }
}

void segmenter_followers_begin_outputs(Segmenter *o)
{
    size_t first = 0;

    while (first < o->going.count && !o->going.item[first].follows)
        first++;
    for (size_t i = 0; i < o->followers; i++)
        follower_begin(&o->follower[i], o->params.outputs,
                       first + i < o->going.count ? first + i : RENDITION_NONE);
}

/* ---- what happens to the best rendition ---- */

void segmenter_followers_cut(Segmenter *o, const OutputSegment *segment, bool first)
{
    for (size_t i = 0; i < o->followers; i++)
        follower_cut(&o->follower[i], segment, first, o->now_us);
}

bool segmenter_followers_part(const Segmenter *o, const AccessUnit *unit)
{
    for (size_t i = 0; unit->idr && i < o->followers; i++)
        if (follower_parts(&o->follower[i], unit))
            return true;
    return false;
}

void segmenter_followers_best(Segmenter *o, const AccessUnit *unit, int64_t pts_90k,
                              int64_t dts_90k)
{
    for (size_t i = 0; i < o->followers; i++)
        follower_best(&o->follower[i], unit, pts_90k, dts_90k, o->now_us);
    if (o->followers > 0 && o->tap.picture)
        o->tap.picture(o->tap.user, unit, pts_90k, dts_90k);
}

void segmenter_followers_tick(Segmenter *o, int64_t clock_90k, int64_t known_90k)
{
    for (size_t i = 0; i < o->followers; i++)
        follower_tick(&o->follower[i], clock_90k, known_90k, o->now_us);
}

void segmenter_followers_come_to_end(Segmenter *o)
{
    for (size_t i = 0; i < o->followers; i++)
        follower_come_to_end(&o->follower[i], o->now_us);
}

void segmenter_followers_finish(Segmenter *o)
{
    for (size_t i = 0; i < o->followers; i++)
        follower_finish(&o->follower[i], o->now_us);
}

int64_t segmenter_followers_deadline_90k(const Segmenter *o)
{
    int64_t first_90k = INT64_MAX;

    for (size_t i = 0; i < o->followers; i++)
        first_90k = smaller(first_90k, follower_deadline_90k(&o->follower[i]));
    return first_90k;
}

/* ---- what makes their pictures ---- */

/* The follower at an index of what the publisher sends; NULL: there is none. */
static Follower *follower_at(Segmenter *o, size_t track)
{
    size_t index = track - o->sent.count;

    return track >= o->sent.count && index < o->followers ? &o->follower[index] : NULL;
}

void segmenter_set_tap(Segmenter *o, const SegmenterTap *tap)
{
    o->tap = tap ? *tap : (SegmenterTap){0};
}

void segmenter_set_running(Segmenter *o, size_t track, bool running)
{
    Follower *f = follower_at(o, track);

    if (f)
        follower_set_running(f, running);
}

void segmenter_followers_own(Segmenter *o, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    Follower *f = follower_at(o, unit->track);

    if (f && o->state == SEGMENTER_OPEN)
        follower_own(f, unit, pts_90k, dts_90k, o->now_us);
}

/* ---- status ---- */

void segmenter_followers_stats(const Segmenter *o, SegmenterStats *stats)
{
    for (size_t i = 0; i < o->followers; i++)
        stats->follower[stats->followers++] = follower_stats(&o->follower[i]);
}
