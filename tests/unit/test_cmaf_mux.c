/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>

#include "hls-bridge/package/cmaf_mux.h"
#include "unit_of.h"

/* An AudioSpecificConfig: AAC-LC, 48 kHz, stereo. */
static const uint8_t config[] = {0x11, 0x90};
static const uint8_t sets[] = {0,    0,    0,    1,    0x67, 0x42, 0xC0, 0x1F, 0x8C,
                               0x8D, 0x40, 0x50, 0x1E, 0xD0, 0x0F, 0x08, 0x84, 0x6A,
                               0,    0,    0,    1,    0x68, 0xCE, 0x3C, 0x80};
static const uint8_t idr[] = {0,    0,    0,    1,    9,    0xF0, 0,    0,    0,    1,    0x67,
                              0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0,    0,    0,    1,    0x68, 0xCE,
                              0x3C, 0x80, 0,    0,    0,    1,    0x65, 0x88, 0x84, 1};
static const uint8_t slice[] = {0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1, 0x41, 0x9A, 2, 3};
static const uint8_t aac[] = {0x21, 0x10, 0x04, 0x60, 0x8C, 0x1C};

static CmafMux *mux;
static CmafFragment fragment;
static ByteBuffer written;

static void open_mux_with(TrackKind kind, bool keeps_sets)
{
    static const VideoFormat format = {.width = 1280, .height = 720};
    const CmafMuxParams params = {
        .kind = kind,
        .config = kind == TRACK_VIDEO ? sets : config,
        .config_len = kind == TRACK_VIDEO ? sizeof(sets) : sizeof(config),
        .format = &format,
        .keeps_sets = keeps_sets,
    };
    const char *error;

    mux = cmaf_mux_create(&params, &error);
    assert_non_null(mux);
}

static void open_mux(TrackKind kind)
{
    open_mux_with(kind, false);
}

static int teardown(void **state)
{
    (void)state;
    cmaf_mux_destroy(&mux);
    byte_buffer_free(&written);
    assert_null(mux);
    return 0;
}

static void picture(int64_t pts, bool key)
{
    AccessUnit unit = unit_of(key ? idr : slice, key ? sizeof(idr) : sizeof(slice), key);

    assert_int_equal(cmaf_mux_picture(mux, &unit, pts, pts), 0);
}

static int cut(int64_t start, int64_t until, int64_t end, bool last)
{
    byte_buffer_clear(&written);
    return cmaf_mux_cut(mux, &(PartCut){start, end, until, last}, &written, &fragment);
}

/* ---- a reader of boxes ---- */

static uint32_t u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The content of the first box `path` ("moof/traf/tfdt") in `data`, or a NULL one. */
static CmafBytes box(CmafBytes in, const char *path)
{
    for (size_t at = 0; at + 8 <= in.len; at += u32(in.data + at)) {
        const uint8_t *b = in.data + at;
        assert_in_range(u32(b), 8, in.len - at);
        if (memcmp(b + 4, path, 4) != 0)
            continue;
        CmafBytes content = {b + 8, u32(b) - 8};
        return path[4] == '/' ? box(content, path + 5) : content;
    }
    return (CmafBytes){0};
}

static int64_t decode_time(void)
{
    CmafBytes tfdt = box(fragment.bytes, "moof/traf/tfdt");

    assert_non_null(tfdt.data);
    assert_int_equal(tfdt.data[0], 1);
    return (int64_t)u32(tfdt.data + 4) << 32 | u32(tfdt.data + 8);
}

typedef struct Sample {
    uint32_t duration, size;
    int32_t offset; /* of the time it is shown from the time it is decoded */
} Sample;

