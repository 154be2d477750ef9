/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp_faults.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flight_renumber.h"
#include "rtcp_packet.h"
#include "rtp_faults_inner.h"

#define US_PER_S         1000000ll
#define OPUS_US          20000 /* of a packet, as browsers send it */
#define DUPLICATE_MIN_US 1000
#define DUPLICATE_MAX_US 10000

RtpFaultsParams rtp_faults_none(void)
{
    return (RtpFaultsParams){.first_sequence = RTP_FAULTS_AS_RECORDED,
                             .first_timestamp = RTP_FAULTS_AS_RECORDED};
}

/* ---- the sender ---- */

static bool is_audio_clock_off(const RtpFaults *f, RtpTrack track)
{
    return track == RTP_AUDIO && f->params.audio_ppm != 0;
}

/* A time by the track's own clock, in true time. */
static int64_t true_time(const RtpFaults *f, RtpTrack track, int64_t clock_us)
{
    if (!is_audio_clock_off(f, track))
        return clock_us;
    return llround((double)clock_us / (1 + f->params.audio_ppm / 1e6));
}

/* When a round begins by the track's own clock: at whole packets, since timestamps have no seam. */
static int64_t round_start(const RtpFaults *f, RtpTrack track, int64_t round)
{
    int64_t at_us = round * f->recording->span_us;

    if (!is_audio_clock_off(f, track))
        return at_us;
    return llround((double)at_us * (1 + f->params.audio_ppm / 1e6) / OPUS_US) * OPUS_US;
}

/* The sequence numbers that a round uses up: those of the recording, but for what is left out of it
 * or sent again. */
static int64_t round_sequences(const RtpFaults *f, RtpTrack track, int64_t length_us)
{
    return f->recording->sequences[track] + (length_us - f->recording->span_us) / OPUS_US;
}

static void begin_round(RtpFaults *f, RtpTrack track)
{
    Reel *reel = &f->reel[track];

    reel->round_us = round_start(f, track, reel->round);
    reel->length_us = round_start(f, track, reel->round + 1) - reel->round_us;
    reel->repeat = 0;
    reel->at = 0;
}

static void next_round(RtpFaults *f, RtpTrack track)
{
    Reel *reel = &f->reel[track];

    reel->sequence += (uint16_t)round_sequences(f, track, reel->length_us);
    reel->round++;
    begin_round(f, track);
}

/* Goes to the packet behind the one that is next, of any track and in a further round if need be.
 */
static void step(RtpFaults *f, RtpTrack track)
{
    Reel *reel = &f->reel[track];
    int64_t repeats = (reel->length_us - f->recording->span_us) / OPUS_US;

    if (reel->repeat > 0)
        reel->repeat++;
    else if (++reel->at == f->recording->count)
        reel->repeat = 1;
    if (reel->repeat == 0)
        return;
    if (reel->repeat > repeats)
        next_round(f, track);
    else
        reel->at = reel->last;
}

/* Whether the round ends before the packet, since the clock is off. */
static bool is_behind_round(const RtpFaults *f, RtpTrack track, const RecordedPacket *p)
{
    int64_t length_us = f->reel[track].length_us;

    if (!is_audio_clock_off(f, track))
        return false;
    return p->is_rtcp ? p->time_us >= length_us
                      : p->timestamp >= (int64_t)rtp_faults_ticks(track, length_us);
}

/* Whether the sender sends the packet that is next, which takes a sequence number. */
static bool is_sent(RtpFaults *f, RtpTrack track)
{
    Reel *reel = &f->reel[track];
    const RecordedPacket *p = &f->recording->packets[reel->at];

    if (p->track != track || (p->is_rtcp && f->params.no_reports[track]))
        return false;
    if (is_behind_round(f, track, p))
        return false;
    if (!rtp_faults_is_paused(f, track, p))
        return true;
    reel->sequence -= !p->is_rtcp;
    return false;
}

/* Finds the track's next packet, beginning with the one at `at`. */
static void find_next(RtpFaults *f, RtpTrack track)
{
    Reel *reel = &f->reel[track];

    for (; !reel->over; step(f, track)) {
        const RecordedPacket *p = &f->recording->packets[reel->at];
        int64_t clock_us = reel->round_us + p->time_us + reel->repeat * OPUS_US;
        int64_t due_us = true_time(f, track, clock_us);
        if (due_us > reel->due_us) /* a round may begin before the last one's jitter is over */
            reel->due_us = due_us;
        reel->over = reel->due_us >= f->params.duration_us;
        if (is_sent(f, track))
            return;
    }
}

static void begin_reel(RtpFaults *f, RtpTrack track)
{
    const RtpRecording *r = f->recording;
    Reel *reel = &f->reel[track];
    RtpPacket first = {0};

    reel->over = !rtp_faults_has(f, track);
    if (reel->over)
        return;
    for (size_t i = r->count; i-- > 0;) {
        const RecordedPacket *p = &r->packets[i];
        if (p->track != track || p->is_rtcp)
            continue;
        if (!first.payload)
            reel->last = i;
        rtp_packet_parse(r->bytes + p->at, p->len, &first);
    }
    reel->ssrc = r->ssrc[track];
    if (f->params.first_sequence != RTP_FAULTS_AS_RECORDED)
        reel->sequence = (uint16_t)(f->params.first_sequence - first.sequence);
    if (f->params.first_timestamp != RTP_FAULTS_AS_RECORDED)
        reel->timestamp = (uint32_t)f->params.first_timestamp - first.timestamp;
    begin_round(f, track);
    find_next(f, track);
}

/* ---- the network ---- */

