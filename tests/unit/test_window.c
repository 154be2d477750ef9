/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/package/window.h"

#define ROOM    8
#define SEGMENT (2 * TICKS_PER_S)

/* What a list may say of a segment beside what all say. */
typedef struct Named {
    WindowSegment common;
    char name;
} Named;

static Window numbers;
static Named segments[ROOM + 1];
static const WindowView view = {&numbers, segments, sizeof(segments[0]), ROOM};

static int setup(void **state)
{
    (void)state;
    numbers = window_empty(2, 3);
    return 0;
}

static void add(char name, int64_t duration_90k, bool discontinuity)
{
    segments[numbers.count++] = (Named){{duration_90k, 0, discontinuity}, name};
}

static void add_many(int n)
{
    for (int i = 0; i < n; i++)
        add((char)('a' + i), SEGMENT, false);
}

static void what_is_more_than_asked_for_leaves_with_all_that_is_said_of_it(void **state)
{
    Named dropped;
    int64_t msn;

    (void)state;
    numbers.media_sequence = 40;
    add_many(4);
    assert_true(window_drop(&view, &dropped, &msn));
    assert_int_equal(msn, 40);
    assert_int_equal(dropped.name, 'a');
    assert_int_equal(segments[0].name, 'b');
    assert_int_equal(numbers.count, 3);
    assert_int_equal(window_next_msn(&numbers), 44);
    assert_false(window_drop(&view, &dropped, &msn));
}

static void three_target_durations_stay_unless_there_is_no_room(void **state)
{
    Named dropped;
    int64_t msn;

    (void)state;
    for (int i = 0; i < ROOM - 1; i++)
        add('x', TICKS_PER_S / 2, false);
    assert_false(window_drop(&view, &dropped, &msn));
    add('x', TICKS_PER_S / 2, false);
    assert_true(window_drop(&view, &dropped, &msn));
    assert_int_equal(numbers.count, ROOM - 1);
}

static void an_open_segment_moves_with_the_whole_ones(void **state)
{
    Named dropped;
    int64_t msn;

    (void)state;
    add_many(4);
    segments[4] = (Named){{0, 0, true}, 'o'};
    numbers.open = true;
    assert_true(window_drop(&view, &dropped, &msn));
    assert_int_equal(segments[3].name, 'o');
    assert_int_equal(window_newest_discontinuity(&view), 1);
    assert_true(window_has_discontinuity(&view));
    assert_int_equal(window_duration_90k(&view), 3 * SEGMENT);
}

static void a_discontinuity_counts_once_it_has_left(void **state)
{
    Named dropped;
    int64_t msn;

    (void)state;
    add('a', SEGMENT, false);
    add('b', SEGMENT, true);
    add_many(3);
    assert_int_equal(window_next_discontinuity(&view), 2);
    assert_true(window_drop(&view, &dropped, &msn));
    assert_int_equal(numbers.discontinuity_sequence, 0);
    assert_true(window_drop(&view, &dropped, &msn));
    assert_int_equal(numbers.discontinuity_sequence, 1);
    assert_int_equal(window_next_discontinuity(&view), 2);
    assert_false(window_has_discontinuity(&view));
}

static void a_restart_goes_on_behind_all_that_was_listed(void **state)
{
    (void)state;
    add('a', SEGMENT, true);
    numbers.open = numbers.ended = true;
    segments[1] = (Named){{0, 0, true}, 'o'};
    assert_int_equal(window_listing(&numbers), LISTING_ENDED);
    window_restart(&view);
    assert_int_equal(window_next_msn(&numbers), 2);
    assert_int_equal(numbers.discontinuity_sequence, 3);
    assert_int_equal(window_next_discontinuity(&view), 3);
    assert_int_equal(window_listing(&numbers), LISTING_NONE);
    assert_false(numbers.open);
}

static void numbers_are_raised_and_never_lowered(void **state)
{
    (void)state;
    window_raise_numbers(&numbers, 7, 2);
    window_raise_numbers(&numbers, 5, 3);
    assert_int_equal(numbers.media_sequence, 7);
    assert_int_equal(numbers.discontinuity_sequence, 3);
}

/* RFC 8216 section 6.2.2: its own duration, and that of the longest list that named it. */
static void a_file_stays_as_long_as_a_viewer_may_want_it(void **state)
{
    (void)state;
    assert_int_equal(window_stay_us(&numbers, SEGMENT), 8 * US_PER_S);
    add_many(5);
    window_note_length(&view);
    assert_int_equal(window_stay_us(&numbers, SEGMENT), 12 * US_PER_S);
    numbers.count = 2;
    window_note_length(&view);
    assert_int_equal(window_stay_us(&numbers, SEGMENT), 12 * US_PER_S);
}

static void what_is_far_enough_from_the_end_is_counted(void **state)
{
    (void)state;
    add_many(6);
    assert_int_equal(window_count_older(&view, 3, 0), 3);
    assert_int_equal(window_count_older(&view, 3, SEGMENT), 4);
    assert_int_equal(window_count_older(&view, 6, 0), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(what_is_more_than_asked_for_leaves_with_all_that_is_said_of_it, setup),
    cmocka_unit_test_setup(three_target_durations_stay_unless_there_is_no_room, setup),
    cmocka_unit_test_setup(an_open_segment_moves_with_the_whole_ones, setup),
    cmocka_unit_test_setup(a_discontinuity_counts_once_it_has_left, setup),
    cmocka_unit_test_setup(a_restart_goes_on_behind_all_that_was_listed, setup),
    cmocka_unit_test_setup(numbers_are_raised_and_never_lowered, setup),
    cmocka_unit_test_setup(a_file_stays_as_long_as_a_viewer_may_want_it, setup),
    cmocka_unit_test_setup(what_is_far_enough_from_the_end_is_counted, setup),
};

TEST_GROUP(window, tests);
