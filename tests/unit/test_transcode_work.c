/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "coded_source.h"
#include "hls-bridge/transcode/transcode_work.h"

#define UNITS_MAX 128

/* What has come of a source. */
typedef struct Made {
    size_t units, idrs, rungs_told, stops;
    int64_t pts_90k[UNITS_MAX];
    bool idr[UNITS_MAX];
    WireRung is;
    AVCodecContext *decoder; /* of its pictures: it takes no damage */
    size_t shown;
    int width, height; /* of the last shown */
} Made;

static Made made[RUNGS_MAX];
static WireTook took;

static AVCodecContext *strict_decoder(void)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_H264);
    AVCodecContext *c = avcodec_alloc_context3(codec);

    c->err_recognition = AV_EF_EXPLODE;
    c->thread_count = 1;
    c->flags |= AV_CODEC_FLAG_LOW_DELAY;
    assert_int_equal(avcodec_open2(c, codec, NULL), 0);
    return c;
}

/* libx265 forgets some kB of its own, when it encodes the source. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libx265.so";
}

static int setup(void **state)
{
    (void)state;
    memset(made, 0, sizeof(made));
    took = (WireTook){0};
    av_log_set_level(AV_LOG_QUIET);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < RUNGS_MAX; i++)
        avcodec_free_context(&made[i].decoder);
    return 0;
}

/* Every unit decodes by itself into one picture at once. */
static void show(Made *m, const WireUnit *u)
{
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();

    if (!m->decoder)
        m->decoder = strict_decoder();
    assert_int_equal(av_new_packet(packet, (int)u->len), 0);
    memcpy(packet->data, u->data, u->len);
    assert_int_equal(avcodec_send_packet(m->decoder, packet), 0);
    assert_int_equal(avcodec_receive_frame(m->decoder, frame), 0);
    assert_int_equal(frame->decode_error_flags, 0);
    assert_true(frame->pict_type != AV_PICTURE_TYPE_B);
    assert_int_equal(frame->key_frame, u->idr);
    m->width = frame->width;
    m->height = frame->height;
    m->shown++;
    av_packet_free(&packet);
    av_frame_free(&frame);
}

static void keep_unit(const WireUnit *u)
{
    Made *m = &made[u->rung];
    static const uint8_t delimiter[] = {0, 0, 0, 1, 9};

    assert_true(m->units < UNITS_MAX && m->is.width > 0);
    assert_true(u->len > sizeof(delimiter));
    assert_memory_equal(u->data, delimiter, sizeof(delimiter));
    if (m->units > 0)
        assert_true(u->pts_90k > m->pts_90k[m->units - 1]);
    m->pts_90k[m->units] = u->pts_90k;
    m->idr[m->units++] = u->idr;
    m->idrs += u->idr;
    show(m, u);
    assert_int_equal(m->width, m->is.width);
    assert_int_equal(m->height, m->is.height);
}

static void keep(const ByteBuffer *out)
{
    WireMessage m;
    long len;

    for (size_t at = 0; at < out->len; at += (size_t)len) {
        len = transcode_wire_read(WIRE_FROM_TRANSCODER, out->data + at, out->len - at, &m);
        assert_true(len > 0);
        if (m.kind == WIRE_UNIT) {
            keep_unit(&m.unit);
        } else {
            assert_int_equal(m.kind, WIRE_RUNG);
            made[m.rung.rung].is = m.rung;
            made[m.rung.rung].rungs_told++;
            made[m.rung.rung].stops += m.rung.width == 0;
        }
    }
}

static TranscodeWork *begin(Codec codec, const char *ladder)
{
    TranscodeConfig config = {.codec = codec, .encoder = "libx264", .threads = 1};
    char error[WIRE_TEXT_MAX + RUNG_LADDER_ERROR_SIZE];

    assert_int_equal(rung_ladder_read(ladder, &config.ladder, error), 0);
    TranscodeWork *w = transcode_work_create(&config, error);
    if (!w)
        print_error("%s\n", error);
    assert_non_null(w);
    return w;
}

/* Gives it pictures `from` up to `to`, `later_90k` later than they are. */
static void give(TranscodeWork *w, const CodedSource *s, size_t from, size_t to, int64_t later_90k,
                 int64_t lag_us)
{
    ByteBuffer out = {0};

    for (size_t i = from; i < to; i++) {
        WirePicture p = s->picture[i];
        p.pts_90k += later_90k;
        byte_buffer_clear(&out);
        assert_true(transcode_work_picture(w, &p, lag_us, &out, &took) == 0);
        keep(&out);
        assert_int_equal(took.id, p.id);
    }
    byte_buffer_free(&out);
}

