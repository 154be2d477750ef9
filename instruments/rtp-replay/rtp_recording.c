/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp_recording.h"

#include <stdlib.h>
#include <string.h>

#include "h264_sps.h"
#include "rtcp_packet.h"
#include "rtp_packet.h"

#define RTCP_TRACK     RTP_TRACKS /* of RTCP whose track is not known yet */
#define SAME_LOOK_BACK 16         /* packets; the copies of `tcpdump -i any` follow at once */
#define SIDE_BY_SIDE_US                                                                            \
    1000000ll /* of two video tracks, to be of one publisher and not of two in turn */

/* RFC 6184 section 5.2. */
enum { NAL_STAP_A = 24, NAL_FU_A = 28 };

uint32_t rtp_track_clock_hz(RtpTrack track)
{
    return track == RTP_AUDIO ? 48000 : 90000;
}

const char *rtp_track_name(RtpTrack track)
{
    return track == RTP_AUDIO ? "audio" : "video";
}

RtpRecording *rtp_recording_create(int64_t start_unix_us)
{
    RtpRecording *r = calloc(1, sizeof(*r));

    if (r)
        r->start_unix_us = start_unix_us;
    return r;
}

void rtp_recording_destroy(RtpRecording **recording)
{
    if (!*recording)
        return;
    free((*recording)->packets);
    free((*recording)->bytes);
    free(*recording);
    *recording = NULL;
}

/* ---- collecting ---- */

static int make_room(RtpRecording *r, size_t len)
{
    if (r->count == r->capacity) {
        size_t capacity = r->capacity ? r->capacity * 2 : 1024;
        RecordedPacket *grown = realloc(r->packets, capacity * sizeof(*grown));
        if (!grown)
            return -1;
        r->packets = grown;
        r->capacity = capacity;
    }
    if (r->bytes_len + len > r->bytes_capacity) {
        size_t capacity = (r->bytes_len + len) * 2;
        uint8_t *grown = realloc(r->bytes, capacity);
        if (!grown)
            return -1;
        r->bytes = grown;
        r->bytes_capacity = capacity;
    }
    return 0;
}

/* A capture of all interfaces has each packet on loopback twice. */
static bool is_there(const RtpRecording *r, const uint8_t *data, size_t len)
{
    for (size_t i = r->count; i > 0 && i + SAME_LOOK_BACK > r->count; i--) {
        const RecordedPacket *p = &r->packets[i - 1];
        if (p->len == len && memcmp(r->bytes + p->at, data, len) == 0)
            return true;
    }
    return false;
}

/* The track of an SSRC, from `first` to before `end`, which is added if there is room. */
static bool find_ssrc(RtpRecording *r, uint32_t ssrc, RtpTrack first, RtpTrack end, RtpTrack *track)
{
    for (*track = first; *track < end; ++*track) {
        if (!r->has[*track])
            r->ssrc[*track] = ssrc;
        r->has[*track] = true;
        if (r->ssrc[*track] == ssrc)
            return true;
    }
    return false;
}

/* The track of an RTP packet. Of sound, the first SSRC that is seen is the publisher's. */
static bool find_track(RtpRecording *r, const uint8_t *data, size_t len, RtpTrack *track)
{
    RtpPacket packet;

    if (rtp_packet_parse(data, len, &packet) < 0)
        return false;
    if (packet.payload_type == RTP_RECORDING_PT_OPUS)
        return find_ssrc(r, packet.ssrc, RTP_AUDIO, RTP_VIDEO, track);
    for (Codec codec = 0; !r->has[RTP_VIDEO] && codec < CODECS_MAX; codec++)
        if (packet.payload_type == codec_payload_type(codec))
            r->codec = codec;
    return packet.payload_type == codec_payload_type(r->codec) &&
           find_ssrc(r, packet.ssrc, RTP_VIDEO, RTP_TRACKS, track);
}

int rtp_recording_add(RtpRecording *r, int64_t time_us, const uint8_t *data, size_t len)
{
    RtpTrack track = RTCP_TRACK;
    bool is_rtcp = rtp_is_rtcp(data, len);

    if (len > RTP_PACKET_MAX || (!is_rtcp && !find_track(r, data, len, &track)))
        return 0;
    if (is_there(r, data, len))
        return 0;
    if (make_room(r, len) < 0)
        return -1;
    r->packets[r->count++] = (RecordedPacket){
        .time_us = time_us, .track = track, .is_rtcp = is_rtcp, .at = r->bytes_len, .len = len};
    memcpy(r->bytes + r->bytes_len, data, len);
    r->bytes_len += len;
    return 0;
}

/* ---- sorting out ---- */

