/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "clock/clock_slip.h"

#include <string.h>

#define PERIOD_US (250 * US_PER_MS)

/* If a network becomes slower in the middle of a period, the only picture of that period may have
 * come before. And a network may take one more period to become as slow as it will be. */
#define PERIODS_MIN 3

/* Fewer sound packets in a period say nothing: during DTX they may be as rare as pictures. */
#define SOUND_MIN 2

/* Pictures to see before we know how late they are: many encoders send the first ones late. */
#define PICTURES_MIN 3

/* A smaller slip is left to the sender reports: they measure it better, and soon correct it. */
#define SLIP_MIN_US (100 * US_PER_MS)

/* Sound must have been in time not long before. If it has been late for longer, the smallest delay
 * of the pictures may be forgotten by now, so that they only seem to be in time. */
#define ONSET_US (5 * US_PER_S)

static void take(LeastLate *least, int64_t late_us)
{
    least->us = least->any ? smaller(least->us, late_us) : late_us;
    least->any = true;
}

static bool sound_was_late(const ClockSlip *s, int64_t now_us)
{
    const LeastLate *pictures = &s->period[SLIP_PICTURES];

    return now_us - s->began_us < 2 * PERIOD_US && now_us - s->in_time_us < ONSET_US &&
           s->sounds >= SOUND_MIN &&
           s->period[SLIP_SOUND].us - (pictures->any ? pictures->us : 0) >= SLIP_MIN_US;
}

static void end_period(ClockSlip *s, int64_t now_us)
{
    if (s->pictures >= PICTURES_MIN && sound_was_late(s, now_us)) {
        take(&s->run[SLIP_SOUND], s->period[SLIP_SOUND].us);
        /* a picture of the first period may have been sent before the change */
        if (s->periods > 0 && s->period[SLIP_PICTURES].any)
            take(&s->run[SLIP_PICTURES], s->period[SLIP_PICTURES].us);
        s->periods++;
    } else {
        s->periods = 0;
        memset(s->run, 0, sizeof(s->run));
    }
    memset(s->period, 0, sizeof(s->period));
    s->sounds = 0;
    s->began_us = now_us;
}

static void note_sound(ClockSlip *s, int64_t late_us, int64_t now_us)
{
    s->sounds++;
    if (late_us < SLIP_MIN_US)
        s->in_time_us = now_us;
}

static void note_picture(ClockSlip *s, int64_t rtp_ts)
{
    if (s->pictures < PICTURES_MIN)
        s->pictures += s->pictures == 0 || rtp_ts != s->picture_ts;
    s->picture_ts = rtp_ts;
}

void clock_slip_arrival(ClockSlip *s, SlipSide side, int64_t rtp_ts, int64_t late_us,
                        int64_t now_us)
{
    if (!s->started)
        *s = (ClockSlip){.started = true, .began_us = now_us};
    else if (now_us - s->began_us >= PERIOD_US)
        end_period(s, now_us);
    take(&s->period[side], late_us);
    if (side == SLIP_SOUND)
        note_sound(s, late_us, now_us);
    else
        note_picture(s, rtp_ts);
}

int64_t clock_slip_us(const ClockSlip *s)
{
    int64_t slip_us = s->run[SLIP_SOUND].us - s->run[SLIP_PICTURES].us;
    bool known = s->periods >= PERIODS_MIN && s->run[SLIP_PICTURES].any;

    return known && slip_us >= SLIP_MIN_US ? slip_us : 0;
}
