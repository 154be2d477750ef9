/* SPDX-License-Identifier: GPL-3.0-or-later */

/* VP9 in RTP (RFC 9628): a payload descriptor, then bytes of a layer's frame. All layers of a
 * picture become one superframe; a picture without layers is its frame. */

#include "codec/vp9_header.h"
#include "ingest/video_depay_inner.h"

/* The descriptor's first byte; section 4.2. */
enum {
    HAS_PICTURE_ID = 0x80,
    PREDICTED = 0x40,
    HAS_LAYER = 0x20,
    FLEXIBLE = 0x10,
    BEGINS = 0x08,
    ENDS = 0x04,
    HAS_STRUCTURE = 0x02,
};
enum { LONG_ID = 0x80, MORE_DIFFS = 0x01, SPATIAL = 0x0E };

#define DIFFS_MAX 3 /* reference pictures of a frame */

typedef struct Vp9Depay {
    VideoDepay base;
    bool in_frame;                   /* one has begun and not ended */
    uint32_t begins[VP9_FRAMES_MAX]; /* of the open picture, where each frame does */
    size_t frames;
} Vp9Depay;

/* What a descriptor says, and its length; 0: it is cut short, or no byte of a frame follows. */
typedef struct Descriptor {
    uint8_t flags;
    unsigned spatial; /* layer */
    size_t len;
} Descriptor;

/* The scalability structure behind `at`: sizes of layers, and which pictures refer to which.
 * Returns where it ends. */
static size_t skip_structure(const uint8_t *p, size_t len, size_t at)
{
    if (at >= len)
        return len;
    uint8_t head = p[at++];
    bool has_sizes = head & 0x10, has_group = head & 0x08;
    if (has_sizes)
        at += 4 * ((head >> 5) + 1u);
    if (!has_group || at >= len)
        return at;
    for (unsigned pictures = p[at++]; pictures > 0 && at < len; pictures--)
        at += 1 + (p[at] >> 2 & 3u);
    return at;
}

static Descriptor read_descriptor(const uint8_t *p, size_t len)
{
    Descriptor d = {.flags = p[0]};
    size_t at = 1;

    if (d.flags & HAS_PICTURE_ID)
        at += at < len && p[at] & LONG_ID ? 2 : 1;
    if (d.flags & HAS_LAYER) {
        d.spatial = at < len ? p[at] & SPATIAL : 0;
        at += d.flags & FLEXIBLE ? 1 : 2;
    }
    if ((d.flags & (FLEXIBLE | PREDICTED)) == (FLEXIBLE | PREDICTED))
        for (int i = 0; i < DIFFS_MAX && at < len; i++)
            if (!(p[at++] & MORE_DIFFS))
                break;
    if (d.flags & HAS_STRUCTURE)
        at = skip_structure(p, len, at);
    d.len = at < len ? at : 0;
    return d;
}

/* Whether it is the first packet of a picture: the lowest layer's first. */
static bool begins(const uint8_t *p, size_t len)
{
    Descriptor d = read_descriptor(p, len);

    return d.flags & BEGINS && d.spatial == 0;
}

static void open_picture(VideoDepay *base)
{
    Vp9Depay *d = (Vp9Depay *)base;

    d->in_frame = false;
    d->frames = 0;
}

static bool take(VideoDepay *base, Assembly *a, const uint8_t *p, size_t len)
{
    Vp9Depay *d = (Vp9Depay *)base;
    Descriptor descriptor = read_descriptor(p, len);
    bool first = descriptor.flags & BEGINS;

    if (descriptor.len == 0 || first == d->in_frame)
        return false; /* the beginning of this frame is missing, or the end of the one before */
    if (first && d->frames == VP9_FRAMES_MAX)
        return false;
    if (first)
        d->begins[d->frames++] = (uint32_t)a->len;
    assembly_append(a, p + descriptor.len, len - descriptor.len);
    d->in_frame = !(descriptor.flags & ENDS);
    return true;
}

static void append_index(Vp9Depay *d, Assembly *a)
{
    uint8_t index[VP9_SUPERFRAME_INDEX_MAX];
    uint32_t lens[VP9_FRAMES_MAX];

    for (size_t i = 0; i < d->frames; i++)
        lens[i] = (i + 1 < d->frames ? d->begins[i + 1] : (uint32_t)a->len) - d->begins[i];
    assembly_append(a, index, vp9_superframe_index(lens, d->frames, index));
}

static void close_picture(VideoDepay *base, Assembly *a)
{
    Vp9Depay *d = (Vp9Depay *)base;
    Vp9Header header;

    a->damaged = a->damaged || d->in_frame;
    d->in_frame = false;
    if (a->damaged || a->len == 0)
        return;
    if (!vp9_header_read(a->data, d->frames > 1 ? d->begins[1] : a->len, &header)) {
        a->damaged = true;
        base->stats.malformed++;
        return;
    }
    a->has_picture = true;
    a->key = header.key;
    if (d->frames > 1)
        append_index(d, a);
}

static bool format(const VideoDepay *d, const Assembly *a, VideoFormat *out)
{
    (void)d;
    return vp9_format(a->data, a->len, out);
}

const DepayCodec vp9_depay = {
    .codec = CODEC_VP9,
    .size = sizeof(Vp9Depay),
    .open = open_picture,
    .begins = begins,
    .take = take,
    .close = close_picture,
    .format = format,
};
