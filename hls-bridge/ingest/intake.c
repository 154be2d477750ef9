/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/intake.h"

#include <assert.h>
#include <stdlib.h>

#include "clock/audio_clock.h"
#include "clock/frame_order.h"
#include "clock/real_time.h"
#include "ingest/rtp_reorder.h"
#include "clock/timeline.h"

/* A lost packet is worth waiting for where it is sent again; else only for reordering. */
#define WAIT_FOR_RETRANSMISSION_US (200 * US_PER_MS)
#define WAIT_FOR_REORDERING_US     (60 * US_PER_MS)

#define AUDIO_LATE_US (500 * US_PER_MS) /* then silence takes its place */
#define AUDIO_SLOTS   64                /* packets of 20 ms, behind a gap */

/* Where there is no audio, a picture that is this far from where it can be has another clock. */
#define VIDEO_JUMP (10 * TICKS_PER_S)

/* An Opus encoder looks ahead: what decodes at a time was recorded this much earlier (RFC 7845
 * section 4.2, pre-skip; the value of libopus at 48 kHz). */
#define OPUS_LOOKAHEAD 312

/* A frame comes out of the AAC encoder when the two behind it are full. With this much sound behind
 * a picture of 33 ms one comes out that begins no sooner than the picture. */
#define ENCODER_BEHIND (3 * AAC_FRAME_SAMPLES)

typedef struct IntakeTrack {
    TrackKind kind;
    int payload_type;
    RtpReorder *reorder;
    RtpClock clock;
    RtcpReporter reporter;
    IntakeTrackStats stats;
} IntakeTrack;

struct Intake {
    IntakeSink sink;
    Timeline *timeline;
    H264Depay *depay; /* NULL: no video */
    OpusToAac *audio; /* borrowed; NULL: no audio */
    AudioClock audio_clock;
    FrameOrder order;
    int64_t newest_90k;  /* picture, as it was put out */
    bool waits_for_step; /* pictures are left out, until an IDR that is moved behind the newest */
    size_t tracks;
    IntakeTrack track[STREAM_TRACKS_MAX];
    int64_t starts_90k;
    int64_t now_us; /* of the call that is under way */
    RealTime real;
    uint64_t early_pictures;
};

/* ---- create and destroy ---- */

static int open_track(Intake *s, IntakeTrack *track, const SourceTrackSdp *sdp)
{
    RtpReorderParams reorder = {
        .max_wait_us = sdp->nack ? WAIT_FOR_RETRANSMISSION_US : WAIT_FOR_REORDERING_US,
        .capacity = sdp->kind == TRACK_AUDIO ? AUDIO_SLOTS : 0,
    };

    track->kind = track->stats.kind = sdp->kind;
    track->payload_type = sdp->payload_type;
    track->reporter.clock_hz = track->clock.clock_hz = sdp->clock_hz;
    track->reorder = rtp_reorder_create(&reorder);
    if (!track->reorder)
        return -1;
    if (sdp->kind == TRACK_AUDIO)
        return 0;
    s->depay = h264_depay_create();
    for (size_t i = 0; s->depay && i < sdp->parameter_sets; i++)
        h264_depay_add_parameter_set(s->depay, sdp->parameter_set[i], sdp->parameter_set_len[i]);
    return s->depay ? 0 : -1;
}

Intake *intake_create(const SourceSdp *sdp)
{
    uint32_t clocks[STREAM_TRACKS_MAX];

    Intake *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->audio_clock.max_late_us = AUDIO_LATE_US;
    for (s->tracks = 0; s->tracks < sdp->count; s->tracks++) {
        clocks[s->tracks] = sdp->track[s->tracks].clock_hz;
        if (open_track(s, &s->track[s->tracks], &sdp->track[s->tracks]) < 0)
            goto fail;
    }
    s->timeline = timeline_create(clocks, s->tracks);
    if (s->timeline)
        return s;
fail:
    intake_destroy(&s);
    return NULL;
}

void intake_start(Intake *s, const IntakeSink *sink, OpusToAac *audio, int64_t starts_90k)
{
    s->sink = *sink;
    s->starts_90k = starts_90k;
    if (s->track[0].kind != TRACK_AUDIO)
        return;
    assert(audio);
    s->audio = audio;
    opus_to_aac_new_source(audio, floor_div(starts_90k * 8, 15));
}

