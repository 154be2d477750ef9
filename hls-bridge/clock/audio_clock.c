/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock/audio_clock.h"

/* Concealment repeats the last sound and fades it. After this it is a drone; silence is better. */
#define CONCEAL_MAX (SAMPLES_PER_S / 10)

/* During DTX a sender sends a packet every 400 ms all the same (RFC 7587 section 3.1.3). */
#define PAUSE_MAX (SAMPLES_PER_S / 2)

/* A timestamp this far off belongs to another clock: it is ahead of anything that can have been
 * captured by now, or behind samples that were played long ago. */
#define AHEAD_MAX  SAMPLES_PER_S
#define BEHIND_MAX (2 * SAMPLES_PER_S)

/* Late packets in a row that last this long are not stragglers: the network has become slower for
 * good. It is longer than clock_slip takes to find a clock that has stood still. */
#define LATE_RUN_MAX (SAMPLES_PER_S * 7 / 4)

/* But if each is this much less late than the first, they come in a burst: the next may be in
 * time. */
#define CATCHING_UP (SAMPLES_PER_S / 4)

/* Packets behind by more than BEHIND_MAX are hardly a slow network: the sender has probably paused,
 * and its clock too. So we decide sooner. In a burst packets come much faster than they play, so a
 * smaller change tells one. */
#define LATE_RUN_FAR    (SAMPLES_PER_S * 2 / 5)
#define CATCHING_UP_FAR (SAMPLES_PER_S / 10)

/* A packet that begins this near to the end of the last one has the same clock, however late it
 * is. */
#define FOLLOWS_MAX SAMPLES_PER_S

/* The shortest piece of silence that a tick makes: an Opus frame. */
#define SILENCE_STEP (SAMPLES_PER_S / 50)

static void add_step(AudioVerdict *v, AudioStepKind kind, int64_t samples, int64_t skip)
{
    if (samples > 0)
        v->step[v->count++] = (AudioStep){kind, samples, skip};
}

void audio_clock_start(AudioClock *c, int64_t ts)
{
    c->started = c->guessed = true;
    c->next_ts = ts;
}

/* Fills the time up to `at_ts`, if there is any, and goes on there with a packet that says `ts`. */
static void jump(AudioClock *c, AudioVerdict *v, int64_t ts, int64_t at_ts)
{
    int64_t behind = at_ts - c->next_ts;

    if (behind > 0) {
        add_step(v, AUDIO_SILENCE, behind, 0);
        c->stats.silent_samples += (uint64_t)behind;
        c->next_ts = at_ts;
    }
    v->jumped_from = c->next_ts;
    v->jumped_to = ts;
    c->next_ts = ts;
}

/* Fills `gap` samples before a packet of `samples`. */
static void fill(AudioClock *c, AudioVerdict *v, int64_t gap, int64_t samples, uint32_t lost)
{
    int64_t rebuilt = lost > 0 ? smaller(gap, samples) : 0;
    int64_t concealed = smaller(gap - rebuilt, lost > 0 ? CONCEAL_MAX : PAUSE_MAX);
    int64_t silent = gap - rebuilt - concealed;

    add_step(v, AUDIO_CONCEAL, concealed, 0);
    add_step(v, AUDIO_SILENCE, silent, 0);
    add_step(v, AUDIO_REBUILD, rebuilt, 0);
    c->stats.concealed_samples += (uint64_t)concealed;
    c->stats.silent_samples += (uint64_t)silent;
    c->stats.rebuilt_samples += (uint64_t)rebuilt;
}

/* The latest time at which a packet may stand. */
static int64_t latest_ts(const AudioClock *c, const AudioArrival *in)
{
    return c->next_ts + in->room - in->samples;
}

/* Whether a packet has the same clock as the one before it. */
static bool follows(const AudioClock *c, const AudioArrival *in)
{
    int64_t off = in->ts - c->heard_ts - in->lost * in->samples;

    return off >= -FOLLOWS_MAX && off <= FOLLOWS_MAX;
}

static bool is_other_clock(const AudioClock *c, const AudioArrival *in)
{
    return c->guessed ||
           (in->ts > c->next_ts &&
            (in->ts > in->now_ts + AHEAD_MAX || in->ts > latest_ts(c, in))) ||
           (in->ts < c->next_ts - BEHIND_MAX && !follows(c, in));
}

