/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/hls_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "segment/picture_delay.h"
#include "package/segment_mux.h"

/* Where the clock of a new stream begins: above 0, for timestamps before the first picture. */
#define FIRST_90K (10 * TICKS_PER_S)

/* Video is promised but does not come: after this the sound goes out alone. */
#define VIDEO_WAIT_90K (3 * TICKS_PER_S)

/* A date of low latency that is off by more is of a clock that was set. */
#define DATE_SET_US US_PER_S

#define AAC_FRAME_90K samples_to_90k(AAC_FRAME_SAMPLES)

typedef enum OutputState {
    OUTPUT_IDLE,    /* no publisher */
    OUTPUT_WAITING, /* for the first IDR picture, or the first sound where there is no video */
    OUTPUT_OPEN,    /* a segment is open */
} OutputState;

struct HlsOutput {
    HlsOutputParams params;
    SegmentCutter cutter;
    OutputState state;
    bool has_video, has_audio; /* of the publisher */
    bool muxes_video;          /* of the segments: pictures have come */
    HlsOutputWallClock wall_clock;
    void *wall_clock_user;
    SegmentMux *mux;
    int64_t start_90k;                /* of the open segment */
    int64_t cut_90k;                  /* where it ends, once that is known; 0: not yet */
    int64_t dated_90k, dated_unix_us; /* what low latency was last told a date of; 0: nothing */
    PictureDelay delay;               /* of pictures */
    int64_t oldest_90k, newest_90k;   /* picture that came since the last tick; 0: none */
    int64_t last_dts_90k;             /* of the newest picture; 0: none yet */
    int64_t ahead_90k;                /* of the clock: pictures, by the newest; 0: they are not */
    OutputBound *bound;
    OutputBound none;                     /* `bound`, if there is no other */
    bool skips;                           /* pictures, until an IDR picture that it asks for */
    int64_t skips_until_90k;              /* and does not take before this */
    bool missed_restart;                  /* among what was skipped */
    int64_t audio_end_90k, video_end_90k; /* of what is collected; 0: nothing */
    int64_t first_audio_90k;              /* since the publisher began; 0: none yet */
    int64_t end_90k;                      /* of all that was written */
    bool discontinuity;                   /* before the segment that is open */
    bool next_discontinuity;              /* before the one after it */
    bool disk_failed;                     /* said in the log */
    int64_t now_us;
    bool wrote; /* there is something for the next publisher to differ from */
    HlsOutputStats stats;
};

HlsOutput *hls_output_create(const HlsOutputParams *params)
{
    HlsOutput *o = calloc(1, sizeof(*o));
    int64_t target_s = segment_store_playlist(params->store)->target_duration_s;
    SegmentCutterParams cutter = {us_to_90k(params->segment_us), segment_limit_90k(target_s)};

    if (!o)
        return NULL;
    o->params = *params;
    o->none = output_bound(&(OutputBoundParams){0});
    o->bound = params->bound ? params->bound : &o->none;
    o->end_90k = FIRST_90K;
    o->stats.durations.bounds = &histogram_of_segments;
    o->stats.lateness.bounds = &histogram_of_lateness;
    o->stats.latency.bounds = &histogram_of_latency;
    /* what an earlier run has written is followed by something else */
    o->wrote = o->next_discontinuity = segment_store_playlist(params->store)->count > 0;
    /* a playlist that was taken up keeps its promise, whatever the configuration says now */
    if (cutter.target_90k > target_s * TICKS_PER_S)
        cutter.target_90k = target_s * TICKS_PER_S;
    segment_cutter_init(&o->cutter, &cutter);
    return o;
}

void hls_output_destroy(HlsOutput **output)
{
    if (!*output)
        return;
    segment_mux_destroy(&(*output)->mux);
    free(*output);
    *output = NULL;
}

static bool open_mux(HlsOutput *o, bool video)
{
    SegmentMuxParams params = {.video = video,
                               .audio = o->has_audio,
                               .aac_config = o->params.aac_config,
                               .aac_config_len = o->params.aac_config_len};
    const char *error;

    segment_mux_destroy(&o->mux);
    o->muxes_video = video;
    o->audio_end_90k = o->video_end_90k = 0;
    if (!o->params.writes_ts)
        return true;
    o->mux = segment_mux_create(&params, &error);
    if (!o->mux)
        log_error("%s: %s", o->params.stream, error);
    return o->mux;
}

