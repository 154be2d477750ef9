/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>

#include "hls-bridge/package/part_cutter.h"

#define NONE INT64_MIN
#define FAR  (1000 * TICKS_PER_S)

static PartCutter cutter;
static PartCut cut;

static int setup(void **state)
{
    PartCutterParams params = part_cutter_params(200000, TICKS_PER_S);

    (void)state;
    part_cutter_init(&cutter, &params);
    part_cutter_begin(&cutter, 900000, FAR);
    return 0;
}

static void lengths(void **state)
{
    static const struct {
        int64_t part_us, step_samples, target_samples;
    } rows[] = {
        {200000, 9 * 1024, 9600},    /* 192 of 200 ms */
        {100000, 4 * 1024, 4762},    /* 85.3 of 99.2 ms */
        {105000, 4 * 1024, 4762},    /* it would be 81 % */
        {333000, 15 * 1024, 15984},  /* 320 of 333 ms */
        {1000000, 46 * 1024, 48000}, /* 981 of 1000 ms */
        {21333, 1024, 1024},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        PartCutterParams audio = part_cutter_params(rows[i].part_us, SAMPLES_PER_S);
        PartCutterParams video = part_cutter_params(rows[i].part_us, TICKS_PER_S);
        assert_int_equal(audio.step, rows[i].step_samples);
        assert_int_equal(audio.target, rows[i].target_samples);
        assert_int_equal(video.step, samples_to_90k(audio.step));
        assert_int_equal(video.target, samples_to_90k(audio.target));
        assert_true(audio.step * 100 >= audio.target * 85);
    }
}

static void parts_have_one_length(void **state)
{
    (void)state;
    assert_false(part_cutter_next(&cutter, 900000 + 17279, NONE, &cut));
    assert_true(part_cutter_next(&cutter, 900000 + 17280, NONE, &cut));
    assert_int_equal(cut.start, 900000);
    assert_int_equal(cut.end, 917280);
    assert_int_equal(cut.until, 917280);
    assert_false(cut.last);
    assert_false(part_cutter_next(&cutter, 917280, NONE, &cut));
    assert_true(part_cutter_next(&cutter, 990000, NONE, &cut));
    assert_int_equal(cut.start, 917280);
    assert_int_equal(cut.end, 917280 + 17280);
}

static void the_last_part_takes_the_rest(void **state)
{
    (void)state;
    part_cutter_end(&cutter, 900000 + 17280 + 9000);
    assert_true(part_cutter_next(&cutter, 926280, 923000, &cut));
    assert_int_equal(cut.end, 917280);
    assert_false(cut.last);
    assert_false(part_cutter_next(&cutter, 926279, 923000, &cut));
    assert_true(part_cutter_next(&cutter, 926280, 923000, &cut));
    assert_int_equal(cut.start, 917280);
    assert_int_equal(cut.end, 926280);
    assert_true(cut.last);
}

static void a_small_rest_goes_with_the_part_before(void **state)
{
    (void)state;
    part_cutter_end(&cutter, 900000 + 18000);
    assert_true(part_cutter_next(&cutter, 918000, 915000, &cut));
    assert_int_equal(cut.end, 918000);
    assert_true(cut.last);
}

/* The rest has no picture of its own: it gets the last one of the part before. */
static void a_rest_is_not_left_empty(void **state)
{
    static const struct {
        const char *name;
        int64_t end, newest, part_end, until;
    } rows[] = {
        {"its own picture", 922000, 919000, 917280, 917280},
        {"the one before, in time", 919000, 916000, 916000, 916000},
        {"the one before, shown a little later", 918100, 914000, 915300, 914000},
        {"the one before, too early", 918100, 911000, 917280, 917280},
        {"none but the first", 919000, 900000, 917280, 917280},
        {"none", 919000, NONE, 917280, 917280},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(state);
        part_cutter_end(&cutter, rows[i].end);
        assert_true(part_cutter_next(&cutter, rows[i].end, rows[i].newest, &cut));
        assert_row(cut.end == rows[i].part_end && cut.until == rows[i].until, rows[i].name,
                   "%lld, %lld", (long long)cut.end, (long long)cut.until);
        assert_true(part_cutter_next(&cutter, rows[i].end, rows[i].newest, &cut));
        assert_int_equal(cut.start, rows[i].part_end);
        assert_int_equal(cut.end, rows[i].end);
        assert_true(cut.last);
    }
}

