/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/segmenter.h"

#include <stdlib.h>

#include "base/bridge_log.h"
#include "segment/segmenter_inner.h"

/* Where the clock of a new stream begins: above 0, for timestamps before the first picture. */
#define FIRST_90K (10 * TICKS_PER_S)

/* Video is promised but does not come: after this the sound goes out alone. */
#define VIDEO_WAIT_90K (3 * TICKS_PER_S)

#define AAC_FRAME_90K samples_to_90k(AAC_FRAME_SAMPLES)

Segmenter *segmenter_create(const SegmenterParams *params)
{
    Segmenter *o = calloc(1, sizeof(*o));
    int64_t target_s = params->target_duration_s;
    SegmentCutterParams cutter = {us_to_90k(params->segment_us), segment_limit_90k(target_s)};

    if (!o)
        return NULL;
    o->params = *params;
    o->end_90k = FIRST_90K;
    o->lead = RENDITION_NONE;
    o->stats.target_duration_s = target_s;
    o->stats.durations.bounds = &histogram_of_segments;
    o->stats.lateness.bounds = &histogram_of_lateness;
    /* what an earlier run has written is followed by something else */
    o->wrote = o->next_discontinuity = outputs_listing(params->outputs) == LISTING_OPEN;
    /* a playlist that was taken up keeps its promise, whatever the configuration says now */
    if (cutter.target_90k > target_s * TICKS_PER_S)
        cutter.target_90k = target_s * TICKS_PER_S;
    segment_cutter_init(&o->cutter, &cutter);
    return o;
}

void segmenter_destroy(Segmenter **segmenter)
{
    if (*segmenter) {
        segmenter_layers_clear(*segmenter);
        segmenter_followers_begin(*segmenter, &(Renditions){0});
    }
    free(*segmenter);
    *segmenter = NULL;
}

/* What is to go out from now on. */
static void choose(Segmenter *o, bool video)
{
    o->going = video ? o->out : renditions_of(o->has_audio, false);
    o->lead = renditions_first(&o->going, TRACK_VIDEO);
    o->audio_end_90k = o->video_end_90k = 0;
    if (segmenter_has_pictures(o))
        segmenter_followers_add(o, &o->going);
}

void segmenter_begin_outputs(Segmenter *o, bool video)
{
    const OutputPublisher publisher = {&o->going, o->wall_clock, o->wall_clock_user};

    choose(o, video);
    outputs_begin(o->params.outputs, &publisher);
    segmenter_followers_begin_outputs(o);
}

void segmenter_begin(Segmenter *o, const Renditions *renditions, OutputWallClock wall_clock,
                     void *user)
{
    o->has_audio = renditions_have(renditions, TRACK_AUDIO);
    o->sent = outputs_wanted(o->params.outputs, renditions);
    segmenter_followers_begin(o, &o->sent);
    o->wall_clock = wall_clock;
    o->wall_clock_user = user;
    o->first_audio_90k = 0;
    o->cut_90k = 0;
    o->skips = o->missed_restart = false;
    o->skips_until_90k = INT64_MIN;
    segmenter_layers_begin(o, &o->sent);
    o->delay = (PictureDelay){0};
    o->formats = (PictureFormats){0};
    if (o->layers.gathering)
        choose(o, true); /* outputs begin when it is known which layers there are */
    else
        segmenter_begin_outputs(o, true);
    o->state = SEGMENTER_WAITING;
}

/* ---- segments ---- */

static void begin_segment(Segmenter *o, int64_t start_90k, bool first)
{
    o->start_90k = start_90k;
    o->cut_90k = 0;
    o->next_discontinuity = false;
    segment_cutter_begin(&o->cutter, start_90k, first);
}

/* What outputs need to know of a segment that begins. */
static OutputSegment describe(Segmenter *o, int64_t start_90k, bool discontinuity)
{
    /* sound alone may come all at once, and parts beyond the end of its segment are the next one's
     */
    int64_t most = segmenter_has_pictures(o) ? o->cutter.params.limit_90k
                                             : segment_cutter_target_90k(&o->cutter, start_90k);

    return (OutputSegment){
        .start_90k = start_90k,
        .limit_90k = start_90k + most,
        .starts_unix_us =
            segment_dates_next(&o->dates, start_90k, o->wall_clock(o->wall_clock_user, start_90k),
                               discontinuity, outputs_date_step_us(o->params.outputs)),
        .discontinuity = discontinuity,
    };
}

