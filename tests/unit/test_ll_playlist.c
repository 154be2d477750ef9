/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden.h"

#include "hls-bridge/package/ll_playlist.h"

#define STARTS 1770000000000000ll /* 2026-02-02T02:40:00Z */

static LlPlaylist list;
static const WindowView view = {&list.window, list.segment, sizeof(list.segment[0]),
                                LL_SEGMENTS_MAX};
static char text[LL_TEXT_SIZE];

static int setup(void **state)
{
    (void)state;
    list = (LlPlaylist){.kind = "video",
                        .epoch = 1770000000,
                        .part_target_90k = 18000,
                        .window = window_empty(2, 6)};
    list.window.media_sequence = 7;
    return 0;
}

static void parts(int n, int64_t duration_90k)
{
    for (int i = 0; i < n; i++) {
        LlPart part = {(int32_t)duration_90k, list.segment[list.window.count].parts == 0, false};
        ll_playlist_add(&list, &part);
    }
}

/* A segment of two seconds: ten parts of 192 ms and one of 80 ms. */
static void segment(int64_t msn, bool discontinuity, int64_t init)
{
    ll_playlist_begin(&list, STARTS + msn * 2000000, discontinuity, init);
    parts(10, 17280);
    parts(1, 7200);
    ll_playlist_complete(&list, 180000, 60, false);
}

static void golden(const char *name, size_t skipped)
{
    LlReport report = {"audio.m3u8", 12, 3};

    size_t len = ll_playlist_write(&list, skipped, &report, 1, text);
    assert_int_equal(len, strlen(text));
    assert_golden(name, text);
}

static void a_list_with_an_open_segment(void **state)
{
    (void)state;
    for (int64_t msn = 7; msn < 12; msn++)
        segment(msn, false, 7);
    ll_playlist_begin(&list, STARTS + 24000000, false, 7);
    parts(3, 17280);
    golden("ll/open.m3u8", 0);
}

static void a_segment_that_is_just_whole(void **state)
{
    (void)state;
    segment(7, false, 7);
    segment(8, true, 8);
    golden("ll/whole.m3u8", 0);
}

static void an_end(void **state)
{
    (void)state;
    segment(7, false, 7);
    ll_playlist_begin(&list, STARTS, false, 7);
    parts(1, 9000);
    ll_playlist_complete(&list, 9000, 3, false);
    list.window.ended = true;
    golden("ll/ended.m3u8", 0);
}

static void a_delta_update_leaves_old_segments_out(void **state)
{
    (void)state;
    list.window.keep = 12;
    for (int64_t msn = 7; msn < 16; msn++)
        segment(msn, false, 7);
    ll_playlist_begin(&list, STARTS + 32000000, false, 7);
    parts(1, 17280);
    golden("ll/delta.m3u8", ll_playlist_skippable(&list));
    /* nothing is far enough behind: the whole list */
    while (list.window.count > 6) {
        list.window.keep = list.window.count - 1;
        LlSegment dropped;
        int64_t msn;
        assert_true(window_drop(&view, &dropped, &msn));
    }
    assert_int_equal(ll_playlist_skippable(&list), 0);
}

/* Segments have gone with their discontinuity, another is there, and one could not be written. */
static void a_list_that_has_moved_on(void **state)
{
    const LlPart part = {17280, false, true};
    LlSegment dropped;
    int64_t msn;

    (void)state;
    segment(7, false, 7);
    segment(8, true, 8);
    for (int64_t n = 9; n < 13; n++)
        segment(n, n == 11, n < 11 ? 8 : 11);
    ll_playlist_begin(&list, STARTS + 26000000, false, 11);
    parts(1, 17280);
    ll_playlist_add(&list, &part);
    ll_playlist_complete(&list, 34560, 12, true);
    ll_playlist_begin(&list, STARTS + 26384000, false, 11);
    parts(2, 17280);
    list.window.keep = 4;
    while (window_drop(&view, &dropped, &msn))
        ;
    golden("ll/moved-on.m3u8", 0);
}

/* What is left out has another initialisation segment and a discontinuity. */
static void a_delta_update_behind_a_discontinuity(void **state)
{
    (void)state;
    list.window.keep = 12;
    list.window.discontinuity_sequence = 4;
    for (int64_t msn = 7; msn < 16; msn++)
        segment(msn, msn == 8, msn < 8 ? 7 : 8);
    golden("ll/delta-discontinuity.m3u8", ll_playlist_skippable(&list));
    golden("ll/delta-discontinuity-whole.m3u8", 0);
}

static void numbers_only_grow(void **state)
{
    LlSegment dropped;
    int64_t msn, next, discontinuity;

    (void)state;
    segment(7, false, 7);
    segment(8, true, 8);
    for (int64_t n = 9; n < 14; n++)
        segment(n, false, 8);
    assert_true(window_drop(&view, &dropped, &msn));
    assert_int_equal(msn, 7);
    assert_false(window_drop(&view, &dropped, &msn));
    assert_int_equal(list.window.media_sequence, 8);
    assert_int_equal(list.window.discontinuity_sequence, 0);
    segment(14, false, 8);
    assert_true(window_drop(&view, &dropped, &msn));
    assert_true(dropped.common.discontinuity);
    assert_int_equal(list.window.discontinuity_sequence, 1);

    ll_playlist_begin(&list, STARTS, true, 15);
    parts(1, 17280);
    ll_playlist_write(&list, 0, NULL, 0, text);
    assert_int_equal(ll_playlist_resume(text, &next, &discontinuity), 0);
    assert_int_equal(next, 16);
    assert_int_equal(discontinuity, 3);

    window_restart(&view);
    assert_int_equal(list.window.media_sequence, 16);
    assert_int_equal(list.window.discontinuity_sequence, 3);
    assert_int_equal(list.window.count, 0);
    assert_int_equal(ll_playlist_resume("not a list", &next, &discontinuity), -1);
}

