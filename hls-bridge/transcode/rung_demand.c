/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/rung_demand.h"

/* How long it is since `from_us`; not below 0, though another thread's clock was read later. */
static int64_t since(int64_t from_us, int64_t now_us)
{
    return now_us > from_us ? now_us - from_us : 0;
}

static void come_on(RungDemand *d, int64_t stay_us, int64_t now_us)
{
    bool soon = d->ended && since(d->ended_us, now_us) < stay_us << d->doubled;

    if (!soon)
        d->doubled = 0;
    else if (d->doubled < RUNG_DEMAND_DOUBLED)
        d->doubled++;
    d->on = true;
    d->beginnings++;
}

bool rung_demand_look(RungDemand *d, int64_t stay_us, int64_t asked_us, int64_t now_us)
{
    bool asked = asked_us != RUNG_NEVER_ASKED;

    if (!d->on && asked && since(asked_us, now_us) < stay_us &&
        (!d->ended || asked_us > d->ended_us)) {
        come_on(d, stay_us, now_us);
    } else if (d->on && since(asked_us, now_us) >= stay_us << d->doubled) {
        d->on = false;
        d->ended = true;
        d->ended_us = now_us;
    }
    return d->on;
}
