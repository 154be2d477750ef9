/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/intake_inside.h"

#define AUDIO_LATE_US (500 * US_PER_MS) /* then silence takes its place */

/* An Opus encoder looks ahead: what decodes at a time was recorded this much earlier (RFC 7845
 * section 4.2, pre-skip; the value of libopus at 48 kHz). */
#define OPUS_LOOKAHEAD 312

/* A frame comes out of the AAC encoder when the two behind it are full. With this much sound behind
 * a picture of 33 ms one comes out that begins no sooner than the picture. */
#define ENCODER_BEHIND (3 * AAC_FRAME_SAMPLES)

void intake_audio_init(Intake *s)
{
    s->audio_clock.max_late_us = AUDIO_LATE_US;
}

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

/* A picture waits for packets before it, and for this thread. It is not believed to have waited for
 * longer: all of that would be silence. */
#define PICTURE_WAIT_MAX_US (10 * US_PER_S)

/* Media has come, and its sound begins where the encoder stands. */
static void begin_audio(Intake *s, int64_t came_us)
{
    real_time_begin(&s->real, came_us, samples_to_90k(opus_to_aac_position(s->audio)));
}

/* Samples that may be put in by now. */
static int64_t audio_room(const Intake *s)
{
    return floor_div(real_time_limit_90k(&s->real, s->now_us) * 8, 15) -
           opus_to_aac_position(s->audio);
}

/* The RTP time of what arrives now, with room for `room` samples; of `otherwise` if nothing has
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

void intake_audio_take(Intake *s, IntakeTrack *track, const RtpOrdered *in, int64_t ts)
{
    const RtpPacket *packet = &in->packet;
    int64_t samples = opus_packet_samples(packet->payload, packet->payload_len);

    if (samples < 0) {
        track->refused += packet->payload_len > 0;
        return;
    }
    TimelineLateness late_us = timeline_lateness(s->timeline);
    begin_audio(s, s->now_us);
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

void intake_audio_begin_silent(Intake *s, int64_t came_us)
{
    if (s->audio_clock.started)
        return;
    came_us = larger(came_us, s->now_us - PICTURE_WAIT_MAX_US);
    begin_audio(s, came_us);
    audio_clock_start(&s->audio_clock, 0);
    timeline_arrival(s->timeline, 0, 0, came_us);
    hold_clock(s);
}

void intake_audio_tick(Intake *s)
{
    if (!s->audio || !s->audio_clock.started)
        return;
    int64_t now_ts = lead_now(s, audio_room(s), INT64_MIN / 2);
    int64_t excused = us_to_samples(real_time_excused_us(&s->real, s->now_us));
    int64_t silence = audio_clock_tick(&s->audio_clock, now_ts - excused);
    if (silence > 0) {
        put_silence(s, silence);
        hold_clock(s);
    }
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
