/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a run of the bridge makes of what the one before it has left, with the machine up all the
 * while. */

#include "harness.h"

#include <errno.h>
#include <sys/stat.h>

#include "count_files.h"
#include "hls-bridge/packager.h"
#include "read_list.h"
#include "synthetic_publisher.h"
#include "temp_folder.h"

static char root[TEMP_FOLDER_SIZE];
static LlHub *hub;
static Packager *packager;
static SyntheticPublisher publisher;
static bool ts;

/* Opens the folder; what was open is closed, as by a run that ends. Returns NULL with errno. */
static Packager *open_packager(void)
{
    const PackagerParams params = {
        .stream = "shop",
        .directory = root,
        .segment_us = 2 * US_PER_S,
        .window = 6,
        .audio_bitrate = 64000,
        .writes_ts = ts,
        .ll_hub = hub,
        .ll_part_us = 200 * US_PER_MS,
        .ll_dash = true,
    };

    packager_close(&packager);
    packager = packager_open(&params, synthetic_now_us(&publisher));
    return packager;
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    publisher = (SyntheticPublisher){.clock_90k = PUBLISHER_START_90K};
    ts = true;
    hub = ll_hub_create(NULL);
    assert_non_null(hub);
    assert_non_null(open_packager());
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

static void read_lists(void)
{
    read_list(root, "index.m3u8");
    read_list(root, "video.m3u8");
    read_list(root, "audio.m3u8");
}

/* Somebody publishes for `ms`, and goes. */
static void publish(int64_t ms)
{
    synthetic_begin(&publisher, packager_output(packager));
    for (int64_t end = publisher.clock_90k + ms * 90; publisher.clock_90k < end;) {
        synthetic_step(&publisher);
        packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
        read_lists();
    }
    synthetic_finish(&publisher);
}

/* Lets time pass with nobody there; what is listed is there all the while. */
static void wait(int64_t ms)
{
    for (int64_t i = 0; i < ms; i += 1000, publisher.clock_90k += TICKS_PER_S) {
        packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
        read_lists();
    }
}

static void an_ended_stream_stays_ended_and_whole(void **state)
{
    for (int pass = 0; pass < 2; pass++) {
        char before[LL_TEXT_SIZE];
        setup(state);
        ts = pass == 0;
        assert_non_null(open_packager());
        assert_int_equal(packager_listing(packager), LISTING_NONE);
        publish(15000);
        assert_int_equal(packager_listing(packager), LISTING_OPEN);
        assert_int_equal(packager_end(packager), 0);
        assert_int_equal(packager_listing(packager), LISTING_ENDED);
        strcpy(before, text_of(root, "video.m3u8"));
        assert_non_null(strstr(before, "#EXT-X-ENDLIST"));

        assert_non_null(open_packager());
        assert_int_equal(packager_listing(packager), LISTING_ENDED);
        wait(100000);
        assert_int_equal(packager_end(packager), 0);
        assert_string_equal(text_of(root, "video.m3u8"), before);
        assert_true(read_list(root, "video.m3u8").segments >= 6);
        assert_int_equal(packager_clear(packager), 0);
        assert_int_equal(
            count_files(root, ".ts") + count_files(root, ".m4s") + count_files(root, ".mp4"), 0);
        assert_int_equal(read_list(root, "video.m3u8").segments, 0);
        assert_int_equal(packager_listing(packager), LISTING_ENDED);
        teardown(state);
    }
}

/* What a held list names is there until there is another list, and for as long as it must be then.
 */
static void a_held_stream_is_whole_until_it_goes_on(void **state)
{
    (void)state;
    publish(15000);
    assert_non_null(open_packager());
    assert_int_equal(packager_listing(packager), LISTING_OPEN);
    wait(60000);
    int files = count_files(root, ".m4s");
    assert_true(files > 12);
    publish(6000);
    assert_true(count_files(root, ".m4s") > files);
    wait(60000);
    assert_true(count_files(root, ".m4s") < files);
}

/* A list that cannot be read is not one that is not there: its numbers would begin again. */
static void a_list_that_cannot_be_read_is_left_alone(void **state)
{
    static const char *const files[] = {"index.m3u8", "video.m3u8", "audio.m3u8"};

    for (size_t i = 0; i < COUNT(files); i++) {
        char path[128];
        setup(state);
        packager_close(&packager);
        snprintf(path, sizeof(path), "%s/shop/%s", root, files[i]);
        assert_int_equal(mkdir(path, 0755), 0); /* it can be opened, and not be read */
        assert_row(!open_packager() && errno == EISDIR, files[i], "%s", strerror(errno));
        assert_int_equal(rmdir(path), 0);
        assert_non_null(open_packager());
        teardown(state);
    }
}

/* A rendition that the next publisher does not send ends, of an earlier run too. */
static void what_nobody_sends_any_more_has_ended(void **state)
{
    (void)state;
    publish(5000);
    assert_non_null(open_packager());
    HlsOutput *output = packager_output(packager);
    int64_t start = hls_output_end_90k(output) * 8 / 15;
    hls_output_begin(output, false, true, synthetic_wall_clock, NULL);
    for (int i = 0; i < 200; i++)
        hls_output_audio(output, &(AacFrame){synthetic_aac, sizeof(synthetic_aac),
                                             start + i * AAC_FRAME_SAMPLES});
    assert_non_null(strstr(text_of(root, "video.m3u8"), "#EXT-X-ENDLIST"));
    assert_null(strstr(text_of(root, "audio.m3u8"), "#EXT-X-ENDLIST"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ended_stream_stays_ended_and_whole),
        TEST(a_held_stream_is_whole_until_it_goes_on),
        cmocka_unit_test(a_list_that_cannot_be_read_is_left_alone),
        TEST(what_nobody_sends_any_more_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
