/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How many files, and of how many bytes, a publisher can make of a second, whatever it sends: in
 * virtual time, from the packager down to the files. */

#include "harness.h"

#include "count_files.h"
#include "hls-bridge/segment/packager.h"
#include "read_list.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"
#include "temp_folder.h"

#define MS(n)       ((n)*TICKS_PER_S / 1000)
#define RESTART_US  (500 * US_PER_MS)
#define FILES_PER_S 100
#define BITRATE     8000000 /* of pictures */

static char root[TEMP_FOLDER_SIZE];
static LlHub *hub;
static Packager *packager;
static Segmenter *segmenter;
static SyntheticPublisher publisher;
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&publisher.clock_90k);
static uint8_t large[100000]; /* an IDR picture */

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    hub = ll_hub_create(NULL);
    publisher = (SyntheticPublisher){.clock_90k = PUBLISHER_START_90K};
    PackagerParams params = shop_packager(root, hub, &virtual_time);
    params.bound = (OutputBoundParams){
        .restart_us = RESTART_US, .files_per_s = FILES_PER_S, .picture_bitrate = BITRATE};
    packager = packager_open(&params, synthetic_now_us(&publisher));
    assert_non_null(packager);
    segmenter = packager_segmenter(packager);
    memcpy(large, synthetic_wide, sizeof(synthetic_wide));
    memset(large + sizeof(synthetic_wide), 0x55, sizeof(large) - sizeof(synthetic_wide));
    synthetic_begin(&publisher, segmenter);
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

static int media_files(void)
{
    return count_files(root, ".ts") + count_files(root, ".m4s") + count_files(root, ".mp4");
}

static void publish(int64_t ms)
{
    for (int64_t end = publisher.clock_90k + MS(ms); publisher.clock_90k < end;)
        synthetic_step(&publisher);
}

/* Sends pictures, `every_90k` apart, and the sound up to each. */
static void attack(AccessUnit unit, int pictures, int64_t every_90k, bool alternates)
{
    for (int i = 0; i < pictures; i++) {
        if (alternates) {
            unit = unit_of(i % 2 ? synthetic_wide : synthetic_tall, sizeof(synthetic_wide), true);
            unit.track = 1;
            unit.restart = true;
        }
        segmenter_picture(segmenter, &unit, publisher.clock_90k, publisher.clock_90k);
        publisher.clock_90k += every_90k;
        synthetic_sound(&publisher);
        segmenter_tick(segmenter, publisher.clock_90k, synthetic_now_us(&publisher));
    }
}

/* What comes now is put out, whole, behind what was dropped. */
static void assert_honest_is_seen(void)
{
    publish(3000); /* the bound fills up again */
    SegmenterStats before = segmenter_stats(segmenter);
    TsOutputStats ts = packager_stats(packager).ts;
    publish(8000);
    SegmenterStats after = segmenter_stats(segmenter);
    OutputStats output = packager_stats(packager);
    assert_int_equal(output.ts.segments - ts.segments, 4);
    assert_int_equal(output.ts.discontinuities, ts.discontinuities);
    assert_int_equal(after.cutter.cut_forced, before.cutter.cut_forced);
    assert_int_equal(after.bound.pictures, before.bound.pictures);
    assert_int_equal(output.low_latency.video.gaps, 0);
    assert_int_equal(output.low_latency.audio.gaps, 0);
    assert_true(read_list(root, "video.m3u8").segments > 0);
    assert_true(read_list(root, "audio.m3u8").segments > 0);
    assert_int_equal(before.bound.files, 0);
}

/* 600 of them in 3.4 s have made 600 segments, of 2,400 files. */
static void key_frames_of_alternating_size_make_few_segments(void **state)
{
    const AccessUnit idr = {.track = 1, .idr = true};

    (void)state;
    publish(1000);
    int files = media_files();
    uint64_t before = packager_stats(packager).ts.segments;
    attack(idr, 600, 510, true);
    OutputStats after = packager_stats(packager);
    int64_t sound_90k = after.low_latency.audio.media_90k;
    assert_in_range(after.ts.segments - before, 5, 8);
    assert_in_range(media_files() - files, 40, 3 * FILES_PER_S);
    assert_true(segmenter_stats(segmenter).bound.restarts > 500);
    publish(2500);
    /* sound flows on */
    sound_90k = packager_stats(packager).low_latency.audio.media_90k - sound_90k;
    assert_in_range(sound_90k, 2000 * 90, 4600 * 90);
    assert_honest_is_seen();
}

/* A picture that grows on its way, with its parameter sets, or comes in numbers. */
static void bytes_of_pictures_are_bounded(void **state)
{
    AccessUnit idr = unit_of(large, sizeof(large), true);

    idr.track = 1;

    (void)state;
    publish(1000);
    uint64_t before = packager_stats(packager).ts.bytes;
    attack(idr, 5000, MS(1), false);
    publish(100);
    uint64_t after = packager_stats(packager).ts.bytes;
    assert_in_range(after - before, BITRATE / 8, BITRATE / 8 * (5 + OUTPUT_BOUND_BURST_S));
    assert_true(segmenter_stats(segmenter).bound.pictures > 0);
    assert_honest_is_seen();
}

/* Both at once, for a minute: files and bytes of each second. */
static void the_bound_holds_for_any_time(void **state)
{
    const AccessUnit idr = {.track = 1, .idr = true};

    (void)state;
    publish(1000);
    for (int second = 0; second < 60; second++) {
        int files = media_files();
        attack(idr, 200, MS(5), true);
        assert_in_range(media_files() - files, 10, FILES_PER_S);
    }
    publish(2000);
    assert_honest_is_seen();
}

/* The next publisher's pictures come before any tick: what it takes off the ended list stays for
 * as long as viewers may want it. */
static void an_ended_broadcast_stays_until_it_may_go(void **state)
{
    (void)state;
    publish(10000);
    synthetic_finish(&publisher);
    assert_int_equal(packager_end(packager), 0);
    int ended = count_files(root, ".ts");
    assert_true(ended >= 5);
    publisher.clock_90k += 3600 * TICKS_PER_S; /* an hour later */
    synthetic_begin(&publisher, segmenter);
    segmenter_set_time(segmenter, synthetic_now_us(&publisher));
    AccessUnit idr = unit_of(synthetic_wide, sizeof(synthetic_wide), true);
    idr.track = 1;
    for (int i = 0; i < 100; i++) {
        segmenter_picture(segmenter, &idr, publisher.clock_90k, publisher.clock_90k);
        publisher.clock_90k += PUBLISHER_STEP_90K;
        synthetic_sound(&publisher);
    }
    packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
    assert_true(packager_playlist(packager)->window.count > 0);
    assert_true(count_files(root, ".ts") > ended);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(key_frames_of_alternating_size_make_few_segments),
    TEST(bytes_of_pictures_are_bounded),
    TEST(the_bound_holds_for_any_time),
    TEST(an_ended_broadcast_stays_until_it_may_go),
};

TEST_GROUP(output_bound, tests);
