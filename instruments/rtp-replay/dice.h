/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DICE_H
#define DICE_H

/* Random numbers that are the same for the same seed.
 *
 * Pure. Thread-safety: one thread for each Dice. */

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t Dice;

/* The next number. splitmix64, by Sebastiano Vigna (public domain). */
static inline uint64_t dice_roll(Dice *dice)
{
    uint64_t z = (*dice += 0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
}

/* Dice of this seed; those of two seeds side by side have nothing in common. */
static inline Dice dice_of(uint64_t seed)
{
    Dice dice = seed;

    return dice_roll(&dice);
}

/* Of a part of all rolls it is true; `part` is 0 to 1. */
static inline bool dice_happens(Dice *dice, double part)
{
    return (double)(dice_roll(dice) >> 11) * 0x1p-53 < part;
}

/* A number from `min` to `max`, both included. */
static inline int64_t dice_between(Dice *dice, int64_t min, int64_t max)
{
    return min + (int64_t)(dice_roll(dice) % (uint64_t)(max - min + 1));
}

#endif
