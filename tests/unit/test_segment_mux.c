/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>

#include "hls-bridge/package/segment_mux.h"
#include "unit_of.h"

#define TS    188
#define START (10 * TICKS_PER_S)

/* An AudioSpecificConfig: AAC-LC, 48 kHz, stereo. */
static const uint8_t config[] = {0x11, 0x90};
static const uint8_t idr[] = {0,    0,    0,    1,    9,    0xF0, 0,    0,    0,    1,    0x67,
                              0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0,    0,    0,    1,    0x68, 0xCE,
                              0x3C, 0x80, 0,    0,    0,    1,    0x65, 0x88, 0x84, 1};
static const uint8_t slice[] = {0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1, 0x41, 0x9A, 2, 3};
static const uint8_t aac[] = {0x21, 0x10, 0x04, 0x60, 0x8C, 0x1C};

static SegmentMux *mux;
static Segment segment;

static void open_mux(bool video, bool audio)
{
    const SegmentMuxParams params = {.video = video,
                                     .audio = audio,
                                     .repeats = true,
                                     .aac_config = config,
                                     .aac_config_len = sizeof(config)};
    const char *error;

    mux = segment_mux_create(&params, &error);
    assert_non_null(mux);
}

static int teardown(void **state)
{
    (void)state;
    segment_mux_destroy(&mux);
    assert_null(mux);
    return 0;
}

static void picture(int64_t pts, bool key)
{
    AccessUnit unit = {
        .data = key ? idr : slice, .len = key ? sizeof(idr) : sizeof(slice), .idr = key};

    assert_int_equal(segment_mux_video(mux, &unit, pts, pts), 0);
}

static void sound(int64_t n)
{
    AacFrame frame = {.data = aac, .len = sizeof(aac), .pts_samples = START * 8 / 15 + n * 1024};

    assert_int_equal(segment_mux_audio(mux, &frame), 0);
}

/* Two seconds: 60 pictures from an IDR on, and the sound beside them. */
static void two_seconds(int n)
{
    for (int i = 0; i < 60; i++)
        picture(START + n * 180000 + i * 3000, i == 0);
    for (int i = 0; i < 94; i++)
        sound(n * 94 + i);
}

static int pid_of(const uint8_t *p)
{
    return (p[1] & 0x1F) << 8 | p[2];
}

/* Checks what holds of any segment; notes the continuity counters of all PIDs over segments. */
static void assert_transport_stream(int *counters)
{
    assert_true(segment.len > 0);
    assert_int_equal(segment.len % TS, 0);
    bool pat = false, pmt = false, media = false;
    for (size_t at = 0; at < segment.len; at += TS) {
        const uint8_t *p = segment.data + at;
        assert_int_equal(p[0], 0x47);
        int pid = pid_of(p), counter = p[3] & 0x0F;
        bool payload = p[3] & 0x10;
        if (pid == 0)
            pat = true;
        else if (pid == 0x1000)
            pmt = true;
        else if (pid != 17) { /* media, not the service description */
            assert_true(pat && pmt);
            media = true;
        }
        if (payload && counters[pid] >= 0)
            assert_int_equal(counter, (counters[pid] + 1) % 16);
        if (payload)
            counters[pid] = counter;
    }
    assert_true(media);
}

static void reset_counters(int *counters)
{
    for (int i = 0; i < 8192; i++)
        counters[i] = -1;
}

static void a_segment_is_a_transport_stream(void **state)
{
    static int counters[8192];

    (void)state;
    reset_counters(counters);
    open_mux(true, true);
    two_seconds(0);
    picture(START + 180000, true);
    assert_int_equal(segment_mux_cut(mux, START + 180000, &segment), 0);
    assert_int_equal(segment.pictures, 60);
    assert_true(segment.starts_with_idr);
    assert_in_range(segment.aac_frames, 93, 95);
    assert_transport_stream(counters);
}

