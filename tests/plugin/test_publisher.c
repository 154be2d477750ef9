/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A publisher from its offer to its end. */

#include "tests/unit/harness.h"

#include "fibers.h"
#include "janus-plugin/core/request.h"
#include "plugin_play.h"
#include "plugin_rules.h"
#include "stub_bridge.h"
#include "stub_clock.h"

#define SECOND INT64_C(1000000)

#define OTHER_KEY "{\"request\":\"publish\",\"stream\":\"shop\",\"key\":\"another key\"}"

/* All handles have left. */
static void require_nothing_is_left(void)
{
    fibers_settle();
    plugin_check_nothing_is_left();
}

static void require_error(const StubHandle *handle, int code)
{
    const json_t *error = stub_last_event(handle, "error");
    json_int_t said = json_integer_value(json_object_get(error, "error_code"));

    if (said != code)
        print_error("%d, not %d\n", (int)said, code);
    fibers_require(said == code);
}

/* ---- the beginning ---- */

PLAY(goes_live_when_its_media_flows, "open = true; playback = \"https://cdn.example\";")
{
    StubHandle *handle = play_prepare(PUBLISH("shop"));
    const json_t *event = stub_last_event(handle, "published");
    const json_t *playback = json_object_get(event, "playback");

    fibers_require(play_says(event, "stream", "shop"));
    fibers_require(play_says(playback, "hls", "https://cdn.example/live/shop/index.m3u8"));
    fibers_require(play_says(playback, "sizes", "https://cdn.example/live/shop/ts.m3u8"));
    fibers_require(play_says(playback, "low_latency", "https://cdn.example/live/shop/master.m3u8"));
    fibers_require(play_says(playback, "dash", "https://cdn.example/live/shop/manifest.mpd"));
    fibers_require(play_says(playback, "watch", "https://cdn.example/watch.html?stream=shop"));
    play_require_state(handle, "preparing");
    fibers_require(stub_bridge_announced() == 0); /* nothing can flow yet */
    stub_setup(handle);
    play_require_state(handle, "live");
    fibers_require(stub_bridge_announced() == 1);
    stub_setup(handle); /* as after an ICE restart */
    fibers_require(stub_bridge_announced() == 1 && stub_bridge_holds() == 1);
    stub_clock_pass(90 * SECOND);
    fibers_set_ticks(1);
    fibers_settle();
    fibers_require(play_number(handle, "age_seconds") == 90);
    play_leave(handle);
    require_nothing_is_left();
}

PLAY(one_that_never_connects_is_ended_after_thirty_seconds, "open = true;")
{
    StubHandle *handle = play_prepare(PUBLISH("shop"));

    stub_clock_pass(30 * SECOND);
    fibers_set_ticks(1);
    fibers_settle();
    play_require_state(handle, "preparing");
    stub_clock_pass(1);
    fibers_set_ticks(1);
    fibers_settle();
    play_require_state(handle, "idle");
    play_require_ended(handle, "disconnected");
    fibers_require(handle->close_pc);
    stub_setup(handle); /* too late */
    fibers_require(stub_bridge_announced() == 0);
    play_leave(handle);
    require_nothing_is_left();
}

PLAY(an_answer_that_cannot_be_sent_leaves_nothing, "open = true;")
{
    StubHandle *handle = stub_attach();

    stub_has_handlers = true;
    stub_answer_error = -1;
    play_ask(handle, PUBLISH("shop"), OFFER_BOTH);
    stub_answer_error = 0;
    stub_has_handlers = false;
    require_error(handle, HLS_ERROR_INTERNAL);
    play_require_state(handle, "idle");
    fibers_require(handle->close_pc);
    fibers_require(play_says(stub_last_event(NULL, "unpublished"), "code", "failed"));
    fibers_require(stub_count_events(NULL, "published") == 1); /* it had the name */
    stub_hangup(handle);
    play_ask(handle, PUBLISH("shop"), OFFER_BOTH); /* it may try again */
    fibers_require(handle->answers == 1);
    play_leave(handle);
    require_nothing_is_left();
}