void intake_destroy(Intake **intake)
{
    Intake *s = *intake;

    if (!s)
        return;
    for (size_t i = 0; i < STREAM_TRACKS_MAX; i++)
        rtp_reorder_destroy(&s->track[i].reorder);
    h264_depay_destroy(&s->depay);
    timeline_destroy(&s->timeline);
    free(s);
    *intake = NULL;
}

/* The call's time. */
static void set_now(Intake *s, int64_t now_us)
{
    int64_t stood_still_us = real_time_look(&s->real, now_us);

    s->now_us = now_us;
    if (stood_still_us > 0)
        timeline_stand_still(s->timeline, stood_still_us);
}

/* ---- audio ---- */

static void send_audio(Intake *s)
{
    AacFrame frame;

    while (opus_to_aac_take(s->audio, &frame))
        s->sink.audio(s->sink.user, &frame);
}

/* The sample that is put in next is the one of RTP time next_ts. */
static void hold_clock(Intake *s)
{
    int64_t position = opus_to_aac_position(s->audio);

    timeline_set_offset(s->timeline, s->audio_clock.next_ts,
                        samples_to_90k(position + OPUS_LOOKAHEAD));
}

static void put_silence(Intake *s, int64_t samples)
{
    while (samples > 0) {
        samples -= opus_to_aac_silence(s->audio, samples);
        send_audio(s);
    }
}

/* Media comes, and its sound begins where the encoder stands. */
static void begin_audio(Intake *s)
{
    real_time_begin(&s->real, s->now_us, samples_to_90k(opus_to_aac_position(s->audio)));
}

/* Samples that may be put in by now. */
static int64_t audio_room(const Intake *s)
{
    return floor_div(real_time_limit_90k(&s->real, s->now_us) * 8, 15) -
           opus_to_aac_position(s->audio);
}

/* The RTP time of what arrives now, with room for `room` samples; of `otherwise` where nothing has
 * come yet. */
static int64_t lead_now(const Intake *s, int64_t room, int64_t otherwise)
{
    int64_t ts;

    if (!timeline_lead_now(s->timeline, s->now_us, &ts))
        return otherwise;
    if (s->audio_clock.ahead) /* or silence would be ahead of real time instead, for good */
        room -= us_to_samples(MEDIA_LEAD_US);
    return smaller(ts, s->audio_clock.next_ts + room);
}

static void carry_out(Intake *s, const AudioStep *step, const RtpPacket *packet)
{
    switch (step->kind) {
    case AUDIO_DECODE:
        opus_to_aac_decode(s->audio, packet->payload, packet->payload_len, step->samples,
                           step->skip);
        break;
    case AUDIO_REBUILD:
        opus_to_aac_rebuild(s->audio, packet->payload, packet->payload_len, step->samples);
        break;
    case AUDIO_CONCEAL:
        opus_to_aac_conceal(s->audio, step->samples);
        break;
    case AUDIO_SILENCE:
        put_silence(s, step->samples);
        break;
    }
}

static void take_audio(Intake *s, IntakeTrack *track, const RtpOrdered *in, int64_t ts)
{
    const RtpPacket *packet = &in->packet;
    int64_t samples = opus_packet_samples(packet->payload, packet->payload_len);

    if (samples < 0) {
        track->stats.refused += packet->payload_len > 0;
        return;
    }
    TimelineLateness late_us = timeline_lateness(s->timeline);
    begin_audio(s);
    int64_t room = audio_room(s);
    const AudioArrival arrival = {
        .ts = ts,
        .samples = samples,
        .lost = in->lost,
        .now_ts = lead_now(s, room, ts),
        .slipped = us_to_samples(timeline_lead_slip_us(s->timeline)),
        .late = {us_to_samples(late_us.lead_us), us_to_samples(late_us.placed_us)},
        .room = room,
    };
    AudioVerdict v = audio_clock_packet(&s->audio_clock, &arrival);
    if (s->audio_clock.ahead)
        return; /* such a clock says nothing of what arrives when */
    if (v.continuity == AUDIO_JUMPED)
        timeline_lead_jumped(s->timeline, v.jumped_from, v.jumped_to);
    else if (v.continuity == AUDIO_SLIPPED)
        timeline_lead_slipped(s->timeline, v.jumped_from, v.jumped_to);
    else if (v.continuity == AUDIO_MOVED)
        timeline_lead_moved(s->timeline, v.jumped_from, v.jumped_to);
    else if (v.continuity == AUDIO_CAUGHT_UP)
        timeline_forget(s->timeline);
    timeline_arrival(s->timeline, 0, ts, in->arrival_us);
    for (size_t i = 0; i < v.count; i++)
        carry_out(s, &v.step[i], packet);
    hold_clock(s);
    send_audio(s);
}