static void start(Segmenter *o, int64_t start_90k)
{
    bool discontinuity = o->next_discontinuity;

    o->state = SEGMENTER_OPEN;
    begin_segment(o, start_90k, true);
    OutputSegment first = describe(o, start_90k, discontinuity);
    outputs_start(o->params.outputs, &first, o->now_us);
    segmenter_followers_cut(o, &first, true);
}

/* A cut was decided on. */
static void announce_cut(Segmenter *o)
{
    o->cuts++;
    OutputSegment next = describe(o, o->cut_90k, o->next_discontinuity);

    outputs_cut(o->params.outputs, &next, o->now_us);
    segmenter_followers_cut(o, &next, false);
}

/* The open segment ends at `end_90k`, and has what lies before `until_90k`. */
static void complete_segment(Segmenter *o, int64_t until_90k, int64_t end_90k)
{
    o->wrote = true;
    histogram_add(&o->stats.durations, ticks_to_us(end_90k - o->start_90k));
    outputs_complete(o->params.outputs, until_90k, end_90k, o->now_us);
    o->end_90k = end_90k;
}

/* Carries out a cut that was decided. */
static void carry_out_cut(Segmenter *o)
{
    int64_t cut = o->cut_90k, due = o->start_90k + o->cutter.target_90k;

    histogram_add(&o->stats.lateness, ticks_to_us(cut - due));
    complete_segment(o, cut, cut);
    begin_segment(o, cut, false);
}

/* The same, once all sound before it is here. */
static void complete_cut(Segmenter *o)
{
    if (o->cut_90k != 0 && (!o->has_audio || o->audio_end_90k >= o->cut_90k))
        carry_out_cut(o);
}

/* Puts out what there is. Media may be ahead of the clock, so that no tick has come to end a
 * segment at its limit: a longer one would break what the playlist promises. A cut that was
 * announced stays where it is, though the sound has not come up to it; and so that pictures behind
 * a discontinuity are. */
static void complete_rest(Segmenter *o)
{
    int64_t end = o->video_end_90k > o->audio_end_90k ? o->video_end_90k : o->audio_end_90k;

    while (end > o->start_90k + o->cutter.params.limit_90k ||
           (o->cut_90k != 0 && o->next_discontinuity)) {
        if (o->cut_90k == 0) {
            o->cut_90k = o->start_90k + o->cutter.params.limit_90k;
            announce_cut(o);
        }
        carry_out_cut(o);
    }
    if (end > o->start_90k)
        complete_segment(o, INT64_MAX, end);
}

static void finish_outputs(Segmenter *o)
{
    segmenter_followers_come_to_end(o);
    outputs_finish(o->params.outputs, o->now_us);
    segmenter_followers_finish(o);
}

/* ---- media ---- */

/* Pictures come though the sound goes out alone by now: other tracks, so another beginning. */
static void admit_video(Segmenter *o, int64_t pts_90k)
{
    if (o->state == SEGMENTER_OPEN) {
        complete_rest(o);
        finish_outputs(o);
    }
    o->next_discontinuity = true;
    segmenter_begin_outputs(o, true);
    start(o, pts_90k > o->end_90k ? pts_90k : o->end_90k);
}

/* Whether a segment must begin with this picture: decoding starts again, or is set up again. */
static bool needs_cut(const Segmenter *o, const AccessUnit *unit, bool restart)
{
    return restart || o->missed_restart || outputs_need_cut(o->params.outputs, unit);
}

