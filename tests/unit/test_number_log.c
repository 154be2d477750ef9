/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <errno.h>
#include <sys/stat.h>

#include "hls-bridge/base/boot_id.h"
#include "hls-bridge/store/number_log.h"
#include "hls-bridge/store/folder.h"
#include "temp_folder.h"

#define RECORD 512 /* bytes */

static char root[TEMP_FOLDER_SIZE], path[64], boot[BOOT_ID_SIZE];
static Store *folder;
static NumberLog *numbers;
static bool sync_fails;

void __wrap_boot_id(char *id);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

void __wrap_boot_id(char *id)
{
    strcpy(id, boot);
}

int __wrap_fdatasync(int fd)
{
    if (!sync_fails)
        return __real_fdatasync(fd);
    errno = EIO;
    return -1;
}

/* The log as the next run finds it, in this boot. */
static void open_log(const char *in_boot)
{
    strcpy(boot, in_boot);
    number_log_close(&numbers);
    numbers = number_log_open(folder);
    assert_non_null(numbers);
}

static int setup(void **state)
{
    (void)state;
    sync_fails = false;
    temp_folder(root);
    snprintf(path, sizeof(path), "%s/shop/" NUMBER_LOG_FILE, root);
    folder = folder_open(root, "shop", clock_system());
    assert_non_null(folder);
    open_log("first");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    number_log_close(&numbers);
    assert_null(numbers);
    store_close(&folder);
    temp_folder_remove(root);
    return 0;
}

static void reserve(uint64_t msn, uint64_t discontinuity, uint64_t ahead)
{
    assert_int_equal(number_log_reserve(numbers, NUMBERS_TS, &(Numbers){msn, discontinuity}, ahead),
                     0);
}

static bool trusts(NumberSeries series, uint64_t msn, uint64_t discontinuity)
{
    return number_log_trusts(numbers, series, &(Numbers){msn, discontinuity});
}

static void assert_bound(NumberSeries series, uint64_t msn, uint64_t discontinuity)
{
    Numbers bound;

    assert_true(number_log_bound(numbers, series, &bound));
    assert_int_equal(bound.msn, msn);
    assert_int_equal(bound.discontinuity, discontinuity);
}

/* Damages a byte of the file, or cuts it off there. */
static void damage(long at, bool cut)
{
    if (cut) {
        assert_int_equal(truncate(path, at), 0);
        return;
    }
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    fputc(byte ^ 1, file);
    fclose(file);
}

static void without_a_log_lists_are_trusted(void **state)
{
    Numbers bound;

    (void)state;
    assert_false(number_log_bound(numbers, NUMBERS_TS, &bound));
    assert_true(trusts(NUMBERS_TS, 0, 0));
    assert_int_equal(number_log_settle(numbers), 0);
    assert_int_not_equal(access(path, F_OK), 0); /* there is nothing to say */
}

