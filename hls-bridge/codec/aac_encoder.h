/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AAC_ENCODER_H
#define AAC_ENCODER_H

/* libavcodec's AAC-LC encoder, 48 kHz, two channels, frame by frame.
 *
 * One microphone comes as two channels that are alike, and encoding is most of the cost of a
 * stream. So if the channels have been alike for a second, one channel is encoded, and aac_pair
 * makes each of its frames a pair. When they differ again, both are encoded, from that very frame
 * on; during an attack, from the frame after it. The frames have two channels all the time, and the
 * change cannot be heard.
 *
 * No I/O, no clock. Thread-safety: one thread. */

#include <stddef.h>
#include <stdint.h>

#define AAC_CHANNELS 2

typedef struct AacEncoder AacEncoder;
struct AVPacket;

/* Which channels are encoded. */
typedef enum AacMode {
    AAC_STEREO, /* one if both are alike, else both */
    AAC_MONO, /* always one, the mean of both, with all the bandwidth that the bitrate is good for:
                 at a low bitrate it sounds better than two */
} AacMode;

/* `bitrate`: of both channels together, bit/s. If one channel is encoded, it has all of it, up to
 * the 288 kbit/s that a channel may have. Returns NULL if libavcodec has no such encoder, or there
 * is no memory. */
AacEncoder *aac_encoder_create(int64_t bitrate, AacMode mode);

/* Accepts NULL, leaves NULL. */
void aac_encoder_destroy(AacEncoder **encoder);

/* The place for the next AAC_FRAME_SAMPLES samples of a channel (0 to AAC_CHANNELS - 1); borrowed
 * until they are encoded. NULL if there is no memory. */
float *aac_encoder_input(AacEncoder *encoder, int channel);

/* Encodes those samples. Returns 0 and a frame in `out`, which must be blank before; the caller
 * unrefs it. Returns -1 if there is no frame: the first call gives none, and later a frame is
 * missing if there is no memory for it; its time passes all the same. */
int aac_encoder_encode(AacEncoder *encoder, struct AVPacket *out);

/* How many samples before the first input sample the first frame begins. */
int aac_encoder_delay(const AacEncoder *encoder);

/* The AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1); borrowed. */
const uint8_t *aac_encoder_config(const AacEncoder *encoder, size_t *len);

#endif