/* Pictures have come, and sound is promised but has not: it begins with silence. */
static void start_audio_clock(Intake *s)
{
    if (s->audio_clock.started)
        return;
    begin_audio(s);
    audio_clock_start(&s->audio_clock, 0);
    timeline_arrival(s->timeline, 0, 0, s->now_us);
    hold_clock(s);
}

/* ---- video ---- */

/* Where there is no audio, the pictures' own clock is the stream's; one that jumps is set on where
 * it stood. */
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

/* Makes a correction that is too large to be made slowly, at an IDR picture. Where pictures are to
 * be shown sooner than they were, they are left out until one is behind the newest. Returns whether
 * the picture is put out. */
static bool step(Intake *s, size_t track, AccessUnit *unit, int64_t *pts_90k)
{
    int64_t step_us = timeline_step_us(s->timeline, track);
    int64_t to_90k = *pts_90k + us_to_90k(step_us);

    if (step_us != 0 && unit->idr && to_90k > s->newest_90k) {
        timeline_step(s->timeline, track);
        unit->restart = true;
        unit->stepped_us = step_us;
        *pts_90k = to_90k;
    }
    s->waits_for_step = !unit->stepped_us && (step_us < 0 || (s->waits_for_step && !unit->idr));
    return !s->waits_for_step;
}

static void send_picture(Intake *s, size_t track, AccessUnit *unit)
{
    if (s->audio)
        start_audio_clock(s);
    int64_t limit = real_time_limit_90k(&s->real, s->now_us);
    if (s->order.started && s->order.last_dts >= limit) {
        h264_depay_lose(s->depay);
        s->early_pictures++;
        return;
    }
    if (unit->idr)
        frame_order_idr(&s->order, h264_depay_sps(s->depay)->max_reorder_frames);
    int64_t pts = place_picture(s, track, unit, limit);
    if (!step(s, track, unit, &pts))
        return;
    pts = smaller(pts, limit);
    s->newest_90k = pts > s->newest_90k ? pts : s->newest_90k;
    int64_t dts = frame_order_dts(&s->order, &pts);
    s->sink.picture(s->sink.user, unit, pts, dts);
}

static void take_video(Intake *s, size_t index, const RtpOrdered *in, int64_t ts)
{
    AccessUnit unit;

    if (s->audio)
        timeline_arrival(s->timeline, index, ts, in->arrival_us);
    else
        lead_by_video(s, ts, in->arrival_us);
    h264_depay_push(s->depay, &in->packet, ts, in->arrival_us, in->lost, in->restarted);
    while (h264_depay_pop(s->depay, &unit))
        send_picture(s, index, &unit);
}

/* ---- packets ---- */

static void take_ordered(Intake *s, size_t index, const RtpOrdered *in)
{
    IntakeTrack *track = &s->track[index];

    if (in->restarted)
        track->clock.unwrap.started = false;
    int64_t ts = rtp_clock_take(&track->clock, in->packet.timestamp, in->arrival_us);
    if (track->kind == TRACK_AUDIO)
        take_audio(s, track, in, ts);
    else
        take_video(s, index, in, ts);
}

static void drain(Intake *s, size_t index)
{
    RtpOrdered ordered;

    while (rtp_reorder_pop(s->track[index].reorder, s->now_us, &ordered))
        take_ordered(s, index, &ordered);
}

