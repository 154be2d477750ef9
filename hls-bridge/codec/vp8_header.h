/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef VP8_HEADER_H
#define VP8_HEADER_H

/* Reads what the project needs from a VP8 frame (RFC 6386 section 9.1).
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <stddef.h>

#include "base/media.h"

/* Whether a frame of `len` bytes is a key frame, and its header is whole. */
bool vp8_is_key(const uint8_t *frame, size_t len);

/* What a key frame is: it has no name, since no player of HLS takes it. Returns false if it is
 * none. */
bool vp8_format(const uint8_t *frame, size_t len, VideoFormat *out);

#endif
