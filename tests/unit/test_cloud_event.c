/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <jansson.h>
#include <stdlib.h>

#include "hls-bridge/base/media.h"
#include "hls-bridge/events/cloud_event.h"
#include "hls-bridge/events/event_line.h"

static void has_the_shape_of_cloud_events(void **state)
{
    const Event event = {.kind = EVENT_HELD,
                         .sequence = 12,
                         .unix_us = 1795175309000078,
                         .stream = "shop",
                         .held = {.reason = HELD_NO_PACKETS, .hold_us = 30 * US_PER_S}};
    char *text = cloud_event_text(&event, "/janus-hls/b", "msg_1-12");

    (void)state;
    assert_string_equal(
        text,
        "{\"specversion\":\"1.0\",\"id\":\"msg_1-12\",\"source\":\"/janus-hls/b\","
        "\"type\":\"org.janus-hls.stream.held\",\"subject\":\"shop\","
        "\"time\":\"2026-11-20T11:48:29.000078Z\",\"datacontenttype\":\"application/json\","
        "\"data\":{\"event\":\"held\",\"stream\":\"shop\",\"sequence\":12,"
        "\"reason\":\"no-packets\",\"hold\":30}}");
    free(text);
}

static void an_emitter_becomes_a_uri(void **state)
{
    static const struct {
        const char *emitter, *source;
    } rows[] = {
        {"hls-bridge", "/janus-hls/hls-bridge"},
        {"a b/c:d", "/janus-hls/a%20b%2Fc%3Ad"},
        {"caf\xC3\xA9", "/janus-hls/caf%C3%A9"},
        {"~._-", "/janus-hls/~._-"},
    };
    char source[CLOUD_EVENT_SOURCE_SIZE], emitter[65];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        cloud_event_source(rows[i].emitter, source);
        assert_string_equal(source, rows[i].source);
    }
    memset(emitter, '\xFF', sizeof(emitter) - 1);
    emitter[sizeof(emitter) - 1] = '\0';
    cloud_event_source(emitter, source);
    assert_int_equal(strlen(source), strlen("/janus-hls/") + 64 * 3);
}

/* The longest that there can be is still a line of the queue on disk. */
static void the_longest_fits_into_a_line(void **state)
{
    char source[CLOUD_EVENT_SOURCE_SIZE], id[EVENT_ID_SIZE], line[EVENT_LINE_MAX];
    Event event = {.kind = EVENT_LIVE, .sequence = UINT64_MAX / 2, .unix_us = INT64_MAX / 2};

    (void)state;
    memset(event.stream, 'x', sizeof(event.stream) - 1);
    memset(event.live.title, '\x01', sizeof(event.live.title) - 1); /* six characters in JSON */
    memset(id, 'x', sizeof(id) - 1);
    id[sizeof(id) - 1] = '\0';
    memset(source, 'x', sizeof(source) - 1);
    source[sizeof(source) - 1] = '\0';
    char *text = cloud_event_text(&event, source, id);
    assert_non_null(text);
    assert_null(strchr(text, '\n'));
    assert_true(event_line_record(line, event.unix_us, id, text) > 0);
    free(text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(has_the_shape_of_cloud_events),
    cmocka_unit_test(an_emitter_becomes_a_uri),
    cmocka_unit_test(the_longest_fits_into_a_line),
};

TEST_GROUP(cloud_event, tests);
