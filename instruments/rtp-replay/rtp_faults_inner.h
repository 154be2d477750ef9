/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTP_FAULTS_INNER_H
#define RTP_FAULTS_INNER_H

/* A replay from inside, for rtp_faults.c and rtp_faults_sender.c alone: the second has what goes
 * wrong in the sender.
 *
 * Pure. Thread-safety: as rtp_faults.h has it. */

#include "dice.h"
#include "flight_queue.h"
#include "rtp_faults.h"
#include "rtp_packet.h"

/* Random numbers, a sequence for each use. */
enum { DICE_LOSS, DICE_REORDER, DICE_DUPLICATE, DICE_JITTER, DICE_SSRC, DICES };

/* Where the sender is in one track. */
typedef struct Reel {
    bool over;
    size_t at;         /* of the packet that comes next */
    int64_t repeat;    /* the last packet again, for the so-manieth time; 0: as recorded */
    int64_t due_us;    /* when it leaves the sender */
    int64_t round;     /* counted from 0 */
    int64_t round_us;  /* when this round began, by the track's own clock */
    int64_t length_us; /* of this round; the span, unless the clock is off */
    size_t last;       /* the track's last RTP packet in the recording */
    uint32_t ssrc;
    uint16_t sequence;  /* what is added to recorded sequence numbers and timestamps; the */
    uint32_t timestamp; /* round's share of the latter is in round_us */
    bool slipped;       /* its clock has stood still for the pause */
    bool paused;        /* a video track, which waits for an IDR picture */
    bool changes;       /* at the next IDR picture, to what follows */
    uint32_t next_ssrc, next_timestamp;
    uint16_t next_sequence;
    int64_t arrived_us; /* the last packet, at the far end of a network that keeps the order */
} Reel;

struct RtpFaults {
    const RtpRecording *recording;
    RtpFaultsParams params;
    Dice dice[DICES];
    Reel reel[RTP_TRACKS];
    int64_t ssrc_due_us;
    RtpFaultsStats stats;
    FlightQueue *flights;
    uint8_t data[RTP_PACKET_MAX];
};

static inline uint32_t rtp_faults_ticks(RtpTrack track, int64_t us)
{
    return (uint32_t)(us * rtp_track_clock_hz(track) / 1000000ll);
}

/* Whether a track is sent at all. */
bool rtp_faults_has(const RtpFaults *faults, RtpTrack track);

/* Whether a packet, which is next of its track, is in a pause. A pause of video lasts to the first
 * IDR picture behind its end. */
bool rtp_faults_is_paused(RtpFaults *faults, RtpTrack track, const RecordedPacket *packet);

/* A packet is about to leave the sender: it may be the first of a new one. */
void rtp_faults_change_sender(RtpFaults *faults, RtpTrack track, const RecordedPacket *packet);

/* Likewise, or its clock may have stood still for the pause. */
void rtp_faults_slip_clock(RtpFaults *faults, RtpTrack track);

#endif
