/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"
#include "temp_folder.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hls-bridge/base/media.h"
#include "hls-bridge/events/event_file.h"
#include "hls-bridge/events/janus_event.h"

static char root[TEMP_FOLDER_SIZE], path[TEMP_FOLDER_SIZE + 16];

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    snprintf(path, sizeof(path), "%s/events", root);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_folder_remove(root);
    return 0;
}

/* ---- the shape ---- */

static void has_the_shape_of_janus(void **state)
{
    static const struct {
        Event event;
        const char *data;
    } rows[] = {
        {{.kind = EVENT_STARTED}, ""},
        {{.kind = EVENT_LIVE,
          .live = {.video = true, .audio = true, .publishers = 2, .title = "Sandals"}},
         ",\"video\":true,\"audio\":true,\"publishers\":2,\"title\":\"Sandals\""},
        {{.kind = EVENT_RESUMED, .live = {.audio = true, .publishers = 3}},
         ",\"video\":false,\"audio\":true,\"publishers\":3"},
        {{.kind = EVENT_HELD, .held = {.reason = HELD_NO_PACKETS, .hold_us = 30 * US_PER_S}},
         ",\"reason\":\"no-packets\",\"hold\":30"},
        {{.kind = EVENT_ENDED, .ended = {.listed = true}}, ""},
        {{.kind = EVENT_REMOVED}, ""},
        {{.kind = EVENT_TAKEN_OVER}, ""},
        {{.kind = EVENT_REFUSED, .refused = {.reason = "bandwidth"}},
         ",\"reason\":\"bandwidth\",\"untold\":0"},
        {{.kind = EVENT_REFUSED, .refused = {.reason = "failed", .error = 13, .untold = 5}},
         ",\"reason\":\"failed\",\"error\":\"Permission denied\",\"untold\":5"},
        {{.kind = EVENT_KICKED}, ""},
        {{.kind = EVENT_TOO_MUCH, .too_much = {.bitrate = 25000000, .most = 10000000}},
         ",\"bitrate\":25000000,\"allowed\":10000000"},
        {{.kind = EVENT_SILENT}, ""},
        {{.kind = EVENT_PROBLEM, .problem = {.name = "format", .text = "4:2:2"}},
         ",\"problem\":\"format\",\"reason\":\"4:2:2\""},
        {{.kind = EVENT_PROBLEM_OVER}, ""},
        {{.kind = EVENT_DISK_TROUBLE, .disk = {.part = DISK_END, .error = 28}},
         ",\"part\":\"end\",\"error\":\"No space left on device\""},
        {{.kind = EVENT_DISK_WORKS, .disk = {.part = DISK_MEDIA}}, ",\"part\":\"media\""},
        {{.kind = EVENT_SLOW, .delay = {1200000}}, ",\"milliseconds\":1200"},
        {{.kind = EVENT_CAUGHT_UP, .delay = {3140000}}, ",\"milliseconds\":3140"},
        {{.kind = EVENT_RUNGS_SLOW, .rungs = {2}}, ",\"still\":2"},
        {{.kind = EVENT_RUNGS_WELL}, ""},
    };
    bool seen[EVENT_KINDS] = {false};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Event event = rows[i].event;
        char expected[512];
        event.sequence = 7;
        event.unix_us = 1795175309783078;
        snprintf(event.stream, sizeof(event.stream), "shop");
        char *text = janus_event_text(&event, "bridge-1");
        assert_non_null(text);
        snprintf(
            expected, sizeof(expected),
            "{\"emitter\":\"bridge-1\",\"type\":4,\"timestamp\":1795175309783078,"
            "\"event\":{\"schema\":\"janus-hls\",\"data\":{\"event\":\"%s\",\"stream\":\"shop\","
            "\"sequence\":7%s}}}",
            event_name(event.kind), rows[i].data);
        assert_string_equal(text, expected);
        seen[event.kind] = true;
        free(text);
    }
    for (size_t i = 0; i < EVENT_KINDS; i++)
        assert_row(seen[i], "kind", "%zu has no row", i);
}

