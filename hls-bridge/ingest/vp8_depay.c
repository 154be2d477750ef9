/* SPDX-License-Identifier: GPL-3.0-or-later */

/* VP8 in RTP (RFC 7741): a payload descriptor, then bytes of a frame. A picture is one frame, as
 * the codec has it. */

#include "codec/vp8_header.h"
#include "ingest/video_depay_inner.h"

/* The descriptor's first byte, its extension, and the picture ID; section 4.2. */
enum { EXTENDED = 0x80, START = 0x10, PARTITION = 0x07 };
enum { HAS_PICTURE_ID = 0x80, HAS_TL0 = 0x40, HAS_TID = 0x20, HAS_KEYIDX = 0x10 };
enum { LONG_ID = 0x80 };

/* How long the descriptor is; 0: it is cut short, or no byte of a frame follows. */
static size_t descriptor_len(const uint8_t *p, size_t len)
{
    size_t at = 1;

    if (p[0] & EXTENDED) {
        if (len < 2)
            return 0;
        uint8_t has = p[at++];
        if (has & HAS_PICTURE_ID)
            at += at < len && p[at] & LONG_ID ? 2 : 1;
        at += has & HAS_TL0 ? 1 : 0;
        at += has & (HAS_TID | HAS_KEYIDX) ? 1 : 0;
    }
    return at < len ? at : 0;
}

/* Whether it is the first packet of a frame. */
static bool begins(const uint8_t *p, size_t len)
{
    (void)len;
    return (p[0] & (START | PARTITION)) == START;
}

static void open_picture(VideoDepay *d)
{
    (void)d;
}

static bool take(VideoDepay *d, Assembly *a, const uint8_t *p, size_t len)
{
    size_t head = descriptor_len(p, len);

    (void)d;
    if (head == 0 || begins(p, len) != (a->len == 0))
        return false; /* its beginning is missing, or the marker that ends the one before */
    assembly_append(a, p + head, len - head);
    return true;
}

static void close_picture(VideoDepay *d, Assembly *a)
{
    (void)d;
    a->has_picture = a->len > 0;
    a->key = vp8_is_key(a->data, a->len);
}

static bool format(const VideoDepay *d, const Assembly *a, VideoFormat *out)
{
    (void)d;
    return vp8_format(a->data, a->len, out);
}

const DepayCodec vp8_depay = {
    .codec = CODEC_VP8,
    .size = sizeof(VideoDepay),
    .open = open_picture,
    .begins = begins,
    .take = take,
    .close = close_picture,
    .format = format,
};
