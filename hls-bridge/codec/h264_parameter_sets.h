/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef H264_PARAMETER_SETS_H
#define H264_PARAMETER_SETS_H

/* Keeps the sequence and picture parameter sets of a stream, the newest of each id.
 *
 * Pure: no allocation. Thread-safety: one thread. */

#include "base/media.h"
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

/* What pictures of a sequence parameter set are. */
void h264_format(const H264Sps *sps, VideoFormat *out);

/* Keeps the sets of an access unit and forgets all others. */
void parameter_sets_read(ParameterSets *sets, const AccessUnit *unit);

/* The set of this ID; NULL: it is not there. */
const ParameterSet *parameter_sets_sps(const ParameterSets *sets, uint32_t id);
const ParameterSet *parameter_sets_pps(const ParameterSets *sets, uint32_t id);

/* The sequence parameter set that an access unit's picture names, by its picture parameter set: it
 * may have brought several; the newest if it names none that there is. Returns false if there is
 * none at all. */
bool parameter_sets_of_picture(const ParameterSets *sets, const AccessUnit *unit, H264Sps *out);

/* The same of a key frame, by the sets that it brings. */
bool h264_picture_sps(const AccessUnit *key, H264Sps *out);

/* The set that is written as number `i`, SPS first; NULL: there are no more. */
const ParameterSet *parameter_sets_at(const ParameterSets *sets, size_t i);

/* Whether an access unit brings sets, and not exactly these, in the order in which they are
 * written. If not, reading it gives nothing new; this costs next to nothing beside that. */
bool parameter_sets_differ(const ParameterSets *sets, const AccessUnit *unit);

/* Whether both have the same sets in the same places. */
bool parameter_sets_same(const ParameterSets *a, const ParameterSets *b);

/* Whether there is at least one of each kind: a picture can be decoded. */
bool parameter_sets_complete(const ParameterSets *sets);

/* Writes all sets, SPS first, each behind a start code, to `out`. Returns the bytes written, or 0
 * if `room` does not suffice or the sets are not complete. */
size_t parameter_sets_write(const ParameterSets *sets, uint8_t *out, size_t room);

#endif
