/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ENCODER_BUDGET_H
#define ENCODER_BUDGET_H

/* How many encoders all streams may have between them.
 *
 * Thread-safety: any thread. */

#include <stdatomic.h>
#include <stddef.h>

typedef struct EncoderBudget {
    _Atomic size_t left; /* set it to how many there may be */
} EncoderBudget;

/* Takes up to `wanted` of what is left. Returns how many it has taken. */
static inline size_t encoder_budget_take(EncoderBudget *budget, size_t wanted)
{
    size_t left = atomic_load(&budget->left), taken;

    do
        taken = wanted < left ? wanted : left;
    while (!atomic_compare_exchange_weak(&budget->left, &left, left - taken));
    return taken;
}

/* Gives `taken` back. */
static inline void encoder_budget_give(EncoderBudget *budget, size_t taken)
{
    atomic_fetch_add(&budget->left, taken);
}

#endif
