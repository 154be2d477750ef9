/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNG_DEMAND_H
#define RUNG_DEMAND_H

/* Whether a rung is watched, by when it was last asked for: from the first request on, and until
 * none has come for a while. Players that only look at a rung and go would start and stop its
 * encoder again and again: so if it is asked for soon after it stopped, it stays twice as long, up
 * to eight times.
 *
 * Pure: time is an argument. Thread-safety: none, a RungDemand belongs to one thread. */

#include <stdbool.h>
#include <stdint.h>

#define RUNG_NEVER_ASKED    INT64_MIN
#define RUNG_DEMAND_DOUBLED 3 /* times that the stay is doubled, at most */

/* Zero-initialise. */
typedef struct RungDemand {
    bool on;
    bool ended;          /* it was on before, */
    int64_t ended_us;    /* until then */
    unsigned doubled;    /* times that its stay is doubled now */
    uint64_t beginnings; /* times that it came on */
} RungDemand;

/* Decides at `now_us`. `asked_us` is the last request, RUNG_NEVER_ASKED if there was none;
 * `stay_us` is how long it stays on without one. Returns whether the rung is wanted. */
bool rung_demand_look(RungDemand *demand, int64_t stay_us, int64_t asked_us, int64_t now_us);

#endif
