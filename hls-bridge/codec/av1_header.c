/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/av1_header.h"

#include <stdio.h>

#include "codec/bit_reader.h"

#define LEB128_BYTES 8
#define EACH_FRAME   2 /* SELECT_SCREEN_CONTENT_TOOLS, SELECT_INTEGER_MV */
#define SLOTS        8
#define ALL_SLOTS    0xFF
enum { KEY_FRAME = 0, INTRA_ONLY_FRAME = 2, SWITCH_FRAME = 3 };
enum { BT_709 = 1, SRGB = 13, IDENTITY = 0 };

/* ---- OBUs ---- */

size_t av1_leb128_read(const uint8_t *data, size_t len, uint32_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len && i < LEB128_BYTES; i++) {
        value |= (uint64_t)(data[i] & 0x7F) << (7 * i);
        if (data[i] & 0x80)
            continue;
        *out = (uint32_t)value;
        return value <= UINT32_MAX ? i + 1 : 0;
    }
    return 0;
}

size_t av1_leb128_write(uint32_t value, uint8_t *out)
{
    size_t n = 0;

    do {
        out[n++] = (uint8_t)((value & 0x7F) | (value > 0x7F ? 0x80 : 0));
        value >>= 7;
    } while (value > 0);
    return n;
}

bool av1_obu_read(const uint8_t *data, size_t len, Av1Obu *out)
{
    uint32_t size;

    if (len == 0 || data[0] & 0x80)
        return false;
    *out = (Av1Obu){.type = data[0] >> 3 & 0xF, .head = data[0] & 0x04 ? 2 : 1};
    if (len < out->head)
        return false;
    if (data[0] & AV1_OBU_HAS_SIZE) {
        size_t n = av1_leb128_read(data + out->head, len - out->head, &size);
        out->head += n;
        if (n == 0 || size > len - out->head)
            return false;
        out->len = size;
    } else {
        out->len = len - out->head;
    }
    out->payload = data + out->head;
    return true;
}

const uint8_t *av1_find(const uint8_t *sample, size_t len, unsigned type, Av1Obu *out)
{
    for (size_t at = 0; at < len && av1_obu_read(sample + at, len - at, out);
         at += out->head + out->len)
        if (out->type == type)
            return sample + at;
    return NULL;
}

/* ---- the sequence header ---- */

/* uvlc(), 4.10.3. */
static void skip_uvlc(BitReader *r)
{
    unsigned zeros = 0;

    while (!r->overrun && !bit_reader_flag(r))
        zeros++;
    if (zeros < 32)
        bit_reader_take(r, zeros);
}

/* How long the members are that operating points have for the decoder model. */
typedef struct DecoderModel {
    bool present;
    unsigned delay_bits;
} DecoderModel;

/* timing_info() and decoder_model_info(). */
static DecoderModel read_timing(BitReader *r)
{
    DecoderModel model = {0};

    if (!bit_reader_flag(r))
        return model;
    bit_reader_take(r, 32); /* num_units_in_display_tick */
    bit_reader_take(r, 32); /* time_scale */
    if (bit_reader_flag(r))
        skip_uvlc(r);
    model.present = bit_reader_flag(r);
    if (model.present) {
        model.delay_bits = bit_reader_take(r, 5) + 1;
        bit_reader_take(r, 32);
        bit_reader_take(r, 5 + 5);
    }
    return model;
}

/* All operating points; the first is the one with all layers. */
static void read_operating_points(BitReader *r, const DecoderModel *model, Av1Sequence *s)
{
    bool has_delay = bit_reader_flag(r);
    unsigned count = bit_reader_take(r, 5) + 1;

    for (unsigned i = 0; i < count && !r->overrun; i++) {
        bit_reader_take(r, 12); /* operating_point_idc */
        uint8_t level = (uint8_t)bit_reader_take(r, 5);
        uint8_t tier = level > 7 ? (uint8_t)bit_reader_flag(r) : 0;
        if (model->present && bit_reader_flag(r)) {
            bit_reader_take(r, model->delay_bits);
            bit_reader_take(r, model->delay_bits);
            bit_reader_flag(r);
        }
        if (has_delay && bit_reader_flag(r))
            bit_reader_take(r, 4);
        if (i == 0) {
            s->level = level;
            s->tier = tier;
        }
    }
}

/* Which tools there are, from the one behind the size up to color_config. */
static void read_tools(BitReader *r, Av1Sequence *s)
{
    bit_reader_take(r, 3); /* superblocks, filter_intra, intra_edge_filter */
    s->screen_content = s->integer_mv = EACH_FRAME;
    if (!s->reduced) {
        bit_reader_take(r, 4); /* interintra and masked compound, warped motion, dual filter */
        bool order_hint = bit_reader_flag(r);
        if (order_hint)
            bit_reader_take(r, 2);
        if (!bit_reader_flag(r))
            s->screen_content = (uint8_t)bit_reader_flag(r);
        if (s->screen_content > 0 && !bit_reader_flag(r))
            s->integer_mv = (uint8_t)bit_reader_flag(r);
        if (order_hint)
            s->order_hint_bits = (uint8_t)(bit_reader_take(r, 3) + 1);
    }
    bit_reader_take(r, 3); /* superres, cdef, restoration */
}

/* Whether a chroma sample stands for two luma samples, across and down. */
static uint8_t read_subsampling(BitReader *r, const Av1Sequence *s)
{
    if (s->profile == 0)
        return 1;
    if (s->profile == 1)
        return 3;
    if (s->bit_depth < 12)
        return 2;
    if (!bit_reader_flag(r))
        return 3;
    return bit_reader_flag(r) ? 1 : 2;
}

