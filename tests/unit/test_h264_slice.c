/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "common/h264_bits.h"
#include "hls-bridge/codec/h264_slice.h"

enum { P, B, I };

/* What parameter sets and a slice of them are. */
typedef struct Case {
    const char *name;
    bool separate_planes, fields, cabac, bottom_order, weighted, deblocking, redundant;
    unsigned chroma, poc_type, bipred;
    unsigned type;
    bool idr, reference;   /* nal_unit_type 5; nal_ref_idc is not 0 */
    bool field;            /* it is of a field */
    unsigned override;     /* num_ref_idx_l0_active_minus1 + 1; 0: as the set says */
    bool modified, marked; /* it has commands */
    bool deblocks;         /* disable_deblocking_filter_idc is 0 */
} Case;

static const Case cases[] = {
    {"I", .chroma = 1, .type = I, .reference = true},
    {"IDR", .chroma = 1, .type = I, .idr = true, .reference = true},
    {"P", .chroma = 1, .type = P, .reference = true},
    {"P that nothing refers to", .chroma = 1, .type = P},
    {"CABAC", .chroma = 1, .type = P, .cabac = true, .reference = true},
    {"CABAC, I", .chroma = 1, .type = I, .cabac = true, .idr = true, .reference = true},
    {"two references", .chroma = 1, .type = P, .override = 2, .reference = true},
    {"reordered references", .chroma = 1, .type = P, .override = 3, .modified = true},
    {"marked references", .chroma = 1, .type = P, .marked = true, .reference = true},
    {"weights", .chroma = 1, .type = P, .weighted = true, .override = 2},
    {"weights of grey", .chroma = 0, .type = P, .weighted = true},
    {"B", .chroma = 1, .type = B, .cabac = true, .override = 1},
    {"B with weights", .chroma = 1, .type = B, .bipred = 1, .modified = true, .override = 2},
    {"B with weights of the decoder's own", .chroma = 1, .type = B, .bipred = 2, .cabac = true},
    {"no order of its own", .chroma = 1, .type = P, .poc_type = 2, .reference = true},
    {"order of type 1", .chroma = 1, .type = P, .poc_type = 1, .bottom_order = true},
    {"order of both fields", .chroma = 1, .type = P, .bottom_order = true},
    {"a field", .chroma = 1, .type = P, .fields = true, .field = true, .bottom_order = true},
    {"a frame that could be fields", .chroma = 1, .type = P, .fields = true, .bottom_order = true},
    {"deblocking", .chroma = 1, .type = P, .deblocking = true, .deblocks = true},
    {"no deblocking", .chroma = 1, .type = P, .deblocking = true},
    {"redundant", .chroma = 1, .type = P, .redundant = true, .reference = true},
    {"separate planes", .chroma = 3, .separate_planes = true, .type = P, .weighted = true},
};

static size_t write_sps(const Case *c, uint8_t *out, size_t room)
{
    H264Writer w = h264_writer(out, room, 0x67);

    h264_write_bits(&w, 100, 8);
    h264_write_bits(&w, 31, 16); /* no constraint; the level */
    h264_write_ue(&w, 0);
    h264_write_ue(&w, c->chroma);
    if (c->chroma == 3)
        h264_write_bits(&w, c->separate_planes, 1);
    h264_write_ue(&w, 0);
    h264_write_ue(&w, 0);
    h264_write_bits(&w, 0, 2);
    h264_write_ue(&w, 2); /* frame_num has 6 bits */
    h264_write_ue(&w, c->poc_type);
    if (c->poc_type == 0)
        h264_write_ue(&w, 4); /* pic_order_cnt_lsb has 8 */
    if (c->poc_type == 1) {
        h264_write_bits(&w, 0, 1);
        for (int i = 0; i < 3; i++)
            h264_write_ue(&w, 0);
    }
    h264_write_ue(&w, 4);
    h264_write_bits(&w, 0, 1);
    h264_write_ue(&w, 39);
    h264_write_ue(&w, 29);
    h264_write_bits(&w, !c->fields, 1);
    if (c->fields)
        h264_write_bits(&w, 0, 1);
    h264_write_bits(&w, 4, 3); /* direct_8x8_inference_flag; neither cropping nor VUI */
    return h264_write_end(&w);
}

static size_t write_pps(const Case *c, uint8_t *out, size_t room)
{
    H264Writer w = h264_writer(out, room, 0x68);

    h264_write_ue(&w, 3);
    h264_write_ue(&w, 0);
    h264_write_bits(&w, c->cabac, 1);
    h264_write_bits(&w, c->bottom_order, 1);
    for (int i = 0; i < 3; i++)
        h264_write_ue(&w, 0); /* one slice group, one reference in each list */
    h264_write_bits(&w, c->weighted, 1);
    h264_write_bits(&w, c->bipred, 2);
    for (int i = 0; i < 3; i++)
        h264_write_se(&w, 0);
    h264_write_bits(&w, c->deblocking, 1);
    h264_write_bits(&w, 0, 1);
    h264_write_bits(&w, c->redundant, 1);
    return h264_write_end(&w);
}

static void write_weights(const Case *c, H264Writer *w)
{
    bool chroma = c->chroma != 0 && !c->separate_planes;
    unsigned n = c->override ? c->override : 1;

    h264_write_ue(w, 5);
    if (chroma)
        h264_write_ue(w, 5);
    for (unsigned list = 0; list < (c->type == B ? 2u : 1u); list++)
        for (unsigned i = 0; i < n; i++) {
            h264_write_bits(w, 1, 1);
            h264_write_se(w, -7);
            h264_write_se(w, 9);
            if (!chroma)
                continue;
            h264_write_bits(w, i == 0, 1);
            for (int k = 0; k < 4 && i == 0; k++)
                h264_write_se(w, k - 2);
        }
}

