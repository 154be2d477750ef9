/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>
#include <unistd.h>

#include "count_files.h"

#include "hls-bridge/segment/packager.h"
#include "hls-bridge/package/segment_mux.h"
#include "shop_packager.h"
#include "temp_folder.h"
#include "virtual_clock.h"

#define MEDIA_S 7 /* of each publisher: three segments of 2 s, and a shorter one */

static char root[TEMP_FOLDER_SIZE];
static LlHub *hub;
static Packager *packager;
static int64_t now_us;
static const Clock virtual_time = VIRTUAL_CLOCK_US(&now_us);

static bool writes_ts;
static int muxers; /* of .ts segments, that were made */

SegmentMux *__real_segment_mux_create(const SegmentMuxParams *params, const char **error);
SegmentMux *__wrap_segment_mux_create(const SegmentMuxParams *params, const char **error);

SegmentMux *__wrap_segment_mux_create(const SegmentMuxParams *params, const char **error)
{
    muxers++;
    return __real_segment_mux_create(params, error);
}

static void open_packager(void)
{
    PackagerParams params = shop_packager(root, hub, &virtual_time);

    params.outputs.writes_ts = writes_ts;
    packager = packager_open(&params, now_us);
    assert_non_null(packager);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    now_us = 1000 * US_PER_S;
    writes_ts = true;
    hub = ll_hub_create(NULL);
    assert_non_null(hub);
    open_packager();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    packager_close(&packager);
    assert_null(packager);
    packager_close(&packager);
    ll_hub_destroy(&hub);
    temp_folder_remove(root);
    return 0;
}

static WallTime wall_clock(void *user, int64_t at_90k)
{
    (void)user;
    return (WallTime){VIRTUAL_WALL_US + ticks_to_us(at_90k), VIRTUAL_WALL_US};
}

/* A publisher of silence comes, and goes. */
static void publish(void)
{
    OpusToAac *audio = packager_audio(packager);
    const Renditions sound = renditions_of(true, false);
    Segmenter *segmenter = packager_segmenter(packager);
    AacFrame frame;

    opus_to_aac_new_source(audio, segmenter_end_90k(segmenter) * 8 / 15);
    segmenter_begin(segmenter, &sound, wall_clock, NULL);
    for (int i = 0; i < MEDIA_S * 50; i++, now_us += 20 * US_PER_MS) {
        opus_to_aac_silence(audio, SAMPLES_PER_S / 50);
        while (opus_to_aac_take(audio, &frame))
            segmenter_sound(segmenter, &frame);
        segmenter_tick(segmenter, samples_to_90k(opus_to_aac_position(audio)), now_us);
    }
    segmenter_finish(segmenter, now_us);
}

