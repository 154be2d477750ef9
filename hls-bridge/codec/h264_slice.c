/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "codec/h264_slice.h"

#include "h264_bits.h"

#define INIT_QP_MIN (-62) /* of a bit depth of 14 */
#define INIT_QP_MAX 25

/* slice_type modulo 5, table 7-6. */
enum { SLICE_P, SLICE_B, SLICE_I, SLICE_SP, SLICE_SI };

#define REFERENCES_MAX 32 /* of a list: num_ref_idx_l0_active_minus1 is at most 31 */
#define COMMANDS_MAX   66 /* of a list's modification: one for each reference and the end */

/* ---- parameter sets ---- */

/* Returns false if it cannot be read, or has several slice groups. */
static bool read_pps(const ParameterSet *set, H264Pps *out)
{
    H264Bits r = h264_bits_of_nal(set->nal, set->len);

    *out = (H264Pps){0};
    h264_read_ue(&r); /* pic_parameter_set_id */
    out->sps_id = h264_read_ue(&r);
    out->cabac = h264_read_bit(&r);
    out->bottom_field_order = h264_read_bit(&r);
    if (h264_read_ue(&r) > 0) /* num_slice_groups_minus1 */
        return false;
    out->references[0] = h264_read_ue(&r);
    out->references[1] = h264_read_ue(&r);
    out->weighted = h264_read_bit(&r);
    out->weighted_bipred = (uint8_t)h264_read_bits(&r, 2);
    out->init_qp = h264_read_se(&r);
    h264_read_se(&r); /* pic_init_qs_minus26 */
    h264_read_se(&r); /* chroma_qp_index_offset */
    out->deblocking_control = h264_read_bit(&r);
    h264_read_bit(&r); /* constrained_intra_pred_flag */
    out->redundant = h264_read_bit(&r);
    return !r.overrun && out->init_qp >= INIT_QP_MIN && out->init_qp <= INIT_QP_MAX;
}

bool h264_slice_sets(const ParameterSets *sets, uint32_t pps_id, H264Pps *pps, H264SliceSyntax *sps)
{
    const ParameterSet *set = parameter_sets_pps(sets, pps_id);

    if (!set || !read_pps(set, pps))
        return false;
    set = parameter_sets_sps(sets, pps->sps_id);
    return set && h264_sps_parse_syntax(set->nal, set->len, sps) == 0;
}

H264SliceReader h264_slice_reader(const ParameterSets *sets)
{
    H264SliceReader reader = {0};

    for (size_t i = 0; i < PARAMETER_SETS_PPS; i++) {
        uint32_t id = sets->pps[i].id;
        if (sets->pps[i].len == 0 || !h264_slice_sets(sets, id, &reader.set[reader.count].pps,
                                                      &reader.set[reader.count].sps))
            continue;
        reader.set[reader.count++].id = id;
    }
    return reader;
}

/* ---- slice headers ---- */

/* A header that is being read. */
typedef struct Slice {
    H264Bits r;
    const H264Pps *pps;
    const H264SliceSyntax *sps;
    unsigned type;     /* modulo 5 */
    bool idr, field;   /* it is of an IDR picture; of a field */
    uint32_t count[2]; /* of references in each list */
} Slice;

/* Whether a slice has references in this list. */
static bool has_list(const Slice *s, unsigned list)
{
    return list == 0 ? s->type == SLICE_P || s->type == SLICE_SP || s->type == SLICE_B
                     : s->type == SLICE_B;
}

/* frame_num up to redundant_pic_cnt. */
static void skip_order(Slice *s)
{
    H264Bits *r = &s->r;

    if (s->sps->separate_planes)
        h264_read_bits(r, 2); /* colour_plane_id */
    h264_read_bits(r, s->sps->frame_num_bits);
    s->field = !s->sps->frames_only && h264_read_bit(r);
    if (s->field)
        h264_read_bit(r); /* bottom_field_flag */
    if (s->idr)
        h264_read_ue(r); /* idr_pic_id */
    bool both = s->pps->bottom_field_order && !s->field;
    if (s->sps->poc_type == 0) {
        h264_read_bits(r, s->sps->poc_lsb_bits);
        if (both)
            h264_read_se(r); /* delta_pic_order_cnt_bottom */
    } else if (s->sps->poc_type == 1 && !s->sps->order_always_zero) {
        h264_read_se(r);
        if (both)
            h264_read_se(r);
    }
    if (s->pps->redundant)
        h264_read_ue(r);
}

