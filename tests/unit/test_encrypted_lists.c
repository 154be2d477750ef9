/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Lists of an encrypted stream over runs of the bridge: each names keys that are there, for as long
 * as it is, and nothing is written that everybody can read. */

#include "harness.h"

#include <sys/stat.h>

#include "count_files.h"
#include "hls-bridge/segment/packager.h"
#include "read_list.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"
#include "temp_folder.h"

#define KEYS_ROOT_SIZE (TEMP_FOLDER_SIZE + 8)
#define ROTATE         2 /* segments */

static char root[TEMP_FOLDER_SIZE], keys_root[KEYS_ROOT_SIZE];
static LlHub *hub;
static Packager *packager;
static SyntheticPublisher publisher;
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&publisher.clock_90k);

static const char *const lists[] = {"index.m3u8", "video.m3u8", "audio.m3u8", "iframes.m3u8"};

/* Opens the folder; what was open is closed, as by a run that ends. */
static void open_packager(MediaCipher cipher)
{
    PackagerParams params = shop_packager(root, hub, &virtual_time);

    params.outputs.encryption =
        (MediaEncryption){.cipher = cipher, .directory = keys_root, .rotate = ROTATE};
    packager_close(&packager);
    packager = packager_open(&params, synthetic_now_us(&publisher));
    assert_non_null(packager);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    snprintf(keys_root, sizeof(keys_root), "%s/keys", root);
    assert_int_equal(mkdir(keys_root, 0700), 0);
    publisher = (SyntheticPublisher){.clock_90k = PUBLISHER_START_90K};
    hub = ll_hub_create(NULL);
    assert_non_null(hub);
    open_packager(MEDIA_AES_128);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    packager_close(&packager);
    ll_hub_destroy(&hub);
    temp_folder_remove(root);
    return 0;
}