/* Whether the file has this text. */
static bool says(const char *name, const char *text)
{
    char path[64], content[16384];

    snprintf(path, sizeof(path), "%s/shop/%s", root, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    size_t len = fread(content, 1, sizeof(content) - 1, file);
    fclose(file);
    content[len] = '\0';
    return strstr(content, text);
}

static void test_without_a_publisher_nothing_is_written(void **state)
{
    (void)state;
    assert_int_equal(packager_end(packager), 0);
    assert_int_equal(packager_clear(packager), 0);
    assert_int_equal(count_files(root, ""), 2); /* . and .. */
    assert_false(packager_playlist(packager)->window.ended);
}

static void test_both_outputs_end_and_are_cleared_together(void **state)
{
    (void)state;
    publish();
    assert_false(says("index.m3u8", "#EXT-X-ENDLIST"));
    assert_false(says("audio.m3u8", "#EXT-X-ENDLIST"));
    assert_true(says("manifest.mpd", "type=\"dynamic\""));
    assert_int_equal(packager_end(packager), 0);
    assert_true(packager_playlist(packager)->window.ended);
    assert_true(says("index.m3u8", "#EXT-X-ENDLIST"));
    assert_true(says("audio.m3u8", "#EXT-X-ENDLIST"));
    assert_true(count_files(root, ".ts") > 2 && count_files(root, ".m4s") > 2);

    assert_int_equal(packager_clear(packager), 0);
    assert_int_equal(
        count_files(root, ".ts") + count_files(root, ".m4s") + count_files(root, ".mp4"), 0);
    assert_int_equal(count_files(root, ".mpd"), 0);
    assert_int_equal(count_files(root, ".m3u8"), 4); /* with master.m3u8 and ts.m3u8 */
}

/* What nobody is to watch is not made: it would cost as much as what is. */
static void test_without_ts_segments_none_are_made(void **state)
{
    (void)state;
    muxers = 0;
    publish();
    assert_int_equal(muxers, 1);
    uint64_t parts = packager_stats(packager).low_latency.audio.parts;
    packager_close(&packager);
    writes_ts = false;
    open_packager();
    publish();
    assert_int_equal(muxers, 1);
    OutputStats stats = packager_stats(packager);
    assert_int_equal(stats.low_latency.audio.parts, parts);
    assert_int_equal(stats.low_latency.audio.gaps, 0);
    assert_int_equal(stats.ts.segments, 0);
}

static void test_an_output_that_counts_is_given_all_media(void **state)
{
    PackagerParams params = shop_packager(root, hub, &virtual_time);
    uint64_t given[4] = {0};

    (void)state;
    packager_close(&packager);
    params.outputs.also = "null";
    packager = packager_open(&params, now_us);
    assert_non_null(packager);
    publish();
    OutputStats stats = packager_stats(packager);
    assert_int_equal(stats.counts, 4);
    for (size_t i = 0; i < stats.counts; i++) {
        assert_string_equal(stats.count[i].output, "null");
        given[i] = stats.count[i].value;
    }
    assert_int_equal(given[0], 0); /* it is a publisher of sound */
    assert_in_range(given[1], MEDIA_S * 46, MEDIA_S * 47);
    assert_int_equal(given[2], stats.ts.segments - 1);
    assert_true(given[3] > given[1]);
}

static void test_files_go_when_they_may(void **state)
{
    int64_t next_us;
    int parts;

    (void)state;
    publish();
    parts = count_files(root, ".m4s");
    next_us = packager_expire(packager, now_us, now_us);
    assert_true(next_us > now_us && next_us < NEVER_US);
    assert_int_equal(count_files(root, ".m4s"), parts);
    /* where they are to stay for a second longer, that is when to look again */
    assert_int_equal(packager_expire(packager, next_us, next_us - US_PER_S), next_us + US_PER_S);
    assert_int_equal(count_files(root, ".m4s"), parts);
    packager_expire(packager, next_us, next_us);
    assert_true(count_files(root, ".m4s") < parts);
}

/* Whether all files that the playlist names are there. */
static void assert_has_all(const char *playlist)
{
    char path[96], line[256], name[128];
    int parts = 0;

    snprintf(path, sizeof(path), "%s/shop/%s", root, playlist);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        if (sscanf(line, "#EXT-X-PART:DURATION=%*[^,],URI=\"%127[^\"]", name) == 1)
            parts++;
        else if (line[0] == '#' || sscanf(line, "%127s", name) != 1)
            continue;
        snprintf(path, sizeof(path), "%s/shop/%s", root, name);
        assert_int_equal(access(path, R_OK), 0);
    }
    fclose(file);
    assert_true(parts > 10);
}

/* Nobody publishes for a while, and the list stands still: who comes then finds what it names. */
static void test_what_is_listed_stays_however_long(void **state)
{
    (void)state;
    publish();
    packager_expire(packager, now_us + 600 * US_PER_S, now_us + 600 * US_PER_S);
    assert_has_all("audio.m3u8");
    now_us += 600 * US_PER_S;
    publish();
    assert_has_all("audio.m3u8");
}

static void test_the_next_run_goes_on(void **state)
{
    uint64_t next;

    (void)state;
    publish();
    next = window_next_msn(&packager_playlist(packager)->window);
    assert_int_equal(next, 6); /* the first ones are short */
    packager_close(&packager);
    open_packager();
    assert_int_equal(window_next_msn(&packager_playlist(packager)->window), next);
    publish();
    assert_true(says("index.m3u8", "#EXT-X-DISCONTINUITY\n"));
    assert_true(says("audio.m3u8", "#EXT-X-MEDIA-SEQUENCE:"));
    assert_false(says("audio.m3u8", "#EXT-X-MEDIA-SEQUENCE:0\n"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(test_without_a_publisher_nothing_is_written),
    TEST(test_both_outputs_end_and_are_cleared_together),
    TEST(test_without_ts_segments_none_are_made),
    TEST(test_an_output_that_counts_is_given_all_media),
    TEST(test_files_go_when_they_may),
    TEST(test_what_is_listed_stays_however_long),
    TEST(test_the_next_run_goes_on),
};

TEST_GROUP(packager, tests);