/* direct_spatial_mv_pred_flag, and how many references there are. */
static void read_counts(Slice *s)
{
    if (s->type == SLICE_B)
        h264_read_bit(&s->r);
    bool override = has_list(s, 0) && h264_read_bit(&s->r);
    for (unsigned list = 0; list < 2; list++)
        if (has_list(s, list))
            s->count[list] = (override ? h264_read_ue(&s->r) : s->pps->references[list]) + 1;
}

/* ref_pic_list_modification(), 7.3.3.1. */
static void skip_modification(Slice *s)
{
    for (unsigned list = 0; list < 2; list++) {
        if (!has_list(s, list) || !h264_read_bit(&s->r))
            continue;
        for (unsigned i = 0; i < COMMANDS_MAX && !s->r.overrun; i++) {
            if (h264_read_ue(&s->r) == 3)
                break;
            h264_read_ue(&s->r);
        }
    }
}

/* pred_weight_table(), 7.3.3.2. */
static void skip_weights(Slice *s)
{
    bool chroma = s->sps->chroma_format != 0 && !s->sps->separate_planes;

    h264_read_ue(&s->r);
    if (chroma)
        h264_read_ue(&s->r);
    for (unsigned list = 0; list < 2; list++)
        for (uint32_t i = 0; has_list(s, list) && i < s->count[list] && !s->r.overrun; i++) {
            for (unsigned n = h264_read_bit(&s->r) ? 2 : 0; n > 0; n--)
                h264_read_se(&s->r);
            for (unsigned n = chroma && h264_read_bit(&s->r) ? 4 : 0; n > 0; n--)
                h264_read_se(&s->r);
        }
}

/* dec_ref_pic_marking(), 7.3.3.3. */
static void skip_marking(Slice *s)
{
    if (s->idr) {
        h264_read_bits(&s->r, 2);
        return;
    }
    if (!h264_read_bit(&s->r)) /* adaptive_ref_pic_marking_mode_flag */
        return;
    for (unsigned i = 0; i < COMMANDS_MAX && !s->r.overrun; i++) {
        uint32_t command = h264_read_ue(&s->r);
        if (command == 0)
            break;
        if (command != 5)
            h264_read_ue(&s->r);
        if (command == 3)
            h264_read_ue(&s->r);
    }
}

/* cabac_init_idc up to the end. */
static void skip_coding(Slice *s)
{
    H264Bits *r = &s->r;
    bool intra = s->type == SLICE_I || s->type == SLICE_SI;

    if (s->pps->cabac && !intra)
        h264_read_ue(r);
    h264_read_se(r); /* slice_qp_delta */
    if (s->type == SLICE_SP)
        h264_read_bit(r); /* sp_for_switch_flag */
    if (s->type == SLICE_SP || s->type == SLICE_SI)
        h264_read_se(r);                                      /* slice_qs_delta */
    if (s->pps->deblocking_control && h264_read_ue(r) != 1) { /* disable_deblocking_filter_idc */
        h264_read_se(r);
        h264_read_se(r);
    }
}

static bool find_sets(const H264SliceReader *reader, uint32_t id, Slice *s)
{
    for (size_t i = 0; i < reader->count; i++)
        if (reader->set[i].id == id) {
            s->pps = &reader->set[i].pps;
            s->sps = &reader->set[i].sps;
            return s->sps->frame_num_bits > 0 && s->sps->poc_type <= 2 &&
                   (s->sps->poc_type != 0 || s->sps->poc_lsb_bits > 0);
        }
    return false;
}

size_t h264_slice_header_len(const H264SliceReader *reader, const uint8_t *nal, size_t len)
{
    if (len == 0)
        return 0;
    Slice s = {.r = h264_bits_of_nal(nal, len), .idr = h264_nal_type(nal) == H264_NAL_IDR};
    h264_read_ue(&s.r); /* first_mb_in_slice */
    s.type = h264_read_ue(&s.r) % 5;
    if (!find_sets(reader, h264_read_ue(&s.r), &s))
        return 0;
    skip_order(&s);
    read_counts(&s);
    if (s.count[0] > REFERENCES_MAX || s.count[1] > REFERENCES_MAX)
        return 0;
    skip_modification(&s);
    if ((s.pps->weighted && (s.type == SLICE_P || s.type == SLICE_SP)) ||
        (s.pps->weighted_bipred == 1 && s.type == SLICE_B))
        skip_weights(&s);
    if (nal[0] & 0x60) /* nal_ref_idc */
        skip_marking(&s);
    skip_coding(&s);
    return s.r.overrun ? 0 : s.r.byte + (s.r.bit > 0);
}
