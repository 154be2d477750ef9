/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OPUS_TO_AAC_H
#define OPUS_TO_AAC_H

/* Turns Opus into AAC-LC, 48 kHz stereo: one continuous run of frames for the life of a stream. If
 * it is asked to, each frame has the same sound with fewer bits beside it, and the Opus as it came.
 *
 * libopus decodes, since only it has in-band FEC and packet loss concealment; libavcodec encodes.
 * Opus always decodes to 48 kHz stereo, so nothing is resampled.
 *
 * No I/O, no clock. Thread-safety: one thread. */

#include "base/media.h"

typedef struct OpusToAac OpusToAac;

typedef struct OpusToAacParams {
    int64_t bitrate;       /* of the AAC, bit/s; default 128000 */
    int64_t low_bitrate;   /* of that with fewer bits; 0: there is never one */
    int64_t first_samples; /* the stream's clock at the first input sample */
} OpusToAacParams;

/* Returns NULL if an encoder or decoder cannot be created; then `error`, if not NULL, points to a
 * static sentence. */
OpusToAac *opus_to_aac_create(const OpusToAacParams *params, const char **error);

/* Accepts NULL, leaves NULL. */
void opus_to_aac_destroy(OpusToAac **o);

/* From the next frame on, frames have the sound with fewer bits, or have not. It has the same
 * configuration. Returns 0, or -1 if there is no memory: then they have not. */
int opus_to_aac_with_low(OpusToAac *o, bool with);

/* From the next packet on, frames bring the Opus that they are made of (opus_copy.h), or do not.
 * Returns 0, or -1 if there is no memory: then they do not. */
int opus_to_aac_with_opus(OpusToAac *o, bool with);

/* How many samples an Opus packet holds: 120 (2.5 ms) to 5760, or -1 if it is not Opus. */
int64_t opus_packet_samples(const uint8_t *payload, size_t len);

/* The most samples that one call puts in, about 23 AAC frames: it bounds the frames that wait. */
#define OPUS_TO_AAC_MOST 24000

/* Each puts samples in, at most OPUS_TO_AAC_MOST; take all frames after each call.
 * The first two return 0, or -1 if the decoder refuses the packet: then they put in silence of the
 * same length. The other two return how many samples they put in: call them again for the rest. */
int opus_to_aac_decode(OpusToAac *o, const uint8_t *payload, size_t len, int64_t samples,
                       int64_t skip);
int opus_to_aac_rebuild(OpusToAac *o, const uint8_t *payload, size_t len, int64_t samples);
int64_t opus_to_aac_conceal(OpusToAac *o, int64_t samples);
int64_t opus_to_aac_silence(OpusToAac *o, int64_t samples);

/* Takes the next AAC frame that is ready. Returns false if there is none. */
bool opus_to_aac_take(OpusToAac *o, AacFrame *out);

/* The stream's clock at the next input sample. */
int64_t opus_to_aac_position(const OpusToAac *o);

/* A new publisher: the decoder forgets the last one. If the clock stands before `first_samples`, it
 * moves on to that; else the frames go on without a gap. */
void opus_to_aac_new_source(OpusToAac *o, int64_t first_samples);

/* The AudioSpecificConfig (ISO 14496-3, 1.6.2.1) that decoders need; borrowed. */
const uint8_t *opus_to_aac_config(const OpusToAac *o, size_t *len);

#endif