static bool is_lost(RtpFaults *f, int64_t due_us)
{
    const RtpFaultsParams *p = &f->params;
    bool burst = p->burst_every_us > 0 && due_us >= p->burst_every_us &&
                 due_us % p->burst_every_us < p->burst_us;

    return dice_happens(&f->dice[DICE_LOSS], p->loss) || burst;
}

/* The network keeps the order unless a packet takes a detour. */
static int64_t arrival(RtpFaults *f, Reel *reel)
{
    int64_t at_us = reel->due_us + dice_between(&f->dice[DICE_JITTER], 0, f->params.jitter_us);

    if (at_us < reel->arrived_us)
        at_us = reel->arrived_us;
    reel->arrived_us = at_us;
    int64_t detour_us = dice_between(&f->dice[DICE_REORDER], 0, f->params.reorder_us);
    if (!dice_happens(&f->dice[DICE_REORDER], f->params.reorder))
        return at_us;
    f->stats.delayed++;
    return at_us + detour_us;
}

/* Hands the track's next packet to the network. */
static void send_next(RtpFaults *f, RtpTrack track)
{
    Reel *reel = &f->reel[track];
    const RecordedPacket *p = &f->recording->packets[reel->at];

    rtp_faults_change_sender(f, track, p);
    rtp_faults_slip_clock(f, track);
    Flight flight = {
        .when_us = arrival(f, reel),
        .packet = p,
        .round_us = reel->round_us + reel->repeat * OPUS_US,
        .ssrc = reel->ssrc,
        .sequence = (uint16_t)(reel->sequence + reel->repeat),
        .timestamp = reel->timestamp,
    };
    bool lost = is_lost(f, reel->due_us);
    bool doubled = dice_happens(&f->dice[DICE_DUPLICATE], f->params.duplicate);
    int64_t apart_us = dice_between(&f->dice[DICE_DUPLICATE], DUPLICATE_MIN_US, DUPLICATE_MAX_US);
    f->stats.packets[track]++;
    f->stats.lost += lost;
    f->stats.doubled += doubled && !lost;
    if (!lost)
        flight_queue_add(f->flights, &flight);
    flight.when_us += apart_us;
    if (!lost && doubled)
        flight_queue_add(f->flights, &flight);
    step(f, track);
    find_next(f, track);
}

/* A recorded moment in a report, moved to where it is in what is sent. */
static uint64_t move_ntp(void *user, const Flight *flight, uint64_t ntp)
{
    const RtpFaults *f = user;
    int64_t start_us =
        f->params.start_unix_us ? f->params.start_unix_us : f->recording->start_unix_us;
    int64_t at_us = rtcp_ntp_to_unix_us(ntp) - f->recording->start_unix_us;

    return rtcp_ntp_from_unix_us(start_us +
                                 true_time(f, flight->packet->track, flight->round_us + at_us));
}

/* ---- all of it ---- */

/* The most packets that are under way at once. */
static size_t most_flights(const RtpRecording *r, const RtpFaultsParams *p)
{
    int64_t longest_us = p->jitter_us + p->reorder_us + DUPLICATE_MAX_US;
    size_t copies = p->duplicate > 0 ? 2 : 1;

    /* a clock that is off crowds packets by no more than itself */
    return copies * 2 * r->count * (size_t)(longest_us / r->span_us + 2);
}

RtpFaults *rtp_faults_create(const RtpRecording *recording, const RtpFaultsParams *params)
{
    RtpFaults *f = calloc(1, sizeof(*f));

    assert(recording->span_us > 0);
    if (!f)
        return NULL;
    f->recording = recording;
    f->params = *params;
    f->flights = flight_queue_create(most_flights(recording, params));
    if (!f->flights) {
        rtp_faults_destroy(&f);
        return NULL;
    }
    for (unsigned use = 0; use < DICES; use++)
        f->dice[use] = dice_of(params->seed * DICES + use);
    f->ssrc_due_us = params->ssrc_every_us;
    for (RtpTrack track = 0; track < RTP_TRACKS; track++)
        begin_reel(f, track);
    return f;
}

void rtp_faults_destroy(RtpFaults **faults)
{
    if (!*faults)
        return;
    flight_queue_destroy(&(*faults)->flights);
    free(*faults);
    *faults = NULL;
}

/* The track whose packet leaves the sender next. */
static bool next_to_send(const RtpFaults *f, RtpTrack *track)
{
    const Reel *next = NULL;

    for (RtpTrack t = RTP_TRACKS; t-- > 0;) { /* of two, the first video track, and sound last */
        const Reel *reel = &f->reel[t];
        bool sooner =
            next && (t == RTP_AUDIO ? reel->due_us < next->due_us : reel->due_us <= next->due_us);
        if (reel->over || (next && !sooner))
            continue;
        next = reel;
        *track = t;
    }
    return next != NULL;
}

bool rtp_faults_next(RtpFaults *f, RtpOutgoing *out)
{
    RtpTrack track;
    Flight flight;

    /* no packet arrives before it leaves */
    while (next_to_send(f, &track) && flight_queue_next_us(f->flights) >= f->reel[track].due_us)
        send_next(f, track);
    if (!flight_queue_take(f->flights, &flight))
        return false;
    const RecordedPacket *p = flight.packet;
    memcpy(f->data, f->recording->bytes + p->at, p->len);
    uint32_t round_ticks = rtp_faults_ticks(p->track, flight.round_us);
    if (p->is_rtcp)
        flight_renumber_rtcp(&flight, f->recording->ssrc[p->track], round_ticks, move_ntp, f,
                             f->data);
    else
        flight_renumber_rtp(&flight, round_ticks, f->data);
    *out = (RtpOutgoing){flight.when_us, p->track, p->is_rtcp, f->data, p->len};
    return true;
}

RtpFaultsStats rtp_faults_stats(const RtpFaults *f)
{
    return f->stats;
}
