/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PICTURE_DECODER_H
#define PICTURE_DECODER_H

/* Decodes what a publisher sends, with libavcodec, and gives out whole pictures alone: after damage
 * of any kind it forgets what it has, and begins again at the next key picture.
 *
 * No I/O, no clock. Thread-safety: a PictureDecoder belongs to one thread. */

#include <libavutil/frame.h>

#include "transcode/transcode_wire.h"

struct AVCodec;

typedef struct PictureDecoder PictureDecoder;

typedef struct PictureDecoderStats {
    uint32_t decoded; /* pictures that were given out */
    uint32_t damaged; /* coded pictures that nothing, or nothing whole, could be made of */
} PictureDecoderStats;

/* libavcodec's decoder that is taken for a codec. Static; NULL: it has none. */
const struct AVCodec *picture_decoder_find(Codec codec);

/* Returns NULL with a sentence in `error` (WIRE_TEXT_MAX + 1 bytes). */
PictureDecoder *picture_decoder_create(Codec codec, char *error);

/* Accepts NULL, leaves NULL. */
void picture_decoder_destroy(PictureDecoder **decoder);

/* Gives it a coded picture. What came of earlier ones has been taken. Returns 0, or -1 if there is
 * no memory; damage is no error. */
int picture_decoder_put(PictureDecoder *decoder, const WirePicture *picture);

/* Takes the next picture, in the order in which pictures are shown; `key` tells whether its source
 * was a key picture. Borrowed until the next call; NULL: there is none. */
const AVFrame *picture_decoder_take(PictureDecoder *decoder, bool *key);

PictureDecoderStats picture_decoder_stats(const PictureDecoder *decoder);

#endif
