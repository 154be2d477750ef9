/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REAL_TIME_H
#define REAL_TIME_H

/* Limits how far a publisher's media may be on the stream's clock by now, whatever its timestamps
 * say.
 *
 * Real time is the time at which datagrams arrive. It stops while the machine stands still: no
 * media is made for that time. If it stands still for a shorter time, it only excuses what comes
 * late by that.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include "base/media.h"

/* Zero-initialised: nobody has looked, and no media has come yet. */
typedef struct RealTime {
    int64_t looked_us; /* time of the last look; 0: none yet */
    int64_t unseen_us; /* for so long nobody had looked before `back_us` */
    int64_t back_us;   /* 0: looks have always come as often as they do */
    bool began;        /* media has come */
    int64_t began_us, began_90k;
} RealTime;

/* Call it for each datagram and each tick. Returns for how long the machine stood still before
 * `now_us`; 0: it did not. */
int64_t real_time_look(RealTime *real, int64_t now_us);

/* How much less late media is than it seems at `now_us`: if we stood still, whoever sends on this
 * machine may have done so as well, and needs a moment to send what is due. Mostly 0. */
int64_t real_time_excused_us(const RealTime *real, int64_t now_us);

/* The first media comes, and stands at `at_90k`; later calls change nothing. */
void real_time_begin(RealTime *real, int64_t now_us, int64_t at_90k);

/* The latest place for any media: real time since the first media, plus MEDIA_LEAD_US, plus a
 * thousandth for clocks that are fast. Only after real_time_begin(). */
int64_t real_time_limit_90k(const RealTime *real, int64_t now_us);

#endif