/* ---- hang-up and detach at each moment ---- */

static void (*leave_during_gathering)(StubHandle *handle);

static void leave_while_gathered(StubHandle *handle)
{
    stub_gathering = NULL;
    leave_during_gathering(handle);
}

static void end_at_each_moment(void (*leave)(StubHandle *handle))
{
    for (int moment = 0; moment < 5; moment++) {
        PlayReceiver bridge = play_receiver();
        StubHandle *handle = stub_attach();
        if (moment == 0) { /* while its candidates are gathered */
            leave_during_gathering = leave;
            stub_gathering = leave_while_gathered;
        }
        fibers_require(!stub_send(handle, PUBLISH("shop"), OFFER_BOTH));
        if (moment == 1) /* while its request waits */
            leave(handle);
        fibers_settle();
        if (moment == 2) /* answered */
            leave(handle);
        stub_setup(handle);
        fibers_require(stub_bridge_announced() == (moment > 2));
        if (moment == 3) /* announced */
            leave(handle);
        stub_bridge_accept(0, bridge.port);
        fibers_settle();
        leave(handle); /* a second time is nothing */
        fibers_settle();
        fibers_require(stub_bridge_announced() == 0);
        close(bridge.fd);
        play_leave(handle);
        require_nothing_is_left();
    }
}

PLAY(a_hangup_at_any_moment_leaves_nothing, "open = true;")
{
    end_at_each_moment(stub_hangup);
}

PLAY(a_handle_that_goes_at_any_moment_leaves_nothing, "open = true;")
{
    end_at_each_moment(stub_detach);
}

PLAY(a_hangup_says_that_the_connection_closed, "open = true;")
{
    StubHandle *handle = play_live(PUBLISH("shop"));

    stub_hangup(handle);
    play_require_ended(handle, "disconnected");
    stub_hangup(handle);
    play_require_ended(handle, "disconnected"); /* once */
    play_leave(handle);
    require_nothing_is_left();
}

/* ---- others ---- */

PLAY(whoever_has_the_key_takes_the_name_over, "open = true;")
{
    StubHandle *first = play_live(PUBLISH("shop")), *second = play_prepare(PUBLISH("shop"));

    play_require_ended(first, "taken-over");
    play_require_state(first, "idle");
    fibers_require(first->close_pc);
    play_require_state(second, "preparing");
    stub_setup(first); /* too late */
    fibers_require(stub_bridge_announced() == 0);
    stub_setup(second);
    fibers_require(stub_bridge_announced() == 1);
    stub_hangup(first); /* as Janus does after close_pc: the name is not its own any more */
    play_require_state(second, "live");
    fibers_require(stub_bridge_announced() == 1);
    json_t *reply = play_question(first, "{\"request\":\"list\"}");
    fibers_require(json_array_size(json_object_get(reply, "streams")) == 1);
    json_decref(reply);
    play_leave(first);
    play_leave(second);
    require_nothing_is_left();
}

/* Its offer was still waiting when it went. */
PLAY(a_handle_that_has_gone_takes_nothing_over, "open = true;")
{
    StubHandle *first = play_live(PUBLISH("shop")), *second = stub_attach();

    fibers_require(!stub_send(second, PUBLISH("shop"), OFFER_BOTH));
    stub_detach(second);
    fibers_settle();
    play_require_state(first, "live");
    fibers_require(stub_count_events(first, "unpublished") == 0);
    play_leave(second);
    play_leave(first);
    require_nothing_is_left();
}

PLAY(whoever_has_another_key_is_refused, "open = true;")
{
    StubHandle *first = play_live(PUBLISH("shop")), *second = stub_attach();

    play_ask(second, OTHER_KEY, OFFER_BOTH);
    require_error(second, HLS_ERROR_NAME_TAKEN);
    fibers_require(second->close_pc);
    play_require_state(first, "live");
    fibers_require(stub_count_events(first, "unpublished") == 0);
    play_leave(second);
    play_leave(first);
    require_nothing_is_left();
}

