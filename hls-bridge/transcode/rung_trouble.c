/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/rung_trouble.h"

RungTroubleSays rung_trouble_look(RungTrouble *t, const TranscoderStats *stats, int64_t now_us)
{
    RungTroubleSays says = RUNG_TROUBLE_NOTHING;
    size_t still = 0;

    if (stats->rungs == 0) { /* there is no publisher, or nothing to be made of it */
        *t = (RungTrouble){0};
        return RUNG_TROUBLE_NOTHING;
    }
    for (size_t i = 0; i < stats->rungs; i++)
        still += stats->rung[i].state == RUNG_BEHIND;
    bool slow = stats->skipped > t->skipped || still > 0;
    if (slow && (!t->told || still > t->still))
        says = RUNG_TROUBLE_SLOW;
    else if (!slow && t->told && now_us - t->last_us >= RUNG_CALM_US)
        says = RUNG_TROUBLE_OVER;
    if (says != RUNG_TROUBLE_NOTHING)
        t->told = says == RUNG_TROUBLE_SLOW;
    if (slow)
        t->last_us = now_us;
    t->still = still;
    t->skipped = stats->skipped;
    return says;
}
