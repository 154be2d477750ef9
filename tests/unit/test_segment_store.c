/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "count_files.h"
#include "hls-bridge/package/segment_store.h"
#include "hls-bridge/store/folder.h"
#include "temp_folder.h"
#include "virtual_clock.h"

#define SECOND US_PER_S

static char root[TEMP_FOLDER_SIZE];
static Store *folder;
static NumberLog *numbers;
static SegmentStore *store;
static int64_t now_us;
static const Clock virtual_time = VIRTUAL_CLOCK_US(&now_us);
static size_t window;
static MediaKeys *keys; /* NULL: nothing is encrypted */

static void open_folder(void)
{
    number_log_close(&numbers);
    store_close(&folder);
    folder = folder_open(root, "shop", &virtual_time);
    numbers = number_log_open(folder);
    assert_non_null(numbers);
}

static void open_store(void)
{
    open_folder();
    const SegmentStoreParams params = {.store = folder,
                                       .numbers = numbers,
                                       .keys = keys,
                                       .window = window,
                                       .target_duration_s = 2,
                                       .clock = &virtual_time};

    store = segment_store_open(&params, now_us);
    assert_non_null(store);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    now_us = 1000 * SECOND;
    window = 3;
    open_store();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    segment_store_close(&store);
    number_log_close(&numbers);
    store_close(&folder);
    assert_null(store);
    temp_folder_remove(root);
    return 0;
}

static int add_of(int64_t ms, bool discontinuity)
{
    static const uint8_t packet[188] = {0x47};
    const SegmentBytes one = {packet, sizeof(packet), false};
    const SegmentBytes bytes[SEGMENT_LISTS_MAX] = {one, one, one, one, one, one, one, one};
    PlaylistSegment s = {.common = {ms * 90, 0, discontinuity}};

    now_us += ms * US_PER_MS;
    return segment_store_add(store, bytes, &s, now_us);
}

static int add(bool discontinuity)
{
    return add_of(2000, discontinuity);
}

static const char *playlist_file(void)
{
    static char text[PLAYLIST_TEXT_SIZE];
    char path[128];

    snprintf(path, sizeof(path), "%s/shop/" PLAYLIST_FILE, root);
    FILE *f = fopen(path, "r");
    text[f ? fread(text, 1, sizeof(text) - 1, f) : 0] = '\0';
    if (f)
        fclose(f);
    return text;
}

static void writes_segments_and_lists_them(void **state)
{
    (void)state;
    assert_string_equal(playlist_file(), "");
    assert_int_equal(add(false), 0);
    assert_int_equal(add(false), 0);
    assert_int_equal(count_files(root, ".ts"), 2);
    assert_non_null(strstr(playlist_file(), "-000001.ts\n"));
    assert_int_equal(count_files(root, ".new"), 0);
}

/* RFC 8216 section 6.2.2: its duration, and that of the longest playlist which held it. */
static void keeps_what_has_left_the_list_for_as_long_as_it_must(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        add(false);
    assert_int_equal(segment_store_playlist(store)->window.media_sequence, 1);
    int64_t gone_at = now_us + 2 * SECOND + 6 * SECOND; /* it held three of 2 s */
    assert_int_equal(store_expire(folder, gone_at - 1), gone_at);
    assert_int_equal(count_files(root, ".ts"), 4);
    assert_int_equal(store_expire(folder, gone_at), NEVER_US);
    assert_int_equal(count_files(root, ".ts"), 3);
}

static void a_second_run_goes_on_where_the_first_stood(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        add(i == 4);
    segment_store_close(&store);
    open_store();
    const Playlist *p = segment_store_playlist(store);
    assert_int_equal(p->window.media_sequence, 2);
    assert_int_equal(p->window.count, 3);
    assert_int_equal(add(true), 0);
    assert_int_equal(p->window.media_sequence, 3);
    assert_int_equal(window_next_msn(&p->window), 6);
    assert_non_null(strstr(playlist_file(), "#EXT-X-MEDIA-SEQUENCE:3\n"));
}

static void leftovers_of_an_earlier_run_are_removed_in_time(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++)
        add(false);
    segment_store_close(&store); /* it had three to remove */
    open_store();
    assert_int_equal(count_files(root, ".ts"), 6);
    store_expire(folder, now_us + 5 * SECOND);
    assert_int_equal(count_files(root, ".ts"), 6);
    store_expire(folder, now_us + 18 * SECOND); /* twice 3 TARGETDURATION and a segment of 2.5 s */
    assert_int_equal(count_files(root, ".ts"), 3);
}

