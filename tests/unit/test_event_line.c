/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/events/event_line.h"

static char line[EVENT_LINE_MAX];

/* Reads a copy that ends at a page that nobody may touch. */
static bool is_record(size_t len, EventRecord *out)
{
    uint8_t *copy = guarded_copy(line, len);
    bool is = event_line_is_record((const char *)copy, len, out);

    if (is)
        out->body = line + (out->body - (const char *)copy);
    guarded_free(copy, len);
    return is;
}

static void lines_are_as_documented(void **state)
{
    (void)state;
    assert_int_equal(event_line_head(line, 7), 47);
    assert_memory_equal(line, "eb27b299 janus-hls-events 1 000000000000000007\n", 47);
}

static void what_is_written_is_read(void **state)
{
    uint64_t generation, offset;
    EventRecord record;

    (void)state;
    size_t len = event_line_head(line, 123456789012345678);
    assert_true(len > 0 && event_line_is_head(line, len, &generation));
    assert_true(generation == 123456789012345678);
    assert_false(is_record(len, &record));

    len = event_line_mark(line, 42, 9876543210);
    assert_int_equal(len, EVENT_MARK_LEN);
    assert_true(event_line_is_mark(line, len, &generation, &offset));
    assert_true(generation == 42 && offset == 9876543210);

    len = event_line_record(line, 1795175309783078, "msg_ab-7", "{\"a\": \"b c\"}");
    assert_int_equal(event_line_length(line, len), len);
    assert_true(is_record(len, &record));
    assert_true(record.unix_us == 1795175309783078);
    assert_string_equal(record.id, "msg_ab-7");
    assert_int_equal(record.len, strlen("{\"a\": \"b c\"}"));
    assert_memory_equal(record.body, "{\"a\": \"b c\"}", record.len);
    assert_false(event_line_is_head(line, len, &generation));
    assert_false(event_line_is_mark(line, len, &generation, &offset));
}

static void a_flipped_bit_is_seen(void **state)
{
    size_t len = event_line_record(line, 1795175309783078, "msg_ab-7", "{\"stream\":\"shop\"}");
    EventRecord record;

    (void)state;
    assert_true(is_record(len, &record));
    for (size_t i = 0; i < len * 8; i++) {
        line[i / 8] ^= (char)(1 << i % 8);
        assert_row(!is_record(len, &record), "bit", "%zu of byte %zu", i % 8, i / 8);
        line[i / 8] ^= (char)(1 << i % 8);
    }
    for (size_t cut = 0; cut < len; cut++)
        assert_row(!is_record(cut, &record), "cut", "%zu", cut);
}

/* The checksum is right, and what it is of is not. */
static void takes_nothing_else(void **state)
{
    static const struct {
        const char *id, *body;
        bool taken;
    } rows[] = {
        {"a", "", true},
        {"", "x", false},
        {"a\tb", "x", false},
        {"caf\xC3\xA9", "x", false},
        {"0123456789012345678901234567890123456789012345678901234567890123", "x", false},
        {"012345678901234567890123456789012345678901234567890123456789012", "x", true},
    };
    EventRecord record;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = event_line_record(line, 1, rows[i].id, rows[i].body);
        assert_row(is_record(len, &record) == rows[i].taken, rows[i].id, "%d", !rows[i].taken);
    }
}

static void is_bounded(void **state)
{
    char body[EVENT_LINE_MAX];

    (void)state;
    memset(body, 'x', sizeof(body) - 1);
    body[sizeof(body) - 1] = '\0';
    assert_int_equal(event_line_record(line, 1, "a", body), 0);
    size_t len = event_line_record(line, 1, "a", body + 14);
    assert_true(len > EVENT_LINE_MAX - 16 && len <= EVENT_LINE_MAX);
    assert_int_equal(event_line_length(line, len), len);
    memset(line, 'x', sizeof(line)); /* no end: it is no line that was written here */
    assert_int_equal(event_line_length(line, sizeof(line)), EVENT_LINE_MAX);
    assert_int_equal(event_line_length(line, sizeof(line) - 1), 0);
    assert_int_equal(event_line_length(line, 0), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(lines_are_as_documented),
    cmocka_unit_test(what_is_written_is_read),
    cmocka_unit_test(a_flipped_bit_is_seen),
    cmocka_unit_test(takes_nothing_else),
    cmocka_unit_test(is_bounded),
};

TEST_GROUP(event_line, tests);
