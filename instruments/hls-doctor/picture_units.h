/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PICTURE_UNITS_H
#define PICTURE_UNITS_H

/* Looks at what begins a picture: the NAL units of H.264 and H.265, up to the first slice; the
 * header of a frame of VP9 (VP9 bitstream specification, 6.2); the first OBU of AV1, which is a
 * sequence header if decoders can begin there.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stdint.h>

#include <libavcodec/codec_id.h>

typedef struct PictureUnits {
    bool sps, pps, slice, idr; /* idr: the slice is of an IDR picture */
} PictureUnits;

/* Of H.264. `file`: as in MP4, with lengths of four bytes, and the parameter sets elsewhere; else
 * Annex B. */
PictureUnits picture_units(const uint8_t *data, int size, bool file);

/* Of a sample in MP4 of another codec: what configures it is elsewhere, or in it. */
PictureUnits picture_units_of(enum AVCodecID codec, const uint8_t *data, int size);

#endif
