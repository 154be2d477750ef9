/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/vp9_header.h"

#include <stdio.h>

#include "codec/bit_reader.h"

#define FRAME_MARKER 2
#define SYNC_CODE    0x498342
#define RGB          7 /* color_space */
#define ALL_SLOTS    0xFF
#define REFERENCES   3    /* of an inter frame */
#define INDEX_MARKER 0xC0 /* the upper three bits of a superframe index's first and last byte */
#define INDEX_MASK   0xE0
#define FRAMES_PER_S 60

static void read_size(BitReader *r, Vp9Header *h)
{
    uint32_t width = bit_reader_take(r, 16) + 1, height = bit_reader_take(r, 16) + 1;

    h->width = width > UINT16_MAX ? 0 : (uint16_t)width;
    h->height = height > UINT16_MAX ? 0 : (uint16_t)height;
}

static void read_color(BitReader *r, Vp9Header *h)
{
    bool odd = h->profile & 1;

    h->bit_depth = h->profile < 2 ? 8 : bit_reader_flag(r) ? 12 : 10;
    h->chroma_format = 1;
    if (bit_reader_take(r, 3) == RGB) {
        h->chroma_format = 3;
        r->overrun |= !odd || bit_reader_flag(r);
        return;
    }
    bit_reader_flag(r); /* color_range */
    if (odd) {
        unsigned x = bit_reader_flag(r), y = bit_reader_flag(r);
        bit_reader_flag(r);
        h->chroma_format = x ? (y ? 1 : 2) : 3;
    }
}

static bool read_key(BitReader *r, Vp9Header *h)
{
    if (bit_reader_take(r, 24) != SYNC_CODE)
        return false;
    read_color(r, h);
    read_size(r, h);
    h->refreshes = ALL_SLOTS;
    return h->width > 0 && h->height > 0;
}

/* Of an intra-only frame, which lacks the sizes of others too. */
static bool read_intra(BitReader *r, Vp9Header *h)
{
    if (bit_reader_take(r, 24) != SYNC_CODE)
        return false;
    if (h->profile > 0)
        read_color(r, h);
    h->refreshes = (uint8_t)bit_reader_take(r, VP9_SLOTS);
    read_size(r, h);
    return true;
}

static void read_inter(BitReader *r, Vp9Header *h)
{
    h->refreshes = (uint8_t)bit_reader_take(r, VP9_SLOTS);
    bit_reader_take(r, REFERENCES * 4); /* ref_frame_idx and ref_frame_sign_bias */
    for (int i = 0; i < REFERENCES; i++)
        if (bit_reader_flag(r))
            return; /* found_ref */
    read_size(r, h);
}

bool vp9_header_read(const uint8_t *frame, size_t len, Vp9Header *h)
{
    BitReader r = {frame, len, 0, false};

    *h = (Vp9Header){0};
    if (bit_reader_take(&r, 2) != FRAME_MARKER)
        return false;
    h->profile = (uint8_t)bit_reader_flag(&r);
    h->profile |= (uint8_t)(bit_reader_flag(&r) << 1);
    if (h->profile == VP9_PROFILE_LAST && bit_reader_flag(&r))
        return false;
    h->shows_existing = bit_reader_flag(&r);
    if (h->shows_existing) {
        h->slot = (uint8_t)bit_reader_take(&r, 3);
        h->shown = true;
        return !r.overrun;
    }
    h->key = !bit_reader_flag(&r);
    h->shown = bit_reader_flag(&r);
    bool resilient = bit_reader_flag(&r), good = true;
    if (h->key) {
        good = read_key(&r, h);
    } else {
        bool intra = !h->shown && bit_reader_flag(&r);
        if (!resilient)
            bit_reader_take(&r, 2); /* reset_frame_context */
        if (intra)
            good = read_intra(&r, h);
        else
            read_inter(&r, h);
    }
    return good && !r.overrun;
}