/* Reads the only run of the fragment; what it leaves out is the default of the track fragment. */
static size_t samples(Sample *out, size_t room)
{
    CmafBytes tfhd = box(fragment.bytes, "moof/traf/tfhd");
    CmafBytes trun = box(fragment.bytes, "moof/traf/trun");
    uint32_t defaults = u32(tfhd.data) & 0xFFFFFF, flags = u32(trun.data) & 0xFFFFFF;
    const uint8_t *d = tfhd.data + 8, *p = trun.data + 8;
    uint32_t duration = 0, size = 0, n = u32(trun.data + 4);

    assert_true(defaults & 0x020000); /* default-base-is-moof */
    assert_false(defaults & 1);
    if (defaults & 8)
        duration = u32(d), d += 4;
    if (defaults & 0x10)
        size = u32(d);
    assert_true(n <= room);
    p += (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = (Sample){duration, size, 0};
        if (flags & 0x100)
            out[i].duration = u32(p), p += 4;
        if (flags & 0x200)
            out[i].size = u32(p), p += 4;
        if (flags & 0x400)
            p += 4;
        if (flags & 0x800)
            out[i].offset = (int32_t)u32(p), p += 4;
    }
    return n;
}

/* ---- tests ---- */

static void an_initialisation_segment_has_the_codec(void **state)
{
    (void)state;
    open_mux(TRACK_VIDEO);
    CmafBytes init = cmaf_mux_init(mux);
    assert_memory_equal(init.data + 4, "ftyp", 4);
    CmafBytes stsd = box(init, "moov/trak/mdia/minf/stbl/stsd");
    assert_non_null(stsd.data);
    assert_memory_equal(stsd.data + 12, "avc1", 4);
    const uint8_t *avcc = memmem(stsd.data, stsd.len, "avcC", 4);
    assert_non_null(avcc);
    assert_int_equal(avcc[4], 1);
    assert_memory_equal(avcc + 5, sets + 5, 3); /* profile, constraints, level */
    assert_non_null(memmem(avcc, 64, sets + 4, 14));
    assert_null(box(init, "moov/trak/edts").data);
    assert_non_null(box(init, "moov/mvex/trex").data);
    cmaf_mux_destroy(&mux);

    open_mux(TRACK_AUDIO);
    init = cmaf_mux_init(mux);
    stsd = box(init, "moov/trak/mdia/minf/stbl/stsd");
    const uint8_t *esds = memmem(stsd.data, stsd.len, "esds", 4);
    assert_non_null(esds);
    assert_non_null(memmem(esds, 48, config, sizeof(config)));
    CmafBytes mdhd = box(init, "moov/trak/mdia/mdhd");
    assert_int_equal(u32(mdhd.data + 12), 48000);
}

static void fragments_join_whatever_the_pictures_do(void **state)
{
    static const int64_t start = 10 * TICKS_PER_S + 1;
    Sample s[8];

    (void)state;
    open_mux(TRACK_VIDEO);
    picture(start, true);
    picture(start + 2900, false);
    picture(start + 9100, false);
    assert_int_equal(cut(start, start + 10000, start + 10000, false), 0);
    assert_true(fragment.independent);
    assert_int_equal(decode_time(), start);
    assert_int_equal(samples(s, 8), 3);
    assert_int_equal(s[0].duration, 2900);
    assert_int_equal(s[1].duration, 6200);
    assert_int_equal(s[2].duration, 900);
    assert_int_equal(s[0].offset | s[1].offset | s[2].offset, 0);

    picture(start + 11000, false); /* 1000 into the next one, and shown there */
    picture(start + 19000, false);
    assert_int_equal(cut(start + 10000, start + 20000, start + 20000, false), 0);
    assert_false(fragment.independent);
    assert_int_equal(decode_time(), start + 10000);
    assert_int_equal(samples(s, 8), 2);
    assert_int_equal(s[0].duration, 9000);
    assert_int_equal(s[0].offset, 1000);
    assert_int_equal(s[1].duration, 1000);
    assert_int_equal(s[1].offset, 0);
}

