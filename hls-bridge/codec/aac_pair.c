/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/aac_pair.h"

#include <stdbool.h>

/* id_syn_ele */
#define SINGLE_CHANNEL_ELEMENT 0
#define CHANNEL_PAIR_ELEMENT   1
#define FILL_ELEMENT           6
#define END                    7

/* window_sequence */
#define LONG_START  1
#define EIGHT_SHORT 2

#define MS_FOR_ALL 2 /* ms_mask_present */
#define ZERO_HCB   0 /* section's code book: all its coefficients are 0 */

/* ---- bits ---- */

typedef struct BitReader {
    const uint8_t *buf;
    size_t at, end; /* bits */
    bool overrun;
} BitReader;

typedef struct BitWriter {
    uint8_t *buf; /* the byte at `at` is zero from there on */
    size_t at;    /* bits */
} BitWriter;

/* Up to 8 bits. */
static unsigned read_bits(BitReader *r, unsigned n)
{
    if (r->end - r->at < n) {
        r->overrun = true;
        return 0;
    }
    size_t byte = r->at / 8;
    unsigned used = r->at % 8, both = (unsigned)r->buf[byte] << 8;
    if (used + n > 8)
        both |= r->buf[byte + 1];
    r->at += n;
    return (both >> (16 - used - n)) & ((1u << n) - 1);
}

/* Up to 8 bits. */
static void write_bits(BitWriter *w, unsigned value, unsigned n)
{
    size_t byte = w->at / 8;
    unsigned used = w->at % 8, both = value << (16 - used - n);

    if (used == 0)
        w->buf[byte] = 0;
    w->buf[byte] |= (uint8_t)(both >> 8);
    if (used + n > 8)
        w->buf[byte + 1] = (uint8_t)both;
    w->at += n;
}

static void copy_some(BitReader *r, BitWriter *w, size_t n)
{
    size_t left = r->end - r->at;

    n = n < left ? n : left;
    write_bits(w, read_bits(r, (unsigned)n), (unsigned)n);
}

/* Copies all bits that are left. */
static void copy_bits(BitReader *r, BitWriter *w)
{
    copy_some(r, w, (8 - w->at % 8) % 8); /* until a byte begins */
    size_t bytes = (r->end - r->at) / 8;
    unsigned used = r->at % 8;
    const uint8_t *from = r->buf + r->at / 8;
    uint8_t *to = w->buf + w->at / 8;
    for (size_t i = 0; i < bytes; i++) {
        unsigned both = (unsigned)from[i] << 8;
        if (used > 0)
            both |= from[i + 1];
        to[i] = (uint8_t)(both >> (8 - used));
    }
    r->at += bytes * 8;
    w->at += bytes * 8;
    copy_some(r, w, 7);
}

/* ---- syntax ---- */

/* ics_info(), as read. */
typedef struct IcsInfo {
    bool eight_short;
    unsigned head;     /* its first 4 bits: reserved, window_sequence, window_shape */
    unsigned max_sfb;  /* 6 bits, of short windows 4 */
    unsigned grouping; /* 7 bits of short windows */
} IcsInfo;

static unsigned window_sequence(unsigned head)
{
    return (head >> 1) & 3;
}

static bool read_ics_info(BitReader *r, IcsInfo *out)
{
    *out = (IcsInfo){.head = read_bits(r, 4)};
    out->eight_short = window_sequence(out->head) == EIGHT_SHORT;
    if (out->eight_short) {
        out->max_sfb = read_bits(r, 4);
        out->grouping = read_bits(r, 7);
        return true;
    }
    out->max_sfb = read_bits(r, 6);
    return read_bits(r, 1) == 0; /* AAC-LC has no prediction */
}

static void write_ics_info(BitWriter *w, const IcsInfo *info)
{
    write_bits(w, info->head, 4);
    write_bits(w, info->max_sfb, info->eight_short ? 4 : 6);
    write_bits(w, info->grouping, info->eight_short ? 7 : 1);
}