static void take_rtp(Intake *s, size_t index, const uint8_t *data, size_t len)
{
    IntakeTrack *track = &s->track[index];
    RtpPacket packet;
    RtpOrdered ordered;

    if (rtp_packet_parse(data, len, &packet) < 0 || packet.payload_type != track->payload_type) {
        track->stats.refused++;
        return;
    }
    track->stats.packets++;
    track->stats.bytes += len;
    rtcp_reporter_packet(&track->reporter, &packet, s->now_us);
    if (rtp_reorder_push(track->reorder, &packet, s->now_us, &ordered))
        take_ordered(s, index, &ordered);
    drain(s, index);
}

static void take_rtcp(Intake *s, size_t index, const uint8_t *data, size_t len)
{
    IntakeTrack *track = &s->track[index];
    RtcpPacket rtcp;

    for (size_t at = 0; rtcp_next(data, len, &at, &rtcp);) {
        if (rtcp.type != RTCP_SENDER_REPORT || !track->clock.unwrap.started ||
            rtcp.ssrc != track->reporter.ssrc)
            continue;
        timeline_report(s->timeline, index, rtcp.ntp,
                        rtp_clock_near(&track->clock, rtcp.rtp_timestamp));
        rtcp_reporter_sender_report(&track->reporter, rtcp.ntp, s->now_us);
    }
}

void intake_datagram(Intake *s, size_t track, const uint8_t *data, size_t len, int64_t now_us)
{
    set_now(s, now_us);
    if (rtp_is_rtcp(data, len))
        take_rtcp(s, track, data, len);
    else
        take_rtp(s, track, data, len);
}

/* ---- time ---- */

void intake_tick(Intake *s, int64_t now_us)
{
    int64_t silence = 0;

    set_now(s, now_us);
    for (size_t i = 0; i < s->tracks; i++)
        drain(s, i);
    if (s->audio && s->audio_clock.started)
        silence = audio_clock_tick(&s->audio_clock, lead_now(s, audio_room(s), INT64_MIN / 2));
    if (silence > 0) {
        put_silence(s, silence);
        hold_clock(s);
    }
}

int64_t intake_deadline_us(const Intake *s)
{
    int64_t next = NEVER_US;

    for (size_t i = 0; i < s->tracks; i++) {
        int64_t deadline = rtp_reorder_deadline_us(s->track[i].reorder);
        if (deadline < next)
            next = deadline;
    }
    return next;
}

void intake_finish(Intake *s, int64_t pictures_end_90k)
{
    if (!s->audio || !s->audio_clock.started)
        return;
    /* the last picture may lie alone in its segment, which is to have sound */
    int64_t end = floor_div(pictures_end_90k * 8, 15) + ENCODER_BEHIND;
    int64_t missing = end - opus_to_aac_position(s->audio);
    if (pictures_end_90k > 0 && missing > 0)
        put_silence(s, missing);
    send_audio(s);
}

/* ---- questions ---- */

bool intake_needs_idr(const Intake *s)
{
    for (size_t i = 1; i < s->tracks; i++)
        if (timeline_step_us(s->timeline, i) != 0)
            return true;
    return s->depay && (h264_depay_needs_idr(s->depay) || s->waits_for_step);
}

bool intake_clock(const Intake *s, int64_t now_us, int64_t *at_90k)
{
    if (!timeline_now(s->timeline, now_us, at_90k))
        return false;
    *at_90k = smaller(*at_90k, real_time_limit_90k(&s->real, now_us));
    return true;
}

int64_t intake_arrival_of(const Intake *s, int64_t at_90k)
{
    return timeline_arrival_of(s->timeline, at_90k);
}

RtcpReporter *intake_reporter(Intake *s, size_t track)
{
    return &s->track[track].reporter;
}

IntakeStats intake_stats(const Intake *s)
{
    IntakeStats stats = {
        .tracks = s->tracks,
        .audio = s->audio_clock.stats,
        .timeline = timeline_stats(s->timeline),
        .early_pictures = s->early_pictures,
    };

    for (size_t i = 0; i < s->tracks; i++) {
        stats.track[i] = s->track[i].stats;
        stats.track[i].reorder = rtp_reorder_stats(s->track[i].reorder);
    }
    if (s->depay) {
        stats.video = h264_depay_stats(s->depay);
        stats.sps = *h264_depay_sps(s->depay);
    }
    return stats;
}
