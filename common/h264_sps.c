/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "h264_sps.h"

/* Bits of a raw byte sequence payload; the emulation prevention bytes (7.4.1) are passed over as
 * they come. Past the end every bit is 0 and `overrun` is set. */
typedef struct BitReader {
    const uint8_t *buf;
    size_t len;
    size_t byte;
    unsigned bit;   /* 0 to 7, from the most significant */
    unsigned zeros; /* zero bytes in a row before this one */
    bool overrun;
} BitReader;

static BitReader bits_of_nal(const uint8_t *nal, size_t len)
{
    return (BitReader){.buf = nal, .len = len, .byte = 1};
}

static unsigned read_bit(BitReader *r)
{
    if (r->bit == 0 && r->zeros >= 2 && r->byte < r->len && r->buf[r->byte] == 3) {
        r->byte++;
        r->zeros = 0;
    }
    if (r->byte >= r->len) {
        r->overrun = true;
        return 0;
    }
    unsigned value = (r->buf[r->byte] >> (7 - r->bit)) & 1u;
    if (++r->bit == 8) {
        r->zeros = r->buf[r->byte] == 0 ? r->zeros + 1 : 0;
        r->bit = 0;
        r->byte++;
    }
    return value;
}

static uint32_t read_bits(BitReader *r, unsigned n)
{
    uint32_t value = 0;

    while (n-- > 0)
        value = value << 1 | read_bit(r);
    return value;
}

/* ue(v), 9.1. Codes of more than 31 leading zeros do not occur in valid streams. */
static uint32_t read_ue(BitReader *r)
{
    unsigned zeros = 0;

    while (!read_bit(r)) {
        if (r->overrun || ++zeros > 31) {
            r->overrun = true;
            return 0;
        }
    }
    return (uint32_t)((1ull << zeros) - 1 + read_bits(r, zeros));
}

/* se(v), 9.1.1 */
static int64_t read_se(BitReader *r)
{
    int64_t k = read_ue(r);

    return k % 2 ? (k + 1) / 2 : -(k / 2);
}

/* scaling_list(), 7.3.2.1.1.1: read only to get past it. */
static void skip_scaling_list(BitReader *r, unsigned size)
{
    int64_t last = 8, next = 8;

    for (unsigned i = 0; i < size && !r->overrun; i++) {
        if (next != 0)
            next = (last + read_se(r) + 256) % 256;
        last = next == 0 ? last : next;
    }
}

static bool has_chroma_fields(uint8_t profile)
{
    static const uint8_t profiles[] = {100, 110, 122, 244, 44,  83, 86,
                                       118, 128, 138, 139, 134, 135};

    for (size_t i = 0; i < sizeof(profiles); i++)
        if (profile == profiles[i])
            return true;
    return false;
}

/* Returns chroma_format_idc, 0 to 3; 4 or more: out of range. */
static uint32_t read_chroma_fields(BitReader *r, H264Sps *out)
{
    if (!has_chroma_fields(out->profile_idc))
        return 1;
    uint32_t chroma = read_ue(r);
    if (chroma == 3)
        read_bit(r);   /* separate_colour_plane_flag */
    read_ue(r);        /* bit_depth_luma_minus8 */
    read_ue(r);        /* bit_depth_chroma_minus8 */
    read_bit(r);       /* qpprime_y_zero_transform_bypass_flag */
    if (read_bit(r)) { /* seq_scaling_matrix_present_flag */
        unsigned lists = chroma == 3 ? 12 : 8;
        for (unsigned i = 0; i < lists; i++)
            if (read_bit(r))
                skip_scaling_list(r, i < 6 ? 16 : 64);
    }
    return chroma;
}

static void skip_picture_order_count(BitReader *r)
{
    uint32_t type = read_ue(r);

    if (type == 0) {
        read_ue(r); /* log2_max_pic_order_cnt_lsb_minus4 */
    } else if (type == 1) {
        read_bit(r);
        read_se(r);
        read_se(r);
        uint32_t n = read_ue(r);
        for (uint32_t i = 0; i < n && i < 255 && !r->overrun; i++)
            read_se(r);
    }
}

/* Width and height from the macroblock counts and the cropping rectangle (equations 7-19 to 7-22).
 * Returns false where nothing or too much is left. */
