/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENCODER_BUDGET_H
#define ENCODER_BUDGET_H

/* How many encoders all streams may have between them. If there are no more, the upper rungs stop
 * first, of whatever stream: for one that has none and wants one, a stream that has several gives
 * one of its own away.
 *
 * Thread-safety: any thread; an EncoderShare belongs to one. */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct EncoderBudget {
    _Atomic size_t left;   /* set it to how many there may be */
    _Atomic size_t hungry; /* streams that have none, and want one */
} EncoderBudget;

/* What one stream has of it. Zero-initialise. */
typedef struct EncoderShare {
    size_t has;
    bool hungry;
} EncoderShare;

/* Takes up to `wanted` of a count. Returns how many it has taken. */
static inline size_t encoder_budget_take(_Atomic size_t *count, size_t wanted)
{
    size_t left = atomic_load(count), taken;

    do
        taken = wanted < left ? wanted : left;
    while (!atomic_compare_exchange_weak(count, &left, left - taken));
    return taken;
}

/* Whether other streams than this one have none, and want one. */
static inline bool encoder_budget_others_wait(EncoderBudget *budget, const EncoderShare *share)
{
    return atomic_load(&budget->hungry) > (share->hungry ? 1 : 0);
}

/* Brings a stream as near as can be to having `wants` encoders: to be called again and again.
 * Returns how many it has. */
static inline size_t encoder_budget_share(EncoderBudget *budget, EncoderShare *share, size_t wants)
{
    bool others_wait = encoder_budget_others_wait(budget, share);
    size_t needs = share->has < wants ? wants - share->has : 0;

    if (share->has > wants) {
        atomic_fetch_add(&budget->left, share->has - wants);
        share->has = wants;
    } else if (others_wait && share->has > 1 &&
               atomic_load(&budget->hungry) > atomic_load(&budget->left)) {
        share->has--;
        atomic_fetch_add(&budget->left, 1);
    } else if (needs > 0 && (!others_wait || share->has == 0)) {
        share->has += encoder_budget_take(&budget->left, others_wait ? 1 : needs);
    }
    bool hungry = wants > 0 && share->has == 0;
    if (hungry && !share->hungry)
        atomic_fetch_add(&budget->hungry, 1);
    else if (!hungry && share->hungry)
        atomic_fetch_sub(&budget->hungry, 1);
    share->hungry = hungry;
    return share->has;
}

#endif
