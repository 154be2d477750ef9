/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REAL_TIME_H
#define REAL_TIME_H

/* How far on the stream's clock a publisher's media may be by now, whatever its timestamps say.
 *
 * Real time is when datagrams arrived. It does not go on while the machine stands still: no media
 * is made for that time.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include "base/media.h"

/* Zero-initialised: nobody has looked, and no media has come yet. */
typedef struct RealTime {
    int64_t looked_us; /* when somebody last looked; 0: not yet */
    bool began;        /* media has come */
    int64_t began_us, began_90k;
} RealTime;

/* To be called with whatever comes, and each tick. Returns for how long the machine has stood still
 * before `now_us`; 0: it has not. */
int64_t real_time_look(RealTime *real, int64_t now_us);

/* The first media comes, and is put at `at_90k`; later calls change nothing. */
void real_time_begin(RealTime *real, int64_t now_us, int64_t at_90k);

/* Nothing may be put behind this: real time since the first media, MEDIA_LEAD_US, and a thousandth
 * for clocks that are fast. Media has come. */
int64_t real_time_limit_90k(const RealTime *real, int64_t now_us);

#endif
