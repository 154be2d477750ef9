/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/package/playlist.h"

#define START_UNIX_US 1767225600000000ll /* 2026-01-01T00:00:00Z */

static Playlist playlist;
static char text[PLAYLIST_TEXT_SIZE];

static int setup(void **state)
{
    (void)state;
    playlist_init(&playlist, 2, 3);
    return 0;
}

static void append(int64_t duration_90k, bool discontinuity)
{
    int64_t n = window_next_msn(&playlist.window);
    PlaylistSegment s = {
        .common = {duration_90k, START_UNIX_US + n * 2000000 + 5000, discontinuity}};

    snprintf(s.name, sizeof(s.name), "seg-1-%06lld.ts", (long long)n);
    playlist_append(&playlist, &s);
}

static int drop(void)
{
    const WindowView view = playlist_view(&playlist);
    PlaylistSegment dropped;
    int64_t msn;
    int n = 0;

    while (window_drop(&view, &dropped, &msn))
        n++;
    return n;
}

static const char *written(void)
{
    size_t len = playlist_write(&playlist, NULL, text);

    assert_int_equal(len, strlen(text));
    return text;
}

static void writes_a_sliding_window(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        append(180000 + i, i == 3);
        drop();
    }
    assert_string_equal(written(),
                        "#EXTM3U\n"
                        "#EXT-X-VERSION:3\n"
                        "#EXT-X-TARGETDURATION:2\n"
                        "#EXT-X-MEDIA-SEQUENCE:2\n"
                        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
                        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:04.005Z\n"
                        "#EXTINF:2.00002,\n"
                        "seg-1-000002.ts\n"
                        "#EXT-X-DISCONTINUITY\n"
                        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:06.005Z\n"
                        "#EXTINF:2.00003,\n"
                        "seg-1-000003.ts\n"
                        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:08.005Z\n"
                        "#EXTINF:2.00004,\n"
                        "seg-1-000004.ts\n");
}

static void writes_durations_to_the_tick(void **state)
{
    static const struct {
        int64_t ticks;
        const char *text;
    } rows[] = {{90000, "#EXTINF:1.00000,"},
                {1, "#EXTINF:0.00001,"},
                {0, "#EXTINF:0.00000,"},
                {177777, "#EXTINF:1.97530,"},
                {222299, "#EXTINF:2.46999,"}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        setup(NULL);
        append(rows[i].ticks, false);
        assert_row(strstr(written(), rows[i].text), rows[i].text, "%s", text);
    }
}

static void an_ended_one_says_so(void **state)
{
    (void)state;
    append(180000, false);
    playlist.window.ended = true;
    assert_non_null(strstr(written(), "seg-1-000000.ts\n#EXT-X-ENDLIST\n"));
}

/* RFC 8216 section 6.2.2: three target durations stay, whatever the window is. */
static void keeps_three_target_durations(void **state)
{
    const WindowView view = playlist_view(&playlist);

    (void)state;
    for (int i = 0; i < 20; i++) {
        append(135000, false); /* 1.5 s */
        drop();
        if (playlist.window.media_sequence > 0)
            assert_true(window_duration_90k(&view) >= 3 * 180000);
    }
    assert_int_equal(playlist.window.count, 4);
}

static void grows_no_further_than_its_array(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        append(100, false);
        drop();
        assert_true(playlist.window.count < PLAYLIST_SEGMENTS_MAX);
    }
}

static void a_discontinuity_is_counted_when_it_leaves(void **state)
{
    (void)state;
    append(180000, false);
    append(180000, true);
    append(180000, false);
    append(180000, true);
    assert_int_equal(drop(), 1);
    assert_int_equal(playlist.window.discontinuity_sequence, 0);
    append(180000, false);
    assert_int_equal(drop(), 1);
    assert_int_equal(playlist.window.discontinuity_sequence, 1);
    assert_non_null(strstr(written(), "#EXT-X-DISCONTINUITY-SEQUENCE:1\n"));
    append(180000, false);
    drop();
    append(180000, false);
    drop();
    assert_int_equal(playlist.window.discontinuity_sequence, 2);
    assert_null(strstr(written(), "#EXT-X-DISCONTINUITY\n"));
}

static void a_new_beginning_keeps_the_numbers(void **state)
{
    const WindowView view = playlist_view(&playlist);

    (void)state;
    append(180000, false);
    append(180000, true);
    playlist.window.ended = true;
    window_restart(&view);
    assert_int_equal(playlist.window.count, 0);
    assert_int_equal(playlist.window.media_sequence, 2);
    assert_int_equal(playlist.window.discontinuity_sequence, 2);
    assert_false(playlist.window.ended);
}

