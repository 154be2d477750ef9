/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/ll_hub.h"
#include "hls-bridge/media.h"

#define SECOND US_PER_S

static LlHub *hub;
static LlBoard *board;
static int64_t now_us;

/* A request, and what became of it. */
typedef struct Asker {
    LlTicket ticket;
    int paused, woken;
} Asker;

static void on_pause(void *user)
{
    ((Asker *)user)->paused++;
}

static void on_wake(void *user)
{
    ((Asker *)user)->woken++;
}

static Asker asker(void)
{
    return (Asker){.ticket = {.pause = on_pause, .wake = on_wake}};
}

static int setup(void **state)
{
    (void)state;
    now_us = 1000 * SECOND;
    hub = ll_hub_create(25 * US_PER_S);
    board = ll_hub_join(hub, "shop", 6 * SECOND);
    assert_non_null(board);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ll_board_leave(&board);
    ll_hub_destroy(&hub);
    assert_null(hub);
    return 0;
}

/* Segment `msn` is whole, and of the next one there are `open` parts. */
static void publish(int64_t msn, int64_t open)
{
    char text[64];
    LlNews news = {.edge = {msn, 10, open, 15, false}, .epoch = 77, .text = text};

    snprintf(text, sizeof(text), "%d.%d", (int)msn, (int)open);
    news.text_len = strlen(text);
    news.delta = "delta";
    news.delta_len = 5;
    assert_int_equal(ll_board_publish(board, LL_VIDEO, &news), 0);
}

static LlAnswer ask(Asker *a, const char *stream, int64_t msn, int64_t part, const char *expected)
{
    LlDirectives directives = {msn, part, false};
    LlText *text = NULL;

    a->ticket.user = a;
    LlAnswer answer =
        ll_hub_playlist(hub, stream, LL_VIDEO, &directives, now_us, &a->ticket, &text);
    if (answer == LL_ANSWER_READY) {
        assert_int_equal(text->len, strlen(expected));
        assert_memory_equal(text->bytes, expected, text->len);
    }
    ll_text_release(text);
    return answer;
}

static LlAnswer ask_part(Asker *a, const char *name)
{
    a->ticket.user = a;
    return ll_hub_part(hub, "shop", name, now_us, &a->ticket);
}

static void a_request_waits_for_its_part(void **state)
{
    Asker a = asker(), b = asker(), c = asker();

    (void)state;
    publish(9, 3);
    assert_int_equal(ask(&a, "shop", 10, 2, "9.3"), LL_ANSWER_READY);
    assert_int_equal(ask(&a, "shop", 10, 3, ""), LL_ANSWER_HELD);
    assert_int_equal(ask(&b, "shop", 10, -1, ""), LL_ANSWER_HELD);
    assert_int_equal(ask(&c, "shop", 10, 4, ""), LL_ANSWER_HELD);
    assert_int_equal(a.paused, 1);
    assert_int_equal(ll_hub_stats(hub).held, 3);
    publish(9, 4);
    assert_int_equal(a.woken, 1);
    assert_int_equal(b.woken + c.woken, 0);
    assert_int_equal(ask(&a, "shop", 10, 3, "9.4"), LL_ANSWER_READY);
    publish(10, 0);
    assert_int_equal(b.woken, 1);
    assert_int_equal(ask(&b, "shop", 10, -1, "10.0"), LL_ANSWER_READY);
    assert_int_equal(c.woken, 1);
    assert_int_equal(ll_hub_stats(hub).held, 0);
}

static void who_may_skip_is_given_a_delta_update_where_there_is_one(void **state)
{
    LlNews news = {.edge = {9, 10, 3, 15, false}, .text = "whole", .text_len = 5};
    LlDirectives directives = {9, -1, true};
    Asker a = asker();

    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *expected = i ? "delta" : "whole";
        LlText *text = NULL;
        news.delta = i ? "delta" : NULL;
        news.delta_len = i ? 5 : 0;
        assert_int_equal(ll_board_publish(board, LL_VIDEO, &news), 0);
        assert_int_equal(
            ll_hub_playlist(hub, "shop", LL_VIDEO, &directives, now_us, &a.ticket, &text),
            LL_ANSWER_READY);
        assert_memory_equal(text->bytes, expected, 5);
        ll_text_release(text);
    }
}

static void what_is_refused(void **state)
{
    Asker a = asker();

    (void)state;
    assert_int_equal(ask(&a, "nobody", 1, -1, ""), LL_ANSWER_NOT_FOUND);
    assert_int_equal(ask(&a, "shop", -1, -1, ""), LL_ANSWER_NOT_FOUND);
    publish(9, 3);
    assert_int_equal(ask(&a, "shop", 12, -1, ""), LL_ANSWER_BAD);
    assert_int_equal(ask(&a, "shop", 0, 5, "9.3"), LL_ANSWER_READY);
    assert_int_equal(a.paused, 0);
}

/* After a restart of the bridge a player waits for what the one before had promised. */
static void a_list_that_is_not_there_yet_is_waited_for(void **state)
{
    Asker a = asker();

    (void)state;
    assert_int_equal(ask(&a, "shop", 10, 3, ""), LL_ANSWER_HELD);
    publish(11, 0);
    assert_int_equal(a.woken, 1);
    assert_int_equal(ask(&a, "shop", 10, 3, "11.0"), LL_ANSWER_READY);
}

