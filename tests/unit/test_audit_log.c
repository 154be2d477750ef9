/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "temp_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include "janus-plugin/audit/audit_log.h"

#define PATH_SIZE (TEMP_FOLDER_SIZE + 16)
#define THREADS   4
#define RECORDS   200 /* of each; all of them fit into the queue */

static char folder[TEMP_FOLDER_SIZE], path[PATH_SIZE], old[PATH_SIZE];

static int setup(void **state)
{
    (void)state;
    temp_folder(folder);
    snprintf(path, sizeof(path), "%s/audit.json", folder);
    snprintf(old, sizeof(old), "%s.1", path);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_folder_remove(folder);
    return 0;
}

static AuditLog *open_log(int64_t max_bytes)
{
    AuditLog *log = audit_log_create(path, max_bytes);

    assert_non_null(log);
    return log;
}

static void add(AuditLog *log, int n)
{
    audit_log_add(log, json_pack("{s:i}", "n", n));
}

/* Writes all that waits: the log is opened again by the caller. */
static AuditStats end(AuditLog **log)
{
    AuditStats stats;

    do
        stats = audit_log_stats(*log);
    while (stats.written + stats.lost == 0 && usleep(1000) == 0);
    audit_log_destroy(log);
    assert_null(*log);
    return stats;
}

/* How many lines of a file are records. */
static unsigned count_records(const char *file)
{
    FILE *f = fopen(file, "r");
    char line[256];
    unsigned n = 0;

    if (!f)
        return 0;
    while (fgets(line, sizeof(line), f)) {
        json_t *record = json_loads(line, 0, NULL);
        assert_row(record && json_is_integer(json_object_get(record, "n")), line, "is no record");
        json_decref(record);
        n++;
    }
    fclose(f);
    return n;
}

static void adds_lines_to_what_is_there(void **state)
{
    struct stat is;
    AuditLog *log = open_log(0);

    (void)state;
    add(log, 1);
    end(&log);
    log = open_log(0);
    add(log, 2);
    audit_log_add(log, NULL); /* no memory for it, as it seems */
    end(&log);
    assert_int_equal(count_records(path), 2);
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_mode & 0137, 0);
}

static void *add_many(void *log)
{
    for (int i = 0; i < RECORDS; i++)
        add(log, i);
    return NULL;
}

static void takes_records_of_many_threads(void **state)
{
    pthread_t thread[THREADS];
    AuditLog *log = open_log(0);

    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, add_many, log), 0);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    audit_log_destroy(&log);
    assert_int_equal(count_records(path), THREADS * RECORDS);
}

/* As logrotate does it: another name for the file, with `create` an empty one in its place, and no
 * word to the log. */
static void leaves_a_file_that_is_moved(void **state)
{
    (void)state;
    for (int creates = 0; creates <= 1; creates++) {
        unlink(path);
        AuditLog *log = open_log(0);
        add(log, 1);
        while (audit_log_stats(log).written < 1)
            usleep(1000);
        assert_int_equal(rename(path, old), 0);
        if (creates)
            assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0640)), 0);
        add(log, 2);
        add(log, 3);
        audit_log_destroy(&log);
        assert_int_equal(count_records(old), 1);
        assert_int_equal(count_records(path), 2);
    }
}

static void begins_a_file_when_one_is_full(void **state)
{
    struct stat is;
    AuditLog *log = open_log(20);

    (void)state;
    for (int n = 1; n <= 5; n++) /* 8 bytes each: two fit */
        add(log, n);
    audit_log_destroy(&log);
    assert_int_equal(count_records(path), 1);
    assert_int_equal(count_records(old), 2);
    assert_int_equal(stat(old, &is), 0);
    assert_int_equal(is.st_size, 16);
}

/* /dev/full takes nothing, as a disk that is full. */
static void counts_what_a_full_disk_loses(void **state)
{
    AuditLog *log = open_log(0);

    (void)state;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/full", path), 0);
    add(log, 1);
    while (audit_log_stats(log).lost < 1)
        usleep(1000);
    assert_int_equal(audit_log_stats(log).written, 0);
    assert_int_equal(unlink(path), 0); /* there is room again */
    add(log, 2);
    while (audit_log_stats(log).written < 1)
        usleep(1000);
    audit_log_destroy(&log);
    assert_int_equal(count_records(path), 1);
}

static void says_why_it_cannot_begin(void **state)
{
    (void)state;
    assert_null(audit_log_create("/nowhere/audit.json", 0));
    assert_int_equal(errno, ENOENT);
    assert_null(audit_log_create(folder, 0));
    assert_int_equal(errno, EISDIR);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(adds_lines_to_what_is_there, setup, teardown),
    cmocka_unit_test_setup_teardown(takes_records_of_many_threads, setup, teardown),
    cmocka_unit_test_setup_teardown(leaves_a_file_that_is_moved, setup, teardown),
    cmocka_unit_test_setup_teardown(begins_a_file_when_one_is_full, setup, teardown),
    cmocka_unit_test_setup_teardown(counts_what_a_full_disk_loses, setup, teardown),
    cmocka_unit_test_setup_teardown(says_why_it_cannot_begin, setup, teardown),
};

TEST_GROUP(audit_log, tests);
