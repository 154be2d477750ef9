/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How requests are taken in: what an offer beside each leaves behind, and which one waits for
 * another. */

#include <stdlib.h>

#include <janus/debug.h>

#include "tests/unit/harness.h"

#include "fibers.h"
#include "janus-plugin/core/request.h"
#include "plugin_play.h"
#include "stub_gateway.h"

/* ---- offers ---- */

static const struct {
    const char *body;
    int error; /* with an offer beside it */
} requests[] = {
    {"{\"request\":\"list\"}", HLS_ERROR_INVALID_SDP},
    {"{\"request\":\"info\",\"stream\":\"a\"}", HLS_ERROR_INVALID_SDP},
    {"{\"request\":\"info\",\"stream\":\"?\"}", HLS_ERROR_INVALID_SDP},
    {"{\"request\":\"configure\",\"keyframe\":true}", HLS_ERROR_INVALID_SDP},
    {"{\"request\":\"unpublish\"}", HLS_ERROR_INVALID_SDP},
    {"{\"request\":\"report\",\"round_trip_ms\":1}", HLS_ERROR_INVALID_SDP},
    {"{\"request\":\"kick\",\"stream\":\"a\"}", HLS_ERROR_INVALID_SDP},
    {"{\"request\":\"nonsense\"}", HLS_ERROR_UNKNOWN_REQUEST},
    {"{\"request\":7}", HLS_ERROR_INVALID_JSON},
    {"{}", HLS_ERROR_INVALID_JSON},
    {"[]", HLS_ERROR_INVALID_JSON},
    {"{\"request\":\"publish\",\"stream\":\"a\"}", HLS_ERROR_WRONG_KEY},
    {"{\"request\":\"publish\",\"stream\":\"?\"}", HLS_ERROR_INVALID_NAME},
};

PLAY(no_request_but_publish_keeps_a_port, "open = false;")
{
    for (size_t i = 0; i < COUNT(requests); i++) {
        StubHandle *handle = stub_attach();
        json_decref(stub_send(handle, requests[i].body, OFFER_BOTH));
        fibers_settle();
        if (!handle->close_pc || handle->last_error != requests[i].error)
            print_error("%s: %d, %d\n", requests[i].body, handle->close_pc, handle->last_error);
        fibers_require(handle->close_pc);
        fibers_require(handle->last_error == requests[i].error);
        fibers_require(handle->answers == 0);
        play_leave(handle);
    }
}

PLAY(a_live_publisher_goes_on_whatever_it_offers, "open = true;")
{
    StubHandle *handle = play_live(PUBLISH("shop"));

    for (size_t i = 0; i < COUNT(requests); i++) {
        json_decref(stub_send(handle, requests[i].body, OFFER_BOTH));
        fibers_settle();
        fibers_require(!handle->close_pc);
        fibers_require(handle->last_error != 0);
        handle->last_error = 0;
    }
    play_ask(handle, "{\"request\":\"configure\",\"keyframe\":true}", NULL);
    fibers_require(strcmp(handle->last_event, "configured") == 0);
    play_ask(handle, PUBLISH("shop"), OFFER_SOUND);
    fibers_require(handle->answers == 2);
    play_leave(handle);
}

/* ---- a publisher whose candidates are gathered for long ---- */

static StubHandle *slow;
static atomic_bool gathering; /* as long as this is set */

static void gather(StubHandle *handle)
{
    while (handle == slow && gathering)
        fibers_yield();
}

/* Lets the others do all that they can, while `slow` gathers. */
static void pass(void)
{
    for (int i = 0; i < 2000; i++)
        fibers_yield();
}

static void begin_slow(void)
{
    slow = stub_attach();
    stub_gathering = gather;
    gathering = true;
    fibers_require(!stub_send(slow, PUBLISH("slow"), OFFER_BOTH));
    pass();
}

static void end_slow(void)
{
    gathering = false;
    fibers_settle();
    fibers_require(slow->answers == 1);
}

/* Sends a request that waits for its turn. Returns whether it may. */
static bool may_wait(StubHandle *handle)
{
    json_t *reply = stub_send(handle, "{\"request\":\"report\"}", NULL);
    bool waits = !reply;

    if (reply)
        fibers_require(json_integer_value(json_object_get(reply, "error_code")) == HLS_ERROR_BUSY);
    json_decref(reply);
    return waits;
}

/* A figure of the Admin API's about requests. */
static json_int_t figure(const char *name)
{
    json_t *reply = stub_admin("{\"request\":\"list\"}");
    json_int_t value =
        json_integer_value(json_object_get(json_object_get(reply, "requests"), name));

    json_decref(reply);
    return value;
}

PLAY(a_slow_answer_delays_nobody_else, "open = true; workers = 2;")
{
    StubHandle *other = stub_attach();

    begin_slow();
    fibers_require(!stub_send(slow, "{\"request\":\"configure\",\"keyframe\":true}", NULL));
    pass();
    fibers_require(!stub_send(other, PUBLISH("other"), OFFER_BOTH));
    pass();
    fibers_require(other->answers == 1);
    fibers_require(slow->answers == 0 && slow->events == 0); /* the second one waits its turn */
    end_slow();
    fibers_require(slow->events == 2 && slow->errors == 0);
    fibers_require(strcmp(slow->last_event, "configured") == 0);
    play_leave(other);
    play_leave(slow);
}

