/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A handle that publishes something else just as somebody is about to end what it published: that
 * is not ended for the old one's reason. It does so at each place where whoever ends it holds no
 * lock. */

#include "tests/unit/harness.h"

#include "fibers.h"
#include "plugin_play.h"
#include "plugin_rules.h"
#include "stub_clock.h"

#define CONNECT_US INT64_C(30000001) /* longer than ICE and DTLS may take */

static StubHandle *first;
static atomic_bool acted, ended_before;

/* It runs on the thread that is about to end it. */
static void publish_another(void)
{
    int errors = first->errors;

    acted = true;
    json_decref(stub_send(first, "{\"request\":\"unpublish\"}", NULL));
    while (!first->close_pc && first->errors == errors)
        fibers_yield();
    ended_before = first->errors > errors;
    if (ended_before)
        return;
    stub_hangup(first);
    json_decref(stub_send(first, PUBLISH("other"), OFFER_BOTH));
    while (first->answers < 2)
        fibers_yield();
}

/* Each lets somebody end "shop", which `first` publishes. */

static void let_time_pass(void)
{
    stub_clock_pass(CONNECT_US);
    fibers_set_ticks(1);
    fibers_settle();
}

static void *run_kick(void *unused)
{
    json_decref(stub_admin("{\"request\":\"kick\",\"stream\":\"shop\"}"));
    return unused;
}

static void kick(void)
{
    pthread_t operator;

    pthread_create(&operator, NULL, run_kick, NULL);
    pthread_join(operator, NULL);
    fibers_settle();
}

static StubHandle *second;

static void take_over(void)
{
    play_ask(second, PUBLISH("shop"), OFFER_BOTH);
    fibers_require(second->answers == 1);
}

static void (*end_first)(void);
static unsigned place;
static bool done;

static void live_once(void)
{
    first = play_prepare(PUBLISH("shop"));
    second = stub_attach();
    acted = ended_before = false;
    fibers_interrupt(place, publish_another);
    end_first();
    fibers_interrupt(0, NULL);
    done = !acted || ended_before;
    if (!done) {
        json_t *info = stub_query(first);
        if (!play_says(info, "state", "preparing") || !play_says(info, "stream", "other"))
            fprintf(stderr, "at place %u\n", place);
        fibers_require(play_says(info, "state", "preparing"));
        json_decref(info);
        fibers_require(stub_count_events(first, "unpublished") == 1);
        fibers_require(!first->close_pc);
    }
    play_leave(first);
    play_leave(second);
    fibers_settle();
    plugin_check_nothing_is_left();
}

/* At each place from the first lock that is given back, until it has been ended already. */
static void at_each_place(void (*end)(void))
{
    end_first = end;
    done = false;
    for (place = 0; !done; place++)
        play_streams("open = true; tries = 1000; workers = 2;", "", live_once);
    assert_row(place > 2, "places", "%u", place); /* it was tried before the end was */
}

static void one_that_has_not_connected(void **state)
{
    (void)state;
    at_each_place(let_time_pass);
}

static void one_that_is_kicked(void **state)
{
    (void)state;
    at_each_place(kick);
}

static void one_that_is_taken_over(void **state)
{
    (void)state;
    at_each_place(take_over);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(one_that_has_not_connected),
    cmocka_unit_test(one_that_is_kicked),
    cmocka_unit_test(one_that_is_taken_over),
};

TEST_GROUP(late_ends, tests);
