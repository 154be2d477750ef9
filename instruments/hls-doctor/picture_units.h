/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PICTURE_UNITS_H
#define PICTURE_UNITS_H

/* Looks at the NAL units of an H.264 picture, up to its first slice.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stdint.h>

typedef struct PictureUnits {
    bool sps, pps, slice, idr; /* idr: the slice is of an IDR picture */
} PictureUnits;

/* `file`: as in MP4, with lengths of four bytes, and the parameter sets elsewhere; else Annex B. */
PictureUnits picture_units(const uint8_t *data, int size, bool file);

#endif
