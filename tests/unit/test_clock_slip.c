/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/clock/clock_slip.h"

#define MS 1000ll

static ClockSlip slip;

/* What the network and the sender do from FROM_MS on. */
#define FROM_MS 5000

typedef struct Change {
    const char *name;
    int64_t sound_ms, pictures_ms; /* all of it comes so much later */
    int64_t gone_ms;               /* nothing comes for so long, then all at once */
    int64_t phase_ms;
    int64_t first_picture_ms;
} Change;

static int setup(void **state)
{
    (void)state;
    slip = (ClockSlip){0};
    return 0;
}

/* When what was captured at `at_ms` comes. */
static int64_t arrival_ms(SlipSide side, int64_t at_ms, const Change *change)
{
    int64_t from_ms = FROM_MS + change->phase_ms, now_ms = at_ms;

    if (at_ms >= from_ms)
        now_ms += side == SLIP_SOUND ? change->sound_ms : change->pictures_ms;
    if (now_ms >= from_ms && now_ms < from_ms + change->gone_ms)
        now_ms = from_ms + change->gone_ms;
    return now_ms;
}

/* What is found until `for_ms` behind the change, with pictures every so many milliseconds: the
 * first, or 0. */
static int64_t watch(const Change *change, int64_t for_ms, int64_t pictures_every_ms)
{
    const int64_t every_ms[] = {[SLIP_SOUND] = 20, [SLIP_PICTURES] = pictures_every_ms};
    int64_t next_ms[] = {[SLIP_SOUND] = 0, [SLIP_PICTURES] = change->first_picture_ms};

    setup(NULL);
    for (int64_t now_ms = 0; now_ms < FROM_MS + change->phase_ms + for_ms; now_ms++)
        for (SlipSide side = 0; side < SLIP_SIDES; side++)
            for (; arrival_ms(side, next_ms[side], change) <= now_ms;
                 next_ms[side] += every_ms[side]) {
                clock_slip_arrival(&slip, side, next_ms[side], (now_ms - next_ms[side]) * MS,
                                   now_ms * MS);
                if (clock_slip_us(&slip) != 0)
                    return clock_slip_us(&slip);
            }
    return 0;
}

static void sound_alone_that_comes_late_has_stood_still(void **state)
{
    static const int64_t lost_ms[] = {120, 300, 1500};
    static const int64_t every_ms[] = {16, 33, 100};

    (void)state;
    for (size_t i = 0; i < COUNT(lost_ms); i++)
        for (size_t k = 0; k < COUNT(every_ms); k++)
            for (int64_t phase = 0; phase < 250; phase += 10) {
                Change change = {.sound_ms = lost_ms[i], .phase_ms = phase};
                assert_int_equal(watch(&change, lost_ms[i] + 1050, every_ms[k]), lost_ms[i] * MS);
            }
}

/* Whenever it happens: periods lie somewhere. */
static void anything_else_is_none(void **state)
{
    static const Change changes[] = {
        {.name = "nothing"},
        {.name = "a slower network", .sound_ms = 400, .pictures_ms = 400},
        {.name = "a network that is a little slower", .sound_ms = 120, .pictures_ms = 120},
        {.name = "one that hits pictures harder", .sound_ms = 200, .pictures_ms = 700},
        {.name = "pictures alone are late", .pictures_ms = 800},
        {.name = "too little to be sure of", .sound_ms = 80},
        {.name = "a network that is gone for a while", .gone_ms = 700},
        {.name = "and is slower then", .gone_ms = 1500, .sound_ms = 300, .pictures_ms = 300},
    };
    static const int64_t every_ms[] = {33, 400, 1000};

    (void)state;
    for (size_t i = 0; i < COUNT(changes); i++)
        for (size_t k = 0; k < COUNT(every_ms); k++)
            for (int64_t phase = 0; phase < 250; phase++) {
                Change change = changes[i];
                change.phase_ms = phase;
                change.first_picture_ms = phase * 37 % every_ms[k];
                int64_t found = watch(&change, 5000, every_ms[k]);
                if (found != 0)
                    print_error("%s, at %lld\n", change.name, (long long)phase);
                assert_int_equal(found, 0);
            }
}

/* A picture a second, as of a screen that is shared: one of them has to come. */
static void one_picture_is_enough_if_they_are_rare(void **state)
{
    (void)state;
    for (int64_t phase = 0; phase < 1000; phase += 10) {
        Change change = {.sound_ms = 400, .phase_ms = phase};
        assert_int_equal(watch(&change, 400 + 1750, 1000), 400 * MS);
    }
}

static void nothing_is_told_without_a_picture(void **state)
{
    Change change = {.sound_ms = 400, .first_picture_ms = 100000};

    (void)state;
    assert_int_equal(watch(&change, 10000, 33), 0);
}

/* How late pictures are is not known of the first, which come late from many an encoder. */
static void the_first_pictures_tell_nothing(void **state)
{
    (void)state;
    for (int64_t t = 0; t < 5000; t += 20) {
        clock_slip_arrival(&slip, SLIP_SOUND, t, t < 200 ? 0 : 400 * MS, t * MS);
        if (t % 1000 < 100 && t < 2000) /* of many packets each */
            clock_slip_arrival(&slip, SLIP_PICTURES, t / 1000, 0, t * MS);
    }
    assert_int_equal(clock_slip_us(&slip), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
static const struct CMUnitTest tests[] = {
    TEST(sound_alone_that_comes_late_has_stood_still),
    TEST(anything_else_is_none),
    TEST(one_picture_is_enough_if_they_are_rare),
    TEST(nothing_is_told_without_a_picture),
    TEST(the_first_pictures_tell_nothing),
};

TEST_GROUP(clock_slip, tests);
