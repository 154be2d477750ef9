/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Lives of all lists of a stream, by chance: publishers that stay for any time, turn the camera,
 * come back or do not; ends, and other runs. What viewers see of each list keeps the rules. */

#include "harness.h"

#include "hls-bridge/package/ll_playlist.h"
#include "list_watch.h"
#include "read_list.h"
#include "shop_packager.h"
#include "synthetic_publisher.h"
#include "temp_folder.h"

#define LIVES      6
#define PUBLISHERS 24

static const char *const lists[] = {"index.m3u8", "video.m3u8", "audio.m3u8"};

static char root[TEMP_FOLDER_SIZE];
static LlHub *hub;
static Packager *packager;
static SyntheticPublisher publisher;
static const Clock virtual_time = VIRTUAL_CLOCK_90K(&publisher.clock_90k);
static ListWatch watch[COUNT(lists)];
static uint64_t chance;

static int64_t any(int64_t below)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (int64_t)(chance % (uint64_t)below);
}

static int folder; /* the stream's, while lists are looked at */

static bool is_file(const char *name)
{
    return is_in(folder, name, strlen(name));
}

static void look(void)
{
    folder = open_shop(root);
    for (size_t i = 0; i < COUNT(lists); i++) {
        const char *text = text_of(root, lists[i]);
        list_watch_look(&watch[i], *text ? text : NULL, synthetic_now_us(&publisher));
    }
    close(folder);
}

static void expire(void)
{
    packager_expire(packager, synthetic_now_us(&publisher), synthetic_now_us(&publisher));
    look();
}

static void open_packager(void)
{
    const PackagerParams params = shop_packager(root, hub, &virtual_time);

    packager = packager_open(&params, synthetic_now_us(&publisher));
    assert_non_null(packager);
}

/* Lists of low latency begin again after a restart; the one of .ts segments goes on. */
static void restart(void)
{
    packager_close(&packager);
    open_packager();
    for (size_t i = 1; i < COUNT(lists); i++)
        watch[i].broken = true;
}

/* Half of them go at once: their segments are short. */
static void publish(void)
{
    int64_t steps = any(2) ? 1 + any(40) : 1 + any(300);

    publisher.tall = any(2);
    synthetic_begin(&publisher, packager_segmenter(packager));
    while (steps-- > 0) {
        synthetic_step(&publisher);
        expire();
    }
    synthetic_finish(&publisher);
    expire();
}

static void live(int life)
{
    char title[COUNT(lists)][32];

    chance = 88172645463325252u + (uint64_t)life * 0x9E3779B97F4A7C15u;
    publisher = (SyntheticPublisher){.clock_90k = PUBLISHER_START_90K};
    for (size_t i = 0; i < COUNT(lists); i++) {
        snprintf(title[i], sizeof(title[i]), "life %d, %s", life, lists[i]);
        watch[i] = (ListWatch){.title = title[i],
                               .target_s = 2,
                               .room = i == 0 ? PLAYLIST_SEGMENTS_MAX : LL_SEGMENTS_MAX,
                               .is_there = is_file,
                               .step_us = ticks_to_us(PUBLISHER_STEP_90K)};
    }
    open_packager();
    for (int i = 0; i < PUBLISHERS; i++) {
        publish();
        publisher.clock_90k += any(3) ? 0 : any(20 * TICKS_PER_S);
        expire();
        if (any(8) == 0)
            restart();
        else if (any(8) == 0)
            assert_int_equal(packager_end(packager), 0);
        look();
    }
    packager_close(&packager);
}

static void every_list_keeps_its_promises_whatever_happens(void **state)
{
    (void)state;
    hub = ll_hub_create(NULL);
    assert_non_null(hub);
    for (int life = 0; life < LIVES; life++) {
        temp_folder(root);
        live(life);
        temp_folder_remove(root);
        for (size_t i = 0; i < COUNT(lists); i++)
            assert_row(watch[i].removals > PUBLISHERS / 2, watch[i].title, "%zu",
                       watch[i].removals);
    }
    ll_hub_destroy(&hub);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_list_keeps_its_promises_whatever_happens),
};

TEST_GROUP(list_lives, tests);