/* The longest playlist that held it may have been of the run before, and is not known to this one.
 */
static void what_a_second_run_drops_stays_as_long_as_the_first_one_promised(void **state)
{
    (void)state;
    segment_store_close(&store);
    window = 6;
    open_store();
    for (int i = 0; i < 10; i++)
        add_of(i < 6 ? 2400 : 1200, false); /* 14.4 s long at first, 9.6 s in the end */
    segment_store_close(&store);
    open_store();
    add_of(1200, false);
    assert_int_equal(segment_store_playlist(store)->window.media_sequence, 5);
    store_expire(folder, now_us + (2400 + 14400) * US_PER_MS - 1);
    assert_int_equal(count_files(root, ".ts"), 11);
}

static void a_promise_of_an_earlier_run_is_kept(void **state)
{
    const SegmentStoreParams params = {.store = folder,
                                       .window = 6,
                                       .target_duration_s = 4,
                                       .numbers = numbers,
                                       .clock = &virtual_time};

    (void)state;
    add(false);
    segment_store_close(&store);
    store = segment_store_open(&params, now_us);
    assert_int_equal(segment_store_playlist(store)->window.target_duration_s, 2);
}

static void segments_that_are_lost_are_not_listed(void **state)
{
    char command[128];

    (void)state;
    for (int i = 0; i < 3; i++)
        add(false);
    segment_store_close(&store);
    snprintf(command, sizeof(command), "rm %s/shop/*1.ts", root);
    assert_int_equal(system(command), 0);
    open_store();
    assert_int_equal(segment_store_playlist(store)->window.count, 0);
    assert_int_equal(segment_store_playlist(store)->window.media_sequence, 3);
    assert_int_equal(segment_store_playlist(store)->window.discontinuity_sequence, 1);
}

static void a_file_that_is_no_playlist_is_replaced(void **state)
{
    char path[128];

    (void)state;
    segment_store_close(&store);
    snprintf(path, sizeof(path), "%s/shop/" PLAYLIST_FILE, root);
    FILE *f = fopen(path, "w");
    fputs("nonsense", f);
    fclose(f);
    open_store();
    assert_int_equal(segment_store_playlist(store)->window.count, 0);
    assert_int_equal(add(false), 0);
}

/* Whatever is left of the playlist, its numbers are not used again: those of another boot may be
 * newer than what is there, and without a log nobody knows them. */
static void a_damaged_playlist_does_not_begin_at_0(void **state)
{
    static const char *const texts[] = {"", "#EXTM3U\n#EXT-X-TARGETDUR", "\n\n\n", NULL};

    for (size_t i = 0; i < COUNT(texts); i++) {
        for (int log = 0; log < 2; log++) {
            char path[128];
            setup(state);
            for (int k = 0; k < 5; k++)
                add(k == 4);
            segment_store_close(&store);
            snprintf(path, sizeof(path), "%s/shop/" NUMBER_LOG_FILE, root);
            if (!log)
                assert_int_equal(unlink(path), 0);
            snprintf(path, sizeof(path), "%s/shop/" PLAYLIST_FILE, root);
            assert_int_equal(unlink(path), 0);
            FILE *f = texts[i] ? fopen(path, "w") : NULL;
            if (f) {
                fputs(texts[i], f);
                fclose(f);
            }
            open_store();
            const Playlist *p = segment_store_playlist(store);
            assert_int_equal(p->window.count, 0);
            if (log || texts[i]) /* with neither there is nothing to go by */
                assert_true(p->window.media_sequence >= 5 && p->window.discontinuity_sequence >= 2);
            assert_int_not_equal(access(path, F_OK), 0); /* nobody is served it */
            assert_int_equal(add(false), 0);
            teardown(state);
        }
    }
}

/* A file that is empty, or has part of a packet, is not what was written. */
static void a_segment_that_is_not_whole_is_not_listed(void **state)
{
    for (off_t len = 0; len < 188; len += 100) {
        char path[160];
        setup(state);
        for (int i = 0; i < 3; i++)
            add(false);
        snprintf(path, sizeof(path), "%s/shop/%s", root,
                 segment_store_playlist(store)->segments[1].name);
        segment_store_close(&store);
        assert_int_equal(truncate(path, len), 0);
        open_store();
        assert_int_equal(segment_store_playlist(store)->window.count, 0);
        assert_int_equal(segment_store_playlist(store)->window.media_sequence, 3);
        assert_string_equal(playlist_file(), "");
        teardown(state);
    }
}

