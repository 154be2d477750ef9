/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x264_picture.h"

#include <signal.h>
#include <stdlib.h>

#include "coded_source.h"
#include "hls-bridge/base/media.h"
#include "hls-bridge/transcode/jpeg_maker.h"
#include "hls-bridge/transcode/thumbnail_process.h"

static AVPacket *picture;
static ByteBuffer jpeg;
static ThumbnailProcess *maker;

static void open_maker(TranscodeFault fault, int64_t patience_us)
{
    maker = thumbnail_process_create(&(ThumbnailProcessParams){
        .program = TRANSCODER,
        .clock = clock_system(),
        .patience_us = patience_us,
        .fault = fault,
    });
    assert_non_null(maker);
}

static int setup(void **state)
{
    (void)state;
    picture = x264_picture(&(PictureParams){1280, 720, {1, 1}, 100});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    av_packet_free(&picture);
    byte_buffer_free(&jpeg);
    thumbnail_process_destroy(&maker);
    assert_null(maker);
    return 0;
}

#define LONG (60 * US_PER_S) /* on a machine however busy */

static int make(void)
{
    return thumbnail_process_make(maker, CODEC_H264, picture->data, (size_t)picture->size, &jpeg);
}

static void the_picture_is_the_same_as_without_a_process(void **state)
{
    ByteBuffer here = {0};

    (void)state;
    open_maker(TRANSCODE_NO_FAULT, LONG);
    assert_int_equal(jpeg_make(CODEC_H264, picture->data, (size_t)picture->size, &here), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(make(), 0);
        assert_int_equal(jpeg.len, here.len);
        assert_memory_equal(jpeg.data, here.data, here.len);
    }
    assert_int_equal(thumbnail_process_stats(maker).started, 1);
    thumbnail_process_rest(maker);
    assert_int_equal(make(), 0);
    assert_int_equal(thumbnail_process_stats(maker).started, 2);
    assert_int_equal(thumbnail_process_stats(maker).faults, 0);
    byte_buffer_free(&here);
}

static void key_pictures_of_all_codecs_are_shown(void **state)
{
    static const SourceParams rows[] = {
        {"libvpx", CODEC_VP8, 320, 180, 1, 1, 0, 0},
        {"libvpx-vp9", CODEC_VP9, 320, 180, 1, 1, 0, 0},
        {"libsvtav1", CODEC_AV1, 320, 180, 1, 1, 0, 0},
    };

    (void)state;
    open_maker(TRANSCODE_NO_FAULT, LONG);
    for (size_t i = 0; i < COUNT(rows); i++) {
        CodedSource s;

        source_make(&s, &rows[i]);
        int status = thumbnail_process_make(maker, rows[i].codec, s.picture[0].data,
                                            s.picture[0].len, &jpeg);
        assert_row(status == 0, rows[i].encoder, "%d", status);
        AVFrame *frame = read_jpeg(jpeg.data, jpeg.len);
        assert_row(frame->width == 320, rows[i].encoder, "%d wide", frame->width);
        av_frame_free(&frame);
        source_free(&s);
    }
}

static void damage_costs_that_picture(void **state)
{
    (void)state;
    open_maker(TRANSCODE_NO_FAULT, LONG);
    assert_int_equal(
        thumbnail_process_make(maker, CODEC_H264, picture->data, (size_t)picture->size / 2, &jpeg),
        -1);
    assert_int_equal(jpeg.len, 0);
    assert_int_equal(thumbnail_process_make(maker, CODEC_H264, picture->data, 0, &jpeg), -1);
    assert_int_equal(make(), 0);
    assert_int_equal(thumbnail_process_stats(maker).started, 1);
    assert_int_equal(thumbnail_process_stats(maker).faults, 0);
}

static void what_a_decoder_may_not_do_ends_it(void **state)
{
    static const struct {
        const char *name;
        TranscodeFault fault;
        bool is_forbidden;
    } rows[] = {
        {"opens a file", TRANSCODE_OPENS_FILE, true},
        {"opens a socket", TRANSCODE_OPENS_SOCKET, true},
        {"runs a program", TRANSCODE_RUNS_PROGRAM, true},
        {"takes all memory", TRANSCODE_TAKES_MEMORY, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        open_maker(rows[i].fault, LONG);
        for (uint64_t n = 1; n <= 2; n++) {
            assert_int_equal(make(), -1);
            ThumbnailProcessStats s = thumbnail_process_stats(maker);
            assert_row(s.faults == n && s.forbidden == (rows[i].is_forbidden ? n : 0), rows[i].name,
                       "%llu faults", (unsigned long long)s.faults);
            assert_row(s.started == 1, rows[i].name, "%llu started", (unsigned long long)s.started);
        }
        thumbnail_process_destroy(&maker);
    }
}

static void one_that_hangs_is_given_up(void **state)
{
    (void)state;
    open_maker(TRANSCODE_HANGS, 300 * US_PER_MS);
    for (uint64_t n = 1; n <= 2; n++) {
        assert_int_equal(make(), -1);
        ThumbnailProcessStats s = thumbnail_process_stats(maker);
        assert_int_equal(s.stood_still, n);
        assert_int_equal(s.faults, n);
        assert_int_equal(s.started, n);
    }
}

static void one_that_is_to_stop_makes_none(void **state)
{
    (void)state;
    open_maker(TRANSCODE_HANGS, LONG);
    thumbnail_process_stop(maker);
    assert_int_equal(make(), -1);
    assert_int_equal(thumbnail_process_stats(maker).faults, 0);
}

static void a_program_that_is_not_there_is_a_fault(void **state)
{
    (void)state;
    maker = thumbnail_process_create(&(ThumbnailProcessParams){
        .program = "/nowhere/hls-transcoder", .clock = clock_system(), .patience_us = LONG});
    assert_non_null(maker);
    assert_int_equal(make(), -1);
    assert_int_equal(make(), -1);
    assert_int_equal(thumbnail_process_stats(maker).faults, 2);
    assert_int_equal(thumbnail_process_stats(maker).started, 0);
}

static void a_program_that_ends_at_once_is_a_fault(void **state)
{
    (void)state;
    maker = thumbnail_process_create(&(ThumbnailProcessParams){
        .program = "/bin/false", .clock = clock_system(), .patience_us = LONG});
    assert_non_null(maker);
    assert_int_equal(make(), -1);
    assert_int_equal(thumbnail_process_stats(maker).faults, 1);
    assert_int_equal(thumbnail_process_stats(maker).started, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(the_picture_is_the_same_as_without_a_process),
    TEST(key_pictures_of_all_codecs_are_shown),
    TEST(damage_costs_that_picture),
    TEST(what_a_decoder_may_not_do_ends_it),
    TEST(one_that_hangs_is_given_up),
    TEST(one_that_is_to_stop_makes_none),
    TEST(a_program_that_is_not_there_is_a_fault),
    TEST(a_program_that_ends_at_once_is_a_fault),
};

TEST_GROUP(thumbnail_process, tests);
