/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef H264_SPS_H
#define H264_SPS_H

/* Reads what the project needs from an H.264 sequence parameter set.
 * Source: ITU-T H.264 (2021), 7.3.2.1.1 (the set), E.1.1 (its VUI).
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* nal_unit_type, table 7-1. */
enum {
    H264_NAL_SLICE = 1,
    H264_NAL_IDR = 5,
    H264_NAL_SEI = 6,
    H264_NAL_SPS = 7,
    H264_NAL_PPS = 8,
    H264_NAL_AUD = 9,
    H264_NAL_FILLER = 12,
    H264_NAL_AUXILIARY = 19, /* a slice of an auxiliary picture, */
    H264_NAL_EXTENSION = 20, /* and of one of more layers or views */
};

/* The nal_unit_type of a NAL unit of at least one byte. */
static inline unsigned h264_nal_type(const uint8_t *nal)
{
    return nal[0] & 0x1Fu;
}

#define H264_CODEC_SIZE 16

typedef struct H264Sps {
    uint8_t profile_idc;
    uint8_t constraint_flags; /* the byte between profile_idc and level_idc */
    uint8_t level_idc;
    uint8_t id;     /* 0 to 31 */
    uint16_t width; /* luma samples after cropping, 1 to 16384 */
    uint16_t height;
    int8_t max_reorder_frames; /* 0: decode order is display order; -1: the set does not say */
    uint8_t chroma_format;     /* chroma_format_idc: 0 grey, 1 4:2:0, 2 4:2:2, 3 4:4:4 */
    uint8_t bit_depth;         /* of the deeper of luma and chroma, 8 to 14 */
    bool interlaced;           /* pictures may be of two fields (frame_mbs_only_flag is 0) */
} H264Sps;

/* Reads the sequence parameter set NAL unit `nal` (its header byte included, no start code).
 * Returns 0, or -1 if it is cut short or out of range; `out` is then unspecified. */
int h264_sps_parse(const uint8_t *nal, size_t len, H264Sps *out);

/* Writes the codec as RFC 6381 names it, "avc1.42C01F"; H264_CODEC_SIZE bytes. */
void h264_sps_codec(const H264Sps *sps, char *out);

/* What slice headers look like under a sequence parameter set. */
typedef struct H264SliceSyntax {
    uint8_t frame_num_bits; /* of frame_num, 4 to 16; 0: out of range */
    uint8_t poc_type;       /* pic_order_cnt_type, 0 to 2; 3: out of range */
    uint8_t poc_lsb_bits;   /* of pic_order_cnt_lsb, if poc_type is 0; 0: out of range */
    uint8_t chroma_format;  /* chroma_format_idc, 0 to 3 */
    uint32_t macroblocks;   /* in a picture; 0: there may be fields */
    bool frames_only;       /* frame_mbs_only_flag */
    bool separate_planes;   /* separate_colour_plane_flag */
    bool order_always_zero; /* delta_pic_order_always_zero_flag, if poc_type is 1 */
} H264SliceSyntax;

/* The same set, read for that. Returns 0, or -1 as above. */
int h264_sps_parse_syntax(const uint8_t *nal, size_t len, H264SliceSyntax *out);

#endif
