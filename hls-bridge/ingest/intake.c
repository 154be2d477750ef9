/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/intake.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/intake_inside.h"

/* A lost packet is worth waiting for if it is sent again; else only for reordering. */
#define WAIT_FOR_RETRANSMISSION_US (200 * US_PER_MS)
#define WAIT_FOR_REORDERING_US     (60 * US_PER_MS)

#define AUDIO_SLOTS 64 /* packets of 20 ms, behind a gap */

/* ---- create and destroy ---- */

static int open_track(IntakeTrack *track, const SourceTrackSdp *sdp, const uint8_t *sets)
{
    RtpReorderParams reorder = {
        .max_wait_us = sdp->nack ? WAIT_FOR_RETRANSMISSION_US : WAIT_FOR_REORDERING_US,
        .capacity = sdp->kind == TRACK_AUDIO ? AUDIO_SLOTS : 0,
    };

    track->kind = sdp->kind;
    memcpy(track->name, sdp->name, sizeof(track->name));
    track->payload_type = sdp->payload_type;
    track->reporter.clock_hz = track->clock.clock_hz = sdp->clock_hz;
    track->reorder = rtp_reorder_create(&reorder);
    if (!track->reorder)
        return -1;
    return sdp->kind == TRACK_VIDEO ? intake_video_init(&track->video, sdp, sets) : 0;
}

Intake *intake_create(const SourceSdp *sdp)
{
    uint32_t clocks[STREAM_TRACKS_MAX];

    Intake *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->track = calloc(sdp->count, sizeof(*s->track));
    if (!s->track)
        goto fail;
    s->tracks = sdp->count;
    for (size_t i = 0; i < s->tracks; i++) {
        clocks[i] = sdp->track[i].clock_hz;
        if (open_track(&s->track[i], &sdp->track[i], sdp->sets) < 0)
            goto fail;
    }
    intake_audio_init(s);
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
    for (size_t i = 0; i < s->tracks; i++) {
        rtp_reorder_destroy(&s->track[i].reorder);
        video_depay_destroy(&s->track[i].video.depay);
    }
    free(s->track);
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

/* ---- packets ---- */

static void take_ordered(Intake *s, size_t index, const RtpOrdered *in)
{
    IntakeTrack *track = &s->track[index];

    if (in->restarted)
        track->clock.unwrap.started = false;
    int64_t ts = rtp_clock_take(&track->clock, in->packet.timestamp, in->arrival_us);
    if (track->kind == TRACK_AUDIO)
        intake_audio_take(s, track, in, ts);
    else
        intake_video_take(s, index, in, ts);
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
        track->refused++;
        return;
    }
    track->packets++;
    track->bytes += len;
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
    set_now(s, now_us);
    for (size_t i = 0; i < s->tracks; i++)
        drain(s, i);
    intake_audio_tick(s);
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

/* ---- questions ---- */

bool intake_needs_idr(const Intake *s, size_t track)
{
    const IntakeVideo *v = &s->track[track].video;

    return v->depay && (video_depay_needs_key(v->depay) || v->waits_for_step ||
                        timeline_step_us(s->timeline, track) != 0);
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

uint64_t intake_packets(const Intake *s, size_t track)
{
    return s->track[track].packets;
}

RtcpReporter *intake_reporter(Intake *s, size_t track)
{
    return &s->track[track].reporter;
}

static IntakeTrackStats track_stats(const IntakeTrack *track)
{
    IntakeTrackStats stats = {
        .kind = track->kind,
        .packets = track->packets,
        .bytes = track->bytes,
        .refused = track->refused,
        .reorder = rtp_reorder_stats(track->reorder),
        .early_pictures = track->video.early,
    };

    memcpy(stats.name, track->name, sizeof(stats.name));
    if (track->video.depay) {
        stats.video = video_depay_stats(track->video.depay);
        stats.format = *video_depay_format(track->video.depay);
    }
    return stats;
}

IntakeStats intake_stats(const Intake *s)
{
    IntakeStats stats = {
        .tracks = s->tracks,
        .audio = s->audio_clock.stats,
        .timeline = timeline_stats(s->timeline),
    };

    for (size_t i = 0; i < s->tracks; i++)
        stats.track[i] = track_stats(&s->track[i]);
    return stats;
}

const IntakeTrackStats *intake_stats_video(const IntakeStats *stats)
{
    static const IntakeTrackStats none = {.kind = TRACK_VIDEO};

    for (size_t i = 0; i < stats->tracks; i++)
        if (stats->track[i].kind == TRACK_VIDEO)
            return &stats->track[i];
    return &none;
}

const IntakeTrackStats *intake_stats_best(const IntakeStats *stats)
{
    return stats->best < stats->tracks && stats->track[stats->best].kind == TRACK_VIDEO
               ? &stats->track[stats->best]
               : intake_stats_video(stats);
}
