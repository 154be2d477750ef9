/* SPDX-License-Identifier: GPL-3.0-or-later */

/* H.264 in RTP (RFC 6184: single NAL unit packets, STAP-A and FU-A, which is all that
 * packetization-mode 1 has). A picture is an access unit in Annex B: a delimiter first. Parameter
 * sets are kept, from the stream and from SDP, and stand before every IDR picture. */

#include <string.h>

#include "codec/h264_parameter_sets.h"
#include "ingest/video_depay_inner.h"

/* Payload structures, RFC 6184 table 1. */
enum { NAL_SINGLE_MAX = 23, NAL_STAP_A = 24, NAL_FU_A = 28 };

/* NAL unit types that no sender uses, H.264 table 7-1; and the forbidden bit. Packets of another
 * codec often or always have one of these. */
static bool is_no_nal(const uint8_t *p)
{
    static const uint32_t none = 1u << 0 | 7u << 16 | 7u << 21;

    return p[0] & 0x80 || none >> h264_nal_type(p) & 1;
}

static const uint8_t delimiter[] = {H264_NAL_AUD, 0xF0}; /* any slice type, 7.4.2.4 */

typedef struct H264Depay {
    NalDepay nals;
    ParameterSets sets;
    bool leaves_out; /* the NAL unit that is fragmented */
} H264Depay;

static int add_parameter_set(VideoDepay *d, const uint8_t *nal, size_t len)
{
    return parameter_sets_add(&((H264Depay *)d)->sets, nal, len);
}

/* Before the first slice: delimiter, parameter sets (all of them before an IDR picture, else those
 * that this access unit itself brought), and the SEI. */
static void begin_slices(H264Depay *d, Assembly *a, bool idr)
{
    const ParameterSet *set;

    assembly_begin_nal(a, delimiter, sizeof(delimiter));
    if (idr || d->nals.sets_changed) {
        for (size_t i = 0; (set = parameter_sets_at(&d->sets, i)); i++)
            assembly_begin_nal(a, set->nal, set->len);
        if (!parameter_sets_complete(&d->sets))
            a->damaged = true;
    }
    kept_nals_write(&d->nals.sei, a);
    a->key = idr;
    a->has_picture = true;
}

/* Takes the beginning of a NAL unit, or a whole one. Returns false if it is not part of what is
 * written: it is kept elsewhere, or left out. */
static bool take_nal(H264Depay *d, Assembly *a, const uint8_t *nal, size_t len)
{
    unsigned type = h264_nal_type(nal);

    if (type == H264_NAL_SPS || type == H264_NAL_PPS) {
        if (parameter_sets_add(&d->sets, nal, len) == 0)
            d->nals.sets_changed = true;
        else
            d->nals.base.stats.malformed++;
        return false;
    }
    if (type == H264_NAL_SEI) {
        kept_nals_add(&d->nals.sei, nal, len);
        return false;
    }
    if (type < H264_NAL_SLICE || type > H264_NAL_IDR)
        return false; /* a delimiter of ours stands there; the rest players need not have */
    if (!a->has_picture)
        begin_slices(d, a, type == H264_NAL_IDR);
    assembly_begin_nal(a, nal, len);
    return true;
}

/* STAP-A, RFC 6184 section 5.7.1: 16 bits of size before each NAL unit. Returns whether it could be
 * read. */
static bool take_aggregate(H264Depay *d, Assembly *a, const uint8_t *p, size_t len)
{
    size_t at = 1;

    while (at + 2 < len) {
        size_t size = (size_t)p[at] << 8 | p[at + 1];
        at += 2;
        if (size == 0 || at + size > len)
            return false;
        take_nal(d, a, p + at, size);
        at += size;
    }
    return at == len;
}

/* Whether a NAL unit may be larger than a packet: slices, SEI, filler, and the slices of auxiliary
 * pictures and of extensions. Nobody fragments what is small, as parameter sets are, and bytes of
 * another codec look like any type. */
static bool comes_in_fragments(uint8_t header)
{
    static const uint32_t large = 31u << H264_NAL_SLICE | 1u << H264_NAL_SEI |
                                  1u << H264_NAL_FILLER | 1u << H264_NAL_AUXILIARY |
                                  1u << H264_NAL_EXTENSION;

    return large >> h264_nal_type(&header) & 1;
}

/* FU-A, RFC 6184 section 5.8. */
static bool take_fragment(H264Depay *d, Assembly *a, const uint8_t *p, size_t len)
{
    if (len < 3)
        return false;
    bool start = p[1] & 0x80, end = p[1] & 0x40;
    if (start) {
        if (d->nals.in_fragment)
            return false; /* the end of the last one is missing */
        uint8_t header = (uint8_t)((p[0] & 0xE0) | (p[1] & 0x1F));
        if (!comes_in_fragments(header))
            return false;
        /* SEI that is larger than a packet is an encoder's talk: no picture needs it */
        d->leaves_out = h264_nal_type(&header) == H264_NAL_SEI || !take_nal(d, a, &header, 1);
    } else if (!d->nals.in_fragment) {
        return false; /* its beginning is missing */
    }
    if (!d->leaves_out)
        assembly_append(a, p + 2, len - 2);
    d->nals.in_fragment = !end;
    return true;
}

static bool take(VideoDepay *base, Assembly *a, const uint8_t *p, size_t len)
{
    H264Depay *d = (H264Depay *)base;
    unsigned type = h264_nal_type(p);

    if (is_no_nal(p))
        return false;
    if (type == NAL_FU_A)
        return take_fragment(d, a, p, len);
    nal_depay_end_fragment(&d->nals, a);
    if (type == NAL_STAP_A)
        return take_aggregate(d, a, p, len);
    if (type > NAL_SINGLE_MAX)
        return false;
    take_nal(d, a, p, len);
    return true;
}

/* A slice does not tell: parameter sets may have been before it. */
static bool begins(const uint8_t *p, size_t len)
{
    unsigned type = h264_nal_type(p);

    if (type == NAL_STAP_A && len > 3)
        type = h264_nal_type(p + 3);
    return type == H264_NAL_AUD || type == H264_NAL_SPS;
}

static bool format(const VideoDepay *base, const Assembly *a, VideoFormat *out)
{
    const H264Depay *d = (const H264Depay *)base;
    const AccessUnit unit = {.data = a->data, .len = a->len, .nal = a->nal, .nals = a->nals};
    H264Sps sps;

    parameter_sets_of_picture(&d->sets, &unit, &sps);
    h264_format(&sps, out);
    return true;
}

static bool has_sets(const VideoDepay *d)
{
    return parameter_sets_complete(&((const H264Depay *)d)->sets);
}

const DepayCodec h264_depay = {
    .codec = CODEC_H264,
    .size = sizeof(H264Depay),
    .open = nal_depay_open,
    .begins = begins,
    .take = take,
    .close = nal_depay_close,
    .format = format,
    .add_parameter_set = add_parameter_set,
    .has_sets = has_sets,
};
