/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PICTURE_REPEAT_H
#define PICTURE_REPEAT_H

/* Makes pictures that repeat the one before, for parts of low-latency HLS in which none came, since
 * the screen stands still: else players stall.
 *
 *   H.264   a picture of skipped macroblocks (h264_filler.h)
 *   VP9     a frame of one byte, show_existing_frame, of the slot that the last one went to
 *   AV1     the same; but a key frame may not be shown again so, and is repeated whole
 *   H.265   a key frame, whole; behind another picture nothing can be made
 *
 * A picture that no slot has is not repeated, but the one before it, as far as there is one.
 *
 * Thread-safety: one thread. */

#include "base/sample_bytes.h"
#include "codec/av1_header.h"
#include "codec/h264_filler.h"
#include "codec/picture_config.h"

/* Zero-initialised: nothing is known. */
typedef struct PictureRepeat {
    H264Filler h264;
    Codec codec; /* of the last picture */
    bool has_slot;
    uint8_t slot, profile; /* of VP9 and AV1; the profile of VP9 */
    Av1Sequence sequence;
    SampleBytes *key; /* held: the last picture, if it is a key frame to be repeated whole */
} PictureRepeat;

/* Notes what a picture needs to follow `unit`, which has the configuration `config`; that is
 * borrowed until the next call. */
void picture_repeat_follow(PictureRepeat *repeat, const PictureConfig *config,
                           const AccessUnit *unit);

/* What is shown is what `of` follows, with the same configuration, which is `config` here. */
void picture_repeat_copy(PictureRepeat *repeat, const PictureRepeat *of,
                         const PictureConfig *config);

/* The room for a picture that is made. */
typedef struct PictureRoom {
    uint8_t bytes[H264_FILLER_SIZE];
    NalUnit nal[H264_FILLER_NALS];
} PictureRoom;

/* Makes a picture that repeats the last, in `room` or borrowed. Returns whether it can be made. */
bool picture_repeat_make(const PictureRepeat *repeat, PictureRoom *room, AccessUnit *out);

/* Forgets all, and releases what is held. */
void picture_repeat_clear(PictureRepeat *repeat);

#endif
