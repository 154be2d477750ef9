/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment_cutter.h"

#define MS(n) ((n)*TICKS_PER_S / 1000)

#define FIRST_TARGET MS(500)
#define FIRST_LEAD   MS(100)  /* until it is learnt: a local network and an encoder */
#define LEAD_MIN     MS(-100) /* the picture may have been captured before it was asked for */
#define LEAD_MAX     MS(600)
#define PATIENCE     MS(60)  /* beyond that, a request or its answer is taken to be lost */
#define ASK_MIN      MS(100) /* between two requests */
#define ASK_MAX      MS(250)
#define SLACK        MS(100) /* an IDR picture this much before the target is the one asked for */
#define FRAME_MAX    MS(70)  /* the next picture of moving video comes within this */
#define IN_HAND      MS(30)  /* of the limit: more than an AAC frame */

int64_t segment_limit_90k(int64_t target_duration_s)
{
    return target_duration_s * TICKS_PER_S + TICKS_PER_S / 2 - IN_HAND;
}

void segment_cutter_init(SegmentCutter *c, const SegmentCutterParams *params)
{
    *c = (SegmentCutter){
        .params = *params, .target_90k = params->target_90k, .lead_90k = FIRST_LEAD};
}

void segment_cutter_begin(SegmentCutter *c, int64_t start_90k, bool first)
{
    if (c->asked_90k != 0 && c->last_idr_90k < start_90k)
        c->unresponsive = true;
    if (first)
        c->first_90k = start_90k;
    int64_t before = start_90k - c->first_90k;
    c->start_90k = start_90k;
    c->target_90k = before > FIRST_TARGET ? before : FIRST_TARGET;
    if (c->target_90k > c->params.target_90k)
        c->target_90k = c->params.target_90k;
    c->asked_90k = c->first_asked_90k = 0;
}

/* Learns from an IDR picture: how long it took, and how often they come by themselves. */
static void learn(SegmentCutter *c, int64_t pts_90k)
{
    if (c->last_idr_90k != 0)
        c->idr_gap_90k = pts_90k - c->last_idr_90k;
    c->last_idr_90k = pts_90k;
    if (c->first_asked_90k == 0)
        return;
    int64_t took = pts_90k - c->first_asked_90k;
    c->unresponsive = took > LEAD_MAX;
    if (took < LEAD_MIN)
        took = LEAD_MIN;
    if (took > LEAD_MAX)
        took = LEAD_MAX;
    c->lead_90k = c->learnt ? c->lead_90k + (took - c->lead_90k) / 4 : took;
    c->learnt = true;
    c->stats.lead_90k = c->lead_90k;
}

/* Whether a segment of `length` ends before an IDR picture. */
static bool ends_at_idr(const SegmentCutter *c, int64_t length)
{
    int64_t target = c->target_90k;
    int64_t next = length + c->idr_gap_90k; /* where the next one would be, by habit */

    if (length >= target - SLACK)
        return true;
    if (length >= target * 2 / 3 && next > target + SLACK)
        return true; /* near enough, and it spares the publisher another one */
    return c->unresponsive && length >= target / 2 && next > c->params.limit_90k;
}

bool segment_cutter_picture(SegmentCutter *c, int64_t pts_90k, bool idr, bool restart,
                            int64_t *cut_90k)
{
    int64_t length = pts_90k - c->start_90k;
    int64_t limit = c->params.limit_90k;

    if (idr)
        learn(c, pts_90k);
    if (length <= 0)
        return false;
    if (idr && length <= limit && (restart || ends_at_idr(c, length))) {
        c->stats.cut_at_idr++;
        *cut_90k = pts_90k;
        return true;
    }
    if (length + FRAME_MAX <= limit)
        return false;
    c->stats.cut_forced += !idr;
    *cut_90k = length <= limit ? pts_90k : c->start_90k + limit;
    return true;
}

bool segment_cutter_time(SegmentCutter *c, int64_t known_90k, bool has_video, int64_t *cut_90k)
{
    int64_t length = has_video ? c->params.limit_90k : c->target_90k;

    if (known_90k < c->start_90k + length)
        return false;
    c->stats.cut_forced += has_video;
    *cut_90k = c->start_90k + length;
    return true;
}

/* How soon to ask again. There is half a second between the target and the limit, and a network may
 * be gone for most of it: what answers fast is asked often. A browser takes requests that come too
 * close together as one. */
static int64_t ask_pause(const SegmentCutter *c)
{
    int64_t expected = c->lead_90k + PATIENCE;

    return expected < ASK_MIN ? ASK_MIN : expected > ASK_MAX ? ASK_MAX : expected;
}

int64_t segment_cutter_ask_at_90k(const SegmentCutter *c)
{
    if (c->asked_90k != 0)
        return c->asked_90k + ask_pause(c);
    return c->start_90k + c->target_90k - c->lead_90k;
}

bool segment_cutter_ask(SegmentCutter *c, int64_t now_90k)
{
    if (now_90k < segment_cutter_ask_at_90k(c))
        return false;
    c->asked_90k = now_90k;
    if (c->first_asked_90k == 0)
        c->first_asked_90k = now_90k;
    c->stats.asked++;
    return true;
}

int64_t segment_cutter_deadline_90k(const SegmentCutter *c, bool has_video, int64_t wait_90k)
{
    int64_t end =
        has_video ? c->start_90k + c->params.limit_90k + wait_90k : c->start_90k + c->target_90k;

    return has_video && segment_cutter_ask_at_90k(c) < end ? segment_cutter_ask_at_90k(c) : end;
}