static void read_color(BitReader *r, Av1Sequence *s)
{
    bool high = bit_reader_flag(r);
    unsigned primaries = 2, transfer = 2, matrix = 2;

    s->bit_depth = high ? 10 : 8;
    if (s->profile == 2 && high && bit_reader_flag(r))
        s->bit_depth = 12;
    bool grey = s->profile != 1 && bit_reader_flag(r);
    if (bit_reader_flag(r)) {
        primaries = bit_reader_take(r, 8);
        transfer = bit_reader_take(r, 8);
        matrix = bit_reader_take(r, 8);
    }
    if (grey) {
        s->chroma_format = 0;
    } else if (primaries == BT_709 && transfer == SRGB && matrix == IDENTITY) {
        s->chroma_format = 3;
    } else {
        bit_reader_flag(r); /* color_range */
        s->chroma_format = read_subsampling(r, s);
    }
}

bool av1_sequence_read(const uint8_t *payload, size_t len, Av1Sequence *s)
{
    BitReader r = {payload, len, 0, false};
    DecoderModel model = {0};
    bool ids = false;

    *s = (Av1Sequence){0};
    s->profile = (uint8_t)bit_reader_take(&r, 3);
    bit_reader_flag(&r); /* still_picture */
    s->reduced = bit_reader_flag(&r);
    if (s->reduced) {
        s->level = (uint8_t)bit_reader_take(&r, 5);
    } else {
        model = read_timing(&r);
        read_operating_points(&r, &model, s);
    }
    unsigned width_bits = bit_reader_take(&r, 4) + 1, height_bits = bit_reader_take(&r, 4) + 1;
    uint32_t width = bit_reader_take(&r, width_bits) + 1;
    uint32_t height = bit_reader_take(&r, height_bits) + 1;
    if (!s->reduced)
        ids = bit_reader_flag(&r);
    if (ids)
        bit_reader_take(&r, 4 + 3);
    read_tools(&r, s);
    read_color(&r, s);
    s->width = (uint16_t)width;
    s->height = (uint16_t)height;
    s->plain = !s->reduced && !ids && !model.present;
    return !r.overrun && s->profile <= 2 && width <= UINT16_MAX && height <= UINT16_MAX;
}

/* ---- frames ---- */

/* What stands between the type of a frame and the slots that it goes to. */
static uint8_t read_refreshes(BitReader *r, const Av1Sequence *s, unsigned type, bool shown)
{
    bool all = type == SWITCH_FRAME || (type == KEY_FRAME && shown);
    bool intra = type == KEY_FRAME || type == INTRA_ONLY_FRAME;

    if (!s->plain)
        return 0;
    if (!shown)
        bit_reader_flag(r); /* showable_frame */
    bool resilient = all || bit_reader_flag(r);
    bit_reader_flag(r); /* disable_cdf_update */
    bool screen = s->screen_content == EACH_FRAME ? bit_reader_flag(r) : s->screen_content;
    if (screen && s->integer_mv == EACH_FRAME)
        bit_reader_flag(r);
    if (type != SWITCH_FRAME)
        bit_reader_flag(r); /* frame_size_override_flag */
    bit_reader_take(r, s->order_hint_bits);
    if (!intra && !resilient)
        bit_reader_take(r, 3); /* primary_ref_frame */
    return all ? ALL_SLOTS : (uint8_t)bit_reader_take(r, SLOTS);
}

bool av1_frame_read(const Av1Sequence *s, const uint8_t *payload, size_t len, Av1Frame *out)
{
    BitReader r = {payload, len, 0, false};

    *out = (Av1Frame){.key = s->reduced, .shown = s->reduced};
    if (s->reduced)
        return len > 0;
    out->shows_existing = bit_reader_flag(&r);
    if (out->shows_existing)
        return !r.overrun;
    unsigned type = bit_reader_take(&r, 2);
    out->key = type == KEY_FRAME;
    out->shown = bit_reader_flag(&r);
    out->refreshes = read_refreshes(&r, s, type, out->shown);
    return !r.overrun;
}

/* The codec string of the AV1 ISO media file format binding. What is left out of it means 4:2:0;
 * all that is optional stands there, or nothing. */
static void write_name(const Av1Sequence *s, VideoFormat *out)
{
    /* whether it is grey, subsampling across and down, and colours that are not specified */
    static const char *const others[] = {".1.110.02.02.02.0", "", ".0.100.02.02.02.0",
                                         ".0.000.02.02.02.0"};

    snprintf(out->name, sizeof(out->name), "av01.%u.%02u%c.%02u%s", s->profile, s->level % 100u,
             s->tier ? 'H' : 'M', s->bit_depth, others[s->chroma_format & 3]);
}

bool av1_format(const uint8_t *sample, size_t len, VideoFormat *out)
{
    Av1Obu obu = {0};
    Av1Sequence s;

    if (!av1_find(sample, len, AV1_OBU_SEQUENCE_HEADER, &obu) ||
        !av1_sequence_read(obu.payload, obu.len, &s))
        return false;
    *out = (VideoFormat){.codec = CODEC_AV1,
                         .width = s.width,
                         .height = s.height,
                         .profile = s.profile,
                         .chroma_format = s.chroma_format,
                         .bit_depth = s.bit_depth};
    write_name(&s, out);
    return true;
}
