/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CABAC_SKIPS_H
#define CABAC_SKIPS_H

/* Writes the data of a P slice of H.264 whose macroblocks are all skipped, coded with CABAC: they
 * show what the reference picture has there.
 *
 * Source: ITU-T H.264 (2021), 7.3.4 (slice data), 9.3.1.1 (initialisation), 9.3.4 (encoding).
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "h264_bits.h"

/* The slice header must say this, so that skipped is what a macroblock most probably is. */
#define CABAC_SKIPS_INIT_IDC 0
#define CABAC_SKIPS_QP       51 /* SliceQPY; nothing is quantised */

/* Writes it behind the slice header, up to the end of the NAL unit. Returns the length of that, or
 * 0 if it did not fit. */
size_t cabac_skips_write(H264Writer *w, uint32_t macroblocks);

#endif