static void counters_run_on_from_one_segment_to_the_next(void **state)
{
    static int counters[8192];

    (void)state;
    reset_counters(counters);
    open_mux(true, true);
    for (int n = 0; n < 5; n++) {
        two_seconds(n);
        assert_int_equal(segment_mux_cut(mux, START + (n + 1) * 180000, &segment), 0);
        assert_transport_stream(counters);
    }
}

static void what_lies_behind_the_cut_stays(void **state)
{
    (void)state;
    open_mux(true, true);
    two_seconds(0);
    two_seconds(1);
    size_t all = segment_mux_pending(mux);
    assert_int_equal(segment_mux_cut(mux, START + 180000, &segment), 0);
    assert_int_equal(segment.pictures, 60);
    assert_true(segment_mux_pending(mux) > 0 && segment_mux_pending(mux) < all);
    assert_int_equal(segment_mux_cut(mux, INT64_MAX, &segment), 0);
    assert_int_equal(segment.pictures, 60);
    assert_int_equal(segment_mux_pending(mux), 0);
    assert_int_equal(segment_mux_cut(mux, INT64_MAX, &segment), 1);
}

static void one_kind_alone(void **state)
{
    static int counters[8192];

    (void)state;
    open_mux(false, true);
    for (int i = 0; i < 94; i++)
        sound(i);
    assert_int_equal(segment_mux_cut(mux, INT64_MAX, &segment), 0);
    assert_int_equal(segment.aac_frames, 94);
    assert_false(segment.starts_with_idr);
    reset_counters(counters);
    assert_transport_stream(counters);
    segment_mux_destroy(&mux);

    open_mux(true, false);
    picture(START, true);
    picture(START + 3000, false);
    assert_int_equal(segment_mux_cut(mux, INT64_MAX, &segment), 0);
    assert_int_equal(segment.pictures, 2);
    reset_counters(counters);
    assert_transport_stream(counters);
}

/* Order within a segment is by decoding time, whatever order the tracks came in. */
static void tracks_are_interleaved(void **state)
{
    int last_pid = -1, changes = 0;

    (void)state;
    open_mux(true, true);
    for (int i = 0; i < 94; i++)
        sound(i);
    for (int i = 0; i < 60; i++)
        picture(START + i * 3000, i == 0);
    assert_int_equal(segment_mux_cut(mux, INT64_MAX, &segment), 0);
    for (size_t at = 0; at < segment.len; at += TS) {
        int pid = pid_of(segment.data + at);
        if (pid != 256 && pid != 257)
            continue;
        changes += last_pid != -1 && pid != last_pid;
        last_pid = pid;
    }
    assert_true(changes > 20);
}

static void a_cut_before_everything_gives_nothing(void **state)
{
    (void)state;
    open_mux(true, true);
    two_seconds(0);
    assert_int_equal(segment_mux_cut(mux, START, &segment), 1);
    assert_int_equal(segment_mux_cut(mux, START + 1, &segment), 0);
    assert_int_equal(segment.pictures, 1);
}

/* With B-frames, one that was moved to a cut may stand where the next one would. */
static void a_picture_comes_after_one_that_was_moved(void **state)
{
    const AccessUnit key = {.data = idr, .len = sizeof(idr), .idr = true};

    (void)state;
    open_mux(true, false);
    assert_int_equal(segment_mux_video(mux, &key, START + 90000 + 5, START + 90000 - 5), 0);
    segment_mux_begin(mux, START + 90000, 10);
    picture(START + 90000 - 2, false);
    picture(START + 93000, false);
    assert_int_equal(segment_mux_cut(mux, INT64_MAX, &segment), 0);
    assert_int_equal(segment.pictures, 3);
}

/* What is shown before a start is the older segment's. It is not put there, and what waits before
 * it does not go. */
