/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/transcode/rung_trouble.h"

#define S 1000000ll

static void it_is_said_when_it_begins_grows_and_is_over(void **state)
{
    static const struct {
        int64_t at_s;
        uint64_t skipped;
        size_t still; /* rungs, from the top */
        RungTroubleSays says;
    } rows[] = {
        {1, 0, 0, RUNG_TROUBLE_NOTHING},   {2, 3, 0, RUNG_TROUBLE_SLOW},
        {3, 5, 0, RUNG_TROUBLE_NOTHING},   {4, 9, 1, RUNG_TROUBLE_SLOW},
        {5, 12, 1, RUNG_TROUBLE_NOTHING},  {6, 20, 2, RUNG_TROUBLE_SLOW},
        {60, 20, 1, RUNG_TROUBLE_NOTHING}, /* one is back */
        {61, 20, 0, RUNG_TROUBLE_NOTHING}, {69, 20, 0, RUNG_TROUBLE_NOTHING},
        {70, 20, 0, RUNG_TROUBLE_OVER},    {71, 20, 0, RUNG_TROUBLE_NOTHING},
        {72, 21, 0, RUNG_TROUBLE_SLOW},
    };
    TranscoderStats stats = {.rungs = 3};
    RungTrouble t = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        stats.skipped = rows[i].skipped;
        for (size_t r = 0; r < stats.rungs; r++)
            stats.rung[r].state = r < rows[i].still ? RUNG_BEHIND : RUNG_MADE;
        RungTroubleSays says = rung_trouble_look(&t, &stats, rows[i].at_s * S);
        assert_int_equal(says, rows[i].says);
        assert_int_equal(t.still, rows[i].still);
    }
}

static void rungs_that_stand_still_for_other_reasons_are_no_trouble(void **state)
{
    static const RungState reasons[] = {RUNG_MADE,   RUNG_UNWATCHED, RUNG_CROWDED, RUNG_STARTING,
                                        RUNG_FAILED, RUNG_REFUSED,   RUNG_WAITING};
    TranscoderStats stats = {.rungs = 1};

    (void)state;
    for (size_t i = 0; i < COUNT(reasons); i++) {
        RungTrouble t = {0};
        stats.rung[0].state = reasons[i];
        assert_int_equal(rung_trouble_look(&t, &stats, 1), RUNG_TROUBLE_NOTHING);
    }
}

static void with_its_publisher_all_is_forgotten(void **state)
{
    TranscoderStats stats = {.rungs = 1, .skipped = 7};
    RungTrouble t = {0};

    (void)state;
    assert_int_equal(rung_trouble_look(&t, &stats, S), RUNG_TROUBLE_SLOW);
    assert_int_equal(rung_trouble_look(&t, &(TranscoderStats){0}, 60 * S), RUNG_TROUBLE_NOTHING);
    stats.skipped = 2; /* of the next one */
    assert_int_equal(rung_trouble_look(&t, &stats, 61 * S), RUNG_TROUBLE_SLOW);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_is_said_when_it_begins_grows_and_is_over),
    cmocka_unit_test(rungs_that_stand_still_for_other_reasons_are_no_trouble),
    cmocka_unit_test(with_its_publisher_all_is_forgotten),
};

TEST_GROUP(rung_trouble, tests);