/* A picture comes into an open segment: whether that ends with it. */
static void consider_cut(Segmenter *o, const AccessUnit *unit, int64_t pts_90k, bool restart,
                         SegmenterTurn turn)
{
    if (o->cut_90k != 0) {
        if (pts_90k >= o->cut_90k)
            segment_cutter_next_picture(&o->cutter, unit->idr);
        return;
    }
    if (!segment_cutter_picture(&o->cutter, pts_90k, unit->idr,
                                turn.must_cut || needs_cut(o, unit, restart), &o->cut_90k))
        return;
    o->next_discontinuity = o->next_discontinuity || restart || o->missed_restart ||
                            (unit->idr && turn.parts) || segmenter_followers_part(o, unit);
    o->missed_restart = false;
    if (o->next_discontinuity)
        picture_formats_part(&o->formats, o->cut_90k, pts_90k);
    announce_cut(o);
}

/* Two cuts cannot be under way at a time, and no segment is empty: if decoding starts again while
 * the sound has not yet come up to the last cut, or where the open segment begins, pictures wait
 * for another IDR picture. So they do if a bound is reached. `to_90k`: where it would be put. */
static bool must_skip(Segmenter *o, const AccessUnit *unit, int64_t pts_90k, int64_t to_90k,
                      bool restart)
{
    bool starts = o->state == SEGMENTER_OPEN && segmenter_has_pictures(o) && to_90k <= o->start_90k;

    if (unit->idr && (restart || o->missed_restart) && (o->cut_90k != 0 || starts)) {
        o->skips = o->missed_restart = true;
    } else if (unit->idr && o->cut_90k == 0) {
        o->skips = o->state == SEGMENTER_OPEN && needs_cut(o, unit, restart) &&
                   !output_bound_takes_restart(o->params.bound, pts_90k);
        o->missed_restart = o->missed_restart || (o->skips && restart);
        if (o->skips)
            o->skips_until_90k = output_bound_restart_at_90k(o->params.bound);
    }
    if (!o->skips && !output_bound_takes_picture(o->params.bound, unit->len))
        o->skips = true;
    return o->skips;
}

SegmenterLed segmenter_lead(Segmenter *o, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                            SegmenterTurn turn)
{
    bool restart = unit->restart || (unit->idr && picture_formats_differ(&o->formats, 0, unit));
    int64_t came_90k = pts_90k;
    bool opens = unit->idr && (o->state == SEGMENTER_WAITING || !segmenter_has_pictures(o) ||
                               (o->cutter.starved && !o->cutter.begun));
    uint64_t cuts = o->cuts;

    picture_delay_came(&o->delay, pts_90k);
    outputs_settle(o->params.outputs, unit, &pts_90k, &dts_90k);
    if ((o->state == SEGMENTER_WAITING && !unit->idr) ||
        must_skip(o, unit, came_90k, pts_90k, restart))
        return (SegmenterLed){0};
    if (dts_90k <= o->last_dts_90k) /* what was before it was moved, and it was not */
        dts_90k = o->last_dts_90k + 1;
    if (pts_90k < dts_90k)
        pts_90k = dts_90k;
    o->last_dts_90k = dts_90k;
    o->stats.pictures++;
    if (!segmenter_has_pictures(o))
        admit_video(o, pts_90k);
    else if (o->state == SEGMENTER_WAITING)
        start(o, pts_90k);
    else
        consider_cut(o, unit, pts_90k, restart, turn);
    int64_t begins_90k = o->cut_90k != 0 ? o->cut_90k : o->start_90k;
    outputs_picture(o->params.outputs, unit, pts_90k, dts_90k, o->now_us);
    segmenter_followers_best(o, unit, pts_90k, dts_90k);
    if (unit->idr)
        picture_formats_note(&o->formats, 0, unit);
    o->video_end_90k = pts_90k + LAST_FRAME_90K;
    complete_cut(o);
    return (SegmenterLed){true, pts_90k, dts_90k, unit->idr && (opens || o->cuts != cuts),
                          larger(begins_90k, pts_90k)};
}

void segmenter_picture(Segmenter *o, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    if (o->state == SEGMENTER_IDLE)
        return;
    if (unit->track >= o->sent.count)
        segmenter_followers_own(o, unit, pts_90k, dts_90k);
    else if (o->layers.used)
        segmenter_layers_picture(o, unit, pts_90k, dts_90k);
    else
        segmenter_lead(o, unit, pts_90k, dts_90k, (SegmenterTurn){0});
}

