/* SPDX-License-Identifier: GPL-3.0-or-later */

/* AV1 in RTP (AOM, "RTP Payload Format For AV1", v1.0): an aggregation header, then OBUs or pieces
 * of them. A picture is a temporal unit as ISO BMFF has it: OBUs with sizes, without temporal
 * delimiter, tile lists and padding. */

#include <string.h>

#include "codec/av1_header.h"
#include "ingest/video_depay_inner.h"

/* The aggregation header, section 4.4. */
enum { CONTINUES = 0x80, CONTINUED = 0x40, BEGINS_SEQUENCE = 0x08 };

#define ELEMENTS(header) ((header) >> 4 & 3) /* 0: each has its length before it */

typedef struct Av1Depay {
    VideoDepay base;
    bool in_obu;          /* one has begun and not ended */
    size_t obu_at;        /* where it begins in the picture */
    bool has_sequence;    /* of the open picture: a sequence header has come */
    Av1Sequence sequence; /* the newest */
} Av1Depay;

/* Whether a picture that begins with this packet has lost nothing before it. Only the first packet
 * of a coded video sequence tells. */
static bool begins(const uint8_t *p, size_t len)
{
    (void)len;
    return (p[0] & (CONTINUES | BEGINS_SEQUENCE)) == BEGINS_SEQUENCE;
}

static void open_picture(VideoDepay *base)
{
    Av1Depay *d = (Av1Depay *)base;

    d->in_obu = d->has_sequence = false;
}

/* Notes what an OBU says of the picture. Returns whether the picture has it. */
static bool note_obu(Av1Depay *d, Assembly *a, const Av1Obu *obu)
{
    Av1Frame frame;

    switch (obu->type) {
    case AV1_OBU_SEQUENCE_HEADER:
        d->has_sequence = av1_sequence_read(obu->payload, obu->len, &d->sequence);
        a->damaged = a->damaged || !d->has_sequence;
        return true;
    case AV1_OBU_FRAME:
    case AV1_OBU_FRAME_HEADER:
        if (!a->has_picture && av1_frame_read(&d->sequence, obu->payload, obu->len, &frame))
            a->key = d->has_sequence && frame.key && frame.shown;
        a->has_picture = true;
        return true;
    case AV1_OBU_TILE_GROUP:
    case AV1_OBU_METADATA:
    case AV1_OBU_REDUNDANT_FRAME_HEADER:
        return true;
    default:
        return false;
    }
}

/* Writes the header and the size before the payload of the OBU that has just ended, which lies
 * there as it came. Returns false if it cannot be read. */
static bool end_obu(Av1Depay *d, Assembly *a)
{
    uint8_t *at = a->data + d->obu_at, head[8];
    Av1Obu obu;

    d->in_obu = false;
    if (a->damaged)
        return true;
    if (!av1_obu_read(at, a->len - d->obu_at, &obu))
        return false;
    if (!note_obu(d, a, &obu)) {
        a->len = d->obu_at;
        return true;
    }
    size_t n = at[0] & 0x04 ? 2 : 1;
    memcpy(head, at, n);
    head[0] |= AV1_OBU_HAS_SIZE;
    n += av1_leb128_write((uint32_t)obu.len, head + n);
    if (d->obu_at + n + obu.len > PICTURE_BYTES) {
        a->damaged = true;
        return true;
    }
    memmove(at + n, obu.payload, obu.len);
    memcpy(at, head, n);
    a->len = d->obu_at + n + obu.len;
    return true;
}

/* The length of the element at `*at`, which moves to its first byte. Returns false if it is cut
 * short. */
static bool next_element(const uint8_t *p, size_t len, size_t *at, bool has_length, size_t *out)
{
    uint32_t size;

    *out = len - *at;
    if (!has_length)
        return true;
    size_t n = av1_leb128_read(p + *at, len - *at, &size);
    *at += n;
    *out = size;
    return n > 0 && size <= len - *at;
}

static bool take(VideoDepay *base, Assembly *a, const uint8_t *p, size_t len)
{
    Av1Depay *d = (Av1Depay *)base;
    bool continues = p[0] & CONTINUES, continued = p[0] & CONTINUED;
    unsigned elements = ELEMENTS(p[0]), n = 0;
    size_t at = 1, size;

    if (continues != d->in_obu || len < 2)
        return false; /* the beginning of an OBU is missing, or the end of the one before */
    while (at < len) {
        n++;
        if (!next_element(p, len, &at, n != elements, &size) || size == 0)
            return false;
        if (!d->in_obu)
            d->obu_at = a->len;
        d->in_obu = true;
        assembly_append(a, p + at, size);
        at += size;
        if (!(continued && at == len) && !end_obu(d, a))
            return false;
    }
    return elements == 0 || n == elements;
}

static void close_picture(VideoDepay *base, Assembly *a)
{
    Av1Depay *d = (Av1Depay *)base;

    a->damaged = a->damaged || d->in_obu;
    d->in_obu = false;
}

static bool format(const VideoDepay *d, const Assembly *a, VideoFormat *out)
{
    (void)d;
    return av1_format(a->data, a->len, out);
}

const DepayCodec av1_depay = {
    .codec = CODEC_AV1,
    .size = sizeof(Av1Depay),
    .open = open_picture,
    .begins = begins,
    .take = take,
    .close = close_picture,
    .format = format,
};
