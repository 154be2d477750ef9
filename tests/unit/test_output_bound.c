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
static HlsOutput *output;
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
    output = packager_output(packager);
    memcpy(large, synthetic_wide, sizeof(synthetic_wide));
    memset(large + sizeof(synthetic_wide), 0x55, sizeof(large) - sizeof(synthetic_wide));
    synthetic_begin(&publisher, output);
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
            unit.restart = true;
        }
        hls_output_picture(output, &unit, publisher.clock_90k, publisher.clock_90k);
        publisher.clock_90k += every_90k;
        synthetic_sound(&publisher);
        hls_output_tick(output, publisher.clock_90k, synthetic_now_us(&publisher));
    }
}

/* What comes now is put out, whole, behind what was dropped. */
static void assert_honest_is_seen(void)
{
    publish(3000); /* the bound fills up again */
    HlsOutputStats before = hls_output_stats(output);
    publish(8000);
    HlsOutputStats after = hls_output_stats(output);
    assert_int_equal(after.segments - before.segments, 4);
    assert_int_equal(after.discontinuities, before.discontinuities);
    assert_int_equal(after.cutter.cut_forced, before.cutter.cut_forced);
    assert_int_equal(after.bound.pictures, before.bound.pictures);
    assert_int_equal(after.low_latency.track[LL_VIDEO].gaps, 0);
    assert_int_equal(after.low_latency.track[LL_AUDIO].gaps, 0);
    assert_true(read_list(root, "video.m3u8").segments > 0);
    assert_true(read_list(root, "audio.m3u8").segments > 0);
    assert_int_equal(before.bound.files, 0);
}

/* 600 of them in 3.4 s have made 600 segments, of 2,400 files. */
static void key_frames_of_alternating_size_make_few_segments(void **state)
{
    const AccessUnit idr = {.idr = true};

    (void)state;
    publish(1000);
    int files = media_files();
    HlsOutputStats before = hls_output_stats(output);
    attack(idr, 600, 510, true);
    HlsOutputStats after = hls_output_stats(output);
    int64_t sound_90k = after.low_latency.track[LL_AUDIO].media_90k;
    assert_in_range(after.segments - before.segments, 5, 8);
    assert_in_range(media_files() - files, 40, 3 * FILES_PER_S);
    assert_true(after.bound.restarts > 500);
    publish(2500);
    /* sound flows on */
    sound_90k = hls_output_stats(output).low_latency.track[LL_AUDIO].media_90k - sound_90k;
    assert_in_range(sound_90k, 2000 * 90, 4600 * 90);
    assert_honest_is_seen();
}

/* A picture that grows on its way, with its parameter sets, or comes in numbers. */
static void bytes_of_pictures_are_bounded(void **state)
{
    const AccessUnit idr = unit_of(large, sizeof(large), true);

    (void)state;
    publish(1000);
    uint64_t before = hls_output_stats(output).bytes;
    attack(idr, 5000, MS(1), false);
    publish(100);
    HlsOutputStats after = hls_output_stats(output);
    assert_in_range(after.bytes - before, BITRATE / 8, BITRATE / 8 * (5 + OUTPUT_BOUND_BURST_S));
    assert_true(after.bound.pictures > 0);
    assert_honest_is_seen();
}

/* Both at once, for a minute: files and bytes of each second. */
static void the_bound_holds_for_any_time(void **state)
{
    const AccessUnit idr = {.idr = true};

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
    synthetic_begin(&publisher, output);
    hls_output_set_time(output, synthetic_now_us(&publisher));
    const AccessUnit idr = unit_of(synthetic_wide, sizeof(synthetic_wide), true);
    for (int i = 0; i < 100; i++) {
        hls_output_picture(output, &idr, publisher.clock_90k, publisher.clock_90k);
        publisher.clock_90k += PUBLISHER_STEP_90K;
        synthetic_sound(&publisher);
    }
    packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
    assert_true(packager_playlist(packager)->count > 0);
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
