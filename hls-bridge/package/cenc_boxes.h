/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CENC_BOXES_H
#define CENC_BOXES_H

/* The boxes that say how a track is encrypted (ISO/IEC 23001-7, 8): in its initialisation segment
 * the key's ID, the vector and the pattern, in each fragment where its samples are protected.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "base/byte_buffer.h"
#include "package/box_writer.h"
#include "package/cenc_cbcs.h"

/* The first sample entry of an initialisation segment becomes one of an encrypted track, and 'moov'
 * names the key for ClearKey (W3C, "cenc" Initialization Data Format). Returns 0, or -1 if there is
 * no memory, or no sample entry: then it is as it was. */
int cenc_protect_init(ByteBuffer *init, const Cbcs *cbcs);

/* The most bytes that cenc_put_boxes() writes. */
size_t cenc_boxes_room(const Cbcs *cbcs, size_t samples);

/* Writes the boxes of a track fragment by the map of `cbcs`: 'senc', and for pictures 'saiz' and
 * 'saio', whose offset counts from `moof`. */
void cenc_put_boxes(BoxWriter *w, const uint8_t *moof, const Cbcs *cbcs, size_t samples);

#endif