static void a_gap_between_fragments_stays(void **state)
{
    (void)state;
    open_mux(TRACK_VIDEO);
    for (int64_t at = 8000000000; at < 9000000000; at += 3600 * TICKS_PER_S) {
        picture(at, true);
        assert_int_equal(cut(at, INT64_MAX, at + 3000, false), 0);
        assert_true(decode_time() == at);
    }
}

static void what_is_late_is_shown_at_the_start(void **state)
{
    Sample s[8];

    (void)state;
    open_mux(TRACK_VIDEO);
    picture(890000, false);
    picture(895000, false);
    picture(901000, false);
    assert_int_equal(cut(900000, INT64_MAX, 910000, false), 0);
    assert_int_equal(decode_time(), 900000);
    assert_int_equal(samples(s, 8), 3);
    assert_int_equal(s[0].duration, 1);
    assert_int_equal(s[1].duration, 999);
    assert_int_equal(s[2].duration, 9000);
    assert_int_equal(s[0].offset | s[1].offset | s[2].offset, 0);
}

static void no_picture_is_shown_into_the_next_segment(void **state)
{
    Sample s[8];

    (void)state;
    open_mux(TRACK_VIDEO);
    picture(902000, false);
    assert_int_equal(cut(900000, 906000, 906000, false), 0);
    assert_int_equal(samples(s, 8), 1);
    assert_int_equal(s[0].duration, 6000);
    assert_int_equal(s[0].offset, 2000); /* the next part has another behind it */

    picture(908000, false);
    assert_int_equal(cut(906000, 910000, 910000, true), 0);
    assert_int_equal(samples(s, 8), 1);
    assert_int_equal(s[0].duration, 4000);
    assert_int_equal(s[0].offset, 0);

    picture(918000, false); /* as late as the next one is before the end, and a bit */
    picture(919000, false);
    assert_int_equal(cut(910000, 921000, 921000, true), 0);
    assert_int_equal(samples(s, 8), 2);
    assert_int_equal(s[0].duration, 9000);
    assert_int_equal(s[0].offset, 2000);
    assert_int_equal(s[1].offset, 0);

    /* where pictures are reordered, others have to be shown before it */
    AccessUnit unit = unit_of(slice, sizeof(slice), false);
    assert_int_equal(cmaf_mux_picture(mux, &unit, 925000, 922000), 0);
    assert_int_equal(cut(921000, 924000, 924000, true), 0);
    assert_int_equal(samples(s, 8), 1);
    assert_int_equal(s[0].offset, 4000);
}

static void samples_hold_slices_alone(void **state)
{
    Sample s[8];
    static const uint8_t expected[] = {0, 0, 0, 4, 0x65, 0x88, 0x84, 1,
                                       0, 0, 0, 4, 0x41, 0x9A, 2,    3};

    (void)state;
    open_mux(TRACK_VIDEO);
    picture(900000, true);
    picture(903000, false);
    assert_int_equal(cut(900000, INT64_MAX, 906000, false), 0);
    assert_int_equal(samples(s, 8), 2);
    assert_int_equal(s[0].size, 8);
    assert_int_equal(s[1].size, 8);
    CmafBytes mdat = box(fragment.bytes, "mdat");
    assert_int_equal(mdat.len, sizeof(expected));
    assert_memory_equal(mdat.data, expected, sizeof(expected));
}

/* For players that still have another initialisation segment. */
static void samples_keep_their_sets_if_asked_to(void **state)
{
    static const uint8_t expected[] = {
        0,    0, 0, 6, 0x67, 0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0, 0, 0, 4,    0x68, 0xCE, 0x3C,
        0x80, 0, 0, 0, 4,    0x65, 0x88, 0x84, 1,    0,    0, 0, 4, 0x41, 0x9A, 2,    3};

    (void)state;
    open_mux_with(TRACK_VIDEO, true);
    picture(900000, true);
    picture(903000, false);
    assert_int_equal(cut(900000, INT64_MAX, 906000, false), 0);
    CmafBytes mdat = box(fragment.bytes, "mdat");
    assert_int_equal(mdat.len, sizeof(expected)); /* no delimiter */
    assert_memory_equal(mdat.data, expected, sizeof(expected));
}