static void ends_and_begins_again(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        add(false);
    assert_int_equal(segment_store_end(store), 0);
    assert_non_null(strstr(playlist_file(), "#EXT-X-ENDLIST"));
    assert_int_equal(segment_store_end(store), 0);
    assert_int_equal(add(true), 0);
    assert_null(strstr(playlist_file(), "#EXT-X-ENDLIST"));
    assert_null(strstr(playlist_file(), "#EXT-X-DISCONTINUITY\n"));
    assert_non_null(strstr(playlist_file(), "#EXT-X-MEDIA-SEQUENCE:4\n"));
    assert_non_null(strstr(playlist_file(), "#EXT-X-DISCONTINUITY-SEQUENCE:1\n"));
    assert_int_equal(segment_store_playlist(store)->window.count, 1);
}

static void clears_an_ended_stream_but_for_its_numbers(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        add(false);
    segment_store_end(store);
    assert_int_equal(segment_store_clear(store), 0);
    assert_int_equal(count_files(root, ".ts"), 0);
    assert_non_null(strstr(playlist_file(), "#EXT-X-MEDIA-SEQUENCE:4\n"));
    assert_non_null(strstr(playlist_file(), "#EXT-X-ENDLIST"));
    segment_store_close(&store);
    open_store();
    assert_int_equal(window_next_msn(&segment_store_playlist(store)->window), 4);
}

/* A disk that refuses: a folder stands where the temporary file should. */
static void a_disk_that_refuses_changes_nothing(void **state)
{
    char path[128];

    (void)state;
    add(false);
    add(false);
    char before[PLAYLIST_TEXT_SIZE];
    strcpy(before, playlist_file());
    snprintf(path, sizeof(path), "%s/shop/.new", root);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(add(false), -1);
    assert_int_equal(errno, EISDIR);
    assert_string_equal(playlist_file(), before);
    assert_int_equal(segment_store_playlist(store)->window.count, 2);
    assert_int_equal(count_files(root, ".ts"), 2);
    assert_int_equal(segment_store_end(store), -1);
    assert_false(segment_store_playlist(store)->window.ended);
    rmdir(path);
    assert_int_equal(add(true), 0);
    assert_non_null(strstr(playlist_file(), "-000002.ts"));
}

/* The key is written before the media, which the disk may not take. */
static void no_key_stays_of_what_was_never_written(void **state)
{
    char place[TEMP_FOLDER_SIZE], path[160];
    const MediaKeysParams params = {
        .encryption = {.cipher = MEDIA_AES_128, .directory = place, .rotate = 10},
        .stream = "shop",
        .clock = &virtual_time,
    };

    (void)state;
    temp_folder(place);
    keys = media_keys_open(&params);
    assert_non_null(keys);
    segment_store_close(&store);
    open_store();
    snprintf(path, sizeof(path), "%s/shop/.new", root);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(add(false), -1);
    assert_int_equal(count_files(place, ".bin"), 1);
    assert_int_equal(segment_store_clear(store), 0);
    assert_int_equal(count_files(place, ".bin"), 0);
    segment_store_close(&store);
    media_keys_close(&keys);
    temp_folder_remove(place);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(writes_segments_and_lists_them),
    TEST(keeps_what_has_left_the_list_for_as_long_as_it_must),
    TEST(a_second_run_goes_on_where_the_first_stood),
    TEST(leftovers_of_an_earlier_run_are_removed_in_time),
    TEST(what_a_second_run_drops_stays_as_long_as_the_first_one_promised),
    TEST(a_promise_of_an_earlier_run_is_kept),
    TEST(segments_that_are_lost_are_not_listed),
    TEST(a_file_that_is_no_playlist_is_replaced),
    cmocka_unit_test(a_damaged_playlist_does_not_begin_at_0),
    cmocka_unit_test(a_segment_that_is_not_whole_is_not_listed),
    TEST(ends_and_begins_again),
    TEST(clears_an_ended_stream_but_for_its_numbers),
    TEST(a_disk_that_refuses_changes_nothing),
    TEST(no_key_stays_of_what_was_never_written),
};

TEST_GROUP(segment_store, tests);