/* Drops video of the next publisher: what begins when the first has ended, or ends. */
static void drop_next_publisher(RtpRecording *r)
{
    int64_t begin_us[RTP_TRACKS] = {0}, end_us = INT64_MIN;
    bool seen[RTP_TRACKS] = {false};
    size_t kept = 0;

    for (size_t i = 0; i < r->count; i++) {
        const RecordedPacket *p = &r->packets[i];
        if (!p->is_rtcp && !seen[p->track])
            begin_us[p->track] = p->time_us;
        if (!p->is_rtcp)
            seen[p->track] = true;
        if (!p->is_rtcp && p->track == RTP_VIDEO)
            end_us = p->time_us;
    }
    RtpTrack tracks = RTP_VIDEO + 1;
    RtpTrack now[RTP_TRACKS] = {RTP_AUDIO, RTP_VIDEO};
    for (RtpTrack t = RTP_VIDEO + 1; t < RTP_TRACKS; t++) {
        bool same = seen[t] && end_us - begin_us[t] >= SIDE_BY_SIDE_US;
        now[t] = same ? tracks++ : RTP_TRACKS;
        if (same)
            r->ssrc[now[t]] = r->ssrc[t];
    }
    for (RtpTrack t = tracks; t < RTP_TRACKS; t++)
        r->has[t] = false;
    for (size_t i = 0; i < r->count; i++) {
        RecordedPacket *p = &r->packets[i];
        if (!p->is_rtcp)
            p->track = now[p->track];
        if (p->is_rtcp || p->track < RTP_TRACKS)
            r->packets[kept++] = *p;
    }
    r->count = kept;
}

/* Whether RTCP has a sender report of the publisher's, and of which track. A BYE would end what is
 * to be repeated. */
static bool find_rtcp_track(const RtpRecording *r, RecordedPacket *p)
{
    RtcpPacket rtcp;
    size_t at = 0;
    bool found = false;

    while (rtcp_next(r->bytes + p->at, p->len, &at, &rtcp)) {
        if (rtcp.type == RTCP_BYE)
            return false;
        for (RtpTrack track = 0; track < RTP_TRACKS; track++) {
            if (rtcp.type != RTCP_SENDER_REPORT || !r->has[track] || r->ssrc[track] != rtcp.ssrc)
                continue;
            p->track = track;
            found = true;
        }
    }
    return found;
}

static void drop_foreign_rtcp(RtpRecording *r)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->count; i++)
        if (!r->packets[i].is_rtcp || find_rtcp_track(r, &r->packets[i]))
            r->packets[kept++] = r->packets[i];
    r->count = kept;
}

static void unwrap(RtpRecording *r)
{
    RtpUnwrap sequence[RTP_TRACKS] = {0}, timestamp[RTP_TRACKS] = {0};
    int64_t first_sequence[RTP_TRACKS] = {0}, first_timestamp[RTP_TRACKS] = {0};

    for (size_t i = 0; i < r->count; i++) {
        RecordedPacket *p = &r->packets[i];
        RtpPacket rtp;
        RtpTrack t = p->track;
        if (p->is_rtcp)
            continue;
        rtp_packet_parse(r->bytes + p->at, p->len, &rtp);
        bool first = !sequence[t].started;
        p->sequence = rtp_unwrap_16(&sequence[t], rtp.sequence);
        p->timestamp = rtp_unwrap_32(&timestamp[t], rtp.timestamp);
        if (first) {
            first_sequence[t] = p->sequence;
            first_timestamp[t] = p->timestamp;
        }
        p->sequence -= first_sequence[t];
        p->timestamp -= first_timestamp[t];
    }
}

/* The sorts of NAL unit that begin in a packet, a bit each, and the first of them. */
static unsigned nal_types(const RtpPacket *rtp, unsigned *first)
{
    const uint8_t *p = rtp->payload;
    size_t len = rtp->payload_len;
    unsigned types = 0;

    *first = 0;
    if (len < 2)
        return 0;
    *first = h264_nal_type(p);
    if (*first == NAL_FU_A) {
        *first = p[1] & 0x1F;
        return p[1] & 0x80 ? 1u << *first : 0; /* S: the start of the unit */
    }
    if (*first != NAL_STAP_A)
        return 1u << *first;
    *first = len > 3 ? h264_nal_type(p + 3) : 0;
    for (size_t at = 1; at + 3 <= len; at += 2 + ((size_t)p[at] << 8 | p[at + 1]))
        types |= 1u << h264_nal_type(p + at + 2);
    return types;
}

/* Whether the frame behind a VP8 payload descriptor (RFC 7741) of the first packet is a key frame.
 */
static bool begins_vp8_key(const uint8_t *p)
{
    size_t at = 1;

    if (p[0] & 0x80) { /* X: which members there are */
        at = p[1] & 0x80 ? (p[2] & 0x80 ? 4 : 3) : 2;
        at += (p[1] & 0x40 ? 1 : 0) + (p[1] & 0x30 ? 1 : 0);
    }
    return (p[0] & 0x17) == 0x10 && !(p[at] & 1);
}

