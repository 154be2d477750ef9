/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PART_CUTTER_H
#define PART_CUTTER_H

/* Decides where the parts of a segment end, for one rendition of low-latency HLS.
 *
 * All parts but the last of a segment have one length, `step`, which is a whole number of AAC
 * frames. So the rule that parts have 85 to 100 % of PART-TARGET (rfc8216bis, section 4.4.4.9)
 * holds for sound and pictures, however uneven the pictures come. The last part takes the rest. The
 * end of the segment is known late, when the IDR picture of the next one has come. If the rest
 * would have no picture, the part before it ends a little earlier and leaves it one. Of pictures
 * that cannot be repeated, each part behind the newest one gets one, however early it was.
 *
 * Pure. Times are in the track's unit, on the stream's clock. Thread-safety: one thread. */

#include "base/media.h"

typedef struct PartCutterParams {
    int64_t step;
    int64_t target;    /* what the playlist promises as PART-TARGET; at least `step` */
    int64_t shift_max; /* by how much a sample may be moved back, so that the last part has one */
} PartCutterParams;

typedef struct PartCutter {
    PartCutterParams params;
    int64_t start; /* of the part that is open */
    int64_t limit; /* the segment ends here at the latest */
    int64_t end;   /* where it ends, if `ends` */
    bool ends;
    bool moves_far; /* any sample may be moved by any time, so that each part has one at all */
} PartCutter;

/* Where a part ends, and which samples are its own. */
typedef struct PartCut {
    int64_t start, end;
    int64_t until; /* it has the samples that are decoded before this */
    bool last;     /* of its segment */
} PartCut;

/* The lengths for a PART-TARGET of about `part_us`, in units of `per_second`; 90000 and 48000 give
 * the same lengths. */
PartCutterParams part_cutter_params(int64_t part_us, int64_t per_second);

void part_cutter_init(PartCutter *cutter, const PartCutterParams *params);

/* A segment begins, which ends at `limit` at the latest. */
void part_cutter_begin(PartCutter *cutter, int64_t start, int64_t limit);

/* The segment ends at `end`. */
void part_cutter_end(PartCutter *cutter, int64_t end);

/* The next part that can be cut if all samples before `complete` are here. `left` is the newest of
 * them before the segment's end, if that is known; if it `moves_far`, the first of those that the
 * rest needs, which has one older than that. INT64_MIN: there is none. The part counts as cut. */
bool part_cutter_next(PartCutter *cutter, int64_t complete, int64_t left, PartCut *out);

/* How many parts follow the next one up to the segment's end; 0 too, if that is not known. */
size_t part_cutter_rest(const PartCutter *cutter);

/* Where the part begins that has a sample which is decoded at `at`, if no end moves it. */
int64_t part_cutter_start_of(const PartCutter *cutter, int64_t at);

/* How far a segment can go that is to end at `end`, if no part can be without a sample: the last
 * one that has any begins at `start`, and has `spare` for those behind it. */
int64_t part_cutter_reach(const PartCutter *cutter, int64_t end, int64_t start, size_t spare);

#endif
