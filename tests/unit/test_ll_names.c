/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/serve/ll_names.h"

#define NAME_32 "abcdefghijklmnopqrstuvwxyz-_0123"

static void lists(void **state)
{
    static const struct {
        const char *file, *list; /* list NULL: it is no list */
    } rows[] = {
        {"video.m3u8", "video"},
        {"audio.m3u8", "audio"},
        {"video-mid.m3u8", "video-mid"},
        {"video-2.m3u8", "video-2"},
        {"video-a-b_C.m3u8", "video-a-b_C"},
        {"video-" NAME_32 ".m3u8", "video-" NAME_32},
        {"video-" NAME_32 "x.m3u8", NULL},
        {"video-.m3u8", NULL},
        {"videos.m3u8", NULL},
        {"audio-low.m3u8", "audio-low"},
        {"audio-opus.m3u8", "audio-opus"},
        {"audio-mid.m3u8", NULL}, /* there is one other sound */
        {"video-a.b.m3u8", NULL},
        {"video-a%20b.m3u8", NULL},
        {"index.m3u8", NULL},
        {"video.m3u8.m3u8", NULL},
        {".m3u8", NULL},
        {"m3u8", NULL},
        {"", NULL},
        {"video", NULL},
        {"video.m3u", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char list[LL_LIST_NAME_SIZE] = "";
        char *file = (char *)guarded_copy(rows[i].file, strlen(rows[i].file) + 1);
        bool is = ll_names_list(file, list);
        assert_row(is == (rows[i].list != NULL), rows[i].file, "%d, \"%s\"", is, list);
        assert_row(!is || strcmp(list, rows[i].list) == 0, rows[i].file, "\"%s\"", list);
        guarded_free((uint8_t *)file, strlen(rows[i].file) + 1);
    }
}

static void parts(void **state)
{
    static const struct {
        const char *file, *list; /* list NULL: it is no part */
        int64_t epoch, msn, part;
    } rows[] = {
        {"video-1700000000-12.3.m4s", "video", 1700000000, 12, 3},
        {"audio-1-0.0.m4s", "audio", 1, 0, 0},
        {"video-low-1700000000-12.3.m4s", "video-low", 1700000000, 12, 3},
        {"video-2-77-10.0.m4s", "video-2", 77, 10, 0},
        {"video-1-2-3-4.5.m4s", "video-1-2", 3, 4, 5}, /* a name that looks like numbers */
        {"video--1-4.5.m4s", NULL, 0, 0, 0},
        {"video-" NAME_32 "-1-2.3.m4s", "video-" NAME_32, 1, 2, 3},
        {"video-" NAME_32 "x-1-2.3.m4s", NULL, 0, 0, 0},
        {"video-999999999999999-999999999999999.999999999999999.m4s", "video", 999999999999999,
         999999999999999, 999999999999999},
        {"video-1000000000000000-1.1.m4s", NULL, 0, 0, 0},
        {"video-1-1000000000000000.1.m4s", NULL, 0, 0, 0},
        {"video-1-1.1000000000000000.m4s", NULL, 0, 0, 0},
        {"video-77-10.m4s", NULL, 0, 0, 0}, /* a segment */
        {"video-10.3.m4s", NULL, 0, 0, 0},
        {"video-77-+10.3.m4s", NULL, 0, 0, 0},
        {"video-77--10.3.m4s", NULL, 0, 0, 0}, /* no epoch */
        {"video-77-10.-3.m4s", NULL, 0, 0, 0},
        {"video-77-10.3.m4s.x", NULL, 0, 0, 0},
        {"video-77-10.3.mp4", NULL, 0, 0, 0},
        {"video-77-10..m4s", NULL, 0, 0, 0},
        {"movie-77-10.3.m4s", NULL, 0, 0, 0},
        {"77-10.3.m4s", NULL, 0, 0, 0},
        {"-77-10.3.m4s", NULL, 0, 0, 0},
        {"10.3.m4s", NULL, 0, 0, 0},
        {"3.m4s", NULL, 0, 0, 0},
        {".m4s", NULL, 0, 0, 0},
        {"", NULL, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        LlPartName name = {.epoch = -1};
        char *file = (char *)guarded_copy(rows[i].file, strlen(rows[i].file) + 1);
        bool is = ll_names_part(file, &name);
        assert_row(is == (rows[i].list != NULL), rows[i].file, "%d", is);
        assert_row(!is || strcmp(name.list, rows[i].list) == 0, rows[i].file, "\"%s\"", name.list);
        assert_row(!is || (name.epoch == rows[i].epoch && name.msn == rows[i].msn &&
                           name.part == rows[i].part),
                   rows[i].file, "%lld %lld %lld", (long long)name.epoch, (long long)name.msn,
                   (long long)name.part);
        guarded_free((uint8_t *)file, strlen(rows[i].file) + 1);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lists),
    cmocka_unit_test(parts),
};

TEST_GROUP(ll_names, tests);
