/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/h264_filler.h"

#include <string.h>

#include "codec/cabac_skips.h"
#include "codec/h264_slice.h"
#include "h264_bits.h"

#define SLICE_P 5 /* slice_type: P, and so are all slices of the picture */

static const uint8_t start_code[] = {0, 0, 0, 1};
static const uint8_t delimiter[] = {0, 0, 0, 1, H264_NAL_AUD, 0x30}; /* I and P slices */

/* ---- reading ---- */

/* Reads the parameter sets that a picture uses. Returns false if one is missing, or is of a kind
 * that no picture can be made for. */
static bool find_sets(const ParameterSets *sets, uint32_t pps_id, H264Pps *pps,
                      H264SliceSyntax *sps)
{
    return h264_slice_sets(sets, pps_id, pps, sps) && sps->macroblocks > 0 &&
           sps->frame_num_bits > 0 && sps->chroma_format < 3 &&
           (sps->poc_type == 2 || (sps->poc_type == 0 && sps->poc_lsb_bits > 0));
}

static bool read_slice(H264Filler *f, const uint8_t *nal, size_t len)
{
    H264Bits r = h264_bits_of_nal(nal, len);
    H264Pps pps;
    H264SliceSyntax sps;

    h264_read_ue(&r); /* first_mb_in_slice */
    h264_read_ue(&r); /* slice_type */
    f->pps_id = h264_read_ue(&r);
    if (r.overrun || !find_sets(f->sets, f->pps_id, &pps, &sps))
        return false;
    f->frame_num = h264_read_bits(&r, sps.frame_num_bits);
    if (h264_nal_type(nal) == H264_NAL_IDR)
        h264_read_ue(&r); /* idr_pic_id */
    f->poc_lsb = sps.poc_type == 0 ? h264_read_bits(&r, sps.poc_lsb_bits) : 0;
    f->reference = nal[0] & 0x60;
    return !r.overrun;
}

void h264_filler_follow(H264Filler *f, const ParameterSets *sets, const AccessUnit *unit)
{
    f->sets = sets;
    f->known = false;
    for (size_t i = 0; i < unit->nals; i++) {
        const uint8_t *nal = unit->data + unit->nal[i].at;
        unsigned type = h264_nal_type(nal);
        if (type != H264_NAL_SLICE && type != H264_NAL_IDR)
            continue;
        f->known = read_slice(f, nal, unit->nal[i].len);
        return;
    }
}

/* ---- writing ---- */

static void write_header(const H264Filler *f, const H264Pps *pps, const H264SliceSyntax *sps,
                         H264Writer *w)
{
    uint32_t frame_num = (f->frame_num + f->reference) & ((1u << sps->frame_num_bits) - 1);

    h264_write_ue(w, 0); /* first_mb_in_slice */
    h264_write_ue(w, SLICE_P);
    h264_write_ue(w, f->pps_id);
    h264_write_bits(w, frame_num, sps->frame_num_bits);
    if (sps->poc_type == 0)
        h264_write_bits(w, (f->poc_lsb + 1) & ((1u << sps->poc_lsb_bits) - 1), sps->poc_lsb_bits);
    if (sps->poc_type == 0 && pps->bottom_field_order)
        h264_write_ue(w, 0); /* delta_pic_order_cnt_bottom */
    if (pps->redundant)
        h264_write_ue(w, 0);  /* redundant_pic_cnt */
    h264_write_bits(w, 1, 1); /* num_ref_idx_active_override_flag */
    h264_write_ue(w, 0);      /* num_ref_idx_l0_active_minus1: the newest reference picture */
    h264_write_bits(w, 0, 1); /* ref_pic_list_modification_flag_l0 */
    if (pps->weighted) {
        h264_write_ue(w, 0); /* luma_log2_weight_denom */
        if (sps->chroma_format > 0)
            h264_write_ue(w, 0);                               /* chroma_log2_weight_denom */
        h264_write_bits(w, 0, sps->chroma_format > 0 ? 2 : 1); /* no weights */
    }
    if (pps->cabac)
        h264_write_ue(w, CABAC_SKIPS_INIT_IDC);
    h264_write_se(w, pps->cabac ? CABAC_SKIPS_QP - 26 - pps->init_qp : 0); /* slice_qp_delta */
    if (pps->deblocking_control)
        h264_write_ue(w, 1); /* disable_deblocking_filter_idc */
}

size_t h264_filler_write(const H264Filler *f, uint8_t *out, NalUnit *nal)
{
    H264Pps pps;
    H264SliceSyntax sps;

    if (!f->known || !find_sets(f->sets, f->pps_id, &pps, &sps))
        return 0;
    memcpy(out, delimiter, sizeof(delimiter));
    memcpy(out + sizeof(delimiter), start_code, sizeof(start_code));
    size_t at = sizeof(delimiter) + sizeof(start_code);
    H264Writer w = h264_writer(out + at, H264_FILLER_SIZE - at, H264_NAL_SLICE);
    write_header(f, &pps, &sps, &w);
    if (!pps.cabac)
        h264_write_ue(&w, sps.macroblocks); /* mb_skip_run: all of them */
    size_t len = pps.cabac ? cabac_skips_write(&w, sps.macroblocks) : h264_write_end(&w);
    nal[0] = (NalUnit){sizeof(start_code), sizeof(delimiter) - sizeof(start_code)};
    nal[1] = (NalUnit){(uint32_t)at, (uint32_t)len};
    return len ? at + len : 0;
}
