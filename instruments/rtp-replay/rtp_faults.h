/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTP_FAULTS_H
#define RTP_FAULTS_H

/* Plays a trimmed recording round after round, over a network and from a sender that are as bad as
 * is asked for. Which packet is to go out when, and what is in it: nothing is sent here.
 *
 * From one round to the next sequence numbers go on, and timestamps and the reports' NTP times move
 * by exactly the span, so that a receiver sees one stream. The same parameters give the same
 * packets; each fault draws from random numbers of its own, so that one more fault changes no
 * other.
 *
 * Pure: time is counted from the start. Thread-safety: each RtpFaults belongs to one thread; any
 * number share a recording. */

#include "rtp_recording.h"

#define RTP_FAULTS_AS_RECORDED (-1)

typedef struct RtpFaults RtpFaults;

/* A video track is not sent, as if the sender's network had no room for that size: its numbers go
 * on where they stood, its clock has gone on, and it begins again with an IDR picture. */
typedef struct RtpVideoPause {
    RtpTrack track;
    int64_t from_us, to_us; /* it ends with the first IDR picture from then on */
} RtpVideoPause;

#define RTP_VIDEO_PAUSES_MAX 64

/* All zero but for what rtp_faults_none() sets: no fault. */
typedef struct RtpFaultsParams {
    uint64_t seed;
    int64_t duration_us;   /* what begins later is not sent */
    int64_t start_unix_us; /* wall clock at time 0, for the reports; 0: as recorded */
    bool leave_out[RTP_TRACKS];

    /* the network, which does not tell RTP from RTCP; parts are from 0 to 1 */
    double loss;            /* part of packets that are lost, each by itself */
    int64_t burst_every_us; /* every so often all packets of the next burst_us are lost */
    int64_t burst_us;
    double reorder;     /* part of packets that others overtake: */
    int64_t reorder_us; /* they come up to so much later */
    double duplicate;   /* part of packets that come twice, 1 to 10 ms apart */
    int64_t jitter_us;  /* packets come up to so much later, evenly spread, but in order */

    /* the sender */
    double audio_ppm;        /* its sound card's clock is faster by so much; see below */
    int32_t first_sequence;  /* of every track, 0 to 65535; or as recorded */
    int64_t first_timestamp; /* of every track, 0 to 2^32 - 1; or as recorded */
    bool no_reports[RTP_TRACKS];
    int64_t ssrc_every_us; /* new SSRCs, sequence numbers and timestamps, each video track at its
                              next IDR picture */
    int64_t pause_from_us; /* nothing of the audio track is sent in between; its clock goes on, */
    int64_t pause_to_us;
    bool pause_stops_clock; /* or stands still, as where samples are lost before they are encoded */
    size_t video_pauses;
    RtpVideoPause video_pause[RTP_VIDEO_PAUSES_MAX];
} RtpFaultsParams;

/* About audio_ppm: a fast sound card takes more than 48000 samples in a true second. So packets of
 * 20 ms by its clock come slightly more often, and their timestamps grow by 48000 * (1 + ppm / 1e6)
 * per second of NTP time, which the reports say too. What was sounding at a moment stays with the
 * picture of that moment to within 10 ms: if a round is due before the last one is through, its
 * last packets are left out, and if it is not, the last packet is sent again under new numbers.
 */

/* No fault: everything as recorded. */
RtpFaultsParams rtp_faults_none(void);

/* `recording` is trimmed, borrowed and must outlive it. Returns NULL if there is no memory. */
RtpFaults *rtp_faults_create(const RtpRecording *recording, const RtpFaultsParams *params);

/* Accepts NULL, leaves NULL. */
void rtp_faults_destroy(RtpFaults **faults);

/* A packet to send. */
typedef struct RtpOutgoing {
    int64_t when_us; /* since the start; never less than that of the one before */
    RtpTrack track;
    bool is_rtcp;
    const uint8_t *data; /* borrowed until the next call */
    size_t len;
} RtpOutgoing;

/* The next packet. Returns false if there are no more. */
bool rtp_faults_next(RtpFaults *faults, RtpOutgoing *out);

/* What has been done so far. Packets count where they are planned, at most the largest delay before
 * they come out. */
typedef struct RtpFaultsStats {
    uint64_t packets[RTP_TRACKS]; /* RTP and RTCP that the sender sent, the lost ones included */
    uint64_t lost, delayed, doubled;
    uint64_t ssrc_changes;
} RtpFaultsStats;

RtpFaultsStats rtp_faults_stats(const RtpFaults *faults);

#endif
