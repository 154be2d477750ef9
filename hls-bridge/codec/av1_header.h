/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AV1_HEADER_H
#define AV1_HEADER_H

/* Reads what the project needs from AV1's open bitstream units (OBUs).
 * Source: AV1 bitstream & decoding process specification, 5.3 (OBU header), 5.5 (sequence header),
 * 5.9 (frame header); AV1 codec ISO media file format binding (names, samples).
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <stddef.h>

#include "base/media.h"

/* obu_type, 6.2.2. */
enum {
    AV1_OBU_SEQUENCE_HEADER = 1,
    AV1_OBU_TEMPORAL_DELIMITER = 2,
    AV1_OBU_FRAME_HEADER = 3,
    AV1_OBU_TILE_GROUP = 4,
    AV1_OBU_METADATA = 5,
    AV1_OBU_FRAME = 6,
    AV1_OBU_REDUNDANT_FRAME_HEADER = 7,
};

#define AV1_OBU_HAS_SIZE 0x02 /* obu_has_size_field, in the header byte */

/* One OBU; `payload` is borrowed. */
typedef struct Av1Obu {
    unsigned type;
    size_t head; /* bytes before the payload: the header, its extension and the size */
    const uint8_t *payload;
    size_t len; /* of the payload */
} Av1Obu;

/* leb128(), 4.10.5. Returns the bytes read, or 0 if it is cut short, or beyond 32 bits. */
size_t av1_leb128_read(const uint8_t *data, size_t len, uint32_t *out);

/* Writes it as short as it goes; 5 bytes hold any. Returns the bytes written. */
size_t av1_leb128_write(uint32_t value, uint8_t *out);

/* Reads the OBU at the beginning of `len` bytes; without a size field it has all of them. Returns
 * false if it is cut short, or breaks a rule. */
bool av1_obu_read(const uint8_t *data, size_t len, Av1Obu *out);

/* What a sequence header says. */
typedef struct Av1Sequence {
    uint8_t profile, level, tier;
    uint8_t bit_depth, chroma_format;
    uint16_t width, height;             /* the largest */
    bool reduced;                       /* reduced_still_picture_header: a picture, no video */
    bool plain;                         /* the members below tell how frame headers are written */
    uint8_t screen_content, integer_mv; /* seq_force_...: 0, 1, or 2: each frame says it */
    uint8_t order_hint_bits;
} Av1Sequence;

/* Reads the payload of a sequence header. Returns false if it is cut short, or out of range. */
bool av1_sequence_read(const uint8_t *payload, size_t len, Av1Sequence *out);

/* A frame header as far as it is read. */
typedef struct Av1Frame {
    bool shows_existing; /* nothing that follows is set then */
    bool key;            /* frame_type is KEY_FRAME */
    bool shown;
    uint8_t refreshes; /* a bit for each slot that this frame goes to; 0: it is not known */
} Av1Frame;

/* Reads the payload of a frame, or of a frame header. Returns false if it is cut short. */
bool av1_frame_read(const Av1Sequence *sequence, const uint8_t *payload, size_t len, Av1Frame *out);

/* The first OBU of a type in a sample: a temporal unit whose OBUs have sizes. Returns where it
 * begins; NULL: there is none. */
const uint8_t *av1_find(const uint8_t *sample, size_t len, unsigned type, Av1Obu *out);

/* What a sample that begins with a key frame is. Returns false if it has no sequence header. */
bool av1_format(const uint8_t *sample, size_t len, VideoFormat *out);

#endif
