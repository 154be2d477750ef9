/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OPUS_TO_AAC_H
#define OPUS_TO_AAC_H

/* Opus in, AAC-LC 48 kHz stereo out, one continuous stream of frames for the life of a stream.
 *
 * Decoding is libopus, which alone has in-band FEC and packet loss concealment; encoding is
 * libavcodec's. Opus always decodes to 48 kHz stereo, so nothing is resampled.
 *
 * No I/O, no clock. Thread-safety: one thread. */

#include "base/media.h"

typedef struct OpusToAac OpusToAac;

typedef struct OpusToAacParams {
    int64_t bitrate;       /* of the AAC, bit/s; default 128000 */
    int64_t first_samples; /* the stream's clock at the first sample that is put in */
} OpusToAacParams;

/* Returns NULL where an encoder or decoder cannot be had; `error`, if not NULL, takes a static
 * sentence. */
OpusToAac *opus_to_aac_create(const OpusToAacParams *params, const char **error);

/* Accepts NULL, leaves NULL. */
void opus_to_aac_destroy(OpusToAac **o);

/* The samples that an Opus packet holds, 120 (2.5 ms) to 5760; -1 where it is none. */
int64_t opus_packet_samples(const uint8_t *payload, size_t len);

/* What one call puts in at the most, 25 AAC frames: so the frames that wait to be taken are
 * bounded. */
#define OPUS_TO_AAC_MOST 24000

/* Put samples in, at most OPUS_TO_AAC_MOST. Take all frames after each.
 * The first two return 0, or -1 where the decoder refuses the packet, and put in silence of the
 * same length instead. The others return how many samples they have put in; call them again for
 * what is left. */
int opus_to_aac_decode(OpusToAac *o, const uint8_t *payload, size_t len, int64_t samples,
                       int64_t skip);
int opus_to_aac_rebuild(OpusToAac *o, const uint8_t *payload, size_t len, int64_t samples);
int64_t opus_to_aac_conceal(OpusToAac *o, int64_t samples);
int64_t opus_to_aac_silence(OpusToAac *o, int64_t samples);

/* The next AAC frame that is ready. */
bool opus_to_aac_take(OpusToAac *o, AacFrame *out);

/* The stream's clock at the next sample that is put in. */
int64_t opus_to_aac_position(const OpusToAac *o);

/* A new publisher: the decoder forgets the last one, and the clock is moved on to `first_samples`
 * if it stands before that. What is encoded goes on without a gap if it does not. */
void opus_to_aac_new_source(OpusToAac *o, int64_t first_samples);

/* The AudioSpecificConfig (ISO 14496-3, 1.6.2.1) that decoders need; borrowed. */
const uint8_t *opus_to_aac_config(const OpusToAac *o, size_t *len);

#endif