PLAY(an_operator_kicks_by_name, "open = true;")
{
    StubHandle *handle = play_live(PUBLISH("shop"));
    json_t *reply = stub_admin("{\"request\":\"kick\",\"stream\":\"other\"}");

    fibers_require(json_integer_value(json_object_get(reply, "error_code")) ==
                   HLS_ERROR_NO_SUCH_STREAM);
    json_decref(reply);
    reply = stub_admin("{\"request\":\"kick\",\"stream\":\"shop\"}");
    fibers_require(play_says(reply, "hls", "kicked") && play_says(reply, "stream", "shop"));
    json_decref(reply);
    play_require_ended(handle, "kicked");
    play_require_state(handle, "idle");
    fibers_require(handle->close_pc && stub_bridge_announced() == 0);
    fibers_require(stub_bridge_kicks() == 1);
    play_leave(handle);
    require_nothing_is_left();
}

/* The error code of a reply of the Admin API; 0: it is none. */
static int error_of(json_t *reply)
{
    int code = (int)json_integer_value(json_object_get(reply, "error_code"));

    json_decref(reply);
    return code;
}

/* Whether a track of a handle is not forwarded. */
static bool is_paused(StubHandle *handle, size_t track)
{
    json_t *info = stub_query(handle);
    bool paused = json_is_true(
        json_object_get(json_array_get(json_object_get(info, "tracks"), track), "paused"));

    json_decref(info);
    return paused;
}

static void kick_while_gathered(StubHandle *handle)
{
    (void)handle;
    stub_gathering = NULL;
    fibers_require(stub_count_events(NULL, "published") == 1);
    json_decref(stub_admin("{\"request\":\"kick\",\"stream\":\"shop\"}"));
}

/* Else event handlers and the audit log have it live for ever. */
PLAY(one_that_is_ended_before_it_is_answered_has_been_published, "open = true;")
{
    StubHandle *handle = stub_attach();

    stub_has_handlers = true;
    stub_gathering = kick_while_gathered;
    play_ask(handle, PUBLISH("shop"), OFFER_BOTH);
    stub_has_handlers = false;
    fibers_require(play_says(stub_last_event(NULL, "unpublished"), "code", "kicked"));
    fibers_require(stub_count_events(NULL, "published") == 1);
    play_leave(handle);
    require_nothing_is_left();
}

PLAY(an_operator_mutes_by_name, "open = true;")
{
    StubHandle *handle = play_live(PUBLISH("shop"));

    fibers_require(error_of(stub_admin("{\"request\":\"configure\",\"stream\":\"other\",\"audio\":"
                                       "false}")) == HLS_ERROR_NO_SUCH_STREAM);
    fibers_require(error_of(stub_admin("{\"request\":\"configure\",\"audio\":false}")) ==
                   HLS_ERROR_INVALID_NAME);
    json_t *reply = stub_admin("{\"request\":\"configure\",\"stream\":\"shop\",\"audio\":false}");
    fibers_require(play_says(reply, "hls", "configured"));
    fibers_require(json_is_false(json_object_get(reply, "audio")));
    fibers_require(json_is_true(json_object_get(reply, "video")));
    json_decref(reply);
    fibers_require(stub_count_events(handle, "changed") == 1); /* its publisher is told */
    fibers_require(is_paused(handle, 0) && !is_paused(handle, 1));
    play_require_state(handle, "live");
    fibers_require(error_of(stub_admin("{\"request\":\"configure\",\"stream\":\"shop\",\"audio\":"
                                       "true}")) == 0);
    fibers_require(!is_paused(handle, 0));
    play_leave(handle);
    require_nothing_is_left();
}

/* ---- requests ---- */