void hls_output_begin(HlsOutput *o, bool has_video, bool has_audio, HlsOutputWallClock wall_clock,
                      void *user)
{
    o->has_video = has_video;
    o->has_audio = has_audio;
    o->wall_clock = wall_clock;
    o->wall_clock_user = user;
    o->first_audio_90k = 0;
    o->cut_90k = 0;
    o->dated_90k = 0;
    o->skips = o->missed_restart = false;
    o->skips_until_90k = INT64_MIN;
    o->delay = (PictureDelay){0};
    o->oldest_90k = o->newest_90k = o->ahead_90k = 0;
    o->state = open_mux(o, has_video) ? OUTPUT_WAITING : OUTPUT_IDLE;
}

static void begin_segment(HlsOutput *o, int64_t start_90k, bool first)
{
    o->start_90k = start_90k;
    o->cut_90k = 0;
    o->discontinuity = o->next_discontinuity;
    o->next_discontinuity = false;
    segment_cutter_begin(&o->cutter, start_90k, first);
}

/* Low latency dates a segment when it begins, while the smallest delay is still being found: dates
 * go there in steps that players do not mind. A clock that was set is another matter. */
static int64_t early_date(HlsOutput *o, int64_t start_90k, bool discontinuity)
{
    int64_t date_us = o->wall_clock(o->wall_clock_user, start_90k);
    int64_t follows_us = o->dated_unix_us + ticks_to_us(start_90k - o->dated_90k);
    int64_t off_us = date_us - follows_us;

    if (o->dated_90k != 0 && !discontinuity && llabs(off_us) < DATE_SET_US) {
        int64_t step_us = cmaf_output_date_step_us(o->params.cmaf);
        date_us = follows_us + (off_us < -step_us ? -step_us : smaller(off_us, step_us));
    }
    o->dated_90k = start_90k;
    o->dated_unix_us = date_us;
    return date_us;
}

/* What low latency needs to know of a segment that begins. */
static CmafSegment cmaf_segment(HlsOutput *o, int64_t start_90k, bool discontinuity)
{
    /* sound alone may come all at once, and parts beyond the end of its segment are the next one's
     */
    int64_t most = o->muxes_video ? o->cutter.params.limit_90k
                                  : segment_cutter_target_90k(&o->cutter, start_90k);

    return (CmafSegment){
        .start_90k = start_90k,
        .limit_90k = start_90k + most,
        .starts_unix_us = early_date(o, start_90k, discontinuity),
        .discontinuity = discontinuity,
    };
}

static void start(HlsOutput *o, int64_t start_90k)
{
    Segment ignored;

    if (o->mux)
        segment_mux_cut(o->mux, start_90k, &ignored); /* sound from before the first picture */
    o->state = OUTPUT_OPEN;
    begin_segment(o, start_90k, true);
    if (o->params.cmaf) {
        CmafSegment segment = cmaf_segment(o, start_90k, o->discontinuity);
        cmaf_output_start(o->params.cmaf, &segment, o->muxes_video, o->has_audio, o->now_us);
    }
}

/* A cut was decided on. */
static void announce_cut(HlsOutput *o)
{
    if (o->params.cmaf) {
        CmafSegment next = cmaf_segment(o, o->cut_90k, o->next_discontinuity);
        cmaf_output_cut(o->params.cmaf, &next, o->now_us);
    }
}

/* ---- writing ---- */

/* Notes how old the end of the segment is that was just published. */
static void note_latency(HlsOutput *o, int64_t duration_90k)
{
    int64_t end_unix_us = o->wall_clock(o->wall_clock_user, o->start_90k + duration_90k);

    histogram_add(&o->stats.latency, clock_unix_us(o->params.clock) - end_unix_us);
}

