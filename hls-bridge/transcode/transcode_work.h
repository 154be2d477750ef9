/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRANSCODE_WORK_H
#define TRANSCODE_WORK_H

/* What hls-transcoder does with a picture: decodes it once, scales it from rung to rung, and has
 * each rung encoded.
 *
 * Sizes are made at key pictures alone: one of another size in between is scaled to those that
 * there are. Every key picture is an IDR picture of every rung, with the same time.
 *
 * No I/O, no clock. Thread-safety: a TranscodeWork belongs to one thread. */

#include "transcode/transcode_wire.h"

typedef struct TranscodeWork TranscodeWork;

/* Opens the decoder, and tries the encoder with a small picture. Returns NULL with a sentence in
 * `error` (WIRE_TEXT_MAX + 1 bytes). */
TranscodeWork *transcode_work_create(const TranscodeConfig *config, char *error);

/* Accepts NULL, leaves NULL. */
void transcode_work_destroy(TranscodeWork **work);

/* The rungs of these bits are wanted from the next key picture on; the others stop now. */
void transcode_work_want(TranscodeWork *work, uint32_t rungs);

/* Takes a picture, which is begun with `lag_us` too late, and adds the messages that come of it to
 * `out`. What is to be said of the picture itself goes to `took`, but for `busy_us`, which is 0.
 * Returns 0, or -1 if an encoder fails or there is no memory: then the work is of no more use. */
int transcode_work_picture(TranscodeWork *work, const WirePicture *picture, int64_t lag_us,
                           ByteBuffer *out, WireTook *took);

#endif
