/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/package/promise.h"
#include "hls-bridge/transcode/rung_ladder.h"

static void a_rung_below_the_source_is_what_the_transcoder_makes(void **state)
{
    static const int sources[][2] = {{1280, 720}, {720, 1280}, {1920, 1080}, {854, 480},
                                     {640, 640},  {1366, 768}, {322, 242},   {2560, 1080}};
    RungLadder ladder;
    RungSize size[RUNGS_MAX];
    char error[RUNG_LADDER_ERROR_SIZE];
    size_t seen = 0;

    (void)state;
    assert_int_equal(rung_ladder_read("480p:900k, 240p:250k, 90p:60k", &ladder, error), 0);
    for (size_t s = 0; s < COUNT(sources); s++) {
        int width = sources[s][0], height = sources[s][1];
        rung_ladder_sizes(&ladder, width, height, size);
        for (size_t i = 0; i < ladder.count; i++) {
            const Promise promise = promise_of(
                &(Rendition){.side = ladder.rung[i].side, .bitrate = ladder.rung[i].bitrate}, 2);
            Promised is;
            if (!promise_read(&promise, width, height, &is))
                continue;
            seen++;
            assert_int_equal(is.width, size[i].width);
            assert_int_equal(is.height, size[i].height);
            assert_int_equal(is.average, ladder.rung[i].bitrate);
            assert_true(is.peak > is.average);
        }
    }
    assert_int_equal(seen, 22);
}

static void nothing_is_promised_of_a_smaller_source_or_of_other_renditions(void **state)
{
    const Rendition rung = {.side = 480, .bitrate = 900000}, other = {.bitrate = 900000};
    Promise promise = promise_of(&rung, 2), none = promise_of(&other, 2);
    Promised is;

    (void)state;
    assert_false(promise_read(&promise, 640, 360, &is));
    assert_false(promise_read(&promise, 854, 480, &is));
    assert_false(promise_read(&promise, 0, 0, &is)); /* no picture yet */
    assert_false(promise_read(&none, 1280, 720, &is));
    assert_true(promise_read(&promise, 1280, 720, &is));
}

/* An encoder may give out a second's bytes at once, whatever the length of segments. */
static void a_short_segment_may_have_more_of_a_rate(void **state)
{
    static const struct {
        const char *name;
        int64_t target_s, peak;
    } rows[] = {{"one second", 1, 1800000}, {"two", 2, 1350000}, {"six", 6, 1050000}};
    const Rendition rung = {.side = 480, .bitrate = 900000};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Promise promise = promise_of(&rung, rows[i].target_s);
        Promised is;
        assert_true(promise_read(&promise, 1280, 720, &is));
        assert_row(is.peak == rows[i].peak, rows[i].name, "%d", (int)is.peak);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_rung_below_the_source_is_what_the_transcoder_makes),
    cmocka_unit_test(a_short_segment_may_have_more_of_a_rate),
    cmocka_unit_test(nothing_is_promised_of_a_smaller_source_or_of_other_renditions),
};

TEST_GROUP(promise, tests);
