/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "golden.h"
#include "hls-bridge/package/iframe_playlist.h"
#include "virtual_clock.h"

static LlPlaylist list;
static char text[LL_TEXT_SIZE];

static int setup(void **state)
{
    (void)state;
    list = (LlPlaylist){.kind = "video-low",
                        .epoch = 1770000000,
                        .part_target_90k = 18000,
                        .window = window_empty(2, 6)};
    list.window.media_sequence = 40;
    return 0;
}

typedef struct Unlike {
    uint32_t key_len; /* 0: it does not begin with an IDR picture */
    bool gap, discontinuity;
    int64_t init;
} Unlike;

static void add(int64_t ms, Unlike u)
{
    static const LlPart part = {.duration_90k = 18000, .independent = true};
    int64_t starts_us = VIRTUAL_WALL_US + window_next_msn(&list.window) * 2 * US_PER_S;

    ll_playlist_begin(&list, starts_us, u.discontinuity, u.init);
    ll_playlist_open_segment(&list)->key_len = u.key_len;
    ll_playlist_add(&list, &part);
    ll_playlist_complete(&list, ms * 90, 60, u.gap);
}

static void names_follow_those_of_media_playlists(void **state)
{
    static const struct {
        const char *rendition, *name;
    } rows[] = {{"video", "iframes.m3u8"}, {"video-low", "iframes-low.m3u8"}};
    char name[LL_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        iframe_playlist_name(rows[i].rendition, name);
        assert_string_equal(name, rows[i].name);
    }
}

static void one_picture_of_each_segment(void **state)
{
    (void)state;
    add(2000, (Unlike){.key_len = 5000, .init = 40});
    add(1990, (Unlike){.key_len = 5100, .init = 40});
    add(500, (Unlike){.init = 40}); /* a cut at the limit */
    add(2000, (Unlike){.key_len = 5200, .gap = true, .init = 40});
    add(2010, (Unlike){.key_len = 9000, .discontinuity = true, .init = 44});
    ll_playlist_begin(&list, VIRTUAL_WALL_US, false, 44); /* not whole yet */
    size_t len = iframe_playlist_write(&list, text);
    assert_int_equal(len, strlen(text));
    assert_golden("ll/iframes.m3u8", text);
    ll_playlist_abandon(&list);
    list.window.ended = true;
    iframe_playlist_write(&list, text);
    assert_non_null(strstr(text, "\n#EXT-X-ENDLIST\n"));
}

static void rates_are_of_what_is_listed(void **state)
{
    (void)state;
    assert_int_equal(iframe_playlist_peak(&list), 0);
    assert_int_equal(iframe_playlist_average(&list), 0);
    add(2000, (Unlike){.key_len = 5000, .init = 40});
    add(1000, (Unlike){.key_len = 4000, .init = 40});
    add(1000, (Unlike){.init = 40});
    add(1000, (Unlike){.key_len = 90000, .gap = true, .init = 40});
    assert_int_equal(iframe_playlist_peak(&list), 32000);
    assert_int_equal(iframe_playlist_average(&list), 24000);
}

static void the_longest_fits(void **state)
{
    (void)state;
    list.kind = "video-01234567890123456789012345678901";
    for (int64_t i = 0; i < LL_SEGMENTS_MAX; i++)
        add(2000, (Unlike){.key_len = UINT32_MAX, .discontinuity = true, .init = 40 + i});
    assert_in_range(iframe_playlist_write(&list, text), 10000, LL_TEXT_SIZE / 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_follow_those_of_media_playlists),
    cmocka_unit_test_setup(one_picture_of_each_segment, setup),
    cmocka_unit_test_setup(rates_are_of_what_is_listed, setup),
    cmocka_unit_test_setup(the_longest_fits, setup),
};

TEST_GROUP(iframe_playlist, tests);
