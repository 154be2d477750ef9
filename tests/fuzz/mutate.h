/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MUTATE_H
#define MUTATE_H

/* Inputs that are like those of a corpus and have something wrong with them: bits turned, bytes
 * left out, doubled or put in, numbers at the end of their range, a piece of another input. The
 * same seed gives the same input everywhere. Pure. */

#include <stddef.h>
#include <stdint.h>

typedef struct FuzzInput {
    uint8_t *bytes;
    size_t len;
} FuzzInput;

/* Writes to `out` (`room` bytes) a mutation of one of `count` inputs, of which there is at least
 * one; what is longer than `room` is cut. Returns its length. */
size_t mutate(const FuzzInput *inputs, size_t count, uint64_t seed, uint8_t *out, size_t room);

#endif
