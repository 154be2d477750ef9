/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What is measured of a publisher, who hears of it, and what happens to one that sends too much. */

#include "tests/unit/harness.h"

#include "fibers.h"
#include "plugin_play.h"
#include "plugin_rules.h"
#include "stub_bridge.h"
#include "stub_clock.h"

#define SECOND INT64_C(1000000)

/* ---- one that sends too much ---- */

/* Sends pictures of `bitrate` bit/s for some seconds; the plugin looks after it once a second. */
static void send_for(StubHandle *handle, int bitrate, int seconds)
{
    static char packet[1250] = RTP_PACKET; /* 10 kbit */

    for (int second = 0; second < seconds; second++) {
        for (int i = 0, n = bitrate / 10000; i < n; i++) {
            stub_rtp(handle, 1, packet, sizeof(packet));
            stub_clock_pass(SECOND / n);
        }
        fibers_set_ticks(1);
        fibers_settle();
    }
}

PLAY(one_that_sends_far_too_much_is_ended, "open = true; bitrate = 100000;")
{
    StubHandle *handle = play_live(PUBLISH("shop"));

    send_for(handle, 380000, 20); /* twice the cap and the sound's share: 392 kbit/s */
    play_require_state(handle, "live");
    send_for(handle, 410000, 8);
    play_require_state(handle, "idle");
    play_require_ended(handle, "too-much");
    fibers_require(handle->close_pc);
    play_leave(handle);
    fibers_settle();
    plugin_check_nothing_is_left();
}

PLAY(a_cap_that_is_lowered_counts_ten_seconds_later, "open = true; bitrate = 400000;")
{
    StubHandle *handle = play_live(PUBLISH("shop"));

    send_for(handle, 800000, 6);
    play_ask(handle, "{\"request\":\"configure\",\"bitrate\":100000}", NULL);
    send_for(handle, 800000, 9);
    play_require_state(handle, "live");
    send_for(handle, 800000, 2);
    play_require_ended(handle, "too-much");
    play_leave(handle);
}

/* ---- what is told ---- */

PLAY(event_handlers_hear_of_each_step, "open = true;")
{
    PlayReceiver bridge = play_receiver();
    StubHandle *handle;
    const json_t *event;

    stub_has_handlers = true;
    handle = play_live("{\"request\":\"publish\",\"stream\":\"shop\",\"title\":\"Sandals\"}");
    event = stub_last_event(NULL, "published");
    fibers_require(play_says(event, "stream", "shop") && play_says(event, "title", "Sandals"));
    stub_bridge_lose(0);
    fibers_require(play_says(stub_last_event(NULL, "bridge-lost"), "stream", "shop"));
    stub_bridge_accept(0, bridge.port);
    fibers_require(play_says(stub_last_event(NULL, "live"), "stream", "shop"));
    stub_slow_link(handle);
    fibers_require(play_says(stub_last_event(NULL, "slow-link"), "media", "audio"));
    fibers_require(play_says(stub_last_event(handle, "slow-link"), "media", "audio"));
    fibers_set_ticks(9);
    fibers_settle();
    fibers_require(stub_count_events(NULL, "figures") == 0);
    fibers_set_ticks(1);
    fibers_settle();
    fibers_require(stub_count_events(NULL, "figures") == 1);
    fibers_require(play_says(stub_last_event(NULL, "figures"), "bridge", "listening"));
    stub_hangup(handle);
    event = stub_last_event(NULL, "unpublished");
    fibers_require(play_says(event, "code", "disconnected") &&
                   play_says(event, "title", "Sandals"));
    stub_has_handlers = false;
    close(bridge.fd);
    play_leave(handle);
}

PLAY(event_handlers_are_told_nothing_if_they_are_switched_off, "open = true; events = false;")
{
    stub_has_handlers = true;
    StubHandle *handle = play_live(PUBLISH("shop"));
    stub_hangup(handle);
    stub_has_handlers = false;
    fibers_require(stub_notified == 0);
    play_leave(handle);
}

/* How many streams a list has. */
static size_t count_listed(json_t *reply)
{
    size_t count = json_array_size(json_object_get(reply, "streams"));

    json_decref(reply);
    return count;
}

PLAY_STREAMS(an_unlisted_stream_is_in_the_operators_list_alone, "open = true;",
             "quiet: { unlisted = true }")
{
    StubHandle *asked = play_live("{\"request\":\"publish\",\"stream\":\"a\",\"unlisted\":true}");
    StubHandle *configured = play_live(PUBLISH("quiet")), *listed = play_live(PUBLISH("b"));
    json_t *reply;

    fibers_require(count_listed(play_question(listed, "{\"request\":\"list\"}")) == 1);
    fibers_require(count_listed(stub_admin("{\"request\":\"list\"}")) == 3);
    reply = play_question(listed, "{\"request\":\"info\",\"stream\":\"quiet\"}"); /* by its name */
    fibers_require(play_says(reply, "hls", "info") && play_says(reply, "stream", "quiet"));
    fibers_require(json_is_true(json_object_get(reply, "unlisted")));
    json_decref(reply);
    play_leave(asked);
    play_leave(configured);
    play_leave(listed);
}

PLAY_STREAMS(the_bridge_is_told_that_a_stream_is_protected, "open = true;",
             "shop: { access = \"protected\" }")
{
    StubHandle *handle = play_live(PUBLISH("shop"));
    StubAnnouncement announcement;
    json_t *info = stub_query(handle);

    fibers_require(stub_bridge_pick(0, &announcement));
    fibers_require(strstr(announcement.offer, "\r\na=unlisted\r\na=access:protected\r\n"));
    fibers_require(json_is_true(json_object_get(info, "unlisted")));
    fibers_require(json_is_true(json_object_get(info, "protected")));
    json_decref(info);
    play_leave(handle);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_that_sends_far_too_much_is_ended),
    cmocka_unit_test(a_cap_that_is_lowered_counts_ten_seconds_later),
    cmocka_unit_test(event_handlers_hear_of_each_step),
    cmocka_unit_test(event_handlers_are_told_nothing_if_they_are_switched_off),
    cmocka_unit_test(an_unlisted_stream_is_in_the_operators_list_alone),
    cmocka_unit_test(the_bridge_is_told_that_a_stream_is_protected),
};

TEST_GROUP(publisher_figures, tests);
