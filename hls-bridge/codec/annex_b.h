/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANNEX_B_H
#define ANNEX_B_H

/* Walks the NAL units of an Annex B byte stream (ITU-T H.264, annex B): start codes of three bytes,
 * or of four with a zero before.
 *
 * Pure. Thread-safety: none needed, there is no state but the caller's. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct NalUnit {
    const uint8_t *data; /* behind the start code; borrowed from the stream */
    size_t len;          /* at least 1 */
} NalUnit;

/* The next NAL unit from `*at` on, which begins at 0 and moves on. false: there is none. */
bool annex_b_next(const uint8_t *data, size_t len, size_t *at, NalUnit *out);

#endif
