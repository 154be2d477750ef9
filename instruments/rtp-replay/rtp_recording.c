/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp_recording.h"

#include <stdlib.h>
#include <string.h>

#include "h264_sps.h"
#include "rtcp_packet.h"
#include "rtp_packet.h"

#define US_PER_S       1000000ll
#define RTCP_TRACK     RTP_TRACKS /* of RTCP whose track is not known yet */
#define SAME_LOOK_BACK 16         /* packets; the copies of `tcpdump -i any` follow at once */

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

/* The track of an RTP packet of the publisher's, whose SSRC is the first that is seen. */
static bool find_track(RtpRecording *r, const uint8_t *data, size_t len, RtpTrack *track)
{
    RtpPacket packet;

    if (rtp_packet_parse(data, len, &packet) < 0)
        return false;
    if (packet.payload_type == RTP_RECORDING_PT_OPUS)
        *track = RTP_AUDIO;
    else if (packet.payload_type == RTP_RECORDING_PT_H264)
        *track = RTP_VIDEO;
    else
        return false;
    if (!r->has[*track])
        r->ssrc[*track] = packet.ssrc;
    r->has[*track] = true;
    return r->ssrc[*track] == packet.ssrc;
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

/* Access units are the packets of one timestamp; a mark goes on the first packet. */
static void find_idrs(RtpRecording *r)
{
    RecordedPacket *start = NULL;
    bool has_sps = false;

    for (size_t i = 0; i < r->count; i++) {
        RecordedPacket *p = &r->packets[i];
        RtpPacket rtp;
        unsigned first;
        if (p->is_rtcp || p->track != RTP_VIDEO)
            continue;
        rtp_packet_parse(r->bytes + p->at, p->len, &rtp);
        unsigned types = nal_types(&rtp, &first);
        if (!start || p->timestamp != start->timestamp) {
            start = p;
            has_sps = first == H264_NAL_SPS;
        }
        if (has_sps && (types & 1u << H264_NAL_IDR))
            start->starts_idr = true;
    }
}

void rtp_recording_finish(RtpRecording *r)
{
    drop_foreign_rtcp(r);
    unwrap(r);
    find_idrs(r);
}

/* ---- trimming ---- */

/* The cut at the front: a time, and what each track counts from. */
typedef struct Cut {
    size_t index;
    int64_t time_us;
    bool found[RTP_TRACKS];
    int64_t sequence[RTP_TRACKS], timestamp[RTP_TRACKS], last_timestamp[RTP_TRACKS];
} Cut;

static bool find_start(const RtpRecording *r, size_t *index)
{
    for (*index = 0; *index < r->count; ++*index) {
        const RecordedPacket *p = &r->packets[*index];
        if (r->has[RTP_VIDEO] ? p->starts_idr : !p->is_rtcp)
            return true;
    }
    return false;
}

static Cut find_cut(const RtpRecording *r, size_t start)
{
    Cut cut = {.index = start, .time_us = r->packets[start].time_us};

    for (size_t i = start; i < r->count; i++) {
        const RecordedPacket *p = &r->packets[i];
        if (p->is_rtcp)
            continue;
        if (!cut.found[p->track]) {
            cut.sequence[p->track] = p->sequence;
            cut.timestamp[p->track] = p->timestamp;
        }
        cut.found[p->track] = true;
        cut.last_timestamp[p->track] = p->timestamp;
    }
    return cut;
}

/* Whole seconds for which there is something of every track. */
static int64_t whole_seconds(const RtpRecording *r, const Cut *cut)
{
    int64_t seconds = INT64_MAX;

    for (RtpTrack t = 0; t < RTP_TRACKS; t++) {
        int64_t there = (cut->last_timestamp[t] - cut->timestamp[t]) / rtp_track_clock_hz(t);
        if (r->has[t] && there < seconds)
            seconds = there;
    }
    return seconds;
}

/* Whether a packet is within the span, and counted from the cut. */
static bool keep(const Cut *cut, int64_t span_us, RecordedPacket *p)
{
    p->time_us -= cut->time_us;
    if (p->is_rtcp)
        return p->time_us < span_us;
    p->sequence -= cut->sequence[p->track];
    p->timestamp -= cut->timestamp[p->track];
    if (p->time_us > span_us)
        p->time_us = span_us; /* what came late must still come before the next round */
    return p->timestamp >= 0 && p->timestamp < span_us / US_PER_S * rtp_track_clock_hz(p->track);
}

const char *rtp_recording_trim(RtpRecording *r, int64_t longest_us)
{
    size_t start, kept = 0;

    if (!find_start(r, &start))
        return "it has no access unit that starts with an SPS and has an IDR picture";
    Cut cut = find_cut(r, start);
    int64_t span_us = whole_seconds(r, &cut) * US_PER_S;
    if (longest_us > 0 && longest_us < span_us)
        span_us = longest_us;
    if (span_us <= 0)
        return "there is less than a second of it behind its first IDR picture";
    r->sequences[RTP_AUDIO] = r->sequences[RTP_VIDEO] = 0;
    for (size_t i = start; i < r->count; i++) {
        RecordedPacket *p = &r->packets[i];
        if (!keep(&cut, span_us, p))
            continue;
        if (!p->is_rtcp && p->sequence >= r->sequences[p->track])
            r->sequences[p->track] = p->sequence + 1;
        r->packets[kept++] = *p;
    }
    r->count = kept;
    r->span_us = span_us;
    r->start_unix_us += cut.time_us;
    return NULL;
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
    if (facts->idrs == 0)
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