static void a_picture_before_a_start_begins_no_segment(void **state)
{
    (void)state;
    open_mux(true, false);
    picture(START, true);
    picture(START + 90000 - 5, true);
    segment_mux_begin(mux, START + 90000, 10);
    assert_int_equal(segment_mux_cut(mux, START + 90000, &segment), 0);
    assert_int_equal(segment.pictures, 2);
    picture(START + 90000 - 1, false);
    picture(START + 90000 + 5, true);
    segment_mux_begin(mux, START + 90000, 10);
    assert_int_equal(segment_mux_cut(mux, START + 90000 + 1, &segment), 0);
    assert_int_equal(segment.pictures, 1);
    assert_true(segment.starts_with_idr);
}

/* As Chromium sends it; the last one has two slice groups. */
#define SPS                                                                                        \
    0, 0, 0, 1, 0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02, 0xDD, 0x37, 0x01, 0x0D,      \
        0x01, 0x07, 0x84, 0x42, 0x35
static const uint8_t chromium_idr[] = {SPS, 0, 0, 0,    1,    0x68, 0xCE, 0x3C, 0x80, 0,
                                       0,   0, 1, 0x65, 0xB8, 0,    4,    0,    0x20};
static const uint8_t chromium_slice[] = {0, 0, 0, 1, 0x41, 0x9A, 0, 4, 0, 8, 0x20};
static const uint8_t groups_idr[] = {SPS, 0, 0, 0,    1,    0x68, 0xC4, 0x3C, 0x80, 0,
                                     0,   0, 1, 0x65, 0xB8, 0,    4,    0,    0x20};

static void send(const uint8_t *bytes, size_t len, int64_t pts, bool key)
{
    AccessUnit unit = unit_of(bytes, len, key);

    assert_int_equal(segment_mux_video(mux, &unit, pts, pts), 0);
}

/* How often a slice of the kind that repeats a picture is in the segment. */
static int repeated(void)
{
    static const uint8_t start[] = {0, 0, 0, 1, 0x01};
    int n = 0;

    for (size_t i = 0; i + sizeof(start) <= segment.len; i++)
        n += memcmp(segment.data + i, start, sizeof(start)) == 0;
    return n;
}

static void a_segment_without_a_picture_repeats_the_last(void **state)
{
    (void)state;
    open_mux(true, false);
    assert_int_equal(segment_mux_repeat(mux, START), 1); /* there is none */
    send(chromium_idr, sizeof(chromium_idr), START, true);
    send(chromium_slice, sizeof(chromium_slice), START + 3000, false);
    assert_int_equal(segment_mux_repeat(mux, START - 90000), 1); /* it is in no segment */
    assert_int_equal(segment_mux_cut(mux, START + 90000, &segment), 0);
    assert_int_equal(repeated(), 0);
    assert_int_equal(segment_mux_cut(mux, START + 180000, &segment), 1);
    for (int i = 1; i < 3; i++) { /* as often as it is wanted */
        assert_int_equal(segment_mux_repeat(mux, START + i * 90000), 0);
        assert_int_equal(segment_mux_cut(mux, START + (i + 1) * 90000, &segment), 0);
        assert_int_equal(segment.pictures, 1);
        assert_false(segment.starts_with_idr);
        assert_int_equal(repeated(), 1);
        assert_int_equal(segment_mux_pending(mux), 0);
    }
}

/* A picture that should have been before a repeated one is put behind it. */
static void what_comes_late_is_behind_a_repeated_picture(void **state)
{
    (void)state;
    open_mux(true, false);
    send(chromium_idr, sizeof(chromium_idr), START, true);
    assert_int_equal(segment_mux_cut(mux, START + 90000, &segment), 0);
    assert_int_equal(segment_mux_repeat(mux, START + 90000), 0);
    send(chromium_slice, sizeof(chromium_slice), START + 3000, false);
    assert_int_equal(segment_mux_newest(mux), START + 90001);
    assert_int_equal(segment_mux_cut(mux, START + 180000, &segment), 0);
    assert_int_equal(segment.pictures, 2);
    send(chromium_slice, sizeof(chromium_slice), START + 6000, false);
    assert_int_equal(segment_mux_newest(mux), START + 90002); /* libavformat takes no other */
}