/* Whether a packet begins a key frame with all that it needs, as the payload formats show it: a
 * layer frame of VP9 that refers to no other (RFC 9628), AV1's N bit, H.265's parameter sets. */
static bool begins_key(Codec codec, const uint8_t *p, size_t len)
{
    unsigned type;

    switch (codec) {
    case CODEC_VP8:
        return len > 8 && begins_vp8_key(p);
    case CODEC_VP9:
        return len > 1 && (p[0] & 0x48) == 0x08;
    case CODEC_AV1:
        return len > 1 && p[0] & 0x08;
    default:
        type = len > 6 ? p[0] >> 1 & 0x3F : 0;
        type = type == 48 ? p[4] >> 1 & 0x3F : type;
        return type == 32 || type == 33;
    }
}

/* Marks the first packet of each key frame of another codec than H.264. */
static void find_keys(RtpRecording *r)
{
    int64_t last[RTP_TRACKS];

    for (RtpTrack t = 0; t < RTP_TRACKS; t++)
        last[t] = -1;
    for (size_t i = 0; i < r->count; i++) {
        RecordedPacket *p = &r->packets[i];
        RtpPacket rtp;
        if (p->is_rtcp || p->track == RTP_AUDIO)
            continue;
        rtp_packet_parse(r->bytes + p->at, p->len, &rtp);
        p->starts_idr =
            p->timestamp != last[p->track] && begins_key(r->codec, rtp.payload, rtp.payload_len);
        last[p->track] = p->timestamp;
    }
}

/* Access units are the packets of one timestamp; a mark goes on the first packet. */
static void find_idrs(RtpRecording *r)
{
    RecordedPacket *start[RTP_TRACKS] = {NULL};
    bool has_sps[RTP_TRACKS] = {false};

    for (size_t i = 0; i < r->count; i++) {
        RecordedPacket *p = &r->packets[i];
        RtpPacket rtp;
        unsigned first;
        if (p->is_rtcp || p->track == RTP_AUDIO)
            continue;
        rtp_packet_parse(r->bytes + p->at, p->len, &rtp);
        unsigned types = nal_types(&rtp, &first);
        RecordedPacket **of_unit = &start[p->track];
        if (!*of_unit || p->timestamp != (*of_unit)->timestamp) {
            *of_unit = p;
            has_sps[p->track] = first == H264_NAL_SPS;
        }
        if (has_sps[p->track] && (types & 1u << H264_NAL_IDR))
            (*of_unit)->starts_idr = true;
    }
}

void rtp_recording_finish(RtpRecording *r)
{
    drop_next_publisher(r);
    drop_foreign_rtcp(r);
    unwrap(r);
    if (r->codec == CODEC_H264)
        find_idrs(r);
    else
        find_keys(r);
}

/* ---- facts ---- */

static void read_size(const RtpRecording *r, const RecordedPacket *p, RtpRecordingFacts *facts)
{
    RtpPacket rtp;
    H264Sps sps;

    rtp_packet_parse(r->bytes + p->at, p->len, &rtp);
    const uint8_t *nal = rtp.payload;
    size_t len = rtp.payload_len;
    if (h264_nal_type(nal) == NAL_STAP_A) { /* the SPS stands first in it */
        len = (size_t)nal[1] << 8 | nal[2];
        nal += 3;
        if (len > rtp.payload_len - 3)
            return;
    }
    if (h264_sps_parse(nal, len, &sps) < 0)
        return;
    facts->width = sps.width;
    facts->height = sps.height;
}

static void note_idr(const RtpRecording *r, const RecordedPacket *p, int64_t *last_us,
                     RtpRecordingFacts *facts)
{
    if (facts->idrs == 0 && r->codec == CODEC_H264)
        read_size(r, p, facts);
    else if (p->time_us - *last_us > facts->idr_gap_us)
        facts->idr_gap_us = p->time_us - *last_us;
    facts->idrs++;
    *last_us = p->time_us;
}

RtpRecordingFacts rtp_recording_facts(const RtpRecording *r, RtpTrack track)
{
    RtpRecordingFacts facts = {0};
    int64_t last_idr_us = 0, last_sequence = -1, last_timestamp = 0;

    for (size_t i = 0; i < r->count; i++) {
        const RecordedPacket *p = &r->packets[i];
        if (p->track != track)
            continue;
        facts.bytes += p->len;
        if (p->is_rtcp) {
            facts.reports++;
            continue;
        }
        facts.packets++;
        if (p->starts_idr)
            note_idr(r, p, &last_idr_us, &facts);
        if (p->sequence > last_sequence)
            last_sequence = p->sequence;
        if (p->timestamp - last_timestamp > facts.longest_gap)
            facts.longest_gap = p->timestamp - last_timestamp;
        last_timestamp = p->timestamp;
    }
    facts.missing = last_sequence + 1 - (int64_t)facts.packets;
    return facts;
}
