/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "count_files.h"
#include "hls-bridge/store/folder.h"
#include "temp_folder.h"

static char root[TEMP_FOLDER_SIZE];
static Store *folder;

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    folder = folder_open(root, "shop", clock_system());
    assert_non_null(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_close(&folder);
    assert_null(folder);
    temp_folder_remove(root);
    return 0;
}

static void assert_file(const char *name, const char *expected)
{
    char data[64];
    ssize_t len = store_read(folder, name, data, sizeof(data));

    assert_int_equal(len, strlen(expected));
    assert_memory_equal(data, expected, (size_t)len);
}

static void files_appear_and_are_replaced(void **state)
{
    (void)state;
    assert_false(store_has(folder, "a.ts"));
    assert_int_equal(store_put(folder, "a.ts", "first", 5, 0), 0);
    assert_file("a.ts", "first");
    assert_int_equal(store_put(folder, "a.ts", "2nd", 3, 0), 0);
    assert_file("a.ts", "2nd");
    assert_int_equal(count_files(root, ".ts"), 1);
    store_remove(folder, "a.ts");
    assert_false(store_has(folder, "a.ts"));
}

static void an_error_changes_nothing(void **state)
{
    char data[8], path[64];

    (void)state;
    assert_int_equal(store_put(folder, "a.ts", "first", 5, 0), 0);
    assert_int_equal(store_put(folder, "none/a.ts", "x", 1, 0), -1);
    assert_int_equal(errno, ENOENT);
    /* what cannot be replaced, for anybody: a folder that is not empty */
    snprintf(path, sizeof(path), "%s/shop/b.ts", root);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/shop/b.ts/c", root);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(store_put(folder, "b.ts", "x", 1, 0), -1);
    assert_int_equal(errno, EISDIR);
    assert_file("a.ts", "first");
    assert_int_equal(store_read(folder, "none", data, sizeof(data)), -1);
    assert_int_equal(count_files(root, ".ts"), 2); /* nothing of its own stays behind */
    assert_null(folder_open("/nowhere", "shop", clock_system()));
    assert_int_equal(errno, ENOENT);
}

static struct stat status_of(const char *name)
{
    struct stat status;
    char path[64];

    snprintf(path, sizeof(path), "%s/shop/%s", root, name);
    assert_int_equal(stat(path, &status), 0);
    return status;
}

static void a_copy_takes_no_room(void **state)
{
    (void)state;
    store_put(folder, "a.ts", "first", 5, 0);
    assert_int_equal(store_put_copy(folder, "b.ts", "a.ts", 0), 0);
    assert_int_equal(status_of("b.ts").st_ino, status_of("a.ts").st_ino);
    store_put(folder, "a.ts", "2nd", 3, 0);
    assert_file("b.ts", "first");
    assert_int_equal(status_of("b.ts").st_nlink, 1);
    /* in place of another file: written again */
    assert_int_equal(store_put_copy(folder, "b.ts", "a.ts", 0), 0);
    assert_file("b.ts", "2nd");
    store_put(folder, "a.ts", "", 0, 0);
    assert_int_equal(store_put_copy(folder, "b.ts", "a.ts", 0), 0);
    assert_file("b.ts", "");
    assert_int_equal(count_files(root, ".ts"), 2); /* nothing of its own stays behind */
}

static void files_are_removed_in_their_time(void **state)
{
    char name[16];

    (void)state;
    assert_int_equal(store_expire(folder, 0), NEVER_US);
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "%d.ts", i);
        assert_int_equal(store_put(folder, name, "x", 1, 0), 0);
        store_remove_at(folder, name, 1000 - i * 10);
    }
    assert_int_equal(store_expire(folder, 609), 610);
    assert_int_equal(count_files(root, ".ts"), 40);
    assert_int_equal(store_expire(folder, 800), 810);
    assert_int_equal(count_files(root, ".ts"), 20);
    assert_true(store_has(folder, "19.ts"));
    assert_false(store_has(folder, "20.ts"));
    assert_int_equal(store_expire(folder, NEVER_US - 1), NEVER_US);
    assert_int_equal(count_files(root, ".ts"), 0);
}

static bool is_wanted(void *user, const char *name)
{
    return strcmp(name, user) == 0;
}

static void what_an_earlier_run_has_left_is_removed(void **state)
{
    char path[128];

    (void)state;
    assert_int_equal(store_put(folder, "a.m4s", "x", 1, 0), 0);
    assert_int_equal(store_put(folder, "b.m4s", "x", 1, 0), 0);
    assert_int_equal(store_put(folder, "c.m4s", "x", 1, 0), 0);
    assert_int_equal(store_put(folder, "a.ts", "x", 1, 0), 0);
    /* not ours, and too long to be */
    snprintf(path, sizeof(path), "%s/shop/%080d.m4s", root, 1);
    assert_int_equal(mkdir(path, 0755), 0);
    store_close(&folder);
    folder = folder_open(root, "shop", clock_system());
    store_remove_all_at(folder, ".m4s", is_wanted, "b.m4s", 100);
    assert_int_equal(store_expire(folder, 99), 100);
    assert_int_equal(count_files(root, ".m4s"), 4);
    assert_int_equal(store_expire(folder, 100), NEVER_US);
    assert_int_equal(count_files(root, ".m4s"), 2);
    assert_true(store_has(folder, "b.m4s"));
    store_remove_all_at(folder, ".m4s", NULL, NULL, 200);
    store_expire(folder, 200);
    assert_false(store_has(folder, "b.m4s"));
    assert_int_equal(count_files(root, ".m4s"), 1);
    assert_true(store_has(folder, "a.ts"));
}

static void what_goes_meanwhile_needs_no_sync(void **state)
{
    char path[64];

    (void)state;
    assert_int_equal(store_put(folder, "a.ts", "a", 1, 0), 0);
    snprintf(path, sizeof(path), "%s/shop/gone", root);
    assert_int_equal(symlink("nowhere", path), 0); /* it is found, and cannot be opened */
    assert_int_equal(store_sync_all(folder), 0);
}

static void an_empty_folder_is_removed(void **state)
{
    char path[64];

    (void)state;
    snprintf(path, sizeof(path), "%s/shop", root);
    store_put(folder, "a.ts", "a", 1, 0);
    store_discard(folder);
    assert_file("a.ts", "a");
    store_remove(folder, "a.ts");
    store_discard(folder);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(store_put(folder, "a.ts", "a", 1, 0), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(files_appear_and_are_replaced),
    TEST(an_error_changes_nothing),
    TEST(a_copy_takes_no_room),
    TEST(files_are_removed_in_their_time),
    TEST(what_an_earlier_run_has_left_is_removed),
    TEST(what_goes_meanwhile_needs_no_sync),
    TEST(an_empty_folder_is_removed),
};

TEST_GROUP(folder, tests);