/* How often a text stands in a list. */
static int count(const char *list, const char *what)
{
    int n = 0;

    for (const char *at = text_of(root, list); (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

/* All that lists name is there, and so are the keys. Returns how many keys they name. */
static int read_lists(void)
{
    static const char tag[] = "#EXT-X-KEY:METHOD=AES-128,URI=\"";
    int keys = 0;

    for (size_t i = 0; i < COUNT(lists); i++) {
        read_list(root, lists[i]);
        for (const char *at = text_of(root, lists[i]); (at = strstr(at, tag)); keys++) {
            at += sizeof(tag) - 1;
            assert_row(is_there(keys_root, at, strcspn(at, "\"")), lists[i], "%.60s", at);
        }
    }
    return keys;
}

static void expire(void)
{
    packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
}

/* Somebody publishes for `ms`, and goes. Returns the most keys that lists have named. */
static int publish(int64_t ms)
{
    int most = 0;

    synthetic_begin(&publisher, packager_segmenter(packager));
    for (int64_t end = publisher.clock_90k + ms * 90; publisher.clock_90k < end;) {
        synthetic_step(&publisher);
        expire();
        int keys = read_lists();
        most = keys > most ? keys : most;
    }
    synthetic_finish(&publisher);
    return most;
}

/* Whether a file of media can be read without a key, by what stands at its beginning. */
static void assert_encrypted(const char *name)
{
    uint8_t head[189] = {0};
    char path[320];

    snprintf(path, sizeof(path), "%s/shop/%s", root, name);
    FILE *file = fopen(path, "r");
    assert_row(file, name, "is not there");
    size_t len = fread(head, 1, sizeof(head), file);
    fclose(file);
    bool clear = memcmp(head + 4, "moof", 4) == 0 || (head[0] == 0x47 && head[188] == 0x47);
    assert_row(len > 0 && !clear, name, "is clear");
}

/* Returns how many there are. */
static int look_at_media(void)
{
    return visit_files(root, ".ts", assert_encrypted) + visit_files(root, ".m4s", assert_encrypted);
}

static void keys_are_there_as_long_as_they_are_named(void **state)
{
    (void)state;
    assert_true(publish(150000) >= 4 * 3);
    assert_true(look_at_media() > 20);
    /* of each series: what six segments and a minute need, and no more */
    assert_in_range(count_files(keys_root, ".bin"), 2 * 3, 2 * 30);
    assert_int_equal(count_files(root, ".bin"), 0);
}

static void the_next_run_goes_on(void **state)
{
    (void)state;
    publish(13000);
    int64_t next = window_next_msn(&packager_playlist(packager)->window);
    assert_true(next >= 6);
    open_packager(MEDIA_AES_128);
    assert_int_equal(window_next_msn(&packager_playlist(packager)->window), next);
    assert_true(read_lists() >= 4 * 3);
    publish(5000);
    assert_true(window_next_msn(&packager_playlist(packager)->window) > next);
    look_at_media();
}

static void a_list_whose_keys_are_lost_begins_again(void **state)
{
    char command[128];

    (void)state;
    publish(9000);
    int64_t next = window_next_msn(&packager_playlist(packager)->window);
    packager_close(&packager);
    snprintf(command, sizeof(command), "rm -r %s/shop", keys_root);
    assert_int_equal(system(command), 0);
    open_packager(MEDIA_AES_128);
    assert_int_equal(packager_playlist(packager)->window.count, 0);
    assert_true(window_next_msn(&packager_playlist(packager)->window) >= next);
    publish(5000);
    read_lists();
}

static void encryption_comes_and_goes_between_runs(void **state)
{
    (void)state;
    open_packager(MEDIA_CLEAR);
    publish(5000);
    assert_int_equal(count("index.m3u8", "#EXT-X-KEY"), 0);
    assert_int_equal(count("manifest.mpd", "<MPD"), 1);
    open_packager(MEDIA_AES_128);
    assert_int_equal(count("manifest.mpd", "<MPD"), 0);
    publish(5000);
    assert_true(count("index.m3u8", "#EXT-X-KEY:METHOD=AES-128") > 0);
    assert_int_equal(count("index.m3u8", "#EXT-X-KEY:METHOD=NONE"), 0);
    open_packager(MEDIA_CLEAR);
    publish(5000);
    /* what was encrypted still says so, and what follows is clear */
    assert_true(count("index.m3u8", "#EXT-X-KEY:METHOD=AES-128") > 0);
    assert_int_equal(count("index.m3u8", "#EXT-X-KEY:METHOD=NONE"), 1);
    assert_int_equal(count("video.m3u8", "#EXT-X-KEY"), 0);
    read_lists();
}

/* What cannot be encrypted is not written at all. */
static void without_a_key_nothing_is_written(void **state)
{
    char path[KEYS_ROOT_SIZE + 16];

    (void)state;
    publish(5000);
    snprintf(path, sizeof(path), "%s/shop/.new", keys_root); /* where a file is written at first */
    assert_int_equal(mkdir(path, 0700), 0);
    publish(7000);
    assert_true(count("video.m3u8", "#EXT-X-GAP") > 0);
    OutputStats stats = packager_stats(packager);
    assert_true(stats.low_latency.video.keyless > 0);
    assert_true(stats.low_latency.audio.keyless > 0);
    look_at_media();
    assert_int_equal(rmdir(path), 0);
    int before = count("index.m3u8", ".ts\n");
    publish(5000);
    assert_true(count("index.m3u8", ".ts\n") > before);
    read_lists();
    look_at_media();
}

static void a_stream_that_is_removed_leaves_no_key(void **state)
{
    char path[KEYS_ROOT_SIZE + 8];

    (void)state;
    publish(5000);
    assert_int_equal(packager_end(packager), 0);
    read_lists();
    assert_int_equal(packager_clear(packager), 0);
    assert_int_equal(count_files(keys_root, ".bin"), 0);
    packager_close(&packager);
    snprintf(path, sizeof(path), "%s/shop", keys_root);
    assert_int_equal(access(path, F_OK), -1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(keys_are_there_as_long_as_they_are_named, setup, teardown),
    cmocka_unit_test_setup_teardown(the_next_run_goes_on, setup, teardown),
    cmocka_unit_test_setup_teardown(a_list_whose_keys_are_lost_begins_again, setup, teardown),
    cmocka_unit_test_setup_teardown(encryption_comes_and_goes_between_runs, setup, teardown),
    cmocka_unit_test_setup_teardown(without_a_key_nothing_is_written, setup, teardown),
    cmocka_unit_test_setup_teardown(a_stream_that_is_removed_leaves_no_key, setup, teardown),
};

TEST_GROUP(encrypted_lists, tests);
