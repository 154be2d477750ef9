/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/events/event_filter.h"

static Event event_of(EventKind kind, const char *stream)
{
    Event event = {.kind = kind};

    snprintf(event.stream, sizeof(event.stream), "%s", stream);
    return event;
}

static void takes_what_is_named(void **state)
{
    static const struct {
        const char *kinds, *streams;
        EventKind kind;
        const char *stream;
        bool taken;
    } rows[] = {
        {"", "", EVENT_RUNGS_WELL, "shop", true},
        {"live", "", EVENT_LIVE, "shop", true},
        {"live", "", EVENT_ENDED, "shop", false},
        {"live, ended", "", EVENT_ENDED, "shop", true},
        {"live ended", "", EVENT_ENDED, "shop", true},
        {" live,,ended ", "", EVENT_HELD, "shop", false},
        {"rungs-well", "", EVENT_RUNGS_WELL, "shop", true},
        {"", "shop", EVENT_LIVE, "shop", true},
        {"", "shop", EVENT_LIVE, "shop2", false},
        {"", "shop", EVENT_LIVE, "sho", false},
        {"", "shop*", EVENT_LIVE, "shop2", true},
        {"", "shop*", EVENT_LIVE, "shop", true},
        {"", "shop*", EVENT_LIVE, "sho", false},
        {"", "*", EVENT_LIVE, "x", true},
        {"", "radio, class-*", EVENT_LIVE, "class-7", true},
        {"", "radio, class-*", EVENT_LIVE, "radio", true},
        {"", "radio, class-*", EVENT_LIVE, "class", false},
        {"live", "shop", EVENT_LIVE, "radio", false},
        {"live", "shop", EVENT_ENDED, "shop", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        EventFilter filter = {0};
        Event event = event_of(rows[i].kind, rows[i].stream);
        assert_null(event_filter_kinds(&filter, rows[i].kinds));
        assert_null(event_filter_streams(&filter, rows[i].streams));
        assert_row(event_filter_takes(&filter, &event) == rows[i].taken, rows[i].stream,
                   "\"%s\" \"%s\": %d", rows[i].kinds, rows[i].streams, !rows[i].taken);
    }
}

static void each_kind_has_a_bit(void **state)
{
    (void)state;
    for (EventKind kind = 0; kind < EVENT_KINDS; kind++) {
        EventFilter filter = {0};
        assert_null(event_filter_kinds(&filter, event_name(kind)));
        for (EventKind other = 0; other < EVENT_KINDS; other++) {
            Event event = event_of(other, "shop");
            assert_true(event_filter_takes(&filter, &event) == (other == kind));
        }
    }
}

static void refuses_what_there_is_not(void **state)
{
    static const char *const kinds[] = {"lives", "liv", "live;ended", "LIVE", "live, nothing"};
    static const char *const streams[] = {
        "caf\xC3\xA9", "a/b",
        "*shop",       "sh*p",
        "shop**",      "0123456789012345678901234567890123456789012345678901234567890123x",
    };
    char longer[EVENT_FILTER_STREAMS_SIZE + 1];
    EventFilter filter = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++)
        assert_row(event_filter_kinds(&filter, kinds[i]), kinds[i], "taken");
    for (size_t i = 0; i < COUNT(streams); i++)
        assert_row(event_filter_streams(&filter, streams[i]), streams[i], "taken");
    memset(longer, ' ', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_non_null(event_filter_streams(&filter, longer));
    assert_null(event_filter_streams(&filter, longer + 1));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(takes_what_is_named),
    cmocka_unit_test(each_kind_has_a_bit),
    cmocka_unit_test(refuses_what_there_is_not),
};

TEST_GROUP(event_filter, tests);
