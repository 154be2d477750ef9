/* SPDX-License-Identifier: GPL-3.0-or-later */

/* H.265 in RTP (RFC 7798: single NAL unit packets, aggregation packets and fragmentation units, in
 * decoding order). A picture is an access unit in Annex B: a delimiter first. Parameter sets are
 * kept, from the stream and from SDP, and stand before every IRAP picture.
 *
 * Pictures that lead an IRAP picture and refer to what is before it (RASL) are left out: no decoder
 * that begins there has what they need, and nothing else refers to them. So are other layers than
 * the base. */

#include "codec/h265_parameter_sets.h"
#include "ingest/video_depay_inner.h"

/* Payload structures, section 4.4. */
enum { NAL_SINGLE_MAX = 47, NAL_AP = 48, NAL_FU = 49 };

#define VCL_LAST  31 /* slices have this type at most */
#define FORBIDDEN 0x80
#define FU_HEAD   3 /* payload header and FU header */
#define LENGTH    2 /* before each NAL unit of an aggregation packet */

static const uint8_t delimiter[] = {H265_NAL_AUD << 1, 1, 0x50}; /* any slice type, 7.4.3.5 */

typedef struct H265Depay {
    NalDepay nals;
    H265Sets sets;
    bool leaves_out; /* the NAL unit that is fragmented */
} H265Depay;

static int add_parameter_set(VideoDepay *d, const uint8_t *nal, size_t len)
{
    return h265_sets_add(&((H265Depay *)d)->sets, nal, len);
}

/* Before the first slice: delimiter, parameter sets (all of them before an IRAP picture, else those
 * that this access unit itself brought), and the SEI. */
static void begin_slices(H265Depay *d, Assembly *a, bool irap)
{
    assembly_begin_nal(a, delimiter, sizeof(delimiter));
    if (irap || d->nals.sets_changed) {
        for (size_t i = 0; i < d->sets.count; i++)
            assembly_begin_nal(a, d->sets.set[i].nal, d->sets.set[i].len);
        if (!h265_sets_complete(&d->sets))
            a->damaged = true;
    }
    kept_nals_write(&d->nals.sei, a);
    a->key = irap;
    a->has_picture = true;
}

static void take_set(H265Depay *d, const uint8_t *nal, size_t len)
{
    if (h265_sets_add(&d->sets, nal, len) == 0)
        d->nals.sets_changed = true;
    else
        d->nals.base.stats.malformed++;
}

/* Whether a slice belongs to a picture that goes out. */
static bool is_wanted_slice(unsigned type)
{
    return type <= H265_NAL_RASL_R ? type < H265_NAL_RASL_N
                                   : type >= H265_NAL_IRAP_FIRST && type <= H265_NAL_IRAP_LAST;
}

/* Takes the beginning of a NAL unit, or a whole one. Returns false if it is not part of what is
 * written: it is kept elsewhere, or left out. */
static bool take_nal(H265Depay *d, Assembly *a, const uint8_t *nal, size_t len)
{
    unsigned type = h265_nal_type(nal);

    if (h265_nal_layer(nal) != 0)
        return false;
    if (h265_is_set(type)) {
        take_set(d, nal, len);
        return false;
    }
    if (type == H265_NAL_PREFIX_SEI) {
        kept_nals_add(&d->nals.sei, nal, len);
        return false;
    }
    bool suffix = type == H265_NAL_SUFFIX_SEI && a->has_picture;
    if (!suffix && !is_wanted_slice(type))
        return false; /* a delimiter of ours stands there; the rest players need not have */
    if (!a->has_picture)
        begin_slices(d, a, type >= H265_NAL_IRAP_FIRST);
    assembly_begin_nal(a, nal, len);
    return true;
}

/* Section 4.4.2: 16 bits of size before each NAL unit. Returns whether it could be read. */
static bool take_aggregate(H265Depay *d, Assembly *a, const uint8_t *p, size_t len)
{
    size_t at = H265_HEADER_SIZE;

    while (at + LENGTH < len) {
        size_t size = (size_t)p[at] << 8 | p[at + 1];
        at += LENGTH;
        if (size < H265_HEADER_SIZE || at + size > len || h265_nal_type(p + at) > NAL_SINGLE_MAX)
            return false;
        take_nal(d, a, p + at, size);
        at += size;
    }
    return at == len;
}

/* Section 4.4.3. */
static bool take_fragment(H265Depay *d, Assembly *a, const uint8_t *p, size_t len)
{
    if (len <= FU_HEAD)
        return false;
    bool start = p[2] & 0x80, end = p[2] & 0x40;
    if (start) {
        if (d->nals.in_fragment)
            return false; /* the end of the last one is missing */
        const uint8_t header[] = {(uint8_t)((p[0] & 0x81) | (p[2] & 0x3F) << 1), p[1]};
        if (h265_is_set(h265_nal_type(header)))
            return false; /* they are small, and never fragmented */
        /* SEI that is larger than a packet is an encoder's talk, as x265's list of all its options:
         * no picture needs it */
        d->leaves_out = h265_nal_type(header) > VCL_LAST || !take_nal(d, a, header, sizeof(header));
    } else if (!d->nals.in_fragment) {
        return false; /* its beginning is missing */
    }
    if (!d->leaves_out)
        assembly_append(a, p + FU_HEAD, len - FU_HEAD);
    d->nals.in_fragment = !end;
    return true;
}

static bool take(VideoDepay *base, Assembly *a, const uint8_t *p, size_t len)
{
    H265Depay *d = (H265Depay *)base;
    unsigned type = h265_nal_type(p);

    if (len < H265_HEADER_SIZE || p[0] & FORBIDDEN || !(p[1] & 7)) /* TID is never 0 */
        return false;
    if (type == NAL_FU)
        return take_fragment(d, a, p, len);
    nal_depay_end_fragment(&d->nals, a);
    if (type == NAL_AP)
        return take_aggregate(d, a, p, len);
    if (type > NAL_SINGLE_MAX)
        return false;
    take_nal(d, a, p, len);
    return true;
}

/* A slice does not tell: parameter sets may have been before it. */
static bool begins(const uint8_t *p, size_t len)
{
    unsigned type = h265_nal_type(p);

    if (type == NAL_AP && len > H265_HEADER_SIZE + LENGTH)
        type = h265_nal_type(p + H265_HEADER_SIZE + LENGTH);
    return type == H265_NAL_AUD || type == H265_NAL_VPS || type == H265_NAL_SPS;
}

static bool format(const VideoDepay *d, const Assembly *a, VideoFormat *out)
{
    size_t i = 0;

    while (i < a->nals && h265_nal_type(a->data + a->nal[i].at) > VCL_LAST)
        i++;
    if (i == a->nals)
        return false;
    *out = h265_sets_format(&((const H265Depay *)d)->sets, a->data + a->nal[i].at, a->nal[i].len);
    return true;
}

static bool has_sets(const VideoDepay *d)
{
    return h265_sets_complete(&((const H265Depay *)d)->sets);
}

const DepayCodec h265_depay = {
    .codec = CODEC_H265,
    .size = sizeof(H265Depay),
    .open = nal_depay_open,
    .begins = begins,
    .take = take,
    .close = nal_depay_close,
    .format = format,
    .add_parameter_set = add_parameter_set,
    .has_sets = has_sets,
};
