/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/segment_cutter.h"

#define MS(n) ((n)*TICKS_PER_S / 1000)

#define FIRST_TARGET MS(500)
#define FIRST_LEAD   MS(100)  /* until it is learnt: a local network and an encoder */
#define LEAD_MIN     MS(-100) /* the picture may have been captured before it was asked for */
#define LEAD_MAX     MS(600)
#define PATIENCE     MS(60)  /* after that, a request or its answer counts as lost */
#define ASK_MIN      MS(100) /* between two requests */
#define ASK_MAX      MS(250)
#define ASK_DEAF     MS(400) /* of a publisher that has not answered, while a segment lacks its IDR */
#define STARVED_MIN  MS(100) /* a segment without an IDR is no shorter: its sound is some frames */
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

int64_t segment_cutter_target_90k(const SegmentCutter *c, int64_t start_90k)
{
    int64_t before = start_90k - c->first_90k;

    return smaller(before > FIRST_TARGET ? before : FIRST_TARGET, c->params.target_90k);
}

void segment_cutter_begin(SegmentCutter *c, int64_t start_90k, bool first)
{
    if (c->asked_90k != 0 && c->last_idr_90k < start_90k)
        c->unresponsive = true;
    if (first)
        c->first_90k = start_90k;
    c->start_90k = start_90k;
    c->target_90k = segment_cutter_target_90k(c, start_90k);
    c->asked_90k = c->first_asked_90k = 0;
    c->starved = c->starved && !first;
}

/* A picture comes into the open segment, or one whose beginning is decided on. */
static void note_picture(SegmentCutter *c, bool idr)
{
    if (!c->begun && idr)
        c->starved = false;
    c->begun = true;
}

void segment_cutter_next_picture(SegmentCutter *c, bool idr)
{
    note_picture(c, idr);
}

/* The segment ends before a picture, with which the next one begins. */
static bool cut_before(SegmentCutter *c, bool idr, int64_t at_90k, int64_t *cut_90k)
{
    c->starved = !idr;
    c->begun = true;
    *cut_90k = at_90k;
    return true;
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
    if (c->starved)
        return length >= STARVED_MIN;
    if (length >= target * 2 / 3 && next > target + SLACK)
        return true; /* near enough, and it spares the publisher another one */
    return c->unresponsive && length >= target / 2 && next > c->params.limit_90k;
}

bool segment_cutter_takes(const SegmentCutter *c, int64_t pts_90k)
{
    int64_t length = pts_90k - c->start_90k;

    return length > 0 && length <= c->params.limit_90k && ends_at_idr(c, length);
}

bool segment_cutter_picture(SegmentCutter *c, int64_t pts_90k, bool idr, bool restart,
                            int64_t *cut_90k)
{
    int64_t length = pts_90k - c->start_90k;
    int64_t limit = c->params.limit_90k;

    if (idr)
        learn(c, pts_90k);
    if (length >= 0 && length + FRAME_MAX <= limit)
        note_picture(c, idr);
    if (length <= 0)
        return false;
    if (idr && length <= limit && (restart || ends_at_idr(c, length))) {
        c->stats.cut_at_idr++;
        return cut_before(c, true, pts_90k, cut_90k);
    }
    if (length + FRAME_MAX <= limit)
        return false;
    c->stats.cut_forced += !idr;
    return cut_before(c, idr, length <= limit ? pts_90k : c->start_90k + limit, cut_90k);
}

bool segment_cutter_time(SegmentCutter *c, int64_t known_90k, bool has_video, int64_t *cut_90k)
{
    if (known_90k < segment_cutter_end_90k(c, has_video))
        return false;
    c->stats.cut_forced += has_video;
    c->starved = has_video;
    c->begun = false;
    *cut_90k = segment_cutter_end_90k(c, has_video);
    return true;
}

/* How soon to ask again. Half a second is between the target and the limit, and a network may be
 * gone for most of it: so a publisher that answers fast is asked often. A browser takes requests
 * that come too close together as one. */
int64_t segment_cutter_ask_pause_90k(const SegmentCutter *c)
{
    int64_t expected = c->lead_90k + PATIENCE;

    if (c->starved && c->unresponsive)
        return ASK_DEAF;
    return expected < ASK_MIN ? ASK_MIN : expected > ASK_MAX ? ASK_MAX : expected;
}

int64_t segment_cutter_ask_at_90k(const SegmentCutter *c)
{
    if (c->asked_90k != 0)
        return c->asked_90k + segment_cutter_ask_pause_90k(c);
    return c->starved ? c->start_90k : c->start_90k + c->target_90k - c->lead_90k;
}

bool segment_cutter_ask(SegmentCutter *c, int64_t now_90k)
{
    bool went_back = now_90k <= c->asked_90k - segment_cutter_ask_pause_90k(c);

    if (now_90k < segment_cutter_ask_at_90k(c) && !(c->asked_90k != 0 && went_back))
        return false;
    c->asked_90k = now_90k;
    if (c->first_asked_90k == 0)
        c->first_asked_90k = now_90k;
    c->stats.asked++;
    return true;
}

int64_t segment_cutter_end_90k(const SegmentCutter *c, bool has_video)
{
    return c->start_90k + (has_video ? c->params.limit_90k : c->target_90k);
}
