/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNG_ENCODER_H
#define RUNG_ENCODER_H

/* Encodes the pictures of one rung to H.264, with libavcodec: no B-frames, closed GOPs, key frames
 * where it is told to and nowhere else, no picture held back, and no more than the rung's rate over
 * a second.
 *
 * No I/O, no clock: the rate follows the times of the pictures. Thread-safety: a RungEncoder
 * belongs to one thread. */

#include <libavutil/frame.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct RungEncoder RungEncoder;

typedef struct RungEncoderParams {
    const char *encoder; /* as libavcodec names it; borrowed for the call, as the next */
    const AVFrame *like; /* a picture that is like the ones to come */
    int64_t bitrate;     /* bit/s */
    int threads;         /* 1 or more */
} RungEncoderParams;

/* An encoded picture: Annex B. Borrowed until the next call. */
typedef struct RungUnit {
    const uint8_t *data;
    size_t len;
    int64_t pts_90k;
    bool idr;
} RungUnit;

/* Returns NULL with a sentence in `error` (`size` bytes) that names the encoder and says what to
 * do. */
RungEncoder *rung_encoder_create(const RungEncoderParams *params, char *error, size_t size);

/* Accepts NULL, leaves NULL. What is still in it is lost. */
void rung_encoder_destroy(RungEncoder **encoder);

/* Whether it takes pictures of this size and these colours. */
bool rung_encoder_is_for(const RungEncoder *encoder, const AVFrame *picture);

/* Gives it a picture, later than the one before; `key` makes it an IDR picture. Returns 0, or -1 if
 * it cannot be encoded: then the encoder is of no more use. */
int rung_encoder_put(RungEncoder *encoder, const AVFrame *picture, bool key);

/* Takes the next encoded picture. Returns false if there is none. */
bool rung_encoder_take(RungEncoder *encoder, RungUnit *unit);

#endif