/* An offer that Janus itself refuses: the plugin never hears of it. */
PLAY(a_connection_that_janus_forgets_is_closed, "open = true;")
{
    StubHandle *handle = stub_attach(), *publisher = play_prepare(PUBLISH("shop"));

    handle->agent = true;
    fibers_set_ticks(5);
    fibers_settle();
    fibers_require(!handle->close_pc); /* it may be about to publish */
    fibers_set_ticks(5);
    fibers_settle();
    fibers_require(handle->close_pc);
    fibers_require(!publisher->close_pc);
    stub_hangup(handle);
    play_ask(handle, PUBLISH("other"), OFFER_BOTH);
    fibers_require(handle->answers == 1);
    fibers_set_ticks(10);
    fibers_settle();
    fibers_require(!handle->close_pc);
    play_leave(publisher);
    play_leave(handle);
}

PLAY(an_offer_that_waits_is_kept, "open = true; workers = 1;")
{
    StubHandle *other = stub_attach();

    begin_slow();
    fibers_require(!stub_send(other, PUBLISH("other"), OFFER_BOTH));
    fibers_set_ticks(20);
    pass();
    pass();
    fibers_require(!other->close_pc && !slow->close_pc);
    end_slow();
    fibers_require(other->answers == 1);
    play_leave(other);
    play_leave(slow);
}

PLAY(says_that_it_is_busy, "open = true; workers = 1; requests = 2;")
{
    StubHandle *other = stub_attach();

    begin_slow();
    fibers_require(may_wait(slow) && may_wait(slow));
    fibers_require(figure("waiting") == 2);
    json_t *reply = stub_send(other, PUBLISH("other"), OFFER_BOTH);
    fibers_require(json_integer_value(json_object_get(reply, "error_code")) == HLS_ERROR_BUSY);
    fibers_require(other->close_pc); /* it may try again */
    fibers_require(figure("refused") == 1 && figure("max") == 2);
    json_decref(reply);
    reply = play_question(other, "{\"request\":\"list\"}"); /* waits for nobody */
    fibers_require(json_is_array(json_object_get(reply, "streams")));
    json_decref(reply);
    end_slow();
    stub_hangup(other);
    play_ask(other, PUBLISH("other"), OFFER_BOTH);
    fibers_require(other->answers == 1);
    play_leave(other);
    play_leave(slow);
}

/* Each request of a flood is answered. The log says it once. */
PLAY(the_log_does_not_grow_with_floods, "open = true; workers = 1;")
{
    StubHandle *other = stub_attach();

    begin_slow();
    for (int i = 0; i < 16; i++)
        fibers_require(may_wait(slow));
    stub_logged = 0;
    janus_log_level = LOG_WARN;
    for (int i = 0; i < 5; i++)
        fibers_require(!may_wait(slow) && may_wait(other)); /* there is room for another's */
    janus_log_level = LOG_NONE;
    fibers_require(stub_logged == 1);
    end_slow();
    play_leave(other);
    play_leave(slow);
}

/* One connection takes no more than its share of what may wait. */
PLAY(one_connection_has_its_share, "open = true; workers = 1;")
{
    int refused = 0;

    begin_slow();
    for (int i = 0; i < 20; i++)
        refused += !may_wait(slow);
    fibers_require(refused == 4 && figure("waiting") == 16);
    fibers_require(!slow->close_pc);
    end_slow();
    play_leave(slow);
}

/* ---- the end ---- */

static StubHandle *attached;

PLAY(publish_and_stay, "open = true; workers = 1;")
{
    attached = play_live(PUBLISH("shop"));
    for (int i = 0; i < 5; i++) /* some of them wait when it stops */
        fibers_require(may_wait(attached));
}

/* Janus's loops still run when it closes its plugins. */
static void handles_outlive_the_plugin(void **state)
{
    publish_and_stay(state);
    stub_rtp(attached, 1, RTP_PACKET, sizeof(RTP_PACKET) - 1);
    stub_slow_link(attached);
    json_t *reply = stub_send(attached, "{\"request\":\"list\"}", OFFER_BOTH);
    assert_int_equal(json_integer_value(json_object_get(reply, "error_code")), HLS_ERROR_INTERNAL);
    json_decref(reply);
    stub_detach(attached);
    assert_int_equal(stub_live_sessions, 0);
    stub_free(attached);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(no_request_but_publish_keeps_a_port),
    cmocka_unit_test(a_live_publisher_goes_on_whatever_it_offers),
    cmocka_unit_test(a_slow_answer_delays_nobody_else),
    cmocka_unit_test(a_connection_that_janus_forgets_is_closed),
    cmocka_unit_test(an_offer_that_waits_is_kept),
    cmocka_unit_test(says_that_it_is_busy),
    cmocka_unit_test(the_log_does_not_grow_with_floods),
    cmocka_unit_test(one_connection_has_its_share),
    cmocka_unit_test(handles_outlive_the_plugin),
};

TEST_GROUP(plugin_requests, tests);
