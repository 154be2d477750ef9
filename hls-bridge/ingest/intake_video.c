/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/intake_inside.h"

#include <stdlib.h>

/* If there is no audio, a picture that is this far from where it can be has another clock. */
#define VIDEO_JUMP (10 * TICKS_PER_S)

int intake_video_init(IntakeVideo *video, const SourceTrackSdp *sdp, const uint8_t *sets)
{
    video->depay = video_depay_create(sdp->codec);
    if (!video->depay)
        return -1;
    for (size_t i = 0; i < sdp->parameter_sets; i++)
        video_depay_add_parameter_set(video->depay, sets + sdp->parameter_set[i].at,
                                      sdp->parameter_set[i].len);
    return 0;
}

/* If there is no audio, the first video track's own clock is the stream's; one that jumps is set on
 * where it stood. */
static void lead_by_video(Intake *s, int64_t ts, int64_t arrival_us)
{
    int64_t limit, now_ts;

    real_time_begin(&s->real, s->now_us, s->starts_90k);
    limit = real_time_limit_90k(&s->real, s->now_us);
    if (!timeline_lead_now(s->timeline, s->now_us, &now_ts)) {
        timeline_set_offset(s->timeline, ts, s->starts_90k);
    } else if (llabs(ts - now_ts) > VIDEO_JUMP || timeline_place(s->timeline, 0, ts) > limit) {
        int64_t beyond = timeline_place(s->timeline, 0, now_ts) - limit;
        timeline_lead_jumped(s->timeline, now_ts - (beyond > 0 ? beyond : 0), ts);
    }
    timeline_arrival(s->timeline, 0, ts, arrival_us);
}

/* Where on the stream's clock a picture belongs. */
static int64_t place_picture(Intake *s, size_t track, const AccessUnit *unit, int64_t limit)
{
    int64_t pts = timeline_place(s->timeline, track, unit->rtp_ts);

    if (pts > limit && track > 0) { /* it has another clock: only its arrival tells */
        timeline_forget_track(s->timeline, track);
        timeline_arrival(s->timeline, track, unit->rtp_ts, unit->arrival_us);
        pts = timeline_place(s->timeline, track, unit->rtp_ts);
    }
    return pts;
}

/* Makes a correction that is too large to be made slowly, at an IDR picture. If pictures are to
 * be shown sooner than they were, they are left out until one is behind the newest. Returns whether
 * the picture is put out. */
static bool step(Intake *s, size_t track, AccessUnit *unit, int64_t *pts_90k)
{
    IntakeVideo *v = &s->track[track].video;
    int64_t step_us = timeline_step_us(s->timeline, track);
    int64_t to_90k = *pts_90k + us_to_90k(step_us);

    if (step_us != 0 && unit->idr && to_90k > v->newest_90k) {
        timeline_step(s->timeline, track);
        unit->restart = true;
        unit->stepped_us = step_us;
        *pts_90k = to_90k;
    }
    v->waits_for_step = !unit->stepped_us && (step_us < 0 || (v->waits_for_step && !unit->idr));
    return !v->waits_for_step;
}

/* Whether the clock stands on which the pictures of a track are placed. Without sound, that is the
 * first video track's. */
static bool has_clock(Intake *s, const AccessUnit *unit)
{
    int64_t ts;

    if (s->audio)
        intake_audio_begin_silent(s, unit->arrival_us);
    return s->audio || timeline_lead_now(s->timeline, s->now_us, &ts);
}

static void send_picture(Intake *s, size_t track, AccessUnit *unit)
{
    IntakeVideo *v = &s->track[track].video;

    if (!has_clock(s, unit)) {
        video_depay_lose(v->depay);
        return;
    }
    int64_t limit = real_time_limit_90k(&s->real, s->now_us);
    if (v->order.started && v->order.last_dts >= limit) {
        video_depay_lose(v->depay);
        v->early++;
        return;
    }
    if (unit->idr)
        frame_order_idr(&v->order, video_depay_format(v->depay)->max_reorder_frames);
    int64_t pts = place_picture(s, track, unit, limit);
    if (!step(s, track, unit, &pts))
        return;
    pts = smaller(pts, limit);
    v->newest_90k = pts > v->newest_90k ? pts : v->newest_90k;
    int64_t dts = frame_order_dts(&v->order, &pts);
    unit->track = track;
    s->sink.picture(s->sink.user, unit, pts, dts);
}

/* Packets come, but pictures do not: says so once for each picture. */
static void tell_if_broken(Intake *s, size_t index, const RtpOrdered *in, int64_t ts)
{
    IntakeVideo *v = &s->track[index].video;
    int64_t at_90k;

    if (!s->sink.broken || !v->order.started || in->packet.payload_len == 0 || ts == v->broken_ts ||
        !intake_needs_idr(s, index) || !intake_clock(s, s->now_us, &at_90k))
        return;
    v->broken_ts = ts;
    s->sink.broken(s->sink.user, index, at_90k);
}

void intake_video_take(Intake *s, size_t index, const RtpOrdered *in, int64_t ts)
{
    VideoDepay *depay = s->track[index].video.depay;
    AccessUnit unit;

    if (index > 0)
        timeline_arrival(s->timeline, index, ts, in->arrival_us);
    else
        lead_by_video(s, ts, in->arrival_us);
    video_depay_push(depay, &in->packet, ts, in->arrival_us, in->lost, in->restarted);
    while (video_depay_pop(depay, &unit))
        send_picture(s, index, &unit);
    tell_if_broken(s, index, in, ts);
}
