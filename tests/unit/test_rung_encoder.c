/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/transcode/rung_encoder.h"

#define TICKS   90000
#define BITRATE 600000 /* bit/s: what these pictures could be made many times larger by */
#define SECONDS 10
#define STEADY  1 /* seconds, after which it has found out how far pictures are apart */

static AVFrame *picture_make(void)
{
    AVFrame *f = av_frame_alloc();

    assert_non_null(f);
    f->width = 160;
    f->height = 96;
    f->format = AV_PIX_FMT_YUV420P;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    return f;
}

static RungEncoder *encoder_make(const AVFrame *like)
{
    char error[256];
    RungEncoder *e = rung_encoder_create(
        &(RungEncoderParams){.encoder = "libx264", .like = like, .bitrate = BITRATE, .threads = 1},
        error, sizeof(error));

    assert_non_null(e);
    return e;
}

/* Noise, other noise each time: an encoder makes as much of it as it may. */
static void paint_noise(AVFrame *f, uint32_t *dice)
{
    assert_int_equal(av_frame_make_writable(f), 0);
    for (int plane = 0; plane < 3; plane++)
        for (int y = 0; y < (plane ? f->height / 2 : f->height); y++)
            for (int x = 0; x < (plane ? f->width / 2 : f->width); x++) {
                *dice = *dice * 1664525u + 1013904223u;
                f->data[plane][y * f->linesize[plane] + x] = (uint8_t)(*dice >> 24);
            }
}

/* A rung takes its rate, however many pictures a second the source has. */
static void its_rate_is_that_of_time_and_not_of_pictures(void **state)
{
    static const int rows[] = {8, 15, 24, 30, 50, 60, 90, 120};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        AVFrame *f = picture_make();
        RungEncoder *e = encoder_make(f);
        uint64_t second[SECONDS] = {0}, bits = 0;
        uint32_t dice = 1;
        char name[32];

        snprintf(name, sizeof(name), "%d pictures a second", rows[i]);
        for (int64_t n = 0; n < SECONDS * rows[i]; n++) {
            RungUnit unit;
            paint_noise(f, &dice);
            f->pts = n * TICKS / rows[i];
            assert_int_equal(rung_encoder_put(e, f, n % (2 * rows[i]) == 0), 0);
            assert_true(rung_encoder_take(e, &unit));
            second[unit.pts_90k / TICKS] += 8 * unit.len;
        }
        for (size_t s = 0; s < SECONDS; s++) {
            /* what may come at once, and a second's */
            assert_row(second[s] < 2 * BITRATE, name, "%llu bits", (unsigned long long)second[s]);
            bits += s < STEADY ? 0 : second[s];
        }
        bits /= SECONDS - STEADY;
        assert_row(bits > BITRATE * 90 / 100 && bits < BITRATE * 105 / 100, name, "%llu bit/s",
                   (unsigned long long)bits);
        rung_encoder_destroy(&e);
        av_frame_free(&f);
    }
}

/* What players are told of the pictures is in its parameter sets, which it writes once. */
static void it_is_for_pictures_of_one_shape_and_colour(void **state)
{
    AVFrame *f = picture_make();
    RungEncoder *e = encoder_make(f);

    (void)state;
    assert_true(rung_encoder_is_for(e, f));
    f->sample_aspect_ratio = (AVRational){1, 1};
    assert_true(rung_encoder_is_for(e, f)); /* as good as not to say it */
    f->sample_aspect_ratio = (AVRational){4, 3};
    assert_false(rung_encoder_is_for(e, f));
    f->sample_aspect_ratio = (AVRational){0, 1};
    f->colorspace = AVCOL_SPC_BT709;
    assert_false(rung_encoder_is_for(e, f));
    f->colorspace = AVCOL_SPC_UNSPECIFIED;
    f->height = 98;
    assert_false(rung_encoder_is_for(e, f));
    rung_encoder_destroy(&e);
    av_frame_free(&f);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(its_rate_is_that_of_time_and_not_of_pictures),
    cmocka_unit_test(it_is_for_pictures_of_one_shape_and_colour),
};

TEST_GROUP(rung_encoder, tests);
