/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who asks for a rung, with a real folder and the kernel's word. */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "hls-bridge/store/folder.h"
#include "hls-bridge/stream/audience.h"
#include "hls-bridge/transcode/rung_demand.h"
#include "temp_folder.h"

#define PATH_SIZE (TEMP_FOLDER_SIZE + 80)

static char root[TEMP_FOLDER_SIZE];
static FolderReaders *readers;
static LlHub *hub;
static Audience *audience;
static int64_t asked_us[AUDIENCE_MAX];

static int setup(void **state)
{
    static const char *const names[] = {"480p", "240p"};
    char path[PATH_SIZE];

    (void)state;
    temp_folder(root);
    snprintf(path, sizeof(path), "%s/shop", root);
    assert_int_equal(mkdir(path, 0755), 0);
    readers = folder_readers_create();
    hub = ll_hub_create(NULL);
    assert_non_null(readers);
    audience = audience_create(&(AudienceParams){readers, hub, root}, "shop", names, 2);
    assert_non_null(audience);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    audience_destroy(&audience);
    ll_hub_destroy(&hub);
    folder_readers_destroy(&readers);
    temp_folder_remove(root);
    return 0;
}

/* As a web server does; a file that is not there yet is made. */
static void read_file(const char *file)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof(path), "%s/shop/%s", root, file);
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    assert_true(fd >= 0);
    close(fd);
    fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    close(fd);
}

static void names_of_its_lists_and_media_are_known(void **state)
{
    static const struct {
        const char *name, *file;
        bool is;
    } rows[] = {
        {"list", "video-480p.m3u8", true},
        {"classic list", "index-480p.m3u8", true},
        {"segment", "video-480p-7-12.m4s", true},
        {"part", "video-480p-7-12.3.m4s", true},
        {"initialisation", "video-480p-7-12.mp4", true},
        {"classic segment", "seg-480p-7-12.ts", true},
        {"key frames", "iframes-480p.m3u8", false},
        {"the best", "video.m3u8", false},
        {"a segment of the best", "video-480-12.m4s", false},
        {"longer", "video-480p2.m3u8", false},
        {"a layer's", "video-480p-x.m3u8", false},
        {"a layer's media", "video-480p-1-7-12.m4s", false},
        {"temporary", ".video-480p.m3u8", false},
        {"cut short", "video-480p-7-", false},
        {"no number", "video-480p--1.m4s", false},
        {"sound", "audio-480p.m3u8", false},
        {"nothing", "", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(audience_is_of(rows[i].file, "480p") == rows[i].is, rows[i].name, "%s",
                   rows[i].file);
}

static void a_file_that_is_read_tells_of_its_rung(void **state)
{
    (void)state;
    audience_look(audience, 1000, asked_us);
    assert_int_equal(asked_us[0], RUNG_NEVER_ASKED);
    read_file("video-480p.m3u8");
    read_file("video.m3u8");
    audience_look(audience, 2000, asked_us);
    assert_int_equal(asked_us[0], 2000);
    assert_int_equal(asked_us[1], RUNG_NEVER_ASKED);
    read_file("seg-240p-1-2.ts");
    audience_look(audience, 3000, asked_us);
    assert_int_equal(asked_us[0], 2000);
    assert_int_equal(asked_us[1], 3000);
}

static void what_the_bridge_writes_is_not_asked_for(void **state)
{
    static const char text[] = "#EXTM3U\n";

    (void)state;
    Store *store = folder_open(root, "shop", clock_system());
    assert_non_null(store);
    assert_int_equal(store_put(store, "video-480p.m3u8", text, sizeof(text), STORE_THROUGH), 0);
    assert_int_equal(store_put(store, "video-480p-1-1.m4s", text, sizeof(text), STORE_MEDIA), 0);
    store_remove(store, "video-480p-1-1.m4s");
    store_close(&store);
    audience_look(audience, 2000, asked_us);
    assert_int_equal(asked_us[0], RUNG_NEVER_ASKED);
}

static void any_thread_that_looks_tells_all_streams(void **state)
{
    static const char *const names[] = {"480p"};
    char path[PATH_SIZE];
    int64_t other_us[AUDIENCE_MAX];

    (void)state;
    snprintf(path, sizeof(path), "%s/other", root);
    assert_int_equal(mkdir(path, 0755), 0);
    Audience *other = audience_create(&(AudienceParams){readers, NULL, root}, "other", names, 1);
    assert_non_null(other);
    read_file("video-240p.m3u8");
    audience_look(other, 4000, other_us);
    assert_int_equal(other_us[0], RUNG_NEVER_ASKED);
    audience_look(audience, 5000, asked_us);
    assert_int_equal(asked_us[1], 4000);
    audience_destroy(&other);
    read_file("video-240p.m3u8"); /* of the watches one is gone */
    audience_look(audience, 6000, asked_us);
    assert_int_equal(asked_us[1], 6000);
}

static void of_a_flood_a_look_takes_only_so_much(void **state)
{
    char name[32];

    (void)state;
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof(name), "x%d", i % 2); /* the kernel makes one of two that are equal */
        read_file(name);
    }
    read_file("video-480p.m3u8");
    audience_look(audience, 1000, asked_us);
    assert_int_equal(asked_us[0], RUNG_NEVER_ASKED);
    audience_look(audience, 2000, asked_us);
    assert_int_equal(asked_us[0], 2000);
    assert_int_equal(folder_readers_lost(readers), 0);
}

static void requests_that_come_to_the_bridge_count(void **state)
{
    static const LlDirectives any = {.msn = -1, .part = -1};
    LlBoard *board = ll_hub_join(hub, "shop", US_PER_S, US_PER_S / 5);
    LlTicket ticket = {0};
    LlText *text;

    (void)state;
    assert_non_null(board);
    assert_int_equal(ll_board_add(board, "video"), 0);
    assert_int_equal(ll_board_add(board, "video-480p"), 1);
    ll_hub_playlist(hub, "shop", "video", &any, 1000, &ticket, &text);
    ll_hub_playlist(hub, "shop", "video-240p", &any, 1000, &ticket, &text);
    ll_hub_playlist(hub, "other", "video-480p", &any, 1000, &ticket, &text);
    audience_look(audience, 1500, asked_us);
    assert_int_equal(asked_us[0], RUNG_NEVER_ASKED);
    assert_int_equal(asked_us[1], RUNG_NEVER_ASKED);
    ll_hub_playlist(hub, "shop", "video-480p", &any, 2000, &ticket, &text);
    audience_look(audience, 2500, asked_us);
    assert_int_equal(asked_us[0], 2000);
    ll_hub_part(hub, "shop", "video-480p-1-2.3.m4s", 3000, &ticket, &text);
    audience_look(audience, 3500, asked_us);
    assert_int_equal(asked_us[0], 3000);
    ll_board_leave(&board);
}

static void a_folder_that_is_not_there_is_said(void **state)
{
    static const char *const names[] = {"480p"};

    (void)state;
    assert_null(audience_create(&(AudienceParams){readers, NULL, root}, "nowhere", names, 1));
    assert_int_equal(errno, ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_of_its_lists_and_media_are_known),
    TEST(a_file_that_is_read_tells_of_its_rung),
    TEST(what_the_bridge_writes_is_not_asked_for),
    TEST(any_thread_that_looks_tells_all_streams),
    TEST(of_a_flood_a_look_takes_only_so_much),
    TEST(requests_that_come_to_the_bridge_count),
    TEST(a_folder_that_is_not_there_is_said),
};

TEST_GROUP(audience, tests);
