/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x264_picture.h"

#include <stdlib.h>

#include "hls-bridge/transcode/jpeg_maker.h"

static ByteBuffer jpeg;

static int teardown(void **state)
{
    (void)state;
    byte_buffer_free(&jpeg);
    return 0;
}

static void fits_into_the_square_and_keeps_its_shape(void **state)
{
    static const struct {
        const char *name;
        PictureParams picture;
        int width, height;
    } rows[] = {
        {"a camera", {1280, 720, {1, 1}, 100}, 320, 180},
        {"a phone held upright", {720, 1280, {1, 1}, 100}, 180, 320},
        {"broad pixels", {720, 576, {64, 45}, 100}, 320, 180},
        {"pixels of no shape", {640, 360, {0, 1}, 100}, 320, 180},
        {"a small one stays small", {160, 90, {1, 1}, 100}, 160, 90},
        {"no whole macroblocks", {1918, 1078, {1, 1}, 100}, 320, 180},
        {"a ribbon", {1600, 16, {1, 1}, 100}, 320, 2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        AVPacket *unit = x264_picture(&rows[i].picture);
        int status = jpeg_make(CODEC_H264, unit->data, (size_t)unit->size, &jpeg);
        assert_row(status == 0, rows[i].name, "%d", status);
        AVFrame *frame = read_jpeg(jpeg.data, jpeg.len);
        assert_row(frame->width == rows[i].width && frame->height == rows[i].height, rows[i].name,
                   "%d x %d", frame->width, frame->height);
        av_frame_free(&frame);
        av_packet_free(&unit);
    }
}

/* Video's values are 16 to 235, those of JPEG 0 to 255. */
static void shows_what_the_picture_shows(void **state)
{
    static const struct {
        int luma, left, right;
    } rows[] = {{16, 35, 0}, {100, 133, 98}, {200, 249, 214}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        AVPacket *unit = x264_picture(&(PictureParams){1280, 720, {1, 1}, rows[i].luma});
        assert_int_equal(jpeg_make(CODEC_H264, unit->data, (size_t)unit->size, &jpeg), 0);
        AVFrame *frame = read_jpeg(jpeg.data, jpeg.len);
        const uint8_t *middle = frame->data[0] + 90 * frame->linesize[0];
        assert_in_range(middle[80] + 3, rows[i].left, rows[i].left + 6);
        assert_in_range(middle[240] + 3, rows[i].right, rows[i].right + 6);
        av_frame_free(&frame);
        av_packet_free(&unit);
    }
}

static void damaged_pictures_give_none(void **state)
{
    AVPacket *unit = x264_picture(&(PictureParams){1280, 720, {1, 1}, 100});

    (void)state;
    assert_int_equal(jpeg_make(CODEC_H264, unit->data, 0, &jpeg), -1);
    assert_int_equal(jpeg_make(CODEC_H264, unit->data, (size_t)unit->size / 2, &jpeg), -1);
    assert_int_equal(jpeg.len, 0);
    av_packet_free(&unit);
}

/* Whatever becomes of the bytes, it ends well: sanitizers look on. */
static void survives_what_cannot_be_read(void **state)
{
    AVPacket *unit = x264_picture(&(PictureParams){320, 180, {1, 1}, 100});
    size_t len = (size_t)unit->size;

    (void)state;
    srand(1);
    for (int i = 0; i < 300; i++) {
        uint8_t *copy = malloc(len);
        assert_non_null(copy);
        memcpy(copy, unit->data, len);
        for (int flips = 1 + i % 8; flips > 0; flips--)
            copy[(size_t)rand() % len] ^= (uint8_t)(1 << rand() % 8);
        jpeg_make(CODEC_H264, copy, len - (size_t)i % len, &jpeg);
        free(copy);
    }
    av_packet_free(&unit);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(fits_into_the_square_and_keeps_its_shape, teardown),
    cmocka_unit_test_teardown(shows_what_the_picture_shows, teardown),
    cmocka_unit_test_teardown(damaged_pictures_give_none, teardown),
    cmocka_unit_test_teardown(survives_what_cannot_be_read, teardown),
};

TEST_GROUP(jpeg_maker, tests);