static void write_lists(const Case *c, H264Writer *w)
{
    if (c->type == B)
        h264_write_bits(w, 1, 1); /* direct_spatial_mv_pred_flag */
    if (c->type == I)
        return;
    h264_write_bits(w, c->override > 0, 1);
    for (unsigned list = 0; list < (c->type == B ? 2u : 1u) && c->override > 0; list++)
        h264_write_ue(w, c->override - 1);
    for (unsigned list = 0; list < (c->type == B ? 2u : 1u); list++) {
        h264_write_bits(w, c->modified, 1);
        if (!c->modified)
            continue;
        h264_write_ue(w, 1);
        h264_write_ue(w, 17);
        h264_write_ue(w, 3);
    }
    if ((c->weighted && c->type == P) || (c->bipred == 1 && c->type == B))
        write_weights(c, w);
}

static void write_marking(const Case *c, H264Writer *w)
{
    if (c->idr) {
        h264_write_bits(w, 2, 2);
        return;
    }
    h264_write_bits(w, c->marked, 1);
    if (!c->marked)
        return;
    static const unsigned commands[] = {1, 4, 3, 2, 7, 5, 0}; /* and what they are given */
    for (size_t i = 0; i < COUNT(commands); i++)
        h264_write_ue(w, commands[i]);
}

/* Writes a slice up to the end of its header, and returns in how many bytes that is. */
static size_t write_header(const Case *c, uint8_t *out, size_t room)
{
    static const unsigned types[] = {5, 6, 7};
    H264Writer w = h264_writer(out, room, (uint8_t)((c->idr ? 5 : 1) | (c->reference ? 0x60 : 0)));

    h264_write_ue(&w, 0);
    h264_write_ue(&w, types[c->type]);
    h264_write_ue(&w, 3);
    if (c->separate_planes)
        h264_write_bits(&w, 1, 2);
    h264_write_bits(&w, 0, 6); /* zeros, so that emulation prevention bytes come in some cases */
    if (c->fields)
        h264_write_bits(&w, c->field, 1);
    if (c->field)
        h264_write_bits(&w, 1, 1);
    if (c->idr)
        h264_write_ue(&w, 1);
    if (c->poc_type == 0)
        h264_write_bits(&w, 0, 8);
    if (c->poc_type == 1 || (c->poc_type == 0 && c->bottom_order && !c->field))
        h264_write_se(&w, -1);
    if (c->poc_type == 1 && c->bottom_order && !c->field)
        h264_write_se(&w, 1);
    if (c->redundant)
        h264_write_ue(&w, 0);
    write_lists(c, &w);
    if (c->reference)
        write_marking(c, &w);
    if (c->cabac && c->type != I)
        h264_write_ue(&w, 2);
    h264_write_se(&w, -3);
    if (c->deblocking)
        h264_write_ue(&w, !c->deblocks);
    if (c->deblocks) {
        h264_write_se(&w, 2);
        h264_write_se(&w, -2);
    }
    size_t len = w.len + (w.bits > 0);
    for (unsigned i = 0; i < 24; i++)
        h264_write_bits(&w, 0x11, 8);
    assert_row(!w.overrun, c->name, "it does not fit");
    return len;
}

static H264SliceReader reader_of(const Case *c)
{
    uint8_t nal[64];
    ParameterSets sets = {0};

    assert_int_equal(parameter_sets_add(&sets, nal, write_sps(c, nal, sizeof(nal))), 0);
    assert_int_equal(parameter_sets_add(&sets, nal, write_pps(c, nal, sizeof(nal))), 0);
    return h264_slice_reader(&sets);
}

static void slice_headers_end_where_they_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const Case *c = &cases[i];
        H264SliceReader reader = reader_of(c);
        uint8_t nal[160] = {0};
        assert_row(reader.count == 1, c->name, "%zu sets", reader.count);
        size_t expected = write_header(c, nal, sizeof(nal));
        size_t len = h264_slice_header_len(&reader, nal, sizeof(nal));
        assert_row(len == expected, c->name, "%zu, not %zu", len, expected);
    }
}

static void a_header_that_is_cut_short_is_none(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        H264SliceReader reader = reader_of(&cases[i]);
        uint8_t nal[160] = {0};
        size_t whole = write_header(&cases[i], nal, sizeof(nal));
        for (size_t len = 0; len < whole; len++) {
            uint8_t *copy = guarded_copy(nal, len);
            assert_row(h264_slice_header_len(&reader, copy, len) == 0, cases[i].name, "%zu", len);
            guarded_free(copy, len);
        }
    }
}

static void a_slice_of_other_sets_is_not_read(void **state)
{
    H264SliceReader none = {0};
    uint8_t nal[160] = {0};

    (void)state;
    write_header(&cases[0], nal, sizeof(nal));
    assert_int_equal(h264_slice_header_len(&none, nal, sizeof(nal)), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(slice_headers_end_where_they_end),
    cmocka_unit_test(a_header_that_is_cut_short_is_none),
    cmocka_unit_test(a_slice_of_other_sets_is_not_read),
};
TEST_GROUP(h264_slice, tests);
