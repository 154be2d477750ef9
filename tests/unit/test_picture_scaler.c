/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/transcode/picture_scaler.h"

#define EVEN 200 /* brightness of the lines of one field, */
#define ODD  60  /* and of the other */
#define NEAR 3

static AVFrame *two_fields(enum AVPixelFormat format, int height, bool interlaced)
{
    AVFrame *f = av_frame_alloc();
    bool grey = format == AV_PIX_FMT_GRAY8;

    assert_non_null(f);
    f->width = 64;
    f->height = height;
    f->format = format;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    for (int plane = 0; plane < (grey ? 1 : 3); plane++)
        for (int y = 0; y < (plane && format == AV_PIX_FMT_YUV420P ? (height + 1) / 2 : height);
             y++)
            memset(f->data[plane] + y * f->linesize[plane], y % 2 ? ODD : EVEN,
                   (size_t)f->linesize[plane]);
#ifdef AV_FRAME_FLAG_INTERLACED
    f->flags |= interlaced ? AV_FRAME_FLAG_INTERLACED : 0;
#else
    f->interlaced_frame = interlaced;
#endif
    return f;
}

/* Of two fields, which were taken at two times, one is shown: both together have combs. */
static void one_field_is_taken_of_what_is_interlaced(void **state)
{
    static const struct {
        const char *name;
        enum AVPixelFormat format;
        int height, to_width, to_height;
        bool interlaced, is_even; /* the lines of one field alone are seen */
    } rows[] = {
        {"smaller", AV_PIX_FMT_YUV420P, 64, 32, 32, true, true},
        {"as large", AV_PIX_FMT_YUV420P, 64, 64, 64, true, true},
        {"an odd number of lines in a field", AV_PIX_FMT_YUV420P, 66, 64, 66, true, true},
        {"4:2:2", AV_PIX_FMT_YUV422P, 64, 32, 32, true, true},
        {"whole pictures", AV_PIX_FMT_YUV420P, 64, 32, 32, false, false},
        {"whole pictures, as large", AV_PIX_FMT_YUV420P, 64, 64, 64, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        AVFrame *from = two_fields(rows[i].format, rows[i].height, rows[i].interlaced);
        PictureScaler scaler = {0};
        const AVFrame *made =
            picture_scaler_make(&scaler, from, rows[i].to_width, rows[i].to_height);
        int least = 255;

        assert_non_null(made);
        assert_int_equal(made->height, rows[i].to_height);
        for (int y = 0; y < made->height; y++)
            least = made->data[0][y * made->linesize[0]] < least
                        ? made->data[0][y * made->linesize[0]]
                        : least;
        assert_row((least > EVEN - NEAR) == rows[i].is_even, rows[i].name, "a line of %d", least);
        picture_scaler_free(&scaler);
        av_frame_free(&from);
    }
}

/* A sender may say of each picture whether it is of two fields. */
static void it_is_ready_for_both_kinds_of_pictures(void **state)
{
    PictureScaler scaler = {0};

    (void)state;
    for (int i = 0; i < 20; i++) {
        AVFrame *from = two_fields(AV_PIX_FMT_YUV420P, 64, i % 2);
        assert_non_null(picture_scaler_make(&scaler, from, 32, 32));
        av_frame_free(&from);
    }
    assert_int_equal(scaler.built, 2);
    AVFrame *from = two_fields(AV_PIX_FMT_YUV420P, 48, true);
    assert_non_null(picture_scaler_make(&scaler, from, 32, 32));
    assert_non_null(picture_scaler_make(&scaler, from, 32, 32));
    assert_int_equal(scaler.built, 3);
    av_frame_free(&from);
    picture_scaler_free(&scaler);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_is_ready_for_both_kinds_of_pictures),
    cmocka_unit_test(one_field_is_taken_of_what_is_interlaced),
};

TEST_GROUP(picture_scaler, tests);
