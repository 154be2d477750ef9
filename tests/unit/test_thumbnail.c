/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x264_picture.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "hls-bridge/package/thumbnail.h"
#include "hls-bridge/store/folder.h"
#include "hls-bridge/transcode/jpeg_maker.h"
#include "temp_folder.h"
#include "virtual_clock.h"

#define PERIOD (5 * US_PER_S)

static char root[TEMP_FOLDER_SIZE];
static char file[128];
static Store *folder;
static Thumbnailer *maker;
static Thumbnail *thumbnail;
static int64_t now_us;

static atomic_bool holds; /* the maker does not return before this is false, or it is to stop */
static atomic_bool stops;

static int64_t clock_us; /* the time: all are made at once, unless a test says otherwise */
static int64_t takes_us; /* what one takes of it, if the threads take turns */
static const Clock virtual_time = VIRTUAL_CLOCK_US(&clock_us);

static int make(void *self, Codec codec, const uint8_t *data, size_t len, ByteBuffer *jpeg)
{
    (void)self;
    if (takes_us > 0)
        clock_us += takes_us;
    while (atomic_load(&holds) && !atomic_load(&stops))
        usleep(1000);
    return jpeg_make(codec, data, len, jpeg);
}

static void rest(void *self)
{
    (void)self;
}

static void stop(void *self)
{
    (void)self;
    atomic_store(&stops, true);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    snprintf(file, sizeof(file), "%s/shop/" THUMBNAIL_FILE, root);
    folder = folder_open(root, "shop", clock_system());
    assert_non_null(folder);
    atomic_store(&holds, false);
    atomic_store(&stops, false);
    maker = thumbnailer_create(&(ThumbnailMaker){make, rest, stop, NULL});
    assert_non_null(maker);
    clock_us = US_PER_S;
    takes_us = 0;
    thumbnail = thumbnail_open(maker, folder, PERIOD, &virtual_time);
    assert_non_null(thumbnail);
    now_us = 1000 * US_PER_S;
    clock_us = 1;
    takes_us = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    thumbnail_close(&thumbnail);
    assert_null(thumbnail);
    thumbnailer_destroy(&maker);
    assert_null(maker);
    store_close(&folder);
    temp_folder_remove(root);
    return 0;
}

static bool is_there(void)
{
    return access(file, R_OK) == 0;
}

static void offer(int luma)
{
    AVPacket *packet = x264_picture(&(PictureParams){320, 180, {1, 1}, luma});
    AccessUnit unit = {.data = packet->data, .len = (size_t)packet->size, .idr = true};

    thumbnail_offer(thumbnail, &unit, now_us);
    av_packet_free(&packet);
}

/* Until as many have come of what was offered; a minute is for ever. */
static void wait_for(uint64_t made, uint64_t failed)
{
    ThumbnailStats stats;

    for (int i = 0; i < 6000; i++) {
        thumbnail_update(thumbnail);
        stats = thumbnail_stats(thumbnail);
        if (stats.made + stats.failed >= made + failed)
            break;
        usleep(10000);
    }
    assert_int_equal(stats.made, made);
    assert_int_equal(stats.failed, failed);
}

/* The luma of the right half of the file's picture. */
static int brightness(void)
{
    uint8_t bytes[65536];
    FILE *stream = fopen(file, "rb");

    assert_non_null(stream);
    size_t len = fread(bytes, 1, sizeof(bytes), stream);
    fclose(stream);
    AVFrame *frame = read_jpeg(bytes, len);
    int luma = frame->data[0][90 * frame->linesize[0] + 240];
    av_frame_free(&frame);
    return luma;
}

static void comes_and_is_renewed_after_its_period(void **state)
{
    (void)state;
    offer(60);
    wait_for(1, 0);
    int dark = brightness();
    offer(180); /* too soon */
    now_us += PERIOD - 1;
    offer(180); /* still */
    now_us += 1;
    offer(120);
    wait_for(2, 0);
    assert_in_range(brightness(), dark + 50, dark + 90);
    assert_true(thumbnail_stats(thumbnail).made_unix_us > 0);
}

/* There is one maker for all streams: whoever keeps it busy has to wait. */
static void one_that_takes_long_is_made_less_often(void **state)
{
    const struct {
        int64_t takes_us, waits_us;
    } rows[] = {
        {PERIOD, 20 * PERIOD},
        {PERIOD / 10, 2 * PERIOD},
        {PERIOD / 20, PERIOD},
        {10 * US_PER_MS, PERIOD},
    };
    uint64_t made = 0;

    (void)state;
    offer(60);
    wait_for(++made, 0);
    int dark = brightness();
    for (size_t i = 0; i < COUNT(rows); i++) {
        takes_us = rows[i].takes_us;
        now_us += 1000 * US_PER_S;
        offer(60);
        wait_for(++made, 0);
        now_us += rows[i].waits_us - 1;
        offer(180); /* too soon: this one would be bright */
        now_us += 1;
        offer(60);
        wait_for(++made, 0);
        assert_int_equal(brightness(), dark);
    }
}