PLAY(only_a_publisher_may_ask_for_changes, "open = true;")
{
    static const char *const requests[] = {
        "{\"request\":\"configure\",\"bitrate\":100000}", "{\"request\":\"configure\"}",
        "{\"request\":\"report\",\"round_trip_ms\":5}", "{\"request\":\"unpublish\"}"};
    StubHandle *handle = stub_attach();

    for (size_t i = 0; i < COUNT(requests); i++) {
        play_ask(handle, requests[i], NULL);
        require_error(handle, HLS_ERROR_NOT_PUBLISHING);
        fibers_require(stub_count_events(handle, "error") == i + 1);
    }
    fibers_require(stub_rembs == 0 && stub_plis == 0);
    play_leave(handle);
}

PLAY(unpublishes_and_publishes_again_on_the_same_handle, "open = true;")
{
    StubHandle *handle = play_live(PUBLISH("shop"));

    play_ask(handle, "{\"request\":\"configure\",\"audio\":false,\"video\":false}", NULL);
    play_ask(handle, "{\"request\":\"report\",\"round_trip_ms\":41}", NULL);
    play_ask(handle, "{\"request\":\"unpublish\"}", NULL);
    play_require_ended(handle, "requested");
    fibers_require(handle->close_pc && stub_bridge_announced() == 0);
    fibers_require(stub_bridge_kicks() == 0);
    stub_hangup(handle);
    play_require_ended(handle, "requested"); /* it is not told a second time */
    play_ask(handle, PUBLISH("other"), OFFER_BOTH);
    stub_setup(handle);
    fibers_require(handle->answers == 2 && stub_bridge_announced() == 1);
    fibers_require(play_number(handle, "round_trip_ms") == 0); /* nothing is left of the first */
    play_ask(handle, "{\"request\":\"configure\"}", NULL);
    const json_t *event = stub_last_event(handle, "configured");
    fibers_require(json_is_true(json_object_get(event, "audio")));
    fibers_require(json_is_true(json_object_get(event, "video")));
    play_leave(handle);
    require_nothing_is_left();
}

PLAY(a_live_connection_keeps_its_name, "open = true;")
{
    StubHandle *handle = play_live(PUBLISH("shop"));

    play_ask(handle, PUBLISH("other"), OFFER_BOTH);
    require_error(handle, HLS_ERROR_NAME_TAKEN);
    play_require_state(handle, "live");
    fibers_require(handle->answers == 1 && !handle->close_pc);
    play_leave(handle);
}

/* What a live publisher offers again changes what is announced only if its media changes. */
PLAY(renegotiates, "open = true;")
{
    StubHandle *handle = play_live(PUBLISH("shop"));
    StubAnnouncement first, second;

    fibers_require(stub_bridge_pick(0, &first));
    fibers_require(strstr(first.offer, "m=audio") && strstr(first.offer, "m=video"));
    play_ask(handle, PUBLISH("shop"), OFFER_BOTH); /* an ICE restart */
    fibers_require(handle->answers == 2);
    fibers_require(stub_bridge_pick(0, &second) && second.serial == first.serial);
    stub_rtp(handle, 0, RTP_PACKET, sizeof(RTP_PACKET) - 1);
    fibers_require(play_number(handle, "tracks.0.packets") == 1);
    play_ask(handle, PUBLISH("shop"), OFFER_SOUND);
    fibers_require(handle->answers == 3);
    fibers_require(play_number(handle, "tracks.0.packets") ==
                   0); /* other tracks have counts of their own */
    fibers_require(stub_bridge_pick(0, &second) && second.serial != first.serial);
    fibers_require(strstr(second.offer, "m=audio") && !strstr(second.offer, "m=video"));
    play_ask(handle, PUBLISH("shop"), "no description");
    require_error(handle, HLS_ERROR_INVALID_SDP);
    play_require_state(handle, "live");
    fibers_require(!handle->close_pc && stub_bridge_announced() == 1);
    play_leave(handle);
    require_nothing_is_left();
}

