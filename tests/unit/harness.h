/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_HARNESS_H
#define UNIT_HARNESS_H

/* cmocka, which wants these before it, and what several unit tests use. A file of tests is a group:
 * it ends with TEST_GROUP, and is a line in the list of a program in local.mk. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The tests of one file. `setup` runs before the first of them, `teardown` after the last. */
typedef struct TestGroup {
    const char *name;
    const struct CMUnitTest *tests;
    size_t count;
    CMFixtureFunction setup, teardown;
} TestGroup;

/* Enters the tests of the array `list` as the group `title`; `.setup = f` may follow. The linker
 * collects what stands in the section test_groups; runner.c walks over it. */
#define TEST_GROUP(title, list, ...)                                                               \
    static const TestGroup title##_group = {                                                       \
        .name = #title, .tests = (list), .count = COUNT(list), __VA_ARGS__};                       \
    static const TestGroup *const title##_entry __attribute__((used, section("test_groups"))) =    \
        &title##_group

/* A failure inside a table names its row, with the values that differ. */
#define assert_row(condition, name, ...)                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            print_error("row \"%s\": %s: ", name, #condition);                                     \
            print_error(__VA_ARGS__);                                                              \
            print_error("\n");                                                                     \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

/* Whether `line` begins with `tag`, which is a literal, and what follows reads as `format`, which
 * has one value. To ask each line of a playlist for each tag by sscanf() takes longer than
 * all else that a test does. */
#define read_tag(line, tag, format, value)                                                         \
    (strncmp((line), tag, sizeof(tag) - 1) == 0 &&                                                 \
     sscanf((line) + sizeof(tag) - 1, format, value) == 1)

/* What a guarded copy of `len` bytes takes in whole pages, the guard left out. */
static inline size_t guarded_room(size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (len + page - 1) / page * page;
}

/* A copy of `len` bytes for a parser to read. Its end abuts a page that nobody may touch, so that a
 * read past it ends the test; nor may it be written to. guarded_free() it with the same length. */
static inline uint8_t *guarded_copy(const void *bytes, size_t len)
{
    size_t room = guarded_room(len), page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *map =
        mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_true(map != MAP_FAILED);
    if (len > 0) {
        memcpy(map + room - len, bytes, len);
        assert_int_equal(mprotect(map, room, PROT_READ), 0);
    }
    assert_int_equal(mprotect(map + room, page, PROT_NONE), 0);
    return map + room - len;
}

static inline void guarded_free(uint8_t *copy, size_t len)
{
    size_t room = guarded_room(len);

    munmap(copy + len - room, room + (size_t)sysconf(_SC_PAGESIZE));
}

#endif