/* A title is a stranger's, and may have any bytes. */
static void titles_break_no_line(void **state)
{
    static const struct {
        const char *title, *read; /* NULL: it is left out */
    } rows[] = {
        {"plain", "plain"},
        {"\"},{\"event\":\"removed\"", "\"},{\"event\":\"removed\""},
        {"two\nlines\r", "two\nlines\r"},
        {"\x01\x1F\\", "\x01\x1F\\"},
        {"caf\xC3\xA9", "caf\xC3\xA9"},
        {"no UTF-8: \xFF", NULL},
        {"cut short: \xC3", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Event event = {.kind = EVENT_LIVE, .stream = "shop"};
        snprintf(event.live.title, sizeof(event.live.title), "%s", rows[i].title);
        char *text = janus_event_text(&event, "b");
        assert_row(text && !strpbrk(text, "\n\r"), rows[i].title, "%s", text);
        json_t *all = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        json_t *data = json_object_get(json_object_get(all, "event"), "data");
        assert_string_equal(json_string_value(json_object_get(data, "event")), "live");
        const char *title = json_string_value(json_object_get(data, "title"));
        assert_row(rows[i].read ? title && strcmp(title, rows[i].read) == 0 : !title, rows[i].title,
                   "%s", title ? title : "nothing");
        json_decref(all);
        free(text);
    }
}

/* ---- the file ---- */

static bool offer(const EventSink *sink, uint64_t sequence, char *why)
{
    const Event event = {.kind = EVENT_ENDED, .sequence = sequence, .stream = "shop"};

    return sink->offer(sink->user, &event, why);
}

/* How many lines it has that are whole, and the number of the first and the last event. */
static size_t read_file(const char *file, int64_t *first, int64_t *last)
{
    char line[512];
    size_t n = 0;
    FILE *in = fopen(file, "re");

    assert_non_null(in);
    while (fgets(line, sizeof(line), in)) {
        json_t *all = json_loads(line, 0, NULL);
        assert_row(all, "line", "%s", line);
        json_t *data = json_object_get(json_object_get(all, "event"), "data");
        *last = json_integer_value(json_object_get(data, "sequence"));
        if (n++ == 0)
            *first = *last;
        json_decref(all);
    }
    fclose(in);
    return n;
}

static void a_line_is_added_for_each(void **state)
{
    EventSink sink = event_file_sink(path, 1 << 20, "b");
    char why[EVENT_WHY_SIZE] = "";
    int64_t first, last;
    struct stat is;

    (void)state;
    for (uint64_t i = 1; i <= 10; i++) {
        assert_true(offer(&sink, i, why));
        if (i % 2)
            sink.flush(sink.user);
    }
    sink.close(sink.user);
    assert_int_equal(read_file(path, &first, &last), 10);
    assert_int_equal(first, 1);
    assert_int_equal(last, 10);
    assert_int_equal(stat(path, &is), 0);
    assert_int_equal(is.st_mode & 07, 0);
}

/* As logrotate does. */
static void goes_on_in_a_new_file_when_it_is_moved_away(void **state)
{
    EventSink sink = event_file_sink(path, 1 << 20, "b");
    char why[EVENT_WHY_SIZE], moved[sizeof(path) + 8];
    int64_t first, last;

    (void)state;
    snprintf(moved, sizeof(moved), "%s.1", path);
    assert_true(offer(&sink, 1, why));
    sink.flush(sink.user);
    assert_int_equal(rename(path, moved), 0);
    assert_true(offer(&sink, 2, why));
    sink.close(sink.user);
    assert_int_equal(read_file(moved, &first, &last), 1);
    assert_int_equal(first, 1);
    assert_int_equal(read_file(path, &first, &last), 1);
    assert_int_equal(first, 2);
}

static void is_bounded(void **state)
{
    enum { BOUND = 1000, EVENTS = 100 };
    EventSink sink = event_file_sink(path, BOUND, "b");
    char why[EVENT_WHY_SIZE], old[sizeof(path) + 8];
    int64_t first, last, old_first, old_last;
    struct stat is;

    (void)state;
    for (uint64_t i = 1; i <= EVENTS; i++) {
        assert_true(offer(&sink, i, why));
        assert_int_equal(stat(path, &is), 0);
        assert_true(is.st_size <= BOUND);
    }
    sink.close(sink.user);
    snprintf(old, sizeof(old), "%s.old", path);
    assert_true(read_file(path, &first, &last) > 0);
    assert_true(read_file(old, &old_first, &old_last) > 1);
    assert_int_equal(last, EVENTS);
    assert_int_equal(old_last, first - 1);
}

static void says_why_it_cannot_and_tries_again(void **state)
{
    char folder[sizeof(path) + 8], inside[sizeof(path) + 16], why[EVENT_WHY_SIZE] = "";
    int64_t first, last;

    (void)state;
    snprintf(folder, sizeof(folder), "%s.d", path);
    snprintf(inside, sizeof(inside), "%s/events", folder);
    EventSink sink = event_file_sink(inside, 1 << 20, "b");
    assert_false(offer(&sink, 1, why));
    assert_non_null(strstr(why, inside));
    assert_non_null(strstr(why, "No such file or directory"));
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_true(offer(&sink, 1, why));
    sink.close(sink.user);
    assert_int_equal(read_file(inside, &first, &last), 1);
}

static void a_full_disk_leaves_no_half_a_line(void **state)
{
    EventSink sink = event_file_sink("/dev/full", 1 << 20, "b");
    char why[EVENT_WHY_SIZE] = "";

    (void)state;
    assert_false(offer(&sink, 1, why));
    assert_non_null(strstr(why, "No space left on device"));
    sink.close(sink.user);
}

/* A FIFO takes events as a file does, but nothing waits for its reader. */
static void waits_for_no_reader_of_a_fifo(void **state)
{
    EventSink sink = event_file_sink(path, 1 << 20, "b");
    char why[EVENT_WHY_SIZE] = "", line[512];
    uint64_t taken = 0;
    size_t lines = 0;

    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(offer(&sink, 1, why));
    assert_non_null(strstr(why, "No such device or address"));
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    while (offer(&sink, taken + 1, why)) /* until the pipe is full */
        taken++;
    assert_true(taken > 1);
    assert_non_null(strstr(why, "Resource temporarily unavailable"));
    sink.close(sink.user);
    FILE *in = fdopen(fd, "r");
    while (fgets(line, sizeof(line), in)) {
        json_t *all = json_loads(line, 0, NULL);
        assert_row(all, "line", "%s", line);
        json_decref(all);
        lines++;
    }
    assert_int_equal(lines, taken);
    fclose(in);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(has_the_shape_of_janus),
    TEST(titles_break_no_line),
    TEST(a_line_is_added_for_each),
    TEST(goes_on_in_a_new_file_when_it_is_moved_away),
    TEST(is_bounded),
    TEST(says_why_it_cannot_and_tries_again),
    TEST(a_full_disk_leaves_no_half_a_line),
    TEST(waits_for_no_reader_of_a_fifo),
};

TEST_GROUP(event_file, tests);