size_t vp9_frames(const uint8_t *sample, size_t len, uint32_t *lens)
{
    uint8_t marker = len > 0 ? sample[len - 1] : 0;
    size_t n = (marker & 7u) + 1, width = (marker >> 3 & 3u) + 1, size = 2 + n * width, used = 0;

    lens[0] = (uint32_t)len;
    if ((marker & INDEX_MASK) != INDEX_MARKER || len <= size || sample[len - size] != marker)
        return len > 0;
    const uint8_t *at = sample + len - size + 1;
    for (size_t i = 0; i < n; i++) {
        lens[i] = 0;
        for (size_t k = 0; k < width; k++)
            lens[i] |= (uint32_t)*at++ << (8 * k);
        if (lens[i] > len - size - used) {
            lens[0] = (uint32_t)len; /* it only looks like an index */
            return 1;
        }
        used += lens[i];
    }
    return n;
}

size_t vp9_superframe_index(const uint32_t *lens, size_t n, uint8_t *out)
{
    uint32_t most = 0;
    size_t at = 0;

    for (size_t i = 0; i < n; i++)
        most |= lens[i];
    unsigned width = most < 1u << 8 ? 1 : most < 1u << 16 ? 2 : most < 1u << 24 ? 3 : 4;
    uint8_t marker = (uint8_t)(INDEX_MARKER | (width - 1) << 3 | (n - 1));
    out[at++] = marker;
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < width; k++)
            out[at++] = (uint8_t)(lens[i] >> (8 * k));
    out[at++] = marker;
    return at;
}

int vp9_level(int width, int height)
{
    /* annex A: the largest picture in samples, and samples a second */
    static const struct {
        int level;
        int64_t picture, rate;
    } levels[] = {
        {10, 36864, 829440},        {11, 73728, 2764800},      {20, 122880, 4608000},
        {21, 245760, 9216000},      {30, 552960, 20736000},    {31, 983040, 36864000},
        {40, 2228224, 83558400},    {41, 2228224, 160432128},  {50, 8912896, 311951360},
        {51, 8912896, 588251136},   {52, 8912896, 1176502272}, {60, 35651584, 1176502272},
        {61, 35651584, 2353004544},
    };
    int64_t samples = (int64_t)width * height;

    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (samples <= levels[i].picture && samples * FRAMES_PER_S <= levels[i].rate)
            return levels[i].level;
    return 62;
}

/* The codec string of the VP codec ISO media file format binding. What is left out of it means
 * 4:2:0; all that is optional stands there, or nothing. */
static void write_name(VideoFormat *f)
{
    char others[16] = "";

    if (f->chroma_format != 1) /* colours as libav's box says too: not specified */
        snprintf(others, sizeof(others), ".%02u.02.02.02.00", f->chroma_format);
    snprintf(f->name, sizeof(f->name), "vp09.%02d.%02d.%02d%s", f->profile,
             vp9_level(f->width, f->height), f->bit_depth, others);
}

bool vp9_format(const uint8_t *sample, size_t len, VideoFormat *out)
{
    uint32_t lens[VP9_FRAMES_MAX];
    size_t n = vp9_frames(sample, len, lens);
    Vp9Header h;

    if (n == 0 || !vp9_header_read(sample, lens[0], &h) || !h.key)
        return false;
    *out = (VideoFormat){.codec = CODEC_VP9,
                         .width = h.width,
                         .height = h.height,
                         .profile = h.profile,
                         .chroma_format = h.chroma_format,
                         .bit_depth = h.bit_depth};
    for (size_t i = 1; i < n; i++) {
        sample += lens[i - 1];
        if (!vp9_header_read(sample, lens[i], &h) || h.width <= out->width || h.height == 0)
            continue; /* a height of 65536 is more than there may be */
        out->width = h.width;
        out->height = h.height;
    }
    write_name(out);
    return true;
}
