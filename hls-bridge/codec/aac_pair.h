/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AAC_PAIR_H
#define AAC_PAIR_H

/* Makes an AAC frame of two equal channels of one of a single channel, without coding anything
 * anew: as middle and side, of which the side is nothing. What decodes is the single channel,
 * twice, to the bit.
 *
 * Source: ISO/IEC 14496-3, 4.4.2.1 and 4.4.2.7 (syntax), 4.6.8.1 (middle and side).
 *
 * Pure. Thread-safety: no state. */

#include <stddef.h>
#include <stdint.h>

#define AAC_PAIR_EXTRA 32 /* bytes that a pair may be longer by */

/* `mono`: a raw_data_block() of one single_channel_element() without temporal noise shaping and
 * noise substitution, whose tools would have to be told for both channels; fill elements before it
 * are left out. Writes to `out`, of `len` + AAC_PAIR_EXTRA bytes. Returns the length, or 0 where
 * `mono` is of another kind. */
size_t aac_pair_write(const uint8_t *mono, size_t len, uint8_t *out);

/* How the window of a frame of one channel, or of the first of two, ends: the next frame's has to
 * begin likewise, or what overlaps does not cancel out (4.6.11.3). */
typedef enum AacSlope {
    AAC_SLOPE_UNKNOWN, /* it is no such frame */
    AAC_SLOPE_LONG,
    AAC_SLOPE_SHORT,
} AacSlope;

AacSlope aac_slope(const uint8_t *frame, size_t len);

#endif