static unsigned window_groups(const IcsInfo *info)
{
    unsigned groups = 1;

    for (unsigned bit = 0; info->eight_short && bit < 7; bit++)
        groups += !((info->grouping >> bit) & 1);
    return groups;
}

/* An individual_channel_stream() that is silent, in a common window. */
static void write_nothing(BitWriter *w, const IcsInfo *info, unsigned global_gain)
{
    unsigned len_bits = info->eight_short ? 3 : 5, escape = (1u << len_bits) - 1;

    write_bits(w, global_gain, 8);
    for (unsigned group = 0; info->max_sfb > 0 && group < window_groups(info); group++) {
        unsigned left = info->max_sfb;
        write_bits(w, ZERO_HCB, 4);
        for (; left >= escape; left -= escape)
            write_bits(w, escape, len_bits);
        write_bits(w, left, len_bits);
    }
    write_bits(w, 0, 3); /* no pulses, no noise shaping, no gain control */
}

static void skip_fill(BitReader *r)
{
    size_t bytes = read_bits(r, 4);

    if (bytes == 15)
        bytes += read_bits(r, 8) - 1u;
    if ((r->end - r->at) / 8 < bytes)
        r->overrun = true;
    else
        r->at += bytes * 8;
}

/* The id of the first element that is not a fill element. */
static unsigned read_element(BitReader *r)
{
    unsigned element;

    while ((element = read_bits(r, 3)) == FILL_ELEMENT && !r->overrun)
        skip_fill(r);
    return element;
}

/* How many bits are before the END element, which zeros follow up to the end of the byte. */
static size_t end_of_elements(const uint8_t *frame, size_t len)
{
    while (len > 0 && frame[len - 1] == 0)
        len--;
    if (len == 0)
        return 0;
    size_t end = len * 8 - (size_t)__builtin_ctz(frame[len - 1]);
    return end < 3 ? 0 : end - 3;
}

size_t aac_pair_write(const uint8_t *mono, size_t len, uint8_t *out)
{
    BitReader r = {.buf = mono, .end = end_of_elements(mono, len)};
    BitReader last = {.buf = mono, .at = r.end, .end = len * 8};
    BitWriter w = {.buf = out};
    IcsInfo info;

    if (read_bits(&last, 3) != END)
        return 0;
    unsigned element = read_element(&r);
    unsigned tag = read_bits(&r, 4), global_gain = read_bits(&r, 8);
    if (element != SINGLE_CHANNEL_ELEMENT || !read_ics_info(&r, &info) || r.overrun)
        return 0;
    write_bits(&w, CHANNEL_PAIR_ELEMENT, 3);
    write_bits(&w, tag, 4);
    write_bits(&w, 1, 1); /* common_window */
    write_ics_info(&w, &info);
    write_bits(&w, MS_FOR_ALL, 2);
    write_bits(&w, global_gain, 8);
    copy_bits(&r, &w);
    write_nothing(&w, &info, global_gain);
    write_bits(&w, END, 3);
    return (w.at + 7) / 8;
}

AacSlope aac_slope(const uint8_t *frame, size_t len)
{
    BitReader r = {.buf = frame, .end = len * 8};
    unsigned element = read_element(&r);

    read_bits(&r, 4); /* element_instance_tag */
    bool common_window = element == CHANNEL_PAIR_ELEMENT && read_bits(&r, 1) == 1;
    if (!common_window)
        read_bits(&r, 8); /* global_gain */
    unsigned sequence = window_sequence(read_bits(&r, 4));
    if (r.overrun || element > CHANNEL_PAIR_ELEMENT)
        return AAC_SLOPE_UNKNOWN;
    return sequence == LONG_START || sequence == EIGHT_SHORT ? AAC_SLOPE_SHORT : AAC_SLOPE_LONG;
}
