/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_SYNTHETIC_RTP_H
#define UNIT_SYNTHETIC_RTP_H

/* A small RTP session: sound in packets of 20 ms, 25 pictures a second with an IDR picture each
 * second, and sender reports every half second. It begins 200 ms before the first IDR picture, and
 * both media clocks are right. Sequence numbers and timestamps wrap in it. */

#include "harness.h"

#include "common/rtcp_packet.h"
#include "instruments/rtp-replay/rtp_recording.h"

#define SYNTHETIC_UNIX_US  1700000000000000ll /* at time 0 */
#define SYNTHETIC_LEAD_US  200000             /* before the first IDR picture */
#define SYNTHETIC_AUDIO_US 20000
#define SYNTHETIC_VIDEO_US 40000
#define SYNTHETIC_SSRC     1000u /* of audio; video's is one more */
#define SYNTHETIC_SR_SIZE  28

static inline void synthetic_put(uint8_t *p, size_t bytes, uint64_t value)
{
    while (bytes-- > 0) {
        p[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

static inline uint64_t synthetic_get(const uint8_t *p, size_t bytes)
{
    uint64_t value = 0;

    while (bytes-- > 0)
        value = value << 8 | *p++;
    return value;
}

/* The RTP clock of a track at a time. */
static inline uint32_t synthetic_clock(RtpTrack track, int64_t at_us)
{
    return (uint32_t)((int64_t)UINT32_MAX - 50000 + at_us * rtp_track_clock_hz(track) / 1000000);
}

/* A packet that was captured and is sent at a time; `sequence` counts from 0. Its last four payload
 * bytes say when. Returns its length. */
static inline size_t synthetic_rtp(uint8_t *out, RtpTrack track, int64_t sequence, int64_t at_us,
                                   const char *nal, size_t nal_len)
{
    bool video = track == RTP_VIDEO;

    synthetic_put(out, 2,
                  0x8000u | (video ? codec_payload_type(CODEC_H264) : RTP_RECORDING_PT_OPUS));
    synthetic_put(out + 2, 2, (uint64_t)(65500 + sequence));
    synthetic_put(out + 4, 4, synthetic_clock(track, at_us));
    synthetic_put(out + 8, 4, SYNTHETIC_SSRC + track);
    memcpy(out + 12, nal, nal_len);
    synthetic_put(out + 12 + nal_len, 4, (uint64_t)at_us);
    return 16 + nal_len;
}

static inline size_t synthetic_report(uint8_t *out, RtpTrack track, int64_t at_us)
{
    synthetic_put(out, 4, 0x80C80006);
    synthetic_put(out + 4, 4, SYNTHETIC_SSRC + track);
    synthetic_put(out + 8, 8, rtcp_ntp_from_unix_us(SYNTHETIC_UNIX_US + at_us));
    synthetic_put(out + 16, 4, synthetic_clock(track, at_us));
    synthetic_put(out + 20, 8, 0);
    return SYNTHETIC_SR_SIZE;
}

/* Two packets for an IDR picture: its parameter sets in a STAP-A, then itself; one for the others.
 */
static inline int64_t synthetic_picture(RtpRecording *r, int64_t sequence, int64_t at_us)
{
    static const char sets[] = "\x18\0\x04\x67\x42\xC0\x1F\0\x02\x68\xCE\0\x04\x06";
    uint8_t data[64];

    if ((at_us - SYNTHETIC_LEAD_US) % 1000000 != 0) {
        rtp_recording_add(r, at_us, data,
                          synthetic_rtp(data, RTP_VIDEO, sequence, at_us, "\x41", 1));
        return 1;
    }
    rtp_recording_add(r, at_us, data,
                      synthetic_rtp(data, RTP_VIDEO, sequence, at_us, sets, sizeof(sets) - 1));
    rtp_recording_add(r, at_us, data,
                      synthetic_rtp(data, RTP_VIDEO, sequence + 1, at_us, "\x65", 1));
    return 2;
}

/* The session, so long, not trimmed. */
static inline RtpRecording *synthetic_recording(int64_t length_us)
{
    RtpRecording *r = rtp_recording_create(SYNTHETIC_UNIX_US);
    int64_t audio = 0, video = 0;
    uint8_t data[64];

    assert_non_null(r);
    for (int64_t at = 0; at < length_us; at += SYNTHETIC_AUDIO_US) {
        if (at % SYNTHETIC_VIDEO_US == 0)
            video += synthetic_picture(r, video, at);
        rtp_recording_add(r, at, data, synthetic_rtp(data, RTP_AUDIO, audio++, at, "\xFC", 1));
        for (RtpTrack track = 0; track <= RTP_VIDEO && at % 500000 == 0; track++)
            rtp_recording_add(r, at, data, synthetic_report(data, track, at));
    }
    rtp_recording_finish(r);
    return r;
}

#endif
