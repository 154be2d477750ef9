/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef JPEG_MAKER_H
#define JPEG_MAKER_H

/* A key frame becomes a small JPEG: decoded, scaled into a square of JPEG_SIDE pixels with its
 * shape kept, and encoded, all by libav.
 *
 * Whatever the bytes are, the worst that comes of them is no picture.
 *
 * No I/O, no clock. Thread-safety: none needed, there is no state. */

#include "base/byte_buffer.h"

#define JPEG_SIDE 320

/* Makes `jpeg` of an access unit, Annex B, that has an IDR picture and its parameter sets. Returns
 * 0, or -1 where it cannot be decoded whole: then `jpeg` is empty. */
int jpeg_make(const uint8_t *unit, size_t len, ByteBuffer *jpeg);

#endif
