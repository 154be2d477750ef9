/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What the plugin makes of requests, behind a stub of Janus. */

#include <stdlib.h>

#include <janus/debug.h>

#include "tests/unit/harness.h"

#include "fibers.h"
#include "janus-plugin/request.h"
#include "plugin_play.h"
#include "stub_bridge.h"
#include "stub_gateway.h"

#define PUBLISH(name) "{\"request\":\"publish\",\"stream\":\"" name "\",\"key\":\"a long key\"}"

/* Runs a test among fibers, with a plugin that has these settings. */
typedef struct Play {
    const char *settings;
    void (*act)(void);
} Play;

static void run_play(void *data)
{
    const Play *play = data;

    fibers_require(stub_start(play->settings) == 0);
    play->act();
    stub_stop();
    stub_gathering = NULL;
}

static void play(const char *settings, void (*act)(void))
{
    fibers_run(1, run_play, &(Play){settings, act});
}

/* Sends what an event answers, and waits for that. */
static void ask(StubHandle *handle, const char *body, const char *offer)
{
    json_t *reply = stub_send(handle, body, offer);

    fibers_require(!reply);
    fibers_settle();
}

static void leave(StubHandle *handle)
{
    stub_detach(handle);
    fibers_settle();
    stub_bridge_release();
    fibers_require(stub_live_sessions == 0);
    stub_free(handle);
}

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

/* The name "shop" has a key; without it nobody is let in. */
static void try_offers_of_a_stranger(void)
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
        leave(handle);
    }
}

static void no_request_but_publish_keeps_a_port(void **state)
{
    (void)state;
    play("open = false;", try_offers_of_a_stranger);
}

static void try_offers_of_a_publisher(void)
{
    StubHandle *handle = stub_attach();

    ask(handle, PUBLISH("shop"), OFFER_BOTH);
    stub_setup(handle);
    fibers_require(handle->answers == 1);
    for (size_t i = 0; i < COUNT(requests); i++) {
        json_decref(stub_send(handle, requests[i].body, OFFER_BOTH));
        fibers_settle();
        fibers_require(!handle->close_pc);
        fibers_require(handle->last_error != 0);
        handle->last_error = 0;
    }
    ask(handle, "{\"request\":\"configure\",\"keyframe\":true}", NULL);
    fibers_require(strcmp(handle->last_event, "configured") == 0);
    ask(handle, PUBLISH("shop"), OFFER_SOUND);
    fibers_require(handle->answers == 2);
    leave(handle);
}

static void a_live_publisher_goes_on_whatever_it_offers(void **state)
{
    (void)state;
    play("open = true;", try_offers_of_a_publisher);
}

/* ---- threads ---- */

static StubHandle *slow; /* whose candidates are gathered for as long as `gathering` */
static atomic_bool gathering;

static void gather(StubHandle *handle)
{
    while (handle == slow && gathering)
        fibers_yield();
}

/* Until what others do is done, while somebody gathers. */
static void pass(void)
{
    for (int i = 0; i < 2000; i++)
        fibers_yield();
}

static void publish_beside_a_slow_one(void)
{
    StubHandle *other = stub_attach();

    slow = stub_attach();
    stub_gathering = gather;
    gathering = true;
    fibers_require(!stub_send(slow, PUBLISH("slow"), OFFER_BOTH));
    fibers_require(!stub_send(slow, "{\"request\":\"configure\",\"keyframe\":true}", NULL));
    pass();
    fibers_require(!stub_send(other, PUBLISH("other"), OFFER_BOTH));
    pass();
    fibers_require(other->answers == 1);
    fibers_require(slow->answers == 0 && slow->events == 0); /* the second one waits its turn */
    gathering = false;
    fibers_settle();
    fibers_require(slow->answers == 1 && slow->events == 2 && slow->errors == 0);
    fibers_require(strcmp(slow->last_event, "configured") == 0);
    stub_detach(other);
    leave(slow);
    stub_free(other);
}

static void a_slow_answer_delays_nobody_else(void **state)
{
    (void)state;
    play("open = true; workers = 2;", publish_beside_a_slow_one);
}

/* An offer that Janus refuses by itself: the plugin never hears of it. */
static void leave_an_agent_behind(void)
{
    StubHandle *handle = stub_attach(), *publisher = stub_attach();

    ask(publisher, PUBLISH("shop"), OFFER_BOTH);
    handle->agent = true;
    fibers_set_ticks(5);
    fibers_settle();
    fibers_require(!handle->close_pc); /* it may be about to publish */
    fibers_set_ticks(5);
    fibers_settle();
    fibers_require(handle->close_pc);
    fibers_require(!publisher->close_pc);
    stub_hangup(handle);
    ask(handle, PUBLISH("other"), OFFER_BOTH);
    fibers_require(handle->answers == 1);
    fibers_set_ticks(10);
    fibers_settle();
    fibers_require(!handle->close_pc);
    stub_detach(publisher);
    leave(handle);
    stub_free(publisher);
}

static void what_janus_forgets_is_closed(void **state)
{
    (void)state;
    play("open = true;", leave_an_agent_behind);
}