static void every_codec_becomes_a_ladder_with_its_key_pictures(void **state)
{
    static const SourceParams rows[] = {
        {"libx264", CODEC_H264, 320, 240, 20, 8, 0, 0},
        {"libvpx", CODEC_VP8, 320, 240, 20, 8, 0, 0},
        {"libvpx-vp9", CODEC_VP9, 320, 240, 20, 8, 0, 0},
        {"libsvtav1", CODEC_AV1, 320, 240, 20, 8, 0, 0},
        {"libx265", CODEC_H265, 320, 240, 20, 8, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CodedSource s;
        size_t keys = 0;

        setup(NULL);
        source_make(&s, &rows[i]);
        for (size_t p = 0; p < s.count; p++)
            keys += s.picture[p].key;
        TranscodeWork *w = begin(rows[i].codec, "240p:400k,120p:90k");
        give(w, &s, 0, s.count, 0, 0);
        for (size_t r = 0; r < 2; r++) {
            assert_row(made[r].units == s.count, rows[i].encoder, "%zu of rung %zu", made[r].units,
                       r);
            assert_row(made[r].idrs == keys && keys >= 2, rows[i].encoder, "%zu of %zu",
                       made[r].idrs, keys);
            for (size_t p = 0; p < s.count; p++) {
                assert_int_equal(made[r].pts_90k[p], s.picture[p].pts_90k);
                assert_int_equal(made[r].idr[p], s.picture[p].key);
            }
        }
        assert_int_equal(made[0].is.height, 240);
        assert_int_equal(made[1].is.width, 160);
        assert_int_equal(took.decoded, s.count);
        assert_int_equal(took.damaged, 0);
        transcode_work_destroy(&w);
        source_free(&s);
        teardown(NULL);
    }
}

/* Nobody sees such a source as it is, so no rung is left out; nor is one scaled up. */
static void a_small_source_that_is_not_h264_has_all_rungs(void **state)
{
    static const SourceParams rows[] = {
        {"libx264", CODEC_H264, 160, 96, 6, 3, 0, 0},
        {"libvpx", CODEC_VP8, 160, 96, 6, 3, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool all = rows[i].codec != CODEC_H264;
        CodedSource s;

        setup(NULL);
        source_make(&s, &rows[i]);
        TranscodeWork *w = begin(rows[i].codec, "240p:400k,120p:200k,90p:90k");
        give(w, &s, 0, s.count, 0, 0);
        for (size_t r = 0; r < 3; r++)
            assert_row(made[r].units == (all || r == 2 ? s.count : 0), rows[i].encoder,
                       "%zu of rung %zu", made[r].units, r);
        assert_int_equal(made[0].is.width, all ? 160 : 0);
        assert_int_equal(made[1].is.height, all ? 96 : 0);
        assert_int_equal(made[2].is.height, 90);
        transcode_work_destroy(&w);
        source_free(&s);
        teardown(NULL);
    }
}

static void odd_sources_are_played_right(void **state)
{
    static const struct {
        SourceParams source;
        int width, height;
    } rows[] = {
        {{"libx264", CODEC_H264, 320, 240, 20, 10, 2, 0}, 160, 120},
        {{"libx264", CODEC_H264, 322, 242, 6, 3, 0, AV_PIX_FMT_YUV422P}, 160, 120},
        {{"libx264", CODEC_H264, 320, 240, 6, 3, 0, AV_PIX_FMT_YUV420P10}, 160, 120},
        {{"libx264", CODEC_H264, 320, 240, 6, 3, 0, AV_PIX_FMT_YUVJ420P}, 160, 120},
        {{"libvpx", CODEC_VP8, 321, 241, 6, 3, 0, 0}, 160, 120},
        {{"libx264", CODEC_H264, 180, 320, 6, 3, 0, 0}, 120, 214},
        {{"libx264", CODEC_H264, 64, 48, 6, 3, 0, 0}, 64, 48},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char name[32];
        CodedSource s;

        setup(NULL);
        snprintf(name, sizeof(name), "row %zu", i);
        source_make(&s, &rows[i].source);
        TranscodeWork *w = begin(rows[i].source.codec, "120p:90k");
        give(w, &s, 0, s.count, 0, 0);
        assert_row(made[0].width == rows[i].width && made[0].height == rows[i].height, name,
                   "%dx%d", made[0].width, made[0].height);
        /* a decoder that reorders may hold some back, and finds out with the first of them */
        assert_row(made[0].units + 4 >= s.count, name, "%zu units", made[0].units);
        assert_row(took.damaged == 0, name, "%u damaged", took.damaged);
        transcode_work_destroy(&w);
        source_free(&s);
        teardown(NULL);
    }
}

/* Rewrites an SPS, which ends with two numbers that are 0, each a bit: pictures may be reordered by
 * 16, so that a decoder holds as many back. */
static void say_reordered(WirePicture *p)
{
    static const char bits[] =
        "000010001"
        "000010001"
        "1"; /* and the end */
    const uint8_t *sps = memmem(p->data, p->len, "\0\0\0\1\x67", 5);

    assert_non_null(sps);
    size_t at = (size_t)(sps - p->data), left = p->len - at - 5;
    const uint8_t *next = memmem(sps + 5, left, "\0\0\0\1", 4);
    assert_non_null(next);
    size_t end = (size_t)(next - p->data), rest = p->len - end;
    uint8_t *bytes = test_calloc(1, p->len + sizeof(bits));
    size_t bit = end * 8 - 1;
    while (!(p->data[bit / 8] >> (7 - bit % 8) & 1))
        bit--;
    bit -= 2;
    memcpy(bytes, p->data, bit / 8 + 1);
    bytes[bit / 8] &= (uint8_t)(0xFF00 >> bit % 8);
    for (const char *b = bits; *b; b++, bit++)
        bytes[bit / 8] |= (uint8_t)((*b == '1') << (7 - bit % 8));
    memcpy(bytes + (bit + 7) / 8, next, rest);
    p->len = (bit + 7) / 8 + rest;
    test_free((void *)p->data);
    p->data = bytes;
}

static void key_pictures_that_a_decoder_holds_back_are_still_known(void **state)
{
    static const SourceParams all_keys = {"libx264", CODEC_H264, 160, 120, 24, 1, 0, 0};
    CodedSource s;

    (void)state;
    source_make(&s, &all_keys);
    for (size_t i = 0; i < s.count; i++)
        say_reordered(&s.picture[i]);
    TranscodeWork *w = begin(CODEC_H264, "90p:60k");
    give(w, &s, 0, s.count, 0, 0);
    assert_int_equal(took.damaged, 0);
    assert_int_equal(took.decoded, 24 - 16);
    assert_int_equal(made[0].idrs, 24 - 16);
    transcode_work_destroy(&w);
    source_free(&s);
}

static void after_damage_nothing_comes_before_a_key_picture(void **state)
{
    static const SourceParams params = {"libx264", CODEC_H264, 320, 240, 20, 10, 0, 0};
    uint8_t junk[] = {0, 0, 0, 1, 9, 0x10, 0, 0, 0, 1, 0x41, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    CodedSource s;
    ByteBuffer out = {0};

    (void)state;
    source_make(&s, &params);
    TranscodeWork *w = begin(params.codec, "120p:90k");
    give(w, &s, 1, 3, 0, 0); /* without a key picture */
    assert_int_equal(made[0].units, 0);
    assert_int_equal(took.damaged, 2);
    give(w, &s, 0, 4, 0, 0);
    assert_int_equal(made[0].units, 4);
    const WirePicture bad = {
        .id = 4, .pts_90k = s.picture[4].pts_90k, .data = junk, .len = sizeof(junk)};
    assert_true(transcode_work_picture(w, &bad, 0, &out, &took) == 0);
    keep(&out);
    give(w, &s, 5, 10, 0, 0);
    assert_int_equal(made[0].units, 4);
    give(w, &s, 10, 20, 0, 0);
    assert_int_equal(made[0].units, 14);
    assert_int_equal(made[0].idrs, 2);
    assert_int_equal(made[0].pts_90k[4], s.picture[10].pts_90k);
    byte_buffer_free(&out);
    transcode_work_destroy(&w);
    source_free(&s);
}

static void garbage_of_every_codec_does_no_harm(void **state)
{
    static const SourceParams rows[] = {
        {"libx264", CODEC_H264, 160, 96, 12, 4, 0, 0},
        {"libvpx", CODEC_VP8, 160, 96, 12, 4, 0, 0},
        {"libvpx-vp9", CODEC_VP9, 160, 96, 12, 4, 0, 0},
        {"libsvtav1", CODEC_AV1, 160, 96, 12, 4, 0, 0},
        {"libx265", CODEC_H265, 160, 96, 12, 4, 0, 0},
    };
    uint32_t dice = 14;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CodedSource s;
        ByteBuffer out = {0};

        setup(NULL);
        source_make(&s, &rows[i]);
        TranscodeWork *w = begin(rows[i].codec, "90p:90k");
        for (int round = 0; round < 8; round++) {
            for (size_t p = 0; p < s.count; p++) {
                WirePicture bad = s.picture[p];
                uint8_t *bytes = source_mutate(&bad, &dice, &bad.len);
                bad.data = bytes;
                bad.pts_90k += (int64_t)(round + 1) * 90000;
                byte_buffer_clear(&out);
                assert_true(transcode_work_picture(w, &bad, 0, &out, &took) == 0);
                keep(&out); /* what comes of it is whole all the same */
                test_free(bytes);
            }
        }
        /* and what comes behind it is as it was */
        size_t before = made[0].units;
        give(w, &s, 0, s.count, 60 * 90000, 0);
        assert_row(made[0].units == before + s.count, rows[i].encoder, "%zu and %zu units", before,
                   made[0].units);
        assert_row(took.damaged > 0, rows[i].encoder, "%u damaged", took.damaged);
        byte_buffer_free(&out);
        transcode_work_destroy(&w);
        source_free(&s);
        teardown(NULL);
    }
}

static void another_size_makes_other_rungs_at_a_key_picture(void **state)
{
    static const SourceParams large = {"libx264", CODEC_H264, 320, 240, 6, 6, 0, 0};
    static const SourceParams small = {"libx264", CODEC_H264, 160, 120, 6, 6, 0, 0};
    static const SourceParams upright = {"libx264", CODEC_H264, 240, 320, 6, 6, 0, 0};
    CodedSource s[3];

    (void)state;
    source_make(&s[0], &large);
    source_make(&s[1], &small);
    source_make(&s[2], &upright);
    TranscodeWork *w = begin(CODEC_H264, "240p:400k,120p:90k");
    give(w, &s[0], 0, 6, 0, 0);
    give(w, &s[1], 0, 6, 90000, 0);
    assert_int_equal(made[0].units, 6);
    assert_int_equal(made[0].is.width, 0);
    assert_false(made[0].is.behind);
    assert_int_equal(made[1].units, 12);
    give(w, &s[2], 0, 6, 180000, 0);
    assert_int_equal(made[0].units, 12);
    assert_int_equal(made[0].is.width, 240);
    assert_int_equal(made[1].is.width, 120);
    assert_int_equal(made[1].is.height, 160);
    transcode_work_destroy(&w);
    for (size_t i = 0; i < COUNT(s); i++)
        source_free(&s[i]);
}

static void a_halved_rung_has_every_second_picture_and_every_key_picture(void **state)
{
    static const SourceParams params = {"libx264", CODEC_H264, 320, 240, 20, 7, 0, 0};
    CodedSource s;

    (void)state;
    source_make(&s, &params);
    TranscodeWork *w = begin(CODEC_H264, "240p:400k,120p:90k/2,90p:60k");
    give(w, &s, 0, 20, 0, 0);
    assert_int_equal(made[0].units, 20);
    assert_int_equal(made[1].units, 4 + 4 + 3);
    assert_int_equal(made[1].idrs, 3);
    assert_int_equal(made[1].pts_90k[1], 2 * SOURCE_STEP_90K);
    assert_int_equal(made[1].pts_90k[4], 7 * SOURCE_STEP_90K);
    assert_int_equal(made[2].units, 20);
    transcode_work_destroy(&w);
    source_free(&s);
}

static void what_is_not_wanted_stops_at_once_and_comes_back_with_a_key_picture(void **state)
{
    static const SourceParams params = {"libx264", CODEC_H264, 320, 240, 20, 10, 0, 0};
    CodedSource s;

    (void)state;
    source_make(&s, &params);
    TranscodeWork *w = begin(CODEC_H264, "240p:400k,120p:90k");
    transcode_work_want(w, 2);
    give(w, &s, 0, 4, 0, 0);
    assert_int_equal(made[0].rungs_told, 0);
    assert_int_equal(made[1].units, 4);
    transcode_work_want(w, 1);
    give(w, &s, 4, 8, 0, 0);
    assert_int_equal(made[1].stops, 1);
    assert_int_equal(made[1].units, 4);
    assert_int_equal(made[0].units, 0);
    give(w, &s, 8, 20, 0, 0);
    assert_int_equal(made[0].units, 10);
    assert_true(made[0].idr[0]);
    transcode_work_destroy(&w);
    source_free(&s);
}

static void one_that_is_behind_leaves_pictures_out_then_the_top_rung_and_says_so(void **state)
{
    static const SourceParams params = {"libx264", CODEC_H264, 320, 240, 20, 10, 0, 0};
    CodedSource s;

    (void)state;
    source_make(&s, &params);
    TranscodeWork *w = begin(CODEC_H264, "240p:400k,120p:90k");
    give(w, &s, 0, 10, 0, 0);
    for (int64_t round = 1; round < 8; round++)
        give(w, &s, 0, 10, round * 30000, 400000);
    assert_true(took.skipped > 50);
    assert_int_equal(took.lag_us, 400000);
    assert_int_equal(made[0].stops, 1);
    assert_true(made[0].is.behind);
    assert_int_equal(made[1].stops, 0);
    assert_int_equal(made[1].units, 10 + 7); /* each key picture */
    transcode_work_destroy(&w);
    source_free(&s);
}

static void one_that_was_behind_and_is_larger_than_the_source_is_behind_no_more(void **state)
{
    static const SourceParams large = {"libx264", CODEC_H264, 320, 240, 10, 10, 0, 0};
    static const SourceParams small = {"libx264", CODEC_H264, 160, 120, 6, 6, 0, 0};
    CodedSource s[2];

    (void)state;
    source_make(&s[0], &large);
    source_make(&s[1], &small);
    TranscodeWork *w = begin(CODEC_H264, "240p:400k,120p:90k");
    for (int64_t round = 0; round < 8; round++)
        give(w, &s[0], 0, 10, round * 30000, round > 0 ? 400000 : 0);
    assert_true(made[0].is.behind);
    give(w, &s[1], 0, 6, 240000, 0);
    assert_int_equal(made[0].stops, 2);
    assert_false(made[0].is.behind);
    assert_int_equal(made[1].is.width, 160);
    transcode_work_destroy(&w);
    for (size_t i = 0; i < COUNT(s); i++)
        source_free(&s[i]);
}

static void an_encoder_that_is_not_there_is_named(void **state)
{
    TranscodeConfig config = {.codec = CODEC_H264, .encoder = "h264_of_nobody", .threads = 1};
    char error[WIRE_TEXT_MAX + 1];

    (void)state;
    assert_null(transcode_work_create(&config, error));
    assert_non_null(strstr(error, "no encoder \"h264_of_nobody\""));
    assert_non_null(strstr(error, "set transcode.encoder"));
    strcpy(config.encoder, "libx265");
    assert_null(transcode_work_create(&config, error));
    assert_non_null(strstr(error, "no encoder \"libx265\" for H.264"));
    strcpy(config.encoder, "h264_nvenc");
    assert_null(transcode_work_create(&config, error));
    assert_non_null(strstr(error, "h264_nvenc"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(every_codec_becomes_a_ladder_with_its_key_pictures),
    TEST(a_small_source_that_is_not_h264_has_all_rungs),
    TEST(odd_sources_are_played_right),
    TEST(key_pictures_that_a_decoder_holds_back_are_still_known),
    TEST(after_damage_nothing_comes_before_a_key_picture),
    TEST(garbage_of_every_codec_does_no_harm),
    TEST(another_size_makes_other_rungs_at_a_key_picture),
    TEST(a_halved_rung_has_every_second_picture_and_every_key_picture),
    TEST(what_is_not_wanted_stops_at_once_and_comes_back_with_a_key_picture),
    TEST(one_that_is_behind_leaves_pictures_out_then_the_top_rung_and_says_so),
    TEST(one_that_was_behind_and_is_larger_than_the_source_is_behind_no_more),
    TEST(an_encoder_that_is_not_there_is_named),
};

TEST_GROUP(transcode_work, tests);
