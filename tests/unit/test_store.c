/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What every kind of store does alike, and what Store makes of it. */

#include "harness.h"

#include <errno.h>

#include "hls-bridge/store/folder.h"
#include "memory_store.h"
#include "temp_folder.h"
#include "virtual_clock.h"

static char root[TEMP_FOLDER_SIZE];
static MemoryStore memory;
static int64_t now_us;
static const Clock virtual_time = VIRTUAL_CLOCK_US(&now_us);
static Store *store;

/* Opens what was put before, by another run perhaps. */
static void open_folder(void)
{
    store = folder_open(root, "shop", &virtual_time);
}

static void open_memory(void)
{
    store = memory_store_open(&memory, &virtual_time);
}

static const struct {
    const char *name;
    void (*open)(void);
} kinds[] = {{"folder", open_folder}, {"memory", open_memory}};

static void assert_holds(const char *kind, const char *name, const char *expected)
{
    char data[64] = "";
    ssize_t len = store_read(store, name, data, sizeof(data) - 1);

    assert_row(len == (ssize_t)strlen(expected) && strcmp(data, expected) == 0, kind, "%s: \"%s\"",
               name, data);
    assert_row(store_size(store, name) == len, kind, "%s", name);
    assert_row(store_has(store, name), kind, "%s", name);
}

/* Runs a test on each kind of store. */
static void on_each_kind(void (*test)(const char *kind, void (*again)(void)))
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        temp_folder(root);
        now_us = 1000 * US_PER_S;
        kinds[i].open();
        assert_non_null(store);
        test(kinds[i].name, kinds[i].open);
        store_close(&store);
        assert_null(store);
        memory_store_clear(&memory);
        temp_folder_remove(root);
    }
}

static void put_and_take(const char *kind, void (*again)(void))
{
    char part[3];

    assert_row(!store_has(store, "a.ts") && store_size(store, "a.ts") == -1, kind, "a.ts");
    errno = 0;
    assert_row(store_read(store, "a.ts", part, sizeof(part)) == -1 && errno == ENOENT, kind, "%d",
               errno);
    assert_row(store_put(store, "a.ts", "first", 5, STORE_MEDIA) == 0, kind, "%d", errno);
    assert_holds(kind, "a.ts", "first");
    assert_row(store_put(store, "a.ts", "2nd", 3, STORE_THROUGH) == 0, kind, "%d", errno);
    assert_holds(kind, "a.ts", "2nd");
    assert_row(store_put(store, "empty.ts", "", 0, 0) == 0, kind, "%d", errno);
    assert_row(store_size(store, "empty.ts") == 0, kind, "empty");
    assert_row(store_put(store, "long.ts", "longer", 6, 0) == 0, kind, "%d", errno);
    assert_row(store_read(store, "long.ts", part, sizeof(part)) == 3, kind, "long");
    assert_row(store_overwrite(store, ".log", 4, "late", 4) == 0, kind, "%d", errno);
    assert_row(store_overwrite(store, ".log", 0, "soon", 4) == 0, kind, "%d", errno);
    assert_holds(kind, ".log", "soonlate");
    assert_row(store_sync_names(store) == 0 && store_sync_all(store) == 0, kind, "%d", errno);
    store_close(&store);
    again();
    assert_holds(kind, "a.ts", "2nd");
    store_remove(store, "a.ts");
    store_remove(store, "a.ts"); /* it is not there */
    assert_row(!store_has(store, "a.ts"), kind, "a.ts");
}

static void every_kind_gives_back_what_it_was_given(void **state)
{
    (void)state;
    on_each_kind(put_and_take);
}

static void put_copies(const char *kind, void (*again)(void))
{
    (void)again;
    errno = 0;
    assert_row(store_put_copy(store, "b.ts", "a.ts", STORE_MEDIA) == -1 && errno == ENOENT, kind,
               "%d", errno);
    assert_row(!store_has(store, "b.ts"), kind, "b.ts");
    store_put(store, "a.ts", "first", 5, STORE_MEDIA);
    assert_row(store_put_copy(store, "b.ts", "a.ts", STORE_MEDIA) == 0, kind, "%d", errno);
    assert_holds(kind, "b.ts", "first");
    store_put(store, "a.ts", "2nd", 3, STORE_MEDIA);
    assert_holds(kind, "b.ts", "first");
    assert_row(store_put_copy(store, "b.ts", "a.ts", STORE_MEDIA) == 0, kind, "%d", errno);
    assert_holds(kind, "b.ts", "2nd");
    store_remove(store, "a.ts");
    assert_holds(kind, "b.ts", "2nd");
    assert_row(histogram_count(store_writes(store)) == 5, kind, "%d",
               (int)histogram_count(store_writes(store)));
}

