/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLOCK_SLIP_H
#define CLOCK_SLIP_H

/* Finds out that a sender's sound clock has stood still. If a sound card stalls, or a page gets no
 * CPU time, samples are lost before they are encoded. The timestamps then go on without a gap, and
 * all later sound comes later than they say. A network that has become slower looks the same, but
 * it makes the pictures late too.
 *
 * So the rule is: for some time all sound is late, and later than the pictures. If pictures are
 * rare, as those of a shared screen, one is enough.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include "base/media.h"

typedef enum SlipSide { SLIP_SOUND, SLIP_PICTURES, SLIP_SIDES } SlipSide;

/* Of the packets that came, how late the least late one was. Zero-initialised: none came. */
typedef struct LeastLate {
    bool any;
    int64_t us;
} LeastLate;

/* Zero-initialised: nothing has come yet. */
typedef struct ClockSlip {
    bool started;
    int64_t began_us;             /* when the current period began */
    LeastLate period[SLIP_SIDES]; /* in the current period */
    unsigned sounds;              /* sound packets in it */
    unsigned periods;             /* periods in a row before it in which the sound was late */
    LeastLate run[SLIP_SIDES];    /* in those periods */
    int64_t in_time_us;           /* when sound last came in time */
    unsigned pictures;            /* pictures seen so far, counted up to the number needed */
    int64_t picture_ts;           /* RTP time of the last picture */
} ClockSlip;

/* A packet of RTP time `rtp_ts` came at `now_us`: `late_us` later than the earliest one so far. */
void clock_slip_arrival(ClockSlip *slip, SlipSide side, int64_t rtp_ts, int64_t late_us,
                        int64_t now_us);

/* For how long the sound's clock has stood still, as far as is known; 0: it has not. */
int64_t clock_slip_us(const ClockSlip *slip);

#endif