static void wait_for_a_turn(void)
{
    StubHandle *other = stub_attach();

    slow = stub_attach();
    stub_gathering = gather;
    gathering = true;
    fibers_require(!stub_send(slow, PUBLISH("slow"), OFFER_BOTH));
    fibers_require(!stub_send(other, PUBLISH("other"), OFFER_BOTH));
    fibers_set_ticks(20);
    pass();
    pass();
    fibers_require(!other->close_pc && !slow->close_pc);
    gathering = false;
    fibers_settle();
    fibers_require(other->answers == 1);
    stub_detach(other);
    leave(slow);
    stub_free(other);
}

static void an_offer_that_waits_is_kept(void **state)
{
    (void)state;
    play("open = true; workers = 1;", wait_for_a_turn);
}

static json_int_t figure(const char *name)
{
    json_t *list = stub_admin("{\"request\":\"list\"}");
    json_int_t value = json_integer_value(json_object_get(json_object_get(list, "requests"), name));

    json_decref(list);
    return value;
}

static void ask_more_than_may_wait(void)
{
    StubHandle *other = stub_attach();

    slow = stub_attach();
    stub_gathering = gather;
    gathering = true;
    fibers_require(!stub_send(slow, PUBLISH("slow"), OFFER_BOTH));
    pass();
    for (int i = 0; i < 2; i++)
        fibers_require(!stub_send(slow, "{\"request\":\"report\"}", NULL));
    fibers_require(figure("waiting") == 2);
    json_t *reply = stub_send(other, PUBLISH("other"), OFFER_BOTH);
    fibers_require(json_integer_value(json_object_get(reply, "error_code")) == HLS_ERROR_BUSY);
    fibers_require(other->close_pc); /* it may try again */
    fibers_require(figure("refused") == 1 && figure("max") == 2);
    json_decref(reply);
    reply = stub_send(other, "{\"request\":\"list\"}", NULL); /* waits for nobody */
    fibers_require(json_is_array(json_object_get(reply, "streams")));
    json_decref(reply);
    gathering = false;
    fibers_settle();
    stub_hangup(other);
    ask(other, PUBLISH("other"), OFFER_BOTH);
    fibers_require(other->answers == 1);
    stub_detach(other);
    leave(slow);
    stub_free(other);
}

static void says_that_it_is_busy(void **state)
{
    (void)state;
    play("open = true; workers = 1; requests = 2;", ask_more_than_may_wait);
}

/* Whoever floods us is told each time, and the log but once. */
static void flood(void)
{
    StubHandle *other = stub_attach();

    slow = stub_attach();
    stub_gathering = gather;
    gathering = true;
    fibers_require(!stub_send(slow, PUBLISH("slow"), OFFER_BOTH));
    pass();
    for (int i = 0; i < 16; i++)
        fibers_require(!stub_send(slow, "{\"request\":\"report\"}", NULL));
    stub_logged = 0;
    janus_log_level = LOG_WARN;
    for (int i = 0; i < 5; i++) { /* another's finds room in between */
        json_t *reply = stub_send(slow, "{\"request\":\"report\"}", NULL);
        fibers_require(reply);
        json_decref(reply);
        fibers_require(!stub_send(other, "{\"request\":\"report\"}", NULL));
    }
    janus_log_level = LOG_NONE;
    fibers_require(stub_logged == 1);
    gathering = false;
    fibers_settle();
    stub_detach(other);
    leave(slow);
    stub_free(other);
}

static void the_log_does_not_grow_with_floods(void **state)
{
    (void)state;
    play("open = true; workers = 1;", flood);
}

/* One connection takes no more than its share of what may wait. */
static void ask_more_than_one_may(void)
{
    int refused = 0;

    slow = stub_attach();
    stub_gathering = gather;
    gathering = true;
    fibers_require(!stub_send(slow, PUBLISH("slow"), OFFER_BOTH));
    pass();
    for (int i = 0; i < 20; i++) {
        json_t *reply = stub_send(slow, "{\"request\":\"report\"}", NULL);
        refused += reply != NULL;
        json_decref(reply);
    }
    fibers_require(refused == 4 && figure("waiting") == 16);
    fibers_require(!slow->close_pc);
    gathering = false;
    leave(slow);
}

static void one_connection_has_its_share(void **state)
{
    (void)state;
    play("open = true; workers = 1;", ask_more_than_one_may);
}

/* ---- the end ---- */

static StubHandle *attached;

static void publish_and_stay(void)
{
    attached = stub_attach();
    ask(attached, PUBLISH("shop"), OFFER_BOTH);
    stub_setup(attached);
    for (int i = 0; i < 5; i++) /* some of them wait when it stops */
        fibers_require(!stub_send(attached, "{\"request\":\"report\"}", NULL));
}

/* Janus's loops still run when it closes its plugins. */
static void handles_outlive_the_plugin(void **state)
{
    (void)state;
    play("open = true; workers = 1;", publish_and_stay);
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
    cmocka_unit_test(what_janus_forgets_is_closed),
    cmocka_unit_test(an_offer_that_waits_is_kept),
    cmocka_unit_test(says_that_it_is_busy),
    cmocka_unit_test(the_log_does_not_grow_with_floods),
    cmocka_unit_test(one_connection_has_its_share),
    cmocka_unit_test(handles_outlive_the_plugin),
};

TEST_GROUP(plugin_requests, tests);