static void publish(HlsOutput *o, const Segment *segment, int64_t duration_90k)
{
    PlaylistSegment entry = {
        .duration_90k = duration_90k,
        .starts_unix_us = o->wall_clock(o->wall_clock_user, o->start_90k),
        .discontinuity = o->discontinuity,
    };

    if (segment_store_add(o->params.store, segment->data, segment->len, &entry, o->now_us) < 0) {
        if (!o->disk_failed)
            log_error("%s: a segment cannot be written: %s; viewers lack it, the next is tried",
                      o->params.stream, strerror(errno));
        o->disk_failed = true;
        o->stats.failed_writes++;
        o->next_discontinuity = segment_store_playlist(o->params.store)->count > 0;
        return;
    }
    if (o->disk_failed)
        log_info("%s: segments can be written again", o->params.stream);
    o->disk_failed = false;
    o->stats.discontinuities += entry.discontinuity;
    o->stats.segments++;
    o->stats.bytes += segment->len;
    o->stats.last_bytes = segment->len;
    o->stats.last_duration_90k = duration_90k;
    o->stats.last_published_us = o->now_us;
    note_latency(o, duration_90k);
    log_debug("%s: %s, %.3f s, %zu bytes, %zu pictures%s%s", o->params.stream, entry.name,
              (double)duration_90k / TICKS_PER_S, segment->len, segment->pictures,
              segment->pictures && !segment->starts_with_idr ? ", does not start with an IDR" : "",
              entry.discontinuity ? ", discontinuity" : "");
}

/* Ends the open segment at `end_90k`; what lies behind stays for the next. */
static void write_segment(HlsOutput *o, int64_t mux_until_90k, int64_t end_90k)
{
    Segment segment;
    int status = o->mux ? segment_mux_cut(o->mux, mux_until_90k, &segment) : 0;

    o->wrote = true;
    histogram_add(&o->stats.durations, ticks_to_us(end_90k - o->start_90k));
    if (status == 0 && o->mux) {
        publish(o, &segment, end_90k - o->start_90k);
    } else if (status < 0) {
        log_error("%s: libavformat cannot make a segment", o->params.stream);
        o->next_discontinuity = true;
    }
    o->end_90k = end_90k;
}

/* Carries out a cut that was decided. */
static void carry_out_cut(HlsOutput *o)
{
    int64_t cut = o->cut_90k, due = o->start_90k + o->cutter.target_90k;

    histogram_add(&o->stats.lateness, ticks_to_us(cut - due));
    write_segment(o, cut, cut);
    begin_segment(o, cut, false);
}

/* The same, once all sound before it is here. */
static void complete_cut(HlsOutput *o)
{
    if (o->cut_90k != 0 && (!o->has_audio || o->audio_end_90k >= o->cut_90k))
        carry_out_cut(o);
}

/* Writes what there is. Media may be ahead of the clock, so that no tick has come to end a segment
 * at its limit: a longer one would break what the playlist promises. */
static void write_rest(HlsOutput *o)
{
    int64_t end = o->video_end_90k > o->audio_end_90k ? o->video_end_90k : o->audio_end_90k;

    while (end > o->start_90k + o->cutter.params.limit_90k) {
        o->cut_90k = o->start_90k + o->cutter.params.limit_90k;
        announce_cut(o);
        carry_out_cut(o);
    }
    if (end > o->start_90k)
        write_segment(o, INT64_MAX, end);
}

/* ---- media ---- */

/* Pictures come after all where the sound went out alone: other tracks, so another beginning. */
static void admit_video(HlsOutput *o, int64_t pts_90k)
{
    if (o->state == OUTPUT_OPEN) {
        write_rest(o);
        if (o->params.cmaf)
            cmaf_output_finish(o->params.cmaf, o->now_us);
    }
    o->next_discontinuity = true;
    if (open_mux(o, true)) {
        start(o, pts_90k > o->end_90k ? pts_90k : o->end_90k);
    } else {
        o->state = OUTPUT_IDLE;
    }
}

/* Whether a segment must begin with this picture: decoding starts again, or is set up again. */
static bool needs_cut(const HlsOutput *o, const AccessUnit *unit)
{
    return unit->restart || o->missed_restart ||
           (o->params.cmaf && cmaf_output_needs_cut(o->params.cmaf, unit));
}

