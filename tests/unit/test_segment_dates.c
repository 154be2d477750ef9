/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>

#include "hls-bridge/segment/segment_dates.h"

#define MS         US_PER_MS
#define SEGMENT_US (2 * US_PER_S)
#define START_US   (10 * US_PER_S) /* on the stream's clock */
#define BEGAN_US   (1800000000 * US_PER_S)
#define SEGMENTS   12
#define CHANGE     4 /* the first that is dated by what is known then */
#define BACK       8 /* the first that is dated by what was known before, if that is right again */
#define STEP_US    400

/* What becomes known of the media, and of the system's clock. */
typedef struct Change {
    const char *name;
    int64_t later_us;   /* than was known media is, by any clock */
    int64_t set_us;     /* the wall clock is set by so much */
    int64_t earlier_us; /* likewise, of segments before: it was known, and was not put right yet */
    bool passes;        /* then all is again as it was */
    bool parts;         /* a discontinuity is in between */
    int64_t steps_us;   /* by which dates step then; 0: they move by STEP_US at the most */
} Change;

static const Change changes[] = {
    {"media is ahead of real time", -1400 * MS, 0, 0, false, false, 0},
    {"and then it is not", -2600 * MS, 0, 0, true, false, 0},
    {"sound was late for a while", 1200 * MS, 0, 0, true, false, 0},
    {"the smallest delay is found", -170 * MS, 0, 0, false, false, 0},
    {"set an hour on", 0, 3600 * US_PER_S, 0, false, false, 3600 * US_PER_S},
    {"set an hour back", 0, -3600 * US_PER_S, 0, false, false, -3600 * US_PER_S},
    {"set on, and back", 0, 3600 * US_PER_S, 0, true, false, 3600 * US_PER_S},
    {"set by little more than a second", 0, 1001 * MS, 0, false, false, 1001 * MS},
    {"set by less", 0, 999 * MS, 0, false, false, 0},
    {"set while a correction is due", 0, 90 * US_PER_S, -1400 * MS, false, false,
     90 * US_PER_S - 1400 * MS},
    {"the machine stood still", 10 * US_PER_S, 0, 0, false, false, 10 * US_PER_S},
    {"later, behind a discontinuity", 300 * MS, 0, 0, false, true, 300 * MS},
    {"earlier, behind a discontinuity", -300 * MS, 0, 0, false, true, 0},
    {"set back, behind a discontinuity", 0, -90 * US_PER_S, 0, false, true, -90 * US_PER_S},
};

static WallTime known_of(const Change *c, int i)
{
    bool changed = i >= CHANGE && !(c->passes && i >= BACK);
    int64_t since_1970_us = BEGAN_US + (changed ? c->set_us : 0);
    int64_t at_us = START_US + i * SEGMENT_US + since_1970_us;

    return (WallTime){at_us + (changed ? c->later_us : 0) + (i > 0 ? c->earlier_us : 0),
                      since_1970_us};
}

static void only_a_clock_that_was_set_makes_dates_step(void **state)
{
    (void)state;
    for (size_t row = 0; row < COUNT(changes); row++) {
        const Change *c = &changes[row];
        SegmentDates dates = {0};
        int64_t last_us = 0;
        for (int i = 0; i < SEGMENTS; i++) {
            int64_t at_us = START_US + i * SEGMENT_US;
            int64_t date_us = segment_dates_next(&dates, us_to_90k(at_us), known_of(c, i),
                                                 c->parts && i == CHANGE, STEP_US);
            int64_t moved_us = date_us - last_us - SEGMENT_US;
            int64_t steps_us = i == CHANGE              ? c->steps_us
                               : c->passes && i == BACK ? -c->steps_us
                                                        : 0;
            if (i == 0)
                assert_row(date_us == known_of(c, 0).unix_us, c->name, "%lld", (long long)date_us);
            else
                assert_row(llabs(moved_us - steps_us) <= i * STEP_US &&
                               (steps_us != 0 || llabs(moved_us) <= STEP_US),
                           c->name, "segment %d moves by %lld us", i, (long long)moved_us);
            last_us = date_us;
        }
    }
}

/* An hour of them, as a daemon makes them that does not trust the clock's rate. */
static void a_clock_that_is_set_often_by_little_is_followed(void **state)
{
    SegmentDates dates = {0};
    int64_t set_us = 0, off_us = 0;

    (void)state;
    for (int i = 0; i < 1800; i++) {
        int64_t at_us = START_US + i * SEGMENT_US;
        set_us += i % 100 == 99 ? 300 * MS : 0;
        const WallTime known = {BEGAN_US + set_us + at_us, BEGAN_US + set_us};
        off_us =
            known.unix_us - segment_dates_next(&dates, us_to_90k(at_us), known, false, STEP_US);
        assert_true(llabs(off_us) < 1300 * MS);
    }
    assert_true(set_us > 5 * US_PER_S);
}

static void dates_come_to_what_is_known(void **state)
{
    SegmentDates dates = {0};
    int64_t date_us = 0;
    WallTime known = {0};

    (void)state;
    for (int i = 0; i < 5000; i++) {
        int64_t at_us = START_US + i * SEGMENT_US;
        known = (WallTime){BEGAN_US + at_us - (i > 0 ? 1400 * MS : 0), BEGAN_US};
        date_us = segment_dates_next(&dates, us_to_90k(at_us), known, false, STEP_US);
    }
    assert_int_equal(date_us, known.unix_us);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(only_a_clock_that_was_set_makes_dates_step),
    cmocka_unit_test(a_clock_that_is_set_often_by_little_is_followed),
    cmocka_unit_test(dates_come_to_what_is_known),
};

TEST_GROUP(segment_dates, tests);