static void it_is_written_ahead_and_seldom(void **state)
{
    struct stat before, after;

    (void)state;
    reserve(1, 0, 1000);
    assert_bound(NUMBERS_TS, 1001, 0);
    assert_int_equal(stat(path, &before), 0);
    for (uint64_t i = 2; i <= 1001; i++)
        reserve(i, 0, 1000);
    assert_int_equal(stat(path, &after), 0);
    assert_true(before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
                before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
    reserve(1002, 1, 1000);
    assert_bound(NUMBERS_TS, 2002, 1001);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(after.st_size, 2 * RECORD);
}

static void after_another_boot_only_synced_lists_are_trusted(void **state)
{
    (void)state;
    reserve(5, 1, 1000);
    open_log("first");
    assert_true(trusts(NUMBERS_TS, 3, 0));
    open_log("second");
    assert_false(trusts(NUMBERS_TS, 5, 1));
    assert_true(trusts(NUMBERS_TS, 1005, 1001));
    assert_true(trusts(NUMBERS_LL, 0, 0)); /* no such list was ever written */
    assert_bound(NUMBERS_TS, 1005, 1001);
    open_log(""); /* it cannot be told */
    assert_false(trusts(NUMBERS_TS, 5, 1));
    reserve(1006, 1001, 0);
    open_log("");
    assert_false(trusts(NUMBERS_TS, 5, 1));
}

/* What one sort of list has said in this boot is not said by the other. */
static void each_series_has_its_own_boot(void **state)
{
    (void)state;
    reserve(5, 0, 1000);
    assert_int_equal(number_log_reserve(numbers, NUMBERS_LL, &(Numbers){7, 0}, 1000), 0);
    open_log("second");
    reserve(1006, 1, 1000);
    assert_true(trusts(NUMBERS_TS, 0, 0));
    assert_false(trusts(NUMBERS_LL, 7, 0));
    open_log("second");
    assert_false(trusts(NUMBERS_LL, 7, 0));
    assert_bound(NUMBERS_LL, 1007, 0);
}

static void what_is_settled_is_trusted_until_there_is_more(void **state)
{
    (void)state;
    reserve(5, 0, 1000);
    assert_int_equal(number_log_settle(numbers), 0);
    open_log("second");
    assert_true(trusts(NUMBERS_TS, 5, 0));
    assert_bound(NUMBERS_TS, 1005, 0);
    reserve(6, 0, 1000);
    open_log("third");
    assert_false(trusts(NUMBERS_TS, 6, 0));
}

static void what_lags_is_not_trusted_until_it_does_no_more(void **state)
{
    (void)state;
    assert_int_equal(number_log_lag(numbers, NUMBERS_TS, false), 0);
    assert_int_not_equal(access(path, F_OK), 0);
    reserve(5, 0, 1000);
    assert_int_equal(number_log_reserve(numbers, NUMBERS_LL, &(Numbers){7, 0}, 1000), 0);
    assert_int_equal(number_log_settle(numbers), 0);
    assert_int_equal(number_log_lag(numbers, NUMBERS_TS, true), 0);
    reserve(6, 0, 1000); /* which does not end it */
    reserve(1006, 0, 1000);
    open_log("first");
    assert_false(trusts(NUMBERS_TS, 6, 0));
    assert_true(trusts(NUMBERS_LL, 7, 0));
    assert_bound(NUMBERS_TS, 2006, 0);
    assert_int_equal(number_log_lag(numbers, NUMBERS_TS, true), 0);
    assert_int_equal(number_log_lag(numbers, NUMBERS_TS, false), 0);
    open_log("first");
    assert_true(trusts(NUMBERS_TS, 6, 0));
}

/* Numbers were kept in hand, and are no more: a list that is written through is trusted at once. */
static void what_is_not_ahead_any_more_is_trusted(void **state)
{
    (void)state;
    reserve(5, 0, 1000);
    reserve(6, 1, 0);
    assert_bound(NUMBERS_TS, 6, 1);
    open_log("second");
    assert_true(trusts(NUMBERS_TS, 6, 1));
    assert_false(trusts(NUMBERS_TS, 5, 1));
}

/* A power cut damages the record that is being written: the one before it still holds. */
static void a_damaged_record_is_left_out(void **state)
{
    for (int way = 0; way < 4; way++) {
        setup(state);
        reserve(1, 0, 10); /* the second record of the file, then the first */
        reserve(12, 0, 10);
        assert_bound(NUMBERS_TS, 22, 0);
        damage(way < 2 ? 30 : RECORD + 30 + way, false);
        open_log("first");
        assert_bound(NUMBERS_TS, way < 2 ? 11 : 22, 0);
        reserve(23, 0, 10);
        open_log("first");
        assert_bound(NUMBERS_TS, 33, 0);
        teardown(state);
    }
}

static void a_log_that_is_none_is_not_believed(void **state)
{
    Numbers bound;

    (void)state;
    reserve(1, 0, 10);
    reserve(12, 0, 10);
    damage(RECORD - 1, true);
    open_log("first");
    assert_false(number_log_bound(numbers, NUMBERS_TS, &bound));
    assert_true(trusts(NUMBERS_TS, 12, 0));
    reserve(12, 0, 10);
    open_log("first");
    assert_bound(NUMBERS_TS, 22, 0);
}

static void a_disk_that_refuses_is_told_of(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(number_log_reserve(numbers, NUMBERS_TS, &(Numbers){1, 0}, 10), -1);
    assert_int_equal(errno, EISDIR);
    assert_null(number_log_open(folder)); /* it may hold numbers */
    assert_int_equal(errno, EISDIR);
    assert_int_equal(rmdir(path), 0);
    reserve(1, 0, 10);
    assert_bound(NUMBERS_TS, 11, 0);
}

/* What was written, but not through, is in the file all the same: it is taken back. */
static void what_the_disk_has_refused_is_not_believed(void **state)
{
    (void)state;
    reserve(5, 0, 1000);
    sync_fails = true;
    assert_int_equal(number_log_settle(numbers), -1);
    sync_fails = false;
    reserve(6, 0, 1000); /* which nobody has synced */
    open_log("second");
    assert_false(trusts(NUMBERS_TS, 5, 0));

    reserve(1006, 0, 1000);
    assert_int_equal(number_log_lag(numbers, NUMBERS_TS, true), 0);
    sync_fails = true;
    assert_int_equal(number_log_lag(numbers, NUMBERS_TS, false), -1);
    assert_int_equal(number_log_lag(numbers, NUMBERS_TS, true), -1);
    sync_fails = false;
    assert_int_equal(number_log_lag(numbers, NUMBERS_TS, true), 0); /* viewers are told of more */
    open_log("second");
    assert_false(trusts(NUMBERS_TS, 1006, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(without_a_log_lists_are_trusted),
    TEST(it_is_written_ahead_and_seldom),
    TEST(after_another_boot_only_synced_lists_are_trusted),
    TEST(each_series_has_its_own_boot),
    TEST(what_is_settled_is_trusted_until_there_is_more),
    TEST(what_lags_is_not_trusted_until_it_does_no_more),
    TEST(what_is_not_ahead_any_more_is_trusted),
    cmocka_unit_test(a_damaged_record_is_left_out),
    TEST(a_log_that_is_none_is_not_believed),
    TEST(a_disk_that_refuses_is_told_of),
    TEST(what_the_disk_has_refused_is_not_believed),
};

TEST_GROUP(number_log, tests);
