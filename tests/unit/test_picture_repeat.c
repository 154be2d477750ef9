/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#include "hls-bridge/codec/picture_repeat.h"
#include "unit_of.h"

#define PICTURES 6 /* of a stream of libx264 */

/* A stream of libx264, and whether its pictures can be repeated. */
typedef struct Coded {
    const char *what;
    int width, height;
    const char *x264; /* options */
    const char *profile;
    bool repeats;
} Coded;

static AVPacket *sent[PICTURES];

/* A square that moves over stripes: each picture is another. */
static AVFrame *paint(const AVCodecContext *c, int n)
{
    AVFrame *frame = av_frame_alloc();

    assert_non_null(frame);
    frame->width = c->width;
    frame->height = c->height;
    frame->format = c->pix_fmt;
    frame->pts = n;
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x++)
            frame->data[0][y * frame->linesize[0] + x] =
                (uint8_t)((x / 16 - n) % 3 == 0 && y < 32 ? 200 : 40 + (3 * x + 5 * y) % 90);
    for (int plane = 1; plane < 3; plane++)
        for (int y = 0; y < (c->height + 1) / 2; y++)
            memset(frame->data[plane] + y * frame->linesize[plane], 100 + 10 * n,
                   (size_t)(c->width + 1) / 2);
    return frame;
}

static void encode(const Coded *row)
{
    AVCodecContext *c = avcodec_alloc_context3(avcodec_find_encoder_by_name("libx264"));

    assert_non_null(c);
    c->width = row->width;
    c->height = row->height;
    c->pix_fmt = AV_PIX_FMT_YUV420P;
    c->time_base = (AVRational){1, 25};
    c->thread_count = 1;
    c->gop_size = 250;
    c->log_level_offset = AV_LOG_TRACE;
    assert_int_equal(av_opt_set(c->priv_data, "tune", "zerolatency", 0), 0);
    assert_int_equal(av_opt_set(c->priv_data, "profile", row->profile, 0), 0);
    assert_int_equal(av_opt_set(c->priv_data, "x264-params", row->x264, 0), 0);
    assert_int_equal(avcodec_open2(c, NULL, NULL), 0);
    for (int n = 0; n < PICTURES; n++) {
        AVFrame *frame = paint(c, n);
        sent[n] = av_packet_alloc();
        assert_int_equal(avcodec_send_frame(c, frame), 0);
        assert_int_equal(avcodec_receive_packet(c, sent[n]), 0);
        av_frame_free(&frame);
    }
    avcodec_free_context(&c);
}

static AVCodecContext *open_decoder(void)
{
    AVCodecContext *c = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264));

    assert_non_null(c);
    c->thread_count = 1;
    c->flags |= AV_CODEC_FLAG_LOW_DELAY;
    c->err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK | AV_EF_BITSTREAM;
    c->log_level_offset = AV_LOG_TRACE;
    assert_int_equal(avcodec_open2(c, NULL, NULL), 0);
    return c;
}

/* Decodes an access unit to a picture, which the caller frees. */
static AVFrame *decode(AVCodecContext *c, const uint8_t *data, size_t len, const char *what)
{
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();

    assert_true(packet && frame);
    assert_int_equal(av_new_packet(packet, (int)len), 0);
    memcpy(packet->data, data, len);
    int status = avcodec_send_packet(c, packet);
    assert_row(status == 0, what, "%d", status);
    status = avcodec_receive_frame(c, frame);
    assert_row(status == 0 && frame->decode_error_flags == 0, what, "%d", status);
    av_packet_free(&packet);
    return frame;
}

static void assert_same(const AVFrame *a, const AVFrame *b, const char *what, int n)
{
    for (int plane = 0; plane < 3; plane++)
        for (int y = 0; y < (plane ? (a->height + 1) / 2 : a->height); y++)
            assert_row(memcmp(a->data[plane] + y * a->linesize[plane],
                              b->data[plane] + y * b->linesize[plane],
                              (size_t)(plane ? (a->width + 1) / 2 : a->width)) == 0,
                       what, "picture %d, plane %d, line %d", n, plane, y);
}

/* Repeats each picture twice behind it: decoders show it three times, and all that follow as they
 * would without. */
static size_t play(const Coded *row)
{
    AVCodecContext *with = open_decoder(), *without = open_decoder();
    PictureRepeat repeat = {0};
    PictureConfig config = {0};
    size_t made = 0;

    for (int n = 0; n < PICTURES; n++) {
        AccessUnit unit = unit_of(sent[n]->data, (size_t)sent[n]->size, n == 0), again;
        PictureConfig read;
        PictureRoom room;
        if (n == 0 && picture_config_read_other(&config, &unit, &read))
            config = read;
        AVFrame *shown = decode(with, unit.data, unit.len, row->what);
        AVFrame *expected = decode(without, unit.data, unit.len, row->what);
        assert_same(shown, expected, row->what, n);
        picture_repeat_follow(&repeat, &config, &unit);
        for (int i = 0; i < 2 && picture_repeat_make(&repeat, &room, &again); i++, made++) {
            AVFrame *repeated = decode(with, again.data, again.len, row->what);
            assert_same(repeated, expected, row->what, n);
            picture_repeat_follow(&repeat, &config, &again);
            av_frame_free(&repeated);
        }
        av_frame_free(&shown);
        av_frame_free(&expected);
    }
    picture_repeat_clear(&repeat);
    avcodec_free_context(&with);
    avcodec_free_context(&without);
    return made;
}

static void decoders_show_the_picture_before(void **state)
{
    static const Coded rows[] = {
        {"CAVLC", 320, 180, "keyint=250", "baseline", true},
        {"CABAC", 320, 180, "keyint=250", "main", true},
        {"weights, 8x8, several references", 320, 180, "ref=4:weightp=2:8x8dct=1", "high", true},
        {"no deblocking control", 320, 180, "no-deblock=0:aud=1", "main", true},
        {"one macroblock", 16, 16, "keyint=250", "main", true},
        {"a rough picture", 640, 360, "qp=51:deblock=3,3", "high", true},
        {"a fine picture", 640, 360, "qp=4", "high", true},
        {"several slices", 640, 360, "slices=4", "main", true},
        {"1080p", 1920, 1080, "qp=30:ref=1:subme=0:me=dia", "main", true},
        {"fields", 320, 192, "interlaced=1", "main", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        encode(&rows[i]);
        size_t made = play(&rows[i]);
        assert_row(made == (rows[i].repeats ? 2 * PICTURES : 0), rows[i].what, "%zu", made);
        for (int n = 0; n < PICTURES; n++)
            av_packet_free(&sent[n]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(decoders_show_the_picture_before),
};

TEST_GROUP(picture_repeat, tests);