/* Whether media time is too far ahead of real time for the packet. If so, sound is dropped until
 * real time has caught up in full. If we took each packet that just finds room, a sender at the
 * limit would lose one now and then, for ever. */
static bool is_ahead(AudioClock *c, const AudioArrival *in)
{
    if (in->room >= (c->ahead ? us_to_samples(MEDIA_LEAD_US) : in->samples))
        return false;
    c->stats.aheads += !c->ahead;
    c->stats.dropped_samples += (uint64_t)in->samples;
    c->ahead = true;
    return true;
}

/* All sound is late, and `in->late` says how late sound and pictures are. If the sound is later
 * than the pictures, it alone has lost that time: silence fills it, and the pictures stay. By as
 * much as both are late, both move. */
static void move(AudioClock *c, AudioVerdict *v, const AudioArrival *in)
{
    int64_t at_ts = smaller(in->ts + in->late.sound - in->late.pictures, latest_ts(c, in));
    int64_t moves = c->next_ts - at_ts;

    jump(c, v, in->ts, at_ts);
    if (moves > 0)
        v->jumped_from -= smaller(moves, in->late.pictures);
    v->continuity = AUDIO_MOVED;
    c->stats.moves++;
}

/* A packet comes after its time was filled. Returns whether so many were late that the clock must
 * be set back. */
static bool is_late_for_good(AudioClock *c, const AudioArrival *in)
{
    bool far = in->ts < c->next_ts - BEHIND_MAX;
    int64_t late_by = in->now_ts - in->ts;

    if (c->late_run == 0 || late_by <= c->late_by - (far ? CATCHING_UP_FAR : CATCHING_UP)) {
        c->late_run = 0; /* the packets before came in a burst */
        c->late_by = late_by;
    }
    c->late_run += in->samples;
    c->stats.late_packets++;
    c->stats.dropped_samples += (uint64_t)in->samples;
    return c->late_run >= (far ? LATE_RUN_FAR : LATE_RUN_MAX);
}

/* Moves the clock if the packet does not belong where its timestamp and the last packet say. */
static void find_place(AudioClock *c, AudioVerdict *v, const AudioArrival *in)
{
    if (c->ahead) {
        c->ahead = false;
        c->next_ts = in->ts;
        v->continuity = AUDIO_CAUGHT_UP;
    } else if (is_other_clock(c, in)) {
        /* only its arrival tells where the packet belongs */
        jump(c, v, in->ts, smaller(in->now_ts, latest_ts(c, in)));
        v->continuity = AUDIO_JUMPED;
        c->stats.jumps += !c->guessed;
    } else if (in->slipped > 0) {
        jump(c, v, in->ts, smaller(in->ts + in->slipped, latest_ts(c, in)));
        v->continuity = AUDIO_SLIPPED;
        c->stats.slips++;
    }
    c->guessed = false;
}

AudioVerdict audio_clock_packet(AudioClock *c, const AudioArrival *in)
{
    AudioVerdict v = {0};

    if (!c->started) {
        c->started = true;
        c->next_ts = in->ts;
    }
    if (is_ahead(c, in)) {
        c->heard_ts = in->ts + in->samples;
        return v;
    }
    find_place(c, &v, in);
    c->heard_ts = in->ts + in->samples;
    int64_t gap = in->ts - c->next_ts;
    if (gap + in->samples <= 0) {
        if (!is_late_for_good(c, in))
            return v;
        move(c, &v, in);
        gap = 0;
    }
    c->late_run = 0;
    if (gap > 0)
        fill(c, &v, gap, in->samples, in->lost);
    int64_t skip = gap < 0 ? -gap : 0;
    add_step(&v, AUDIO_DECODE, in->samples - skip, skip);
    c->stats.dropped_samples += (uint64_t)skip;
    c->next_ts = in->ts + in->samples;
    return v;
}

int64_t audio_clock_tick(AudioClock *c, int64_t now_ts)
{
    int64_t due = now_ts - us_to_samples(c->max_late_us) - c->next_ts;

    if (!c->started || due < SILENCE_STEP)
        return 0;
    c->next_ts += due;
    c->stats.silent_samples += (uint64_t)due;
    return due;
}
