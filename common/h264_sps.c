/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "h264_sps.h"

#include <stdio.h>

#include "h264_bits.h"

/* scaling_list(), 7.3.2.1.1.1: read only to get past it. */
static void skip_scaling_list(H264Bits *r, unsigned size)
{
    int64_t last = 8, next = 8;

    for (unsigned i = 0; i < size && !r->overrun; i++) {
        if (next != 0)
            next = (last + h264_read_se(r) + 256) % 256;
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
static uint32_t read_chroma_fields(H264Bits *r, H264Sps *out, H264SliceSyntax *syntax)
{
    if (!has_chroma_fields(out->profile_idc))
        return 1;
    uint32_t chroma = h264_read_ue(r);
    if (chroma == 3)
        syntax->separate_planes = h264_read_bit(r);
    for (int i = 0; i < 2; i++) {
        uint32_t beyond_8 = h264_read_ue(r); /* bit_depth_luma_minus8, of chroma */
        if (beyond_8 <= 6 && beyond_8 + 8 > out->bit_depth)
            out->bit_depth = (uint8_t)(beyond_8 + 8);
    }
    h264_read_bit(r);       /* qpprime_y_zero_transform_bypass_flag */
    if (h264_read_bit(r)) { /* seq_scaling_matrix_present_flag */
        unsigned lists = chroma == 3 ? 12 : 8;
        for (unsigned i = 0; i < lists; i++)
            if (h264_read_bit(r))
                skip_scaling_list(r, i < 6 ? 16 : 64);
    }
    return chroma;
}

static void read_picture_order_count(H264Bits *r, H264SliceSyntax *out)
{
    uint32_t type = h264_read_ue(r);

    out->poc_type = type <= 2 ? (uint8_t)type : 3;
    if (type == 0) {
        uint32_t bits = h264_read_ue(r) + 4;
        out->poc_lsb_bits = bits <= 16 ? (uint8_t)bits : 0;
    } else if (type == 1) {
        out->order_always_zero = h264_read_bit(r);
        h264_read_se(r);
        h264_read_se(r);
        uint32_t n = h264_read_ue(r);
        for (uint32_t i = 0; i < n && i < 255 && !r->overrun; i++)
            h264_read_se(r);
    }
}

/* Width and height from the macroblock counts and the cropping rectangle (equations 7-19 to 7-22).
 * Returns false if nothing or too much is left. */
static bool read_picture_size(H264Bits *r, uint32_t chroma, H264Sps *out, H264SliceSyntax *syntax)
{
    uint64_t width = (h264_read_ue(r) + 1ull) * 16;
    uint64_t map_units = h264_read_ue(r) + 1ull;
    bool frames_only = h264_read_bit(r);
    uint64_t height = map_units * 16 * (frames_only ? 1 : 2);

    out->interlaced = !frames_only;
    syntax->frames_only = frames_only;
    syntax->macroblocks = frames_only ? (uint32_t)(width / 16 * map_units) : 0;
    if (!frames_only)
        h264_read_bit(r); /* mb_adaptive_frame_field_flag */
    h264_read_bit(r);     /* direct_8x8_inference_flag */
    if (h264_read_bit(r)) {
        bool halved_x = chroma == 1 || chroma == 2, halved_y = chroma == 1;
        uint64_t unit_x = halved_x ? 2 : 1;
        uint64_t unit_y = (halved_y ? 2u : 1u) * (frames_only ? 1u : 2u);
        uint64_t left = h264_read_ue(r), right = h264_read_ue(r), top = h264_read_ue(r),
                 bottom = h264_read_ue(r);
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
static void skip_hrd(H264Bits *r)
{
    uint32_t n = h264_read_ue(r) + 1;

    h264_read_bits(r, 8); /* bit_rate_scale, cpb_size_scale */
    for (uint32_t i = 0; i < n && i < 32 && !r->overrun; i++) {
        h264_read_ue(r);
        h264_read_ue(r);
        h264_read_bit(r);
    }
    h264_read_bits(r, 20); /* four lengths of five bits */
}

/* The VUI is read for max_num_reorder_frames alone. */
static void read_vui(H264Bits *r, H264Sps *out)
{
    if (h264_read_bit(r) && h264_read_bits(r, 8) == 255) /* aspect_ratio_idc: Extended_SAR */
        h264_read_bits(r, 32);
    if (h264_read_bit(r)) /* overscan_info_present_flag */
        h264_read_bit(r);
    if (h264_read_bit(r)) { /* video_signal_type_present_flag */
        h264_read_bits(r, 4);
        if (h264_read_bit(r))
            h264_read_bits(r, 24);
    }
    if (h264_read_bit(r)) { /* chroma_loc_info_present_flag */
        h264_read_ue(r);
        h264_read_ue(r);
    }
    if (h264_read_bit(r)) { /* timing_info_present_flag */
        h264_read_bits(r, 32);
        h264_read_bits(r, 32);
        h264_read_bit(r);
    }
    bool nal_hrd = h264_read_bit(r);
    if (nal_hrd)
        skip_hrd(r);
    bool vcl_hrd = h264_read_bit(r);
    if (vcl_hrd)
        skip_hrd(r);
    if (nal_hrd || vcl_hrd)
        h264_read_bit(r);   /* low_delay_hrd_flag */
    h264_read_bit(r);       /* pic_struct_present_flag */
    if (h264_read_bit(r)) { /* bitstream_restriction_flag */
        h264_read_bit(r);
        for (int i = 0; i < 4; i++)
            h264_read_ue(r);
        uint32_t reorder = h264_read_ue(r);
        if (!r->overrun && reorder <= 16)
            out->max_reorder_frames = (int8_t)reorder;
    }
}

static int parse(const uint8_t *nal, size_t len, H264Sps *out, H264SliceSyntax *syntax)
{
    if (len < 5 || h264_nal_type(nal) != H264_NAL_SPS)
        return -1;
    H264Bits r = h264_bits_of_nal(nal, len);
    *syntax = (H264SliceSyntax){0};
    *out = (H264Sps){.max_reorder_frames = -1, .bit_depth = 8};
    out->profile_idc = (uint8_t)h264_read_bits(&r, 8);
    out->constraint_flags = (uint8_t)h264_read_bits(&r, 8);
    out->level_idc = (uint8_t)h264_read_bits(&r, 8);
    uint32_t id = h264_read_ue(&r);
    uint32_t chroma = read_chroma_fields(&r, out, syntax);
    if (id > 31 || chroma > 3)
        return -1;
    out->id = (uint8_t)id;
    out->chroma_format = (uint8_t)chroma;
    uint32_t frame_num_bits = h264_read_ue(&r) + 4;
    syntax->frame_num_bits = frame_num_bits <= 16 ? (uint8_t)frame_num_bits : 0;
    syntax->chroma_format = (uint8_t)chroma;
    read_picture_order_count(&r, syntax);
    h264_read_ue(&r);  /* max_num_ref_frames */
    h264_read_bit(&r); /* gaps_in_frame_num_value_allowed_flag */
    if (!read_picture_size(&r, chroma, out, syntax))
        return -1;
    bool has_vui = h264_read_bit(&r);
    if (r.overrun)
        return -1;
    if (out->profile_idc == 66) /* Baseline has no B slices, A.2.1 */
        out->max_reorder_frames = 0;
    if (has_vui)
        read_vui(&r, out);
    return 0;
}

int h264_sps_parse(const uint8_t *nal, size_t len, H264Sps *out)
{
    H264SliceSyntax ignored;

    return parse(nal, len, out, &ignored);
}

int h264_sps_parse_syntax(const uint8_t *nal, size_t len, H264SliceSyntax *out)
{
    H264Sps ignored;

    return parse(nal, len, &ignored, out);
}

void h264_sps_codec(const H264Sps *sps, char *out)
{
    snprintf(out, H264_CODEC_SIZE, "avc1.%02X%02X%02X", sps->profile_idc, sps->constraint_flags,
             sps->level_idc);
}