/* As libavformat writes it, byte for byte: a key picture, one that is like the default, and one
 * that lasts longer. */
static void a_fragment_says_only_what_differs(void **state)
{
    static const uint8_t expected[] = {
        0,   0,   0,    0x70, 'm',  'o',  'o', 'f', 0, 0, 0,    0x10, 'm',  'f',  'h',  'd',
        0,   0,   0,    0,    0,    0,    0,   1,   0, 0, 0,    0x58, 't',  'r',  'a',  'f',
        0,   0,   0,    0x1C, 't',  'f',  'h', 'd', 0, 2, 0,    0x38, 0,    0,    0,    1,
        0,   0,   0x0B, 0xB8, 0,    0,    0,   8,   1, 1, 0,    0,    0,    0,    0,    0x14,
        't', 'f', 'd',  't',  1,    0,    0,   0,   0, 0, 0,    0,    0,    0x0D, 0xBB, 0xA0,
        0,   0,   0,    0x20, 't',  'r',  'u', 'n', 0, 0, 1,    5,    0,    0,    0,    2,
        0,   0,   0,    0x78, 2,    0,    0,   0,   0, 0, 0x0B, 0xB8, 0,    0,    0x0F, 0xA0,
        0,   0,   0,    0x18, 'm',  'd',  'a', 't', 0, 0, 0,    4,    0x65, 0x88, 0x84, 1,
        0,   0,   0,    4,    0x41, 0x9A, 2,   3,
    };

    (void)state;
    open_mux(TRACK_VIDEO);
    picture(900000, true);
    picture(903000, false);
    assert_int_equal(cut(900000, INT64_MAX, 907000, false), 0);
    assert_int_equal(fragment.bytes.len, sizeof(expected));
    assert_memory_equal(fragment.bytes.data, expected, sizeof(expected));
}

static void sound_counts_samples(void **state)
{
    Sample s[16];

    (void)state;
    open_mux(TRACK_AUDIO);
    for (int i = 0; i < 10; i++)
        assert_int_equal(cmaf_mux_sound(mux, &(AacFrame){.data = aac,
                                                         .len = sizeof(aac),
                                                         .pts_samples = 480001 + i * 1024}),
                         0);
    assert_int_equal(cmaf_mux_waiting(mux, INT64_MAX, 0)->dts, 480001 + 9 * 1024);
    assert_int_equal(cmaf_mux_waiting(mux, 480001 + 9 * 1024, 0)->dts, 480001 + 8 * 1024);
    assert_int_equal(cmaf_mux_waiting(mux, 480001 + 9 * 1024, 8)->dts, 480001);
    assert_null(cmaf_mux_waiting(mux, 480001 + 9 * 1024, 9));
    assert_null(cmaf_mux_waiting(mux, 480001, 0));
    int64_t end = 480001 + 9 * 1024;
    assert_int_equal(cut(480001, end, end, false), 0);
    assert_int_equal(fragment.samples, 9);
    assert_true(fragment.independent);
    assert_int_equal(decode_time(), 480001);
    assert_int_equal(samples(s, 16), 9);
    assert_int_equal(s[8].duration, 1024);
    assert_int_equal(s[8].size, sizeof(aac));
    assert_int_equal(cut(end, end, end, false), 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)
static const struct CMUnitTest tests[] = {
    TEST(an_initialisation_segment_has_the_codec),
    TEST(fragments_join_whatever_the_pictures_do),
    TEST(a_gap_between_fragments_stays),
    TEST(what_is_late_is_shown_at_the_start),
    TEST(no_picture_is_shown_into_the_next_segment),
    TEST(samples_hold_slices_alone),
    TEST(samples_keep_their_sets_if_asked_to),
    TEST(a_fragment_says_only_what_differs),
    TEST(sound_counts_samples),
};

TEST_GROUP(cmaf_mux, tests);
