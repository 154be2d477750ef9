/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/trouble.h"

#include "rtp_packet.h"

void trouble_order(Trouble *t, const TroubleOrder *order, int64_t now_us)
{
    if (order->lose_percent > 0) {
        atomic_store(&t->lose_percent, order->lose_percent);
        atomic_store(&t->lose_until_us, now_us + order->for_us);
    }
    if (order->holds_back)
        atomic_store(&t->hold_until_us, now_us + order->for_us);
}

/* 0 to 99. */
static uint32_t throw_dice(Trouble *t)
{
    uint32_t next = atomic_load(&t->dice) * 1664525u + 1013904223u; /* Numerical Recipes, 7.1 */

    atomic_store(&t->dice, next);
    return (next >> 16) % 100;
}

bool trouble_loses(Trouble *t, const uint8_t *data, size_t len, int64_t now_us)
{
    if (now_us >= atomic_load(&t->lose_until_us) || rtp_is_rtcp(data, len) ||
        throw_dice(t) >= atomic_load(&t->lose_percent))
        return false;
    atomic_fetch_add(&t->lost, 1);
    return true;
}

bool trouble_holds_back(Trouble *t, int64_t now_us)
{
    if (now_us >= atomic_load(&t->hold_until_us))
        return false;
    atomic_fetch_add(&t->held_back, 1);
    return true;
}

TroubleStats trouble_stats(Trouble *t)
{
    return (TroubleStats){
        .lose_until_us = atomic_load(&t->lose_until_us),
        .hold_until_us = atomic_load(&t->hold_until_us),
        .lose_percent = atomic_load(&t->lose_percent),
        .lost = atomic_load(&t->lost),
        .held_back = atomic_load(&t->held_back),
    };
}
