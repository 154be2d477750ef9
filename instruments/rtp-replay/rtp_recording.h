/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTP_RECORDING_H
#define RTP_RECORDING_H

/* One publisher's RTP as the plugin sends it to the bridge: video as the payload type
 * that codec_payload_type() says and Opus as 111, with RTCP on the same ports (RFC 5761). It is
 * read from what tcpdump has written.
 *
 * Of several publishers in one file the first one is taken, by its SSRCs. Video in several sizes
 * (simulcast) is several tracks, in the order in which they are first seen: an SSRC is another size
 * if it begins while the first one still sends. Of the RTCP only the sender reports of these stay:
 * the bridge's own goes the other way.
 *
 * Thread-safety: read-only once it is read and trimmed. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "video_codec.h"

#define RTP_RECORDING_ERROR_SIZE 512 /* bytes that hold any error of this reader */
#define RTP_RECORDING_PT_OPUS    111

#define RTP_VIDEO_TRACKS_MAX 8

/* A track by its number: the sound, the first video track, and those behind it. */
enum { RTP_AUDIO, RTP_VIDEO, RTP_TRACKS = RTP_VIDEO + RTP_VIDEO_TRACKS_MAX };
typedef unsigned RtpTrack;

/* The RTP clock of a track: 48000 (RFC 7587) or 90000 (RFC 6184). */
uint32_t rtp_track_clock_hz(RtpTrack track);

/* "audio" or "video", of whatever size. */
const char *rtp_track_name(RtpTrack track);

typedef struct RecordedPacket {
    int64_t time_us; /* since the start of the recording */
    RtpTrack track;
    bool is_rtcp;
    bool starts_idr;   /* the first packet, with an SPS, of an access unit with an IDR picture; of
                          other codecs than H.264, of a key frame with all that it needs */
    int64_t sequence;  /* RTP: unwrapped; 0 for the first packet of its track */
    int64_t timestamp; /* RTP: unwrapped; 0 for the first packet of its track */
    size_t at, len;    /* its bytes, in those of the recording */
} RecordedPacket;

typedef struct RtpRecording {
    int64_t start_unix_us; /* wall clock at time 0 */
    int64_t span_us;       /* of one round: whole seconds; 0 before rtp_recording_trim() */
    size_t count, capacity;
    RecordedPacket *packets; /* in order of time */
    uint8_t *bytes;
    size_t bytes_len, bytes_capacity;
    Codec codec;          /* of all video: the first that is seen */
    bool has[RTP_TRACKS]; /* a track of that number, and so what follows */
    uint32_t ssrc[RTP_TRACKS];
    int64_t sequences[RTP_TRACKS]; /* sequence numbers that one round uses up */
} RtpRecording;

/* Reads `file`, a pcap file of IPv4 over Ethernet, Linux's cooked capture or nothing.
 * Returns a recording, or NULL with a sentence in `error` (RTP_RECORDING_ERROR_SIZE bytes). */
RtpRecording *rtp_recording_read(const char *file, char *error);

/* The same from memory: an empty recording, a UDP payload of it, and the end, which sorts out what
 * belongs to the publisher. Payloads come in order of time, of at most RTP_PACKET_MAX bytes; what
 * is neither payload type is passed over. create: NULL, add: -1, if there is no memory. */
RtpRecording *rtp_recording_create(int64_t start_unix_us);
int rtp_recording_add(RtpRecording *recording, int64_t time_us, const uint8_t *data, size_t len);
void rtp_recording_finish(RtpRecording *recording);

/* Accepts NULL, leaves NULL. */
void rtp_recording_destroy(RtpRecording **recording);

/* Cuts it to what can be repeated without a seam: from the first access unit that starts with an
 * SPS and has an IDR picture, for as many whole seconds as there are of the sound and the first
 * video track, and no more than `longest_us` (0: all). Another video track begins with its own IDR
 * picture of that moment, or its first later one. So the next round begins with an IDR picture a
 * frame after the last one's end, the sound goes on without a gap (a second is 50 Opus packets of
 * 20 ms, as browsers send them), and what a test card marks each second stays a second apart.
 * Times, sequence numbers and timestamps are counted from the cut. Returns NULL, or a static
 * sentence that says why it cannot be. */
const char *rtp_recording_trim(RtpRecording *recording, int64_t longest_us);

/* What is in a track, for people. */
typedef struct RtpRecordingFacts {
    size_t packets, reports;
    uint64_t bytes;      /* of RTP and RTCP */
    int64_t missing;     /* sequence numbers that are not there */
    size_t idrs;         /* access units that start with an SPS and have an IDR picture */
    int64_t idr_gap_us;  /* the longest time between two of them, by arrival */
    int64_t longest_gap; /* the longest step of the timestamp, in units of its clock */
    unsigned width, height;
} RtpRecordingFacts;

RtpRecordingFacts rtp_recording_facts(const RtpRecording *recording, RtpTrack track);

#endif
