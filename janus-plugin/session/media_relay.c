/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/media_relay.h"

#include <glib.h>

#include "core/plugin_clock.h"
#include "rtcp_packet.h"
#include "rtp/rtp_sender.h"
#include "sdp/bridge_sdp.h"

#define SECOND_US  1000000
#define OVERSHOOT  4  /* a fourth of the cap is let pass above it: encoders overshoot at times */
#define NAL_STAP_A 24 /* RFC 6184 section 5.7.1: several NAL units in one packet */

static janus_callbacks *gateway;

void media_relay_init(janus_callbacks *callbacks)
{
    gateway = callbacks;
}

/* Encoders send the parameter sets in a packet of their own, or first in an aggregate. */
static void note_picture_size(TrackStats *stats, const RtpPacket *rtp)
{
    const uint8_t *nal = rtp->payload;
    size_t len = rtp->payload_len;
    H264Sps sps;

    if (len > 3 && h264_nal_type(nal) == NAL_STAP_A) {
        size_t first = (size_t)nal[1] << 8 | nal[2];
        nal += 3;
        len = MIN(first, len - 3);
    }
    if (len > 0 && h264_nal_type(nal) == H264_NAL_SPS && h264_sps_parse(nal, len, &sps) == 0)
        stats->sps = sps;
}

static void count_packet(TrackStats *stats, const RtpPacket *rtp, size_t len, int64_t now)
{
    int64_t sequence = rtp_unwrap_16(&stats->sequence, rtp->sequence);

    if (stats->packets == 0)
        stats->first_sequence = sequence;
    if (sequence > stats->highest_sequence || stats->packets == 0)
        stats->highest_sequence = sequence;
    stats->packets++;
    stats->bytes += len;
    stats->second_bytes += len;
    stats->last_us = now;
}

/* Ends a second. Returns the bitrate to ask for by REMB, or 0. All pictures, of all layers,
 * share the cap. */
static uint32_t end_second(Session *session, int64_t now)
{
    int64_t elapsed = now - session->second_began_us;
    uint64_t pictures = 0; /* bit/s */

    for (size_t i = 0; i < session->tracks.count; i++) {
        TrackStats *stats = &session->stats[i];
        stats->bitrate = (uint32_t)(stats->second_bytes * 8 * SECOND_US / (uint64_t)elapsed);
        stats->second_bytes = 0;
        if (session->tracks.track[i].kind == MEDIA_VIDEO)
            pictures += stats->bitrate;
    }
    if (pictures > session->bitrate + session->bitrate / OVERSHOOT)
        session->bitrate_is_asked = true; /* the answer alone has not helped */
    session->second_began_us = now;
    return session->bitrate_is_asked ? session->bitrate : 0;
}

void media_relay_rtp(Session *session, janus_plugin_rtp *packet)
{
    uint8_t *buf = (uint8_t *)packet->buffer;
    RtpPacket rtp;
    uint32_t remb = 0;
    int64_t now = monotonic_us();

    if (rtp_packet_parse(buf, packet->length, &rtp) < 0)
        return;
    pthread_mutex_lock(&session->lock);
    int index = layer_map_place(&session->layers, &session->tracks, packet->mindex, buf, &rtp);
    if (index >= 0 && session->sender) {
        const MediaTrack *track = &session->tracks.track[index];
        count_packet(&session->stats[index], &rtp, packet->length, now);
        mean_rate_add(&session->rate, packet->length, now);
        if (track->kind == MEDIA_VIDEO && track->codec == CODEC_H264)
            note_picture_size(&session->stats[index], &rtp);
        if (now - session->second_began_us >= SECOND_US)
            remb = end_second(session, now);
        /* Janus restores the header behind us, so it may be changed in place */
        rtp_set_payload_type(buf, bridge_payload_type(track));
        if (!session->paused[track->kind])
            rtp_sender_send(session->sender, track->port, buf, packet->length);
    }
    pthread_mutex_unlock(&session->lock);
    if (remb)
        gateway->send_remb(session->handle, remb);
}

/* Each sender report goes with the layer that it is about, whatever else came with it. The lock is
 * held. */
static void relay_reports(Session *session, int mindex, const uint8_t *buf, size_t len)
{
    RtcpPacket report;

    for (size_t from = 0, at = 0; rtcp_next(buf, len, &at, &report); from = at) {
        if (report.type != RTCP_SENDER_REPORT)
            continue;
        int index = layer_map_find(&session->layers, &session->tracks, mindex, report.ssrc);
        if (index >= 0)
            rtp_sender_send(session->sender, session->tracks.track[index].port, buf + from,
                            at - from);
    }
}

void media_relay_rtcp(Session *session, janus_plugin_rtcp *packet)
{
    pthread_mutex_lock(&session->lock);
    int first = media_track_of(&session->tracks, packet->mindex);
    if (first >= 0 && session->sender) {
        const MediaTrack *track = &session->tracks.track[first];
        if (media_track_is_layer(track))
            relay_reports(session, packet->mindex, (const uint8_t *)packet->buffer, packet->length);
        else
            rtp_sender_send(session->sender, track->port, packet->buffer, packet->length);
    }
    pthread_mutex_unlock(&session->lock);
}

void media_relay_keyframe(Session *session)
{
    int mindex = -1;

    pthread_mutex_lock(&session->lock);
    for (size_t i = 0; i < session->tracks.count; i++)
        if (session->tracks.track[i].kind == MEDIA_VIDEO)
            mindex = session->tracks.track[i].mindex;
    pthread_mutex_unlock(&session->lock);
    if (mindex >= 0)
        gateway->send_pli_stream(session->handle, mindex);
}