void segmenter_sound(Segmenter *o, const AacFrame *frame)
{
    int64_t pts = samples_to_90k(frame->pts_samples);

    if (o->state == SEGMENTER_IDLE || (o->state == SEGMENTER_OPEN && pts < o->start_90k))
        return; /* sound from before the first picture */
    o->stats.sounds++;
    if (o->layers.gathering && o->state == SEGMENTER_WAITING)
        segmenter_layers_keep_sound(o, frame);
    else
        outputs_sound(o->params.outputs, frame, o->now_us);
    o->audio_end_90k = pts + AAC_FRAME_90K;
    if (o->first_audio_90k == 0)
        o->first_audio_90k = pts;
    if (o->state == SEGMENTER_OPEN) {
        complete_cut(o);
        segmenter_layers_release(o);
    } else if (!segmenter_has_pictures(o)) {
        start(o, pts);
    } else if (pts - o->first_audio_90k > VIDEO_WAIT_90K && o->layers.gathered_90k == 0) {
        log_warn("%s: no picture for 3 s, the sound goes out alone", o->params.stream);
        early_sound_destroy(&o->layers.sound); /* outputs take all that comes from now on */
        segmenter_begin_outputs(o, false);
        start(o, pts + AAC_FRAME_90K);
    }
}

void segmenter_set_time(Segmenter *o, int64_t now_us)
{
    o->now_us = now_us;
}

/* Where the open segment ends by itself, if no cut is decided on. */
static int64_t end_by_time(const Segmenter *o)
{
    return o->state == SEGMENTER_OPEN && o->cut_90k == 0
               ? segment_cutter_end_90k(&o->cutter, segmenter_has_pictures(o))
               : INT64_MAX;
}

/* What lies behind the cut waits for it. */
static void cut_by_time(Segmenter *o, int64_t clock_90k, int64_t known_90k)
{
    segment_cutter_time(&o->cutter, known_90k, segmenter_has_pictures(o), &o->cut_90k);
    announce_cut(o);
    segmenter_layers_cut(o);
    segmenter_layers_tick(o, clock_90k, known_90k);
}

bool segmenter_tick(Segmenter *o, int64_t clock_90k, int64_t now_us)
{
    o->now_us = now_us;
    output_bound_time(o->params.bound, clock_90k);
    picture_delay_look(&o->delay, clock_90k);
    int64_t known = clock_90k - (segmenter_has_pictures(o) ? picture_delay_wait_90k(&o->delay) : 0);
    segmenter_layers_tick(o, clock_90k, smaller(known, end_by_time(o) - 1));
    if (o->state != SEGMENTER_OPEN)
        return false;
    if (known >= end_by_time(o))
        cut_by_time(o, clock_90k, known);
    outputs_tick(o->params.outputs, known, now_us);
    segmenter_followers_tick(o, clock_90k, known);
    complete_cut(o);
    bool asks = segmenter_layers_ask(o, clock_90k);
    return segmenter_wants_idr(o, clock_90k) || asks;
}

void segmenter_finish(Segmenter *o, int64_t now_us)
{
    o->now_us = now_us;
    segmenter_layers_finish(o);
    complete_cut(o);
    if (o->state == SEGMENTER_OPEN)
        complete_rest(o);
    finish_outputs(o);
    o->state = SEGMENTER_IDLE;
    o->next_discontinuity = o->wrote;
}

SegmenterStats segmenter_stats(const Segmenter *o)
{
    SegmenterStats stats = o->stats;

    stats.cutter = o->cutter.stats;
    if (o->state == SEGMENTER_OPEN)
        stats.open_90k = larger(0, larger(o->video_end_90k, o->audio_end_90k) - o->start_90k);
    stats.ladder = ladder_stats(&o->ladder);
    segmenter_followers_stats(o, &stats);
    stats.bound = o->params.bound->stats;
    stats.picture_wait_90k = picture_delay_wait_90k(&o->delay);
    return stats;
}
