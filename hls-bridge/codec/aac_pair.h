/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AAC_PAIR_H
#define AAC_PAIR_H

/* Makes an AAC frame with two equal channels from a frame with one, without encoding again: the
 * frame has a middle and a side channel, and the side is empty. It decodes to the single channel
 * twice, bit for bit.
 *
 * Source: ISO/IEC 14496-3, 4.4.2.1 and 4.4.2.7 (syntax), 4.6.8.1 (middle and side).
 *
 * Pure. Thread-safety: no state. */

#include <stddef.h>
#include <stdint.h>

#define AAC_PAIR_EXTRA 32 /* bytes by which a pair may be longer */

/* `mono`: a raw_data_block() with one single_channel_element(). It may not use temporal noise
 * shaping or noise substitution, because a pair must describe these for both channels. Fill
 * elements before it are left out. Writes to `out`, of `len` + AAC_PAIR_EXTRA bytes. Returns the
 * length, or 0 if `mono` is of another kind. */
size_t aac_pair_write(const uint8_t *mono, size_t len, uint8_t *out);

/* How the window of a frame's first channel ends. The next frame's window must begin in the same
 * way, or the aliasing where they overlap does not cancel out (4.6.11.3). */
typedef enum AacSlope {
    AAC_SLOPE_UNKNOWN, /* it is not a frame of one or two channels */
    AAC_SLOPE_LONG,
    AAC_SLOPE_SHORT,
} AacSlope;

AacSlope aac_slope(const uint8_t *frame, size_t len);

#endif
