/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef VP9_HEADER_H
#define VP9_HEADER_H

/* Reads what the project needs from VP9 frames, and writes the shortest ones.
 * Source: VP9 bitstream specification 0.7, 6.2 (uncompressed header), 7.2 (its color_config), annex
 * B (superframes); VP codec ISO media file format binding 1.0 (names).
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <stddef.h>

#include "base/media.h"

#define VP9_FRAMES_MAX           8 /* of a superframe */
#define VP9_SUPERFRAME_INDEX_MAX (2 + 4 * VP9_FRAMES_MAX)
#define VP9_SLOTS                8 /* of reference frames */
#define VP9_PROFILE_LAST         3 /* its headers have a bit more, which is reserved */

/* An uncompressed header as far as it is read. */
typedef struct Vp9Header {
    uint8_t profile;
    bool shows_existing; /* the frame of this slot; nothing that follows is set then */
    uint8_t slot;
    bool key, shown;
    uint8_t refreshes;      /* a bit for each slot that this frame goes to */
    uint8_t bit_depth;      /* this and `chroma_format` are of a key frame */
    uint8_t chroma_format;  /* as VideoFormat has it */
    uint16_t width, height; /* at most 65535; 0: that of a reference frame */
} Vp9Header;

/* Reads the header of a frame. Returns false if it is cut short, or breaks a rule. */
bool vp9_header_read(const uint8_t *frame, size_t len, Vp9Header *out);

/* Where the frames of a sample are, a superframe or a single one. Fills `lens` (VP9_FRAMES_MAX)
 * with their lengths, one after the other from the first byte on. Returns how many. */
size_t vp9_frames(const uint8_t *sample, size_t len, uint32_t *lens);

/* Writes the index that makes a superframe of `n` frames. `out` has VP9_SUPERFRAME_INDEX_MAX bytes.
 * Returns its length. */
size_t vp9_superframe_index(const uint32_t *lens, size_t n, uint8_t *out);

/* What a sample that begins with a key frame is; its largest layer's size, if it has several.
 * Returns false if it is none. */
bool vp9_format(const uint8_t *sample, size_t len, VideoFormat *out);

/* level_idc of pictures of this size at 60 a second, 10 to 62: what a player must be able to do. */
int vp9_level(int width, int height);

#endif
