/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef H264_FILLER_H
#define H264_FILLER_H

/* Makes a picture that repeats the one before it: all its macroblocks are skipped, and no picture
 * refers to it. It is some ten bytes long, coded with CABAC some twenty to six hundred, by its
 * size, and costs a decoder almost nothing. A part of low-latency HLS needs a picture even if the
 * screen stands still and the publisher sends none: else players stall.
 *
 * It works if macroblocks are coded in frames.
 *
 * Source: ITU-T H.264 (2021), 7.3.2.2 (picture parameter set), 7.3.3 (slice header), 7.3.4.
 *
 * Pure. Thread-safety: one thread. */

#include "base/media.h"
#include "codec/h264_parameter_sets.h"

#define H264_FILLER_SIZE 1024 /* bytes that hold any */
#define H264_FILLER_NALS 2    /* that any has: a delimiter and a slice */

/* Zero-initialised: nothing is known. */
typedef struct H264Filler {
    const ParameterSets *sets; /* borrowed */
    bool known;                /* the members below describe the last picture */
    uint32_t pps_id;
    uint32_t frame_num, poc_lsb;
    bool reference; /* other pictures may refer to it */
} H264Filler;

/* Notes what a picture needs to follow `unit`, which has the parameter sets `sets`; they are
 * borrowed until the next call. */
void h264_filler_follow(H264Filler *filler, const ParameterSets *sets, const AccessUnit *unit);

/* Writes an access unit (Annex B) that repeats the picture before, of at most H264_FILLER_SIZE
 * bytes, and its NAL table, of H264_FILLER_NALS. Returns its length, or 0 if it cannot be made. */
size_t h264_filler_write(const H264Filler *filler, uint8_t *out, NalUnit *nal);

#endif