static void a_copy_is_a_file_of_its_own(void **state)
{
    (void)state;
    on_each_kind(put_copies);
}

static bool is_wanted(void *user, const char *name)
{
    return strcmp(name, user) == 0;
}

static void remove_in_time(const char *kind, void (*again)(void))
{
    char name[16];

    assert_row(store_expire(store, 0) == NEVER_US, kind, "nothing is to go");
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "%d.ts", i);
        assert_row(store_put(store, name, "x", 1, 0) == 0, kind, "%s", name);
        store_remove_at(store, name, 1000 - i * 10);
    }
    assert_row(store_expire(store, 609) == 610 && store_has(store, "39.ts"), kind, "39");
    assert_row(store_expire(store, 610) == 620 && !store_has(store, "39.ts"), kind, "39");
    assert_row(store_has(store, "38.ts"), kind, "38");
    store_close(&store); /* what is still to go is the next run's */
    again();
    assert_row(store_expire(store, NEVER_US - 1) == NEVER_US && store_has(store, "38.ts"), kind,
               "38");
    store_put(store, "a.m4s", "x", 1, 0);
    store_remove_all_at(store, ".ts", is_wanted, "7.ts", 100);
    assert_row(store_expire(store, 99) == 100 && store_has(store, "8.ts"), kind, "8");
    assert_row(store_expire(store, 100) == NEVER_US, kind, "all");
    assert_row(!store_has(store, "8.ts") && store_has(store, "7.ts"), kind, "7");
    assert_row(store_has(store, "a.m4s"), kind, "a.m4s");
}

static void every_kind_removes_in_time(void **state)
{
    (void)state;
    on_each_kind(remove_in_time);
}

static void count_media(const char *kind, void (*again)(void))
{
    OutputBound bound = output_bound(&(OutputBoundParams){.files_per_s = 1});
    int taken = 0;

    (void)again;
    store_limit(store, &bound);
    while (taken < 1000 && store_put(store, "a.ts", "x", 1, STORE_MEDIA) == 0)
        taken++;
    assert_row(taken > 0 && taken < 1000 && errno == EDQUOT, kind, "%d, %d", taken, errno);
    assert_row(store_put(store, "b.ts", "x", 1, STORE_MEDIA) == -1 && !store_has(store, "b.ts"),
               kind, "b.ts");
    assert_row(store_put_copy(store, "b.ts", "a.ts", STORE_MEDIA) == -1 && errno == EDQUOT, kind,
               "%d", errno);
    assert_row(!store_has(store, "b.ts"), kind, "b.ts");
    assert_row(store_put(store, "a.m3u8", "x", 1, 0) == 0, kind, "a list is no media");
    assert_row(histogram_count(store_writes(store)) == (uint64_t)taken + 1, kind, "%d",
               (int)histogram_count(store_writes(store)));
}

static void media_counts_against_the_limit_of_files(void **state)
{
    (void)state;
    on_each_kind(count_media);
}

/* A slow store is seen in the histogram, and by the injected clock alone. */
static void writes_are_timed(void **state)
{
    (void)state;
    memory = (MemoryStore){.now_us = &now_us, .slow_us = 300 * US_PER_MS};
    open_memory();
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_put(store, "a.ts", "x", 1, 0), 0);
    assert_int_equal(histogram_count(store_writes(store)), 3);
    assert_int_equal(store_writes(store)->sum_us, 900 * US_PER_MS);
    store_close(&store);
    memory_store_clear(&memory);
}

static void a_power_cut_leaves_what_was_written_through(void **state)
{
    char data[8];

    (void)state;
    now_us = 0;
    open_memory();
    store_put(store, "whole.ts", "whole", 5, STORE_THROUGH);
    store_put(store, "empty.ts", "half", 4, 0);
    store_sync_names(store);
    store_put(store, "unnamed.ts", "x", 1, STORE_THROUGH);
    store_overwrite(store, ".log", 0, "log", 3);
    store_close(&store);
    memory_store_cut(&memory);
    open_memory();
    assert_int_equal(store_size(store, "whole.ts"), 5);
    assert_int_equal(store_size(store, "empty.ts"), 0);
    assert_int_equal(store_size(store, "unnamed.ts"), -1);
    assert_int_equal(store_read(store, ".log", data, sizeof(data)), 3);
    store_close(&store);
    memory_store_clear(&memory);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_kind_gives_back_what_it_was_given),
    cmocka_unit_test(a_copy_is_a_file_of_its_own),
    cmocka_unit_test(every_kind_removes_in_time),
    cmocka_unit_test(media_counts_against_the_limit_of_files),
    cmocka_unit_test(writes_are_timed),
    cmocka_unit_test(a_power_cut_leaves_what_was_written_through),
};

TEST_GROUP(store, tests);