/* A segment that no IDR picture begins, of which pictures have come too late for the one before. */
static void what_comes_late_goes_on_from_the_start(void **state)
{
    (void)state;
    open_mux(true, false);
    send(chromium_idr, sizeof(chromium_idr), START, true);
    assert_int_equal(segment_mux_cut(mux, START + 90000, &segment), 0);
    send(chromium_slice, sizeof(chromium_slice), START + 3000, false);
    send(chromium_slice, sizeof(chromium_slice), START + 6000, false);
    send(chromium_slice, sizeof(chromium_slice), START + 90000, false);
    segment_mux_lead_in(mux, START + 90000, START + 180000);
    assert_int_equal(segment_mux_newest(mux), START + 90002);
    assert_int_equal(segment_mux_cut(mux, START + 90000, &segment), 1);
    assert_int_equal(segment_mux_cut(mux, START + 180000, &segment), 0);
    assert_int_equal(segment.pictures, 3);
    assert_int_equal(repeated(), 0);
    send(chromium_slice, sizeof(chromium_slice), START + 9000, false);
    assert_int_equal(segment_mux_newest(mux), START + 90003); /* libavformat takes no other */
}

/* One whose first picture comes later begins with the one before, unless it is an IDR picture. */
static void what_stands_at_the_start_is_repeated(void **state)
{
    (void)state;
    open_mux(true, false);
    send(chromium_idr, sizeof(chromium_idr), START, true);
    assert_int_equal(segment_mux_cut(mux, START + 90000, &segment), 0);
    segment_mux_lead_in(mux, START + 90000, START + 180000); /* it has none */
    assert_int_equal(segment_mux_cut(mux, START + 180000, &segment), 1);
    send(chromium_slice, sizeof(chromium_slice), START + 183000, false);
    segment_mux_lead_in(mux, START + 180000, START + 270000);
    assert_int_equal(segment_mux_cut(mux, START + 180001, &segment), 0);
    assert_int_equal(segment.pictures, 1);
    assert_int_equal(repeated(), 1);
    assert_int_equal(segment_mux_cut(mux, START + 270000, &segment), 0);
    assert_int_equal(segment.pictures, 1);
    send(chromium_idr, sizeof(chromium_idr), START + 273000, true);
    segment_mux_lead_in(mux, START + 270000, START + 360000);
    assert_int_equal(segment_mux_cut(mux, START + 360000, &segment), 0);
    assert_int_equal(segment.pictures, 1);
    assert_true(segment.starts_with_idr);
}

static void no_picture_repeats_one_that_is_coded_otherwise(void **state)
{
    (void)state;
    open_mux(true, false);
    send(chromium_idr, sizeof(chromium_idr), START, true);
    send(groups_idr, sizeof(groups_idr), START + 3000, true);
    assert_int_equal(segment_mux_cut(mux, START + 90000, &segment), 0);
    assert_int_equal(segment_mux_repeat(mux, START + 90000), 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)
static const struct CMUnitTest tests[] = {
    TEST(a_segment_is_a_transport_stream),
    TEST(counters_run_on_from_one_segment_to_the_next),
    TEST(what_lies_behind_the_cut_stays),
    TEST(one_kind_alone),
    TEST(tracks_are_interleaved),
    TEST(a_cut_before_everything_gives_nothing),
    TEST(a_picture_comes_after_one_that_was_moved),
    TEST(a_picture_before_a_start_begins_no_segment),
    TEST(a_segment_without_a_picture_repeats_the_last),
    TEST(what_comes_late_is_behind_a_repeated_picture),
    TEST(what_comes_late_goes_on_from_the_start),
    TEST(what_stands_at_the_start_is_repeated),
    TEST(no_picture_repeats_one_that_is_coded_otherwise),
};

TEST_GROUP(segment_mux, tests);