static void what_could_not_be_written_is_a_gap(void **state)
{
    const LlPart part = {17280, true, true};

    (void)state;
    ll_playlist_begin(&list, STARTS, false, 7);
    ll_playlist_add(&list, &part);
    ll_playlist_write(&list, 0, NULL, 0, text);
    assert_non_null(strstr(text, ".0.m4s\",INDEPENDENT=YES,GAP=YES\n"));
    ll_playlist_complete(&list, 17280, 6, true);
    ll_playlist_begin(&list, STARTS, false, 7);
    ll_playlist_abandon(&list);
    ll_playlist_write(&list, 0, NULL, 0, text);
    assert_non_null(strstr(text, "#EXT-X-GAP\n#EXTINF:0.19200,\n"));
    assert_null(strstr(text, "-8.m4s"));
}

static void the_next_discontinuity_has_a_number(void **state)
{
    LlSegment dropped;
    int64_t msn;

    (void)state;
    list.window.discontinuity_sequence = 4;
    assert_int_equal(window_next_discontinuity(&view), 4);
    segment(7, true, 7); /* nothing is before it */
    assert_int_equal(window_next_discontinuity(&view), 5);
    segment(8, true, 8);
    assert_int_equal(window_next_discontinuity(&view), 6);
    for (int64_t n = 9; n < 15; n++)
        segment(n, false, 8);
    while (window_drop(&view, &dropped, &msn))
        ;
    assert_int_equal(window_next_discontinuity(&view), 6);
    window_restart(&view);
    assert_int_equal(window_next_discontinuity(&view), 6);
}

/* A segment and how many pictures it has. */
static void pictures(int64_t duration_90k, int64_t samples)
{
    ll_playlist_begin(&list, STARTS, false, 7);
    parts(1, 9000);
    ll_playlist_complete(&list, duration_90k, samples, false);
}

/* A screen that stands still does not make the pictures before it slower. */
static void the_frame_rate_is_the_highest_that_is_listed(void **state)
{
    LlSegment dropped;
    int64_t msn;

    (void)state;
    assert_int_equal(ll_playlist_frames_milli(&list), 0);
    pictures(9000, 6);
    assert_int_equal(ll_playlist_frames_milli(&list), 60000);
    pictures(180000, 59);
    pictures(180000, 60);
    assert_int_equal(ll_playlist_frames_milli(&list), 30000);
    pictures(180000, 10);
    assert_int_equal(ll_playlist_frames_milli(&list), 30000);
    list.window.keep = 3;
    for (int i = 0; i < 3; i++)
        pictures(180000, 10);
    while (window_drop(&view, &dropped, &msn))
        ;
    assert_int_equal(ll_playlist_frames_milli(&list), 5000);
}

static void an_edge(void **state)
{
    (void)state;
    LlEdge edge = ll_playlist_edge(&list);
    assert_int_equal(edge.last_msn, 6);
    assert_int_equal(edge.last_parts, 0);
    segment(7, false, 7);
    ll_playlist_begin(&list, STARTS, false, 7);
    parts(2, 17280);
    edge = ll_playlist_edge(&list);
    assert_int_equal(edge.last_msn, 7);
    assert_int_equal(edge.last_parts, 11);
    assert_int_equal(edge.open_parts, 2);
    assert_int_equal(edge.advance_limit, 15);
    LlReport report = ll_playlist_report(&list, "x");
    assert_int_equal(report.last_msn, 8);
    assert_int_equal(report.last_part, 1);
}

/* Far more parts near the end than settings allow: what is not kept is not listed. */
static void no_more_parts_are_listed_than_are_kept(void **state)
{
    size_t listed = 0;

    (void)state;
    for (int i = 0; i < 8; i++) {
        ll_playlist_begin(&list, STARTS, false, 7);
        parts(LL_PARTS_MAX + 3, 100);
        ll_playlist_complete(&list, 100 * LL_PARTS_MAX, 60, false);
    }
    assert_int_equal(list.segment[0].parts, LL_PARTS_MAX);
    ll_playlist_write(&list, 0, NULL, 0, text);
    for (const char *at = text; (at = strstr(at, "#EXT-X-PART:")); at++)
        listed++;
    assert_int_equal(listed, LL_PARTS_KEPT);
    assert_null(strstr(text, "-9.127.m4s"));
    assert_non_null(strstr(text, "-10.0.m4s"));
    assert_non_null(strstr(text, "-14.127.m4s"));
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
static const struct CMUnitTest tests[] = {
    TEST(a_list_with_an_open_segment),
    TEST(a_segment_that_is_just_whole),
    TEST(an_end),
    TEST(a_delta_update_leaves_old_segments_out),
    TEST(a_list_that_has_moved_on),
    TEST(a_delta_update_behind_a_discontinuity),
    TEST(numbers_only_grow),
    TEST(what_could_not_be_written_is_a_gap),
    TEST(the_next_discontinuity_has_a_number),
    TEST(the_frame_rate_is_the_highest_that_is_listed),
    TEST(an_edge),
    TEST(no_more_parts_are_listed_than_are_kept),
};

TEST_GROUP(ll_playlist, tests);
