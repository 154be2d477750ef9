/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/codec/annex_b.h"

/* All NAL units of a stream, with a bar behind each. */
static void assert_units(const void *stream, size_t len, const char *expected)
{
    uint8_t *data = guarded_copy(stream, len);
    char found[64] = "";
    NalUnit nal[8];
    size_t n = 0, count = annex_b_read(data, len, nal, COUNT(nal));

    assert_in_range(count, 0, COUNT(nal));
    for (size_t i = 0; i < count; i++) {
        assert_in_range(nal[i].len, 1, sizeof(found) - n - 2);
        assert_in_range(nal[i].at + nal[i].len, 4, len);
        memcpy(found + n, data + nal[i].at, nal[i].len);
        n += nal[i].len;
        found[n++] = '|';
    }
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(found, expected, n);
    guarded_free(data, len);
}

#define ASSERT_UNITS(stream, expected) assert_units(stream, sizeof(stream) - 1, expected)

static void units_are_found(void **state)
{
    (void)state;
    ASSERT_UNITS("", "");
    ASSERT_UNITS("\0\0\1a", "a|");
    ASSERT_UNITS("\0\0\0\1abc\0\0\0\1de\0\0\1f", "abc|de|f|");
    ASSERT_UNITS("before\0\0\1a", "a|");
    ASSERT_UNITS("\0\0\1a\0\0\0\0\0\0\1b\0\0\0", "a|b|");
}

static void what_is_no_start_code_is_media(void **state)
{
    (void)state;
    assert_units("\0\0\1a\1b\2c", 8, "a\1b\2c|");
    ASSERT_UNITS("abc", "");
    ASSERT_UNITS("\0\0\0\0", "");
    ASSERT_UNITS("\0\1a", "");
}

static void empty_units_are_passed_over(void **state)
{
    (void)state;
    ASSERT_UNITS("\0\0\1\0\0\1a", "a|");
    ASSERT_UNITS("\0\0\1", "");
    ASSERT_UNITS("\0\0\1a\0\0\1", "a|");
    ASSERT_UNITS("\0\0\1\0\0\0\1\0\0\0\1", "");
}

static void units_beyond_the_table_are_counted(void **state)
{
    static const uint8_t stream[] = "\0\0\1a\0\0\1b\0\0\1c";
    NalUnit nal[3] = {[2] = {77, 77}};

    (void)state;
    assert_int_equal(annex_b_read(stream, sizeof(stream) - 1, nal, 2), 3);
    assert_int_equal(nal[1].at, 7);
    assert_int_equal(nal[2].at, 77);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(units_beyond_the_table_are_counted),
    cmocka_unit_test(units_are_found),
    cmocka_unit_test(what_is_no_start_code_is_media),
    cmocka_unit_test(empty_units_are_passed_over),
};

TEST_GROUP(annex_b, tests);
