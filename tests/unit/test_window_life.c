/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Lives of a list, by chance: segments of any length, discontinuities, a store that refuses, ends,
 * other runs with other settings, files that somebody deletes. What viewers see of it, read from
 * its text, keeps the rules of RFC 8216 section 6.2 all the time. */

#include "harness.h"

#include "hls-bridge/package/segment_store.h"
#include "list_watch.h"
#include "memory_store.h"
#include "virtual_clock.h"

#define LIVES    60
#define STEPS    160
#define TARGET_S 2

/* ---- chance ---- */

static uint64_t chance;
static int life;

static int64_t any(int64_t below)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (int64_t)(chance % (uint64_t)below);
}

static bool one_in(int n)
{
    return any(n) == 0;
}

/* ---- the list ---- */

static MemoryStore memory;
static Store *folder;
static NumberLog *numbers;
static SegmentStore *store;
static size_t window;
static bool changed; /* the window, by the newest run */
static int64_t now_us;
static const Clock virtual_time = VIRTUAL_CLOCK_US(&now_us);
static ListWatch watch;

static bool is_there(const char *name)
{
    return memory_store_find(&memory, name);
}

static void look(void)
{
    static char text[PLAYLIST_TEXT_SIZE];
    const MemoryFile *f = memory_store_find(&memory, PLAYLIST_FILE);

    if (f)
        snprintf(text, sizeof(text), "%.*s", (int)f->now.len, (const char *)f->now.data);
    list_watch_look(&watch, f ? text : NULL, now_us);
}

static void open_list(void)
{
    do {
        folder = memory_store_open(&memory, &virtual_time);
        numbers = number_log_open(folder);
        const SegmentStoreParams params = {.store = folder,
                                           .numbers = numbers,
                                           .window = window,
                                           .target_duration_s = TARGET_S,
                                           .durable = one_in(4),
                                           .clock = &virtual_time};
        store = numbers ? segment_store_open(&params, now_us) : NULL;
        if (store)
            return;
        number_log_close(&numbers);
        store_close(&folder);
    } while (memory.fails_at > 0);
    fail();
}

static void close_list(void)
{
    segment_store_close(&store);
    number_log_close(&numbers);
    store_close(&folder);
}

/* A run knows of lists before its own by the settings, and by the list that it finds. What has
 * left a longer one of still other settings it does not know: no third run comes that soon. */
static bool may_restart(void)
{
    return !changed || !list_watch_is_owed(&watch, now_us);
}

static void restart(void)
{
    close_list();
    changed = one_in(2);
    if (changed)
        window = (size_t)(1 + any(one_in(3) ? 40 : 6));
    open_list();
}

/* ---- what happens ---- */

static void add(void)
{
    static const uint8_t packet[188] = {0x47};
    static const int64_t longest_ms[] = {2480, 2000, 300, 40};
    int64_t ms = 20 + any(longest_ms[life % (int)COUNT(longest_ms)]);
    PlaylistSegment s = {.common = {ms * 90, now_us, one_in(8)}};

    now_us += ms * US_PER_MS;
    segment_store_add(store, &(SegmentBytes){packet, sizeof(packet), false}, &s, now_us);
}

static void end(void)
{
    if (segment_store_end(store) < 0)
        return;
    look();
    if (one_in(3) && segment_store_clear(store) == 0) {
        list_watch_empty(&watch);
        watch.lefts = 0; /* all files go at once */
    }
}

/* Somebody deletes a file that is listed, and the bridge is started again: it cannot go on with
 * that list, and begins again. */
static void delete_one(void)
{
    const WatchedList *l = &watch.list, none = {.msn = l->msn + (int64_t)l->count};
    MemoryFile *f =
        l->count > 0 ? memory_store_find(&memory, l->segment[any((int64_t)l->count)].name) : NULL;

    if (!f || !may_restart())
        return;
    f->name_now = false;
    list_watch_note_left(&watch, &none, now_us);
    list_watch_empty(&watch);
    for (size_t i = 0; i < watch.lefts; i++)
        if (strcmp(watch.left[i].name, f->name) == 0)
            watch.left[i].until_us = 0;
    watch.broken = true;
    restart();
}

static void step(void)
{
    if (one_in(20)) {
        memory.fails_at = memory.calls + 1 + (int)any(4);
        memory.fails = 1 + (int)any(3);
    }
    switch (any(60)) {
    case 0:
        if (may_restart())
            restart();
        break;
    case 1:
        end();
        break;
    case 2:
        delete_one();
        break;
    case 3:
        now_us += any(60) * US_PER_S;
        break;
    default:
        add();
        break;
    }
    look();
    store_expire(folder, now_us);
    look();
}

static void live(void)
{
    char title[16];

    snprintf(title, sizeof(title), "life %d", life);
    watch = (ListWatch){
        .title = title, .target_s = TARGET_S, .room = PLAYLIST_SEGMENTS_MAX, .is_there = is_there};
    chance = 88172645463325252u + (uint64_t)life * 0x9E3779B97F4A7C15u;
    now_us = 1000 * US_PER_S;
    changed = false;
    window = 6;
    open_list();
    for (int i = 0; i < STEPS; i++)
        step();
    memory.fails_at = 0;
    add();
    look();
    now_us += 3600 * US_PER_S;
    store_expire(folder, now_us);
    look();
    assert_int_equal(memory_store_count(&memory, ".ts"), watch.list.count);
    close_list();
    memory_store_clear(&memory);
}

static void a_list_keeps_its_promises_whatever_happens(void **state)
{
    size_t updates = 0, removals = 0, restarts = 0;

    (void)state;
    for (life = 0; life < LIVES; life++) {
        live();
        updates += watch.updates;
        removals += watch.removals;
        restarts += watch.restarts;
    }
    assert_true(updates > LIVES * STEPS / 2);
    assert_true(removals > LIVES * 10);
    assert_true(restarts > LIVES / 4);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_list_keeps_its_promises_whatever_happens),
};

TEST_GROUP(window_life, tests);