static void nobody_waits_for_ever(void **state)
{
    Asker a = asker(), b = asker();

    (void)state;
    publish(9, 3);
    assert_int_equal(ask(&a, "shop", 10, 3, ""), LL_ANSWER_HELD);
    now_us += 4 * SECOND;
    assert_int_equal(ask(&b, "shop", 10, 3, ""), LL_ANSWER_HELD);
    assert_int_equal(ll_board_expire(board, now_us), now_us + 2 * SECOND);
    now_us += 2 * SECOND;
    assert_int_equal(ll_board_expire(board, now_us), now_us + 4 * SECOND);
    assert_int_equal(a.woken, 1);
    assert_int_equal(b.woken, 0);
    assert_int_equal(ask(&a, "shop", 10, 3, ""), LL_ANSWER_TOO_LONG);
    ll_hub_forget(hub, &b.ticket);
    assert_int_equal(ll_board_expire(board, now_us), NEVER_US);
}

static void a_hinted_part_is_waited_for(void **state)
{
    Asker a = asker(), b = asker();

    (void)state;
    publish(9, 3);
    assert_int_equal(ask_part(&a, "video-77-10.3.m4s"), LL_ANSWER_HELD);
    assert_int_equal(ask_part(&b, "video-77-10.2.m4s"), LL_ANSWER_READY);
    assert_int_equal(ask_part(&b, "video-77-9.0.m4s"), LL_ANSWER_READY);
    assert_int_equal(ask_part(&b, "video-77-10.4.m4s"), LL_ANSWER_NOT_FOUND);
    assert_int_equal(ask_part(&b, "video-78-10.3.m4s"), LL_ANSWER_NOT_FOUND);
    assert_int_equal(ask_part(&b, "audio-77-10.3.m4s"), LL_ANSWER_NOT_FOUND);
    assert_int_equal(ask_part(&b, "movie-77-10.3.m4s"), LL_ANSWER_NOT_FOUND);
    assert_int_equal(ask_part(&b, "video-77-10.3.m4s.x"), LL_ANSWER_NOT_FOUND);
    assert_int_equal(ask_part(&b, "video-77-10.m4s"), LL_ANSWER_NOT_FOUND);
    publish(9, 4);
    assert_int_equal(a.woken, 1);
    assert_int_equal(ask_part(&a, "video-77-10.3.m4s"), LL_ANSWER_READY);
}

static LlAnswer wait_for(Asker *a, const char *stream)
{
    a->ticket.user = a;
    return ll_hub_wait(hub, stream, now_us, &a->ticket);
}

static void a_beginning_is_waited_for(void **state)
{
    Asker shop = asker(), other = asker();

    (void)state;
    assert_int_equal(wait_for(&shop, "shop"), LL_ANSWER_HELD);
    assert_int_equal(wait_for(&other, "other"), LL_ANSWER_HELD); /* there is no such stream */
    assert_int_equal(shop.paused + other.paused, 2);
    publish(9, 3); /* of one rendition: not all of it may be there */
    assert_int_equal(shop.woken, 0);
    assert_int_equal(ll_hub_stats(hub).waiting, 2);
    assert_int_equal(ll_hub_stats(hub).held, 0);
    ll_board_set_live(board, true);
    assert_int_equal(shop.woken, 1);
    assert_int_equal(other.woken, 0);
    assert_int_equal(wait_for(&shop, "shop"), LL_ANSWER_READY);
    assert_int_equal(shop.paused, 1);

    ll_board_set_live(board, false); /* it has ended, and comes back */
    assert_int_equal(wait_for(&shop, "shop"), LL_ANSWER_HELD);
    ll_board_set_live(board, true);
    assert_int_equal(shop.woken, 2);
    ll_hub_forget(hub, &other.ticket);
    assert_int_equal(ll_hub_stats(hub).waiting, 0);
}

static void who_waits_for_a_beginning_is_told_now_and_then(void **state)
{
    Asker a = asker(), b = asker();

    (void)state;
    assert_int_equal(wait_for(&a, "other"), LL_ANSWER_HELD);
    now_us += 10 * SECOND;
    assert_int_equal(wait_for(&b, "other"), LL_ANSWER_HELD);
    now_us += 15 * SECOND - 1;
    ll_hub_expire(hub, now_us);
    assert_int_equal(a.woken, 0);
    ll_hub_expire(hub, ++now_us);
    assert_int_equal(a.woken, 1);
    assert_int_equal(b.woken, 0);
    assert_true(a.ticket.expired);
    assert_int_equal(wait_for(&a, "other"), LL_ANSWER_TOO_LONG);
    ll_hub_close(hub);
    assert_int_equal(b.woken, 1);
    assert_int_equal(wait_for(&b, "other"), LL_ANSWER_TOO_LONG);
    assert_false(b.ticket.expired);
}

static void a_stream_or_a_hub_that_goes_wakes_all(void **state)
{
    Asker a = asker(), b = asker();

    (void)state;
    publish(9, 3);
    assert_int_equal(ask(&a, "shop", 10, 3, ""), LL_ANSWER_HELD);
    ll_board_leave(&board);
    assert_int_equal(a.woken, 1);
    assert_int_equal(ask(&a, "shop", 10, 3, ""), LL_ANSWER_NOT_FOUND);
    board = ll_hub_join(hub, "shop", 6 * SECOND);
    assert_int_equal(ask(&b, "shop", 10, 3, ""), LL_ANSWER_HELD);
    ll_hub_close(hub);
    assert_int_equal(b.woken, 1);
    assert_int_equal(ask(&b, "shop", 10, 3, ""), LL_ANSWER_TOO_LONG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_request_waits_for_its_part),
        TEST(who_may_skip_is_given_a_delta_update_where_there_is_one),
        TEST(what_is_refused),
        TEST(a_list_that_is_not_there_yet_is_waited_for),
        TEST(nobody_waits_for_ever),
        TEST(a_hinted_part_is_waited_for),
        TEST(a_beginning_is_waited_for),
        TEST(who_waits_for_a_beginning_is_told_now_and_then),
        TEST(a_stream_or_a_hub_that_goes_wakes_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