static void reads_back_what_it_wrote(void **state)
{
    Playlist again;
    char second[PLAYLIST_TEXT_SIZE];

    (void)state;
    for (int i = 0; i < 9; i++) {
        append(171000 + i * 7, i % 4 == 3);
        drop();
    }
    playlist.window.ended = true;
    size_t len = playlist_write(&playlist, NULL, text);
    assert_int_equal(playlist_read(&again, text, len, 3, NULL), 0);
    assert_int_equal(again.window.media_sequence, playlist.window.media_sequence);
    assert_int_equal(again.window.discontinuity_sequence, playlist.window.discontinuity_sequence);
    assert_true(again.window.ended);
    playlist_write(&again, NULL, second);
    assert_string_equal(second, text);
}

static void reads_every_duration_back_to_the_tick(void **state)
{
    Playlist again;

    (void)state;
    for (int64_t ticks = 100000; ticks < 300000; ticks += 7) {
        setup(NULL);
        append(ticks, false);
        size_t len = playlist_write(&playlist, NULL, text);
        assert_int_equal(playlist_read(&again, text, len, 3, NULL), 0);
        assert_int_equal(again.segments[0].common.duration_90k, ticks);
    }
}

static void refuses_what_is_not_its_own(void **state)
{
#define HEAD "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
    static const char *const texts[] = {
        "",
        "#EXTM3U",
        "#EXTM3U8\n",
        "<html>",
        "#EXTM3U\n#EXTINF:2.00000,\nseg.ts\n",    /* no target duration */
        "#EXTM3U\n#EXT-X-TARGETDURATION:0\n",     /* */
        "#EXTM3U\n#EXT-X-TARGETDURATION:99999\n", /* */
        HEAD "#EXT-X-MEDIA-SEQUENCE:-1\n",        /* */
        HEAD "#EXT-X-MEDIA-SEQUENCE:99999999999999999999999\n",
        HEAD "#EXTINF:two,\nseg.ts\n",               /* */
        HEAD "#EXTINF:2.00000,\n../../etc/passwd\n", /* a path */
        HEAD "#EXTINF:2.00000,\n.new\n",             /* a dot file */
        HEAD "#EXT-X-PROGRAM-DATE-TIME:yesterday\n", /* */
    };
    Playlist p;

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_row(playlist_read(&p, texts[i], strlen(texts[i]), 3, NULL) == -1, texts[i],
                   "was read");
    char nul[] = HEAD "seg\0.ts\n";
    assert_int_equal(playlist_read(&p, nul, sizeof(nul) - 1, 3, NULL), -1);
    char longest[512] = HEAD;
    memset(longest + strlen(HEAD), 'x', 400);
    assert_int_equal(playlist_read(&p, longest, strlen(longest), 3, NULL), -1);
}

/* One more must always find room: the next segment is added before the oldest goes. */
static void refuses_more_segments_than_it_holds(void **state)
{
    static char many[PLAYLIST_TEXT_SIZE] = HEAD;
    Playlist p;

    (void)state;
    for (int i = 0; i < PLAYLIST_SEGMENTS_MAX; i++)
        strcat(many, "s.ts\n");
    assert_int_equal(playlist_read(&p, many, strlen(many), 3, NULL), -1);
}

/* The largest there can be fits the text that everybody reserves for it. */
static void the_largest_fits(void **state)
{
    (void)state;
    playlist_init(&playlist, 3600, PLAYLIST_WINDOW_MAX);
    playlist.window.media_sequence = playlist.window.discontinuity_sequence = INT64_MAX - 1000;
    for (int i = 0; i < PLAYLIST_SEGMENTS_MAX - 1; i++) {
        PlaylistSegment s = {.common = {3600 * TICKS_PER_S, 0, true}};
        memset(s.name, 'x', sizeof(s.name) - 1);
        playlist_append(&playlist, &s);
    }
    playlist.window.ended = true;
    assert_in_range(playlist_write(&playlist, NULL, text), 10000, PLAYLIST_TEXT_SIZE - 1);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
static const struct CMUnitTest tests[] = {
    TEST(writes_a_sliding_window),
    TEST(writes_durations_to_the_tick),
    TEST(an_ended_one_says_so),
    TEST(keeps_three_target_durations),
    TEST(grows_no_further_than_its_array),
    TEST(a_discontinuity_is_counted_when_it_leaves),
    TEST(a_new_beginning_keeps_the_numbers),
    TEST(reads_back_what_it_wrote),
    TEST(reads_every_duration_back_to_the_tick),
    TEST(refuses_what_is_not_its_own),
    TEST(refuses_more_segments_than_it_holds),
    TEST(the_largest_fits),
};

TEST_GROUP(playlist, tests);