/* A picture comes into an open segment: whether that ends with it. */
static void consider_cut(HlsOutput *o, const AccessUnit *unit, int64_t pts_90k)
{
    bool restart = unit->restart || o->missed_restart;

    if (o->cut_90k != 0) {
        if (pts_90k >= o->cut_90k)
            segment_cutter_next_picture(&o->cutter, unit->idr);
        return;
    }
    if (!segment_cutter_picture(&o->cutter, pts_90k, unit->idr, needs_cut(o, unit), &o->cut_90k))
        return;
    o->next_discontinuity = o->next_discontinuity || restart;
    o->missed_restart = false;
    announce_cut(o);
}

/* Two cuts cannot be under way at a time: if decoding starts again while the sound has not yet
 * come up to the last cut, pictures wait for another IDR picture. So they do where a bound is
 * reached. */
static bool must_skip(HlsOutput *o, const AccessUnit *unit, int64_t pts_90k)
{
    if (unit->restart && o->cut_90k != 0) {
        o->skips = o->missed_restart = true;
    } else if (unit->idr && o->cut_90k == 0) {
        o->skips = o->state == OUTPUT_OPEN && needs_cut(o, unit) &&
                   !output_bound_takes_restart(o->bound, pts_90k);
        o->missed_restart = o->missed_restart || (o->skips && unit->restart);
        if (o->skips)
            o->skips_until_90k = output_bound_restart_at_90k(o->bound);
    }
    if (!o->skips && !output_bound_takes_picture(o->bound, unit->len))
        o->skips = true;
    return o->skips;
}

void hls_output_picture(HlsOutput *o, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    if (o->state == OUTPUT_IDLE)
        return;
    if (o->oldest_90k == 0 || pts_90k < o->oldest_90k)
        o->oldest_90k = pts_90k;
    o->newest_90k = pts_90k > o->newest_90k ? pts_90k : o->newest_90k;
    if ((o->state == OUTPUT_WAITING && !unit->idr) || must_skip(o, unit, pts_90k))
        return;
    if (o->params.cmaf)
        cmaf_output_settle(o->params.cmaf, unit->idr, &pts_90k, &dts_90k);
    if (dts_90k <= o->last_dts_90k) /* what was before it was moved, and it was not */
        dts_90k = o->last_dts_90k + 1;
    if (pts_90k < dts_90k)
        pts_90k = dts_90k;
    o->last_dts_90k = dts_90k;
    if (!o->muxes_video)
        admit_video(o, pts_90k);
    else if (o->state == OUTPUT_WAITING)
        start(o, pts_90k);
    else
        consider_cut(o, unit, pts_90k);
    if (o->state == OUTPUT_IDLE ||
        (o->mux && segment_mux_video(o->mux, unit, pts_90k, dts_90k) < 0))
        return;
    if (o->params.cmaf)
        cmaf_output_picture(o->params.cmaf, unit, pts_90k, dts_90k, o->now_us);
    o->video_end_90k = pts_90k + LAST_FRAME_90K;
    complete_cut(o);
}

void hls_output_audio(HlsOutput *o, const AacFrame *frame)
{
    int64_t pts = samples_to_90k(frame->pts_samples);

    if (o->state == OUTPUT_IDLE || (o->state == OUTPUT_OPEN && pts < o->start_90k))
        return; /* sound from before the first picture */
    if (o->mux && segment_mux_audio(o->mux, frame) < 0)
        return;
    o->audio_end_90k = pts + AAC_FRAME_90K;
    if (o->first_audio_90k == 0)
        o->first_audio_90k = pts;
    if (o->state == OUTPUT_OPEN) {
        complete_cut(o);
    } else if (!o->has_video) {
        start(o, pts);
    } else if (pts - o->first_audio_90k > VIDEO_WAIT_90K) {
        log_warn("%s: no picture for 3 s, the sound goes out alone", o->params.stream);
        if (open_mux(o, false))
            start(o, o->audio_end_90k);
    }
    if (o->params.cmaf)
        cmaf_output_audio(o->params.cmaf, frame, o->now_us);
}