/* Pictures that cannot be repeated are left to all parts behind, however early they were. */
static void a_rest_that_cannot_be_filled_gets_pictures_from_afar(void **state)
{
    static const struct {
        const char *name;
        int64_t end, left, part_end, until;
        size_t rest, after; /* parts behind the one that is cut, before that and after */
    } rows[] = {
        {"one part", 918100, 904000, 915300, 904000, 1, 0},
        {"its own picture", 922000, 919000, 917280, 917280, 1, 0},
        {"it stays one, though the part before ends early", 935000, 904000, 917000, 904000, 1, 0},
        {"two parts", 950000, 903000, 917280, 903000, 2, 1},
        {"none can be spared", 950000, NONE, 917280, 917280, 2, 1},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(state);
        cutter.moves_far = true;
        part_cutter_end(&cutter, rows[i].end);
        assert_int_equal(part_cutter_rest(&cutter), rows[i].rest);
        assert_true(part_cutter_next(&cutter, rows[i].end, rows[i].left, &cut));
        assert_row(cut.end == rows[i].part_end && cut.until == rows[i].until, rows[i].name,
                   "%lld, %lld", (long long)cut.end, (long long)cut.until);
        assert_row(part_cutter_rest(&cutter) == rows[i].after, rows[i].name, "%zu",
                   part_cutter_rest(&cutter));
    }
}

/* A segment goes as far as its pictures do, with one for each part. */
static void it_reaches_as_far_as_there_are_samples(void **state)
{
    static const struct {
        const char *name;
        int64_t newest, end;
        size_t spare;
        int64_t reach;
    } rows[] = {
        {"in its last part", 910000, 918000, 0, 918000},
        {"one part is too many", 910000, 918001, 0, 917280},
        {"which gets a spare one", 910000, 918001, 1, 918001},
        {"two are too many", 910000, 950000, 1, 934560},
        {"in a later part", 920000, 950000, 0, 934560},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(state);
        int64_t start = part_cutter_start_of(&cutter, rows[i].newest);
        int64_t reach = part_cutter_reach(&cutter, rows[i].end, start, rows[i].spare);
        assert_row(reach == rows[i].reach, rows[i].name, "%lld", (long long)reach);
    }
}

static void nothing_goes_beyond_the_limit(void **state)
{
    (void)state;
    part_cutter_begin(&cutter, 900000, 900000 + 2 * 17280 - 1);
    assert_true(part_cutter_next(&cutter, FAR, NONE, &cut));
    assert_false(part_cutter_next(&cutter, FAR, NONE, &cut));
    part_cutter_end(&cutter, 900000 + 2 * 17280 - 1);
    assert_true(part_cutter_next(&cutter, FAR, NONE, &cut));
    assert_true(cut.last);
    assert_int_equal(cut.end, 900000 + 2 * 17280 - 1);
}

/* Frames of any unevenness: every part but the last is 85 to 100 % of the target. */
static void the_rule_holds_for_uneven_pictures(void **state)
{
    const PartCutterParams params = part_cutter_params(200000, TICKS_PER_S);
    int empty = 0, all = 0;

    (void)state;
    srand(1);
    part_cutter_init(&cutter, &params);
    for (int round = 0; round < 2000; round++) {
        int64_t start = 900000, end = start + 150000 + rand() % 60000, newest = start;
        int64_t before = start, at = start;
        part_cutter_begin(&cutter, start, start + 222300);
        while (at < end) { /* about 30 pictures a second, 15 to 50 ms apart */
            before = at;
            at += 1350 + rand() % 3150;
            newest = before;
            if (at >= end)
                part_cutter_end(&cutter, end);
            while (part_cutter_next(&cutter, at < end ? at : end, newest, &cut)) {
                assert_true(cut.end - cut.start <= params.target);
                assert_true(cut.last || (cut.end - cut.start) * 100 >= params.target * 85);
                all++;
                empty += cut.last && newest < cut.start && newest + 3600 < cut.start;
            }
        }
    }
    assert_true(all > 20000);
    assert_int_equal(empty, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
static const struct CMUnitTest tests[] = {
    TEST(lengths),
    TEST(parts_have_one_length),
    TEST(the_last_part_takes_the_rest),
    TEST(a_small_rest_goes_with_the_part_before),
    TEST(a_rest_is_not_left_empty),
    TEST(a_rest_that_cannot_be_filled_gets_pictures_from_afar),
    TEST(it_reaches_as_far_as_there_are_samples),
    TEST(nothing_goes_beyond_the_limit),
    TEST(the_rule_holds_for_uneven_pictures),
};

TEST_GROUP(part_cutter, tests);