PLAY(configures_what_is_sent, "open = true; bitrate = 1000000;")
{
    StubHandle *handle = play_live(
        "{\"request\":\"publish\",\"stream\":\"shop\",\"key\":\"a long "
        "key\",\"bitrate\":9000000}");
    const json_t *event;

    fibers_require(play_number(handle, "bitrate_cap") == 1000000); /* the server's */
    play_ask(handle, "{\"request\":\"configure\",\"bitrate\":300000,\"video\":false}", NULL);
    event = stub_last_event(handle, "configured");
    fibers_require(json_integer_value(json_object_get(event, "bitrate")) == 300000);
    fibers_require(json_is_true(json_object_get(event, "audio")));
    fibers_require(json_is_false(json_object_get(event, "video")));
    fibers_require(stub_rembs == 1 && stub_remb_bitrate == 300000);
    fibers_require(play_number(handle, "bitrate_cap") == 300000 && stub_plis == 0);
    play_ask(handle, "{\"request\":\"configure\",\"bitrate\":9000000,\"video\":true}", NULL);
    fibers_require(stub_rembs == 2 && stub_remb_bitrate == 1000000);
    fibers_require(stub_plis == 1 && stub_pli_mindex == 1); /* pictures begin with one */
    play_ask(handle, "{\"request\":\"configure\",\"keyframe\":true}", NULL);
    fibers_require(stub_rembs == 2 && stub_plis == 2);
    play_leave(handle);
}

PLAY(shows_what_the_page_reports, "open = true;")
{
    StubHandle *handle = play_live(PUBLISH("shop"));

    play_ask(handle, "{\"request\":\"report\",\"round_trip_ms\":41.5}", NULL);
    fibers_require(stub_count_events(handle, "reported") == 1);
    fibers_require(play_number(handle, "round_trip_ms") == 41);
    play_ask(handle, "{\"request\":\"report\"}", NULL); /* nothing new */
    fibers_require(play_number(handle, "round_trip_ms") == 41);
    play_leave(handle);
}

/* ---- the end of all ---- */

static StubHandle *stays;

PLAY(stop_with_a_publisher, "open = true;")
{
    stub_has_handlers = true;
    stays = play_live(PUBLISH("shop"));
    stub_notified = 0;
}

static void a_stop_ends_every_publisher(void **state)
{
    stop_with_a_publisher(state);
    stub_has_handlers = false;
    assert_int_equal(stub_notified, 1); /* `unpublished`, code `stopping` */
    stub_detach(stays);
    assert_int_equal(stub_live_sessions, 0);
    stub_free(stays);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(goes_live_when_its_media_flows),
    cmocka_unit_test(one_that_never_connects_is_ended_after_thirty_seconds),
    cmocka_unit_test(an_answer_that_cannot_be_sent_leaves_nothing),
    cmocka_unit_test(a_hangup_at_any_moment_leaves_nothing),
    cmocka_unit_test(a_handle_that_goes_at_any_moment_leaves_nothing),
    cmocka_unit_test(a_hangup_says_that_the_connection_closed),
    cmocka_unit_test(whoever_has_the_key_takes_the_name_over),
    cmocka_unit_test(a_handle_that_has_gone_takes_nothing_over),
    cmocka_unit_test(whoever_has_another_key_is_refused),
    cmocka_unit_test(an_operator_kicks_by_name),
    cmocka_unit_test(one_that_is_ended_before_it_is_answered_has_been_published),
    cmocka_unit_test(an_operator_mutes_by_name),
    cmocka_unit_test(only_a_publisher_may_ask_for_changes),
    cmocka_unit_test(unpublishes_and_publishes_again_on_the_same_handle),
    cmocka_unit_test(a_live_connection_keeps_its_name),
    cmocka_unit_test(renegotiates),
    cmocka_unit_test(configures_what_is_sent),
    cmocka_unit_test(shows_what_the_page_reports),
    cmocka_unit_test(a_stop_ends_every_publisher),
};

TEST_GROUP(publisher, tests);
