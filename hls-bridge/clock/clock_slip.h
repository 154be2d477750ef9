/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLOCK_SLIP_H
#define CLOCK_SLIP_H

/* Finds out that a sender's sound clock has stood still. A capture device that stalls, or a page
 * that gets no time, loses samples before they are encoded: timestamps go on without a gap, and
 * from then on all sound comes later than they say. A network that has become slower looks the
 * same, but makes the pictures late too.
 *
 * So: for some time all sound is late, and is by more than the pictures are: one will do where they
 * are rare, as those of a screen that is shared.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include "base/media.h"

typedef enum SlipSide { SLIP_SOUND, SLIP_PICTURES, SLIP_SIDES } SlipSide;

/* How late the least late was of what came. Zero-initialised: nothing came. */
typedef struct LeastLate {
    bool any;
    int64_t us;
} LeastLate;

/* Zero-initialised: nothing has come yet. */
typedef struct ClockSlip {
    bool started;
    int64_t began_us;             /* of the period that is under way */
    LeastLate period[SLIP_SIDES]; /* of what came in it */
    unsigned sounds;              /* packets of sound in it */
    unsigned periods;             /* before it, in a row, in which the sound was late */
    LeastLate run[SLIP_SIDES];    /* of what came in those */
    int64_t in_time_us;           /* when sound last was not late */
    unsigned pictures;            /* seen yet, up to as many as are needed */
    int64_t picture_ts;           /* RTP time of the last of them */
} ClockSlip;

/* A packet of RTP time `rtp_ts` came at `now_us`, `late_us` later than the least late of before. */
void clock_slip_arrival(ClockSlip *slip, SlipSide side, int64_t rtp_ts, int64_t late_us,
                        int64_t now_us);

/* For how long the sound's clock has stood still, by all that is known; 0: it has not. */
int64_t clock_slip_us(const ClockSlip *slip);

#endif
