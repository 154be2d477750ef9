/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ANNEX_B_H
#define ANNEX_B_H

/* Finds the NAL units of an Annex B byte stream (ITU-T H.264, annex B): start codes of three bytes,
 * or of four with a zero before. For media that come as a byte stream: what comes in packets has
 * its table from the depacketizer.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "base/media.h"

/* Fills `nal` with the first `max` NAL units. Returns how many there are, which may be more. */
size_t annex_b_read(const uint8_t *data, size_t len, NalUnit *nal, size_t max);

#endif
