/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OPUS_COPY_H
#define OPUS_COPY_H

/* A publisher's Opus as it came, in a run of packets that has no hole. What the AAC beside it is
 * made of says where each packet belongs; a copy can only be put together of whole packets.
 *
 *   what is lost      a packet without a frame, which lets the decoder conceal (RFC 6716, 3.2.1)
 *   what is silent    a packet of silence
 *   what is too much  is left out, whole
 *
 * So it is at most OPUS_COPY_LATE late against the AAC, and less than OPUS_COPY_EARLY early; less
 * than OPUS_SAMPLES_MIN where a packet begins. Packets of several frames are divided, since a part
 * of low-latency HLS ends between two packets.
 *
 * Library state. Thread-safety: one thread. */

#include "base/media.h"

#define OPUS_SAMPLES_MIN 120 /* of a frame: 2.5 ms */
#define OPUS_COPY_EARLY  960 /* samples: what is filled for long comes in packets of 20 ms */
#define OPUS_COPY_LATE   480

#define OPUS_HEAD_SIZE 19

typedef struct OpusCopy OpusCopy;

/* What stands if no packet does. */
typedef enum OpusFill { OPUS_FILL_CONCEAL, OPUS_FILL_SILENCE } OpusFill;

/* It begins at `at`, on the stream's clock of samples. Returns NULL if there is no memory. */
OpusCopy *opus_copy_create(int64_t at);

/* Accepts NULL, leaves NULL. */
void opus_copy_destroy(OpusCopy **copy);

/* A packet of `samples`, of which the last is decoded before `end` by the clock. What there is no
 * memory for is left out. */
void opus_copy_packet(OpusCopy *copy, const uint8_t *payload, size_t len, int64_t samples,
                      int64_t end);

/* No packet comes for what is before `end`. */
void opus_copy_fill(OpusCopy *copy, OpusFill fill, int64_t end);

/* The clock moves on to `at`, if that is later; what waits is forgotten then. */
void opus_copy_restart(OpusCopy *copy, int64_t at);

/* Takes the packets that begin before `before`, `room` of them at the most. Returns how many. They
 * are borrowed until the next call that changes anything. */
size_t opus_copy_take(OpusCopy *copy, int64_t before, OpusPacket *out, size_t room);

/* What decoders need to know (RFC 7845, 5.1), the same for all: nothing is to be skipped, since the
 * stream's clock knows of the encoder's delay. OPUS_HEAD_SIZE bytes. */
extern const uint8_t opus_copy_head[OPUS_HEAD_SIZE];

#endif
