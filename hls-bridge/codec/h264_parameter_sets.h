/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef H264_PARAMETER_SETS_H
#define H264_PARAMETER_SETS_H

/* Keeps the sequence and picture parameter sets of a stream, the newest of each id.
 *
 * Pure: no allocation. Thread-safety: one thread. */

#include "h264_sps.h"

#define PARAMETER_SET_BYTES 256 /* largest set kept: with two scaling matrices it has about 200 */
#define PARAMETER_SETS_SPS  4   /* ids kept at a time; encoders use one */
#define PARAMETER_SETS_PPS  16

typedef struct ParameterSet {
    uint32_t id;
    size_t len; /* 0: the place is free */
    uint8_t nal[PARAMETER_SET_BYTES];
} ParameterSet;

/* Zero-initialised: none. */
typedef struct ParameterSets {
    ParameterSet sps[PARAMETER_SETS_SPS];
    ParameterSet pps[PARAMETER_SETS_PPS];
    H264Sps newest; /* the newest sequence parameter set, parsed; width 0: none */
} ParameterSets;

/* Keeps a parameter set NAL unit. Returns 0, or -1 if it is neither SPS nor PPS, cannot be read, or
 * does not fit. */
int parameter_sets_add(ParameterSets *sets, const uint8_t *nal, size_t len);

/* Keeps the sets of an access unit (Annex B) and forgets all others. */
void parameter_sets_read(ParameterSets *sets, const uint8_t *unit, size_t len);

/* Whether both have the same sets in the same places. */
bool parameter_sets_same(const ParameterSets *a, const ParameterSets *b);

/* Whether there is at least one of each kind: a picture can be decoded. */
bool parameter_sets_complete(const ParameterSets *sets);

/* Writes all sets to `out`, SPS first, each after a start code. Returns the bytes written, or 0 if
 * `room` is too small. */
size_t parameter_sets_write(const ParameterSets *sets, uint8_t *out, size_t room);

#endif
