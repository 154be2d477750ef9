/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AAC_ENCODER_H
#define AAC_ENCODER_H

/* libavcodec's AAC-LC encoder, 48 kHz, two channels, frame by frame.
 *
 * One microphone comes as two channels that are alike, and the encoder is most of what a stream
 * costs. So where they have been alike for a second, a single one is encoded, and its frames are
 * made pairs (aac_pair); where they are not any more, both are again, from that very frame on, or
 * where an attack is just being coded, from the one behind it. The stream of frames has two
 * channels all along, and no seam.
 *
 * No I/O, no clock. Thread-safety: one thread. */

#include <stddef.h>
#include <stdint.h>

#define AAC_CHANNELS 2

typedef struct AacEncoder AacEncoder;
struct AVPacket;

/* `bitrate`: of both channels together, bit/s; a single one
 * has it for itself, as far as it may (288 kbit/s). Returns
 * NULL where libavcodec has no such encoder, or there is no memory. */
AacEncoder *aac_encoder_create(int64_t bitrate);

/* Accepts NULL, leaves NULL. */
void aac_encoder_destroy(AacEncoder **encoder);

/* Where a channel's (0 to AAC_CHANNELS - 1) next AAC_FRAME_SAMPLES samples go; borrowed until they
 * are encoded. NULL where there is no memory. */
float *aac_encoder_input(AacEncoder *encoder, int channel);

/* Encodes them. Returns 0 and a frame in `out`, which is to be blank and is the caller's to unref,
 * or -1 where there is none: the first comes with the second call, and what cannot be had of memory
 * later is missing, with its time. */
int aac_encoder_encode(AacEncoder *encoder, struct AVPacket *out);

/* How many samples before those that are put in the first frame begins. */
int aac_encoder_delay(const AacEncoder *encoder);

/* The AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1); borrowed. */
const uint8_t *aac_encoder_config(const AacEncoder *encoder, size_t *len);

#endif
