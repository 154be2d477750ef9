/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef JPEG_MAKER_H
#define JPEG_MAKER_H

/* Makes a small JPEG from a key frame: decodes it, scales it to fit a square of JPEG_SIDE pixels,
 * and encodes it, all with libav.
 *
 * Bad bytes give no JPEG, and do no other harm.
 *
 * No I/O, no clock. Thread-safety: none needed, there is no state. */

#include "base/byte_buffer.h"
#include "video_codec.h"

#define JPEG_SIDE 320

/* Makes `jpeg` from a key picture, as AccessUnit has it: of H.264 in Annex B, with its parameter
 * sets. Returns 0, or -1 if it cannot be decoded in full: then `jpeg` is empty. */
int jpeg_make(Codec codec, const uint8_t *unit, size_t len, ByteBuffer *jpeg);

#endif
