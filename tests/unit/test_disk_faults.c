/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a disk refuses to take, and what viewers find then: a stream of synthetic media in virtual
 * time, from the packager down to the files. The linker puts our renameat() before the C library's:
 * it is what makes a file appear, and refuses what a test asks it to. */

#include "harness.h"

#include <errno.h>
#include <fnmatch.h>

#include "count_files.h"
#include "hls-bridge/segment/packager.h"
#include "read_list.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"
#include "temp_folder.h"

static char root[TEMP_FOLDER_SIZE];
static LlHub *hub;
static Packager *packager;
static SyntheticPublisher publisher;
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&publisher.clock_90k);
static const char *refused; /* a pattern of names; NULL: none */
static int refusals;

int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    if (refused && fnmatch(refused, to, 0) == 0) {
        refusals++;
        errno = EIO;
        return -1;
    }
    return __real_renameat(from_fd, from, to_fd, to);
}

static void open_packager(bool ts)
{
    PackagerParams params = shop_packager(root, hub, &virtual_time);

    params.outputs.writes_ts = ts;
    packager = packager_open(&params, synthetic_now_us(&publisher));
    assert_non_null(packager);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    publisher = (SyntheticPublisher){.clock_90k = PUBLISHER_START_90K};
    refused = NULL;
    refusals = 0;
    hub = ll_hub_create(NULL);
    assert_non_null(hub);
    open_packager(true);
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

/* ---- a publisher ---- */

/* Publishes for `ms`; at any time each list is true. */
static void publish(int64_t ms)
{
    for (int64_t end = publisher.clock_90k + ms * 90; publisher.clock_90k < end;) {
        synthetic_step(&publisher);
        packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
        read_list(root, "video.m3u8");
        read_list(root, "audio.m3u8");
    }
}

/* Lets time pass with nobody there. */
static void wait(int64_t ms)
{
    for (int64_t i = 0; i < ms; i += 100, publisher.clock_90k += 9000)
        packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
}

static void begin(void)
{
    synthetic_begin(&publisher, packager_segmenter(packager));
}

/* ---- tests ---- */

/* It is written as soon as it can be; until then there is a gap. */
static void an_initialisation_segment_is_tried_again(void **state)
{
    (void)state;
    refused = "*.mp4";
    begin();
    publish(3000);
    assert_true(refusals > 2);
    assert_int_equal(count_files(root, ".mp4"), 0);
    CmafOutputStats stats = packager_stats(packager).low_latency;
    assert_int_equal(stats.video.failed_writes + stats.audio.failed_writes, refusals);
    assert_true(stats.video.gaps > 0);
    assert_true(read_list(root, "video.m3u8").gaps > 0 && read_list(root, "video.m3u8").parts == 0);
    refused = NULL;
    publish(25000);
    assert_int_equal(count_files(root, ".mp4"), 2);
    for (int i = 0; i < 2; i++) {
        ListedFiles listed = read_list(root, i == 0 ? "video.m3u8" : "audio.m3u8");
        assert_int_equal(listed.maps, 1);
        assert_int_equal(listed.gaps, 0);
        assert_true(listed.parts > 10 && listed.segments >= 6);
    }
    synthetic_finish(&publisher);
}

/* Pictures of another size begin a segment whose initialisation segment is lost: what lies before
 * keeps its own. */
static void one_of_another_size_is_tried_again(void **state)
{
    (void)state;
    begin();
    publish(5000);
    refused = "video-*.mp4";
    publisher.tall = true;
    publish(3000);
    assert_true(refusals > 2);
    assert_int_equal(read_list(root, "video.m3u8").maps, 1);
    refused = NULL;
    publish(5000);
    ListedFiles listed = read_list(root, "video.m3u8");
    assert_int_equal(listed.maps, 2);
    assert_true(listed.parts > 10);
    synthetic_finish(&publisher);
}

static bool has_ended(const char *name)
{
    return strstr(text_of(root, name), "#EXT-X-ENDLIST\n") ||
           strstr(text_of(root, name), "type=\"static\"");
}

static void the_end_is_tried_again(void **state)
{
    static const char *const files[] = {"index.m3u8", "video.m3u8", "audio.m3u8", "manifest.mpd"};

    for (int ts = 1; ts >= 0; ts--) {
        for (size_t i = ts ? 0 : 1; i < COUNT(files); i++) {
            setup(state);
            packager_close(&packager);
            open_packager(ts);
            begin();
            publish(5000);
            synthetic_finish(&publisher);
            assert_row(!has_ended(files[i]), files[i], "with%s TS", ts ? "" : "out");
            refused = files[i];
            assert_row(packager_end(packager) == -1, files[i], "with%s TS", ts ? "" : "out");
            assert_row(packager_end(packager) == -1, files[i], "with%s TS", ts ? "" : "out");
            assert_true(refusals > 1);
            refused = NULL;
            assert_row(packager_end(packager) == 0, files[i], "with%s TS", ts ? "" : "out");
            for (size_t k = ts ? 0 : 1; k < COUNT(files); k++)
                assert_row(has_ended(files[k]), files[k], "with%s TS", ts ? "" : "out");
            refused = files[i];
            if (i < 3)
                assert_row(packager_clear(packager) == -1, files[i], "with%s TS", ts ? "" : "out");
            refused = NULL;
            assert_int_equal(packager_clear(packager), 0);
            assert_int_equal(count_files(root, ".ts") + count_files(root, ".m4s"), 0);
            assert_null(strstr(text_of(root, files[i]), "#EXTINF"));
            teardown(state);
        }
    }
}

/* What a list still names stays, though the files of other lists go. */
static void files_stay_until_their_list_is_cleared(void **state)
{
    (void)state;
    begin();
    publish(5000);
    synthetic_finish(&publisher);
    refused = "*.m3u8";
    assert_int_equal(packager_clear(packager), -1);
    refused = "video.m3u8";
    assert_int_equal(packager_clear(packager), -1);
    assert_true(read_list(root, "video.m3u8").parts > 10);
    assert_int_equal(count_files(root, ".ts"), 0);
    refused = NULL;
    assert_int_equal(packager_clear(packager), 0);
    assert_int_equal(count_files(root, ".m4s"), 0);
}

static void ignore(void *user)
{
    (void)user;
}

/* The number of the segment that comes after those of a list. */
static int64_t next_number(const char *text)
{
    const char *at = strstr(text, "#EXT-X-MEDIA-SEQUENCE:");
    int64_t number = at ? strtoll(at + 22, NULL, 10) : 0;

    while ((text = strstr(text, "#EXTINF"))) {
        text++;
        number++;
    }
    return number;
}

/* What a publisher who goes has left last is listed, though the list was refused at first. */
static void the_last_list_of_a_publisher_is_tried_again(void **state)
{
    static const char *const files[] = {"video.m3u8", "audio.m3u8", "master.m3u8", "manifest.mpd"};

    for (size_t i = 0; i < COUNT(files); i++) {
        char before[LL_TEXT_SIZE];
        setup(state);
        begin();
        publish(300);
        refused = files[i];
        publish(600);
        synthetic_finish(&publisher);
        assert_true(refusals > 0);
        strcpy(before, text_of(root, files[i]));
        refused = NULL;
        wait(2000);
        assert_row(strcmp(before, text_of(root, files[i])) != 0, files[i], "%s", before);
        if (i < 2)
            read_list(root, files[i]);
        teardown(state);
    }
}

/* What a viewer is told of a rendition, from memory: as next_number(). */
static int64_t next_told(const char *list)
{
    static char told[LL_TEXT_SIZE];
    LlTicket ticket = {.pause = ignore, .wake = ignore};
    LlText *text;

    assert_int_equal(ll_hub_playlist(hub, "shop", list, &(LlDirectives){.msn = -1, .part = -1}, 0,
                                     &ticket, &text),
                     LL_ANSWER_READY);
    snprintf(told, sizeof(told), "%.*s", (int)text->len, text->bytes);
    ll_text_release(text);
    return next_number(told);
}

/* Viewers who wait are told of a list that the disk refuses. A run that is killed then leaves an
 * older file: the next one does not go on at its numbers, but where the file was written after all.
 */
static void numbers_that_only_memory_had_are_not_used_again(void **state)
{
    static const char *const files[] = {"video.m3u8", "audio.m3u8"};

    for (size_t i = 0; i < 2 * COUNT(files); i++) {
        const char *file = files[i / 2];
        bool mended = i % 2;
        setup(state);
        begin();
        publish(5000);
        refused = file;
        publish(4500);
        int64_t seen = next_told(i / 2 ? "audio" : "video");
        assert_true(seen > next_number(text_of(root, file)) + 1);
        refused = mended ? NULL : file;
        publish(1000);
        packager_close(&packager); /* as by a kill: nothing more is written */
        refused = NULL;
        open_packager(true);
        assert_int_equal(is_there(root, file, strlen(file)), mended);
        begin();
        publish(3000);
        int64_t number = next_number(text_of(root, file));
        assert_row(number > seen, file, "%d after %d", (int)number, (int)seen);
        assert_row((number < seen + 10) == mended, file, "%d after %d", (int)number, (int)seen);
        synthetic_finish(&publisher);
        teardown(state);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(an_initialisation_segment_is_tried_again),
    TEST(one_of_another_size_is_tried_again),
    cmocka_unit_test(the_end_is_tried_again),
    TEST(files_stay_until_their_list_is_cleared),
    cmocka_unit_test(the_last_list_of_a_publisher_is_tried_again),
    cmocka_unit_test(numbers_that_only_memory_had_are_not_used_again),
};

TEST_GROUP(disk_faults, tests);