static void what_cannot_be_decoded_leaves_the_last_one(void **state)
{
    static const uint8_t junk[] = {0, 0, 0, 1, 0x65, 1, 2, 3};
    AccessUnit unit = {.data = junk, .len = sizeof(junk), .idr = true};

    (void)state;
    offer(60);
    wait_for(1, 0);
    now_us += PERIOD;
    thumbnail_offer(thumbnail, &unit, now_us);
    wait_for(1, 1);
    assert_true(is_there());
}

static void goes_with_its_stream(void **state)
{
    (void)state;
    offer(60);
    wait_for(1, 0);
    thumbnail_remove(thumbnail);
    assert_false(is_there());
    assert_int_equal(thumbnail_stats(thumbnail).made_unix_us, 0);
}

/* Whatever the thread is at: it still waits, it is being made, it is made and not yet put. */
static void does_not_come_back_once_it_is_removed(void **state)
{
    (void)state;
    for (int i = 0; i < 40; i++) {
        offer(60);
        usleep((useconds_t)i * 200);
        thumbnail_remove(thumbnail);
        now_us += PERIOD;
        for (int k = 0; k < 10; k++) {
            thumbnail_update(thumbnail);
            usleep(1000);
        }
        assert_false(is_there());
    }
    uint64_t made = thumbnail_stats(thumbnail).made;
    offer(60); /* another publisher's comes */
    wait_for(made + 1, 0);
    assert_true(is_there());
}

static void an_earlier_runs_is_removed(void **state)
{
    (void)state;
    offer(60);
    wait_for(1, 0);
    thumbnail_close(&thumbnail);
    assert_true(is_there());
    thumbnail = thumbnail_open(NULL, folder, 0, clock_system());
    assert_non_null(thumbnail);
    assert_false(is_there());
    offer(60); /* off: nothing comes of it */
    thumbnail_update(thumbnail);
    assert_false(is_there());
}

/* Streams that end while theirs waits or is being made. */
static void may_be_closed_at_any_time(void **state)
{
    Thumbnail *others[4];
    AVPacket *packet = x264_picture(&(PictureParams){1280, 720, {1, 1}, 60});
    AccessUnit unit = {.data = packet->data, .len = (size_t)packet->size, .idr = true};

    (void)state;
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < COUNT(others); i++) {
            others[i] = thumbnail_open(maker, folder, 0, clock_system());
            assert_non_null(others[i]);
            thumbnail_offer(others[i], &unit, now_us);
            thumbnail_offer(others[i], &unit, now_us); /* takes the place of the first */
        }
        usleep((useconds_t)round * 500);
        for (size_t i = 0; i < COUNT(others); i++)
            thumbnail_close(&others[(i + (size_t)round) % COUNT(others)]);
    }
    offer(60);
    wait_for(1, 0);
    av_packet_free(&packet);
}

/* One that does not answer holds up neither its stream nor the end of the bridge. */
static void a_maker_that_stands_still_holds_nobody_up(void **state)
{
    AVPacket *packet = x264_picture(&(PictureParams){320, 180, {1, 1}, 60});
    AccessUnit unit = {.data = packet->data, .len = (size_t)packet->size, .idr = true};
    Thumbnail *other = thumbnail_open(maker, folder, 0, clock_system());

    (void)state;
    assert_non_null(other);
    atomic_store(&holds, true);
    thumbnail_offer(other, &unit, now_us);
    usleep(20000); /* by then it is at it */
    thumbnail_close(&other);
    offer(60);
    thumbnail_update(thumbnail);
    assert_false(is_there());
    atomic_store(&holds, false);
    wait_for(1, 0);
    atomic_store(&holds, true);
    now_us += PERIOD;
    offer(60);
    thumbnail_close(&thumbnail);
    thumbnailer_destroy(&maker);
    av_packet_free(&packet);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(comes_and_is_renewed_after_its_period),
    TEST(one_that_takes_long_is_made_less_often),
    TEST(what_cannot_be_decoded_leaves_the_last_one),
    TEST(goes_with_its_stream),
    TEST(does_not_come_back_once_it_is_removed),
    TEST(an_earlier_runs_is_removed),
    TEST(may_be_closed_at_any_time),
    TEST(a_maker_that_stands_still_holds_nobody_up),
};

TEST_GROUP(thumbnail, tests);