/* Looks where the pictures stand that have come up to `clock_90k`. */
static void note_pictures(HlsOutput *o, int64_t clock_90k)
{
    if (o->oldest_90k == 0)
        return;
    picture_delay_note(&o->delay, o->oldest_90k, clock_90k);
    o->ahead_90k = o->newest_90k > clock_90k ? o->newest_90k - clock_90k : 0;
    o->oldest_90k = o->newest_90k = 0;
}

/* Whether an IDR picture should be asked for: by where pictures stand, which may be ahead of the
 * clock, for it is they that a segment is cut at. */
static bool wants_idr(HlsOutput *o, int64_t clock_90k)
{
    if (o->skips && o->cut_90k == 0)
        return clock_90k + o->ahead_90k >= o->skips_until_90k;
    return o->muxes_video && (o->cut_90k == 0 || o->cutter.starved) &&
           segment_cutter_ask(&o->cutter, clock_90k + o->ahead_90k);
}

void hls_output_set_time(HlsOutput *o, int64_t now_us)
{
    o->now_us = now_us;
}

bool hls_output_tick(HlsOutput *o, int64_t clock_90k, int64_t now_us)
{
    o->now_us = now_us;
    output_bound_time(o->bound, clock_90k);
    note_pictures(o, clock_90k);
    if (o->state != OUTPUT_OPEN)
        return false;
    int64_t known = clock_90k - (o->muxes_video ? picture_delay_wait_90k(&o->delay) : 0);
    if (o->cut_90k == 0 && segment_cutter_time(&o->cutter, known, o->muxes_video, &o->cut_90k))
        announce_cut(o);
    if (o->params.cmaf)
        cmaf_output_tick(o->params.cmaf, known, now_us);
    complete_cut(o);
    return wants_idr(o, clock_90k);
}

int64_t hls_output_deadline_90k(const HlsOutput *o)
{
    if (o->state != OUTPUT_OPEN || o->cut_90k != 0)
        return INT64_MAX; /* media moves it on */
    int64_t end_90k = segment_cutter_end_90k(&o->cutter, o->muxes_video) +
                      (o->muxes_video ? picture_delay_wait_90k(&o->delay) : 0);
    int64_t ask_90k = segment_cutter_ask_at_90k(&o->cutter) - o->ahead_90k;
    return o->muxes_video ? smaller(ask_90k, end_90k) : end_90k;
}

bool hls_output_next_idr(const HlsOutput *o, int64_t *at_90k, int64_t *every_90k)
{
    if (o->state != OUTPUT_OPEN || !o->muxes_video)
        return false;
    *every_90k =
        o->cutter.starved ? segment_cutter_ask_pause_90k(&o->cutter) : o->cutter.params.target_90k;
    *at_90k = segment_cutter_ask_at_90k(&o->cutter) - o->ahead_90k;
    if (o->cut_90k != 0 && !o->cutter.starved) /* of the segment after it */
        *at_90k = o->cut_90k + *every_90k - o->cutter.lead_90k - o->ahead_90k;
    return true;
}

void hls_output_finish(HlsOutput *o, int64_t now_us)
{
    o->now_us = now_us;
    complete_cut(o);
    if (o->state == OUTPUT_OPEN)
        write_rest(o);
    if (o->params.cmaf)
        cmaf_output_finish(o->params.cmaf, now_us);
    segment_mux_destroy(&o->mux);
    o->state = OUTPUT_IDLE;
    o->next_discontinuity = o->wrote;
}

int64_t hls_output_pictures_end_90k(const HlsOutput *o)
{
    return o->video_end_90k;
}

int64_t hls_output_end_90k(const HlsOutput *o)
{
    return o->end_90k;
}

HlsOutputStats hls_output_stats(const HlsOutput *o)
{
    HlsOutputStats stats = o->stats;

    stats.cutter = o->cutter.stats;
    stats.bound = o->bound->stats;
    stats.picture_wait_90k = picture_delay_wait_90k(&o->delay);
    stats.writes = *segment_store_writes(o->params.store);
    stats.has_low_latency = o->params.cmaf;
    if (o->params.cmaf) {
        stats.low_latency = cmaf_output_stats(o->params.cmaf);
        histogram_merge(&stats.writes, &stats.low_latency.writes);
    }
    return stats;
}