static bool read_picture_size(BitReader *r, uint32_t chroma, H264Sps *out)
{
    uint64_t width = (read_ue(r) + 1ull) * 16;
    uint64_t map_units = read_ue(r) + 1ull;
    bool frames_only = read_bit(r);
    uint64_t height = map_units * 16 * (frames_only ? 1 : 2);

    if (!frames_only)
        read_bit(r); /* mb_adaptive_frame_field_flag */
    read_bit(r);     /* direct_8x8_inference_flag */
    if (read_bit(r)) {
        bool halved_x = chroma == 1 || chroma == 2, halved_y = chroma == 1;
        uint64_t unit_x = halved_x ? 2 : 1;
        uint64_t unit_y = (halved_y ? 2u : 1u) * (frames_only ? 1u : 2u);
        uint64_t left = read_ue(r), right = read_ue(r), top = read_ue(r), bottom = read_ue(r);
        if ((left + right) * unit_x >= width || (top + bottom) * unit_y >= height)
            return false;
        width -= (left + right) * unit_x;
        height -= (top + bottom) * unit_y;
    }
    if (width > 16384 || height > 16384)
        return false;
    out->width = (uint16_t)width;
    out->height = (uint16_t)height;
    return true;
}

/* hrd_parameters(), E.1.2: read only to get past them. */
static void skip_hrd(BitReader *r)
{
    uint32_t n = read_ue(r) + 1;

    read_bits(r, 8); /* bit_rate_scale, cpb_size_scale */
    for (uint32_t i = 0; i < n && i < 32 && !r->overrun; i++) {
        read_ue(r);
        read_ue(r);
        read_bit(r);
    }
    read_bits(r, 20); /* four lengths of five bits */
}

/* The VUI is read for max_num_reorder_frames alone. */
static void read_vui(BitReader *r, H264Sps *out)
{
    if (read_bit(r) && read_bits(r, 8) == 255) /* aspect_ratio_idc: Extended_SAR */
        read_bits(r, 32);
    if (read_bit(r)) /* overscan_info_present_flag */
        read_bit(r);
    if (read_bit(r)) { /* video_signal_type_present_flag */
        read_bits(r, 4);
        if (read_bit(r))
            read_bits(r, 24);
    }
    if (read_bit(r)) { /* chroma_loc_info_present_flag */
        read_ue(r);
        read_ue(r);
    }
    if (read_bit(r)) { /* timing_info_present_flag */
        read_bits(r, 32);
        read_bits(r, 32);
        read_bit(r);
    }
    bool nal_hrd = read_bit(r);
    if (nal_hrd)
        skip_hrd(r);
    bool vcl_hrd = read_bit(r);
    if (vcl_hrd)
        skip_hrd(r);
    if (nal_hrd || vcl_hrd)
        read_bit(r);   /* low_delay_hrd_flag */
    read_bit(r);       /* pic_struct_present_flag */
    if (read_bit(r)) { /* bitstream_restriction_flag */
        read_bit(r);
        for (int i = 0; i < 4; i++)
            read_ue(r);
        uint32_t reorder = read_ue(r);
        if (!r->overrun && reorder <= 16)
            out->max_reorder_frames = (int8_t)reorder;
    }
}

int h264_sps_parse(const uint8_t *nal, size_t len, H264Sps *out)
{
    if (len < 5 || h264_nal_type(nal) != H264_NAL_SPS)
        return -1;
    BitReader r = bits_of_nal(nal, len);
    *out = (H264Sps){.max_reorder_frames = -1};
    out->profile_idc = (uint8_t)read_bits(&r, 8);
    out->constraint_flags = (uint8_t)read_bits(&r, 8);
    out->level_idc = (uint8_t)read_bits(&r, 8);
    uint32_t id = read_ue(&r);
    uint32_t chroma = read_chroma_fields(&r, out);
    if (id > 31 || chroma > 3)
        return -1;
    out->id = (uint8_t)id;
    read_ue(&r); /* log2_max_frame_num_minus4 */
    skip_picture_order_count(&r);
    read_ue(&r);  /* max_num_ref_frames */
    read_bit(&r); /* gaps_in_frame_num_value_allowed_flag */
    if (!read_picture_size(&r, chroma, out))
        return -1;
    bool has_vui = read_bit(&r);
    if (r.overrun)
        return -1;
    if (out->profile_idc == 66) /* Baseline has no B slices, A.2.1 */
        out->max_reorder_frames = 0;
    if (has_vui)
        read_vui(&r, out);
    return 0;
}
