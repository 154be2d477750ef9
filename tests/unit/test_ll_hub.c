/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "hls-bridge/serve/ll_hub.h"
#include "hls-bridge/base/media.h"

#define SECOND  US_PER_S
#define PART_US (SECOND / 5)

enum { VIDEO, AUDIO }; /* indices on the board */

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

static void join(void)
{
    board = ll_hub_join(hub, "shop", 6 * SECOND, PART_US);
    assert_non_null(board);
    assert_int_equal(ll_board_add(board, "video"), VIDEO);
    assert_int_equal(ll_board_add(board, "audio"), AUDIO);
}

static int setup(void **state)
{
    (void)state;
    now_us = 1000 * SECOND;
    hub = ll_hub_create(NULL);
    join();
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
    LlNews news = {.edge = {msn, 10, open, 15, false}, .epoch = 77, .at_us = now_us, .text = text};

    snprintf(text, sizeof(text), "%d.%d", (int)msn, (int)open);
    news.text_len = strlen(text);
    news.delta = "delta";
    news.delta_len = 5;
    assert_int_equal(ll_board_publish(board, VIDEO, &news), 0);
}

static LlAnswer ask(Asker *a, const char *stream, int64_t msn, int64_t part, const char *expected)
{
    LlDirectives directives = {msn, part, false};
    LlText *text = NULL;

    a->ticket.user = a;
    LlAnswer answer = ll_hub_playlist(hub, stream, "video", &directives, now_us, &a->ticket, &text);
    if (answer == LL_ANSWER_READY) {
        assert_int_equal(text->len, strlen(expected));
        assert_memory_equal(text->bytes, expected, text->len);
    }
    ll_text_release(text);
    return answer;
}

/* Of what is given, the bytes are those of keep(). */
static LlAnswer ask_part(Asker *a, const char *name)
{
    LlText *bytes = NULL;

    a->ticket.user = a;
    LlAnswer answer = ll_hub_part(hub, "shop", name, now_us, &a->ticket, &bytes);
    assert_int_equal(answer == LL_ANSWER_READY, bytes != NULL);
    if (bytes)
        assert_string_equal(bytes->bytes, strrchr(name, '-') + 1);
    ll_text_release(bytes);
    return answer;
}

/* A part of `len` bytes, which begin with its numbers. */
static void keep(int64_t msn, int64_t part, size_t len)
{
    char bytes[256] = "";

    assert_in_range(len, 16, sizeof(bytes));
    snprintf(bytes, sizeof(bytes), "%d.%d.m4s", (int)msn, (int)part);
    assert_int_equal(ll_board_keep(board, VIDEO, msn, part, bytes, len), 0);
}

/* Of segment 10 there are so many parts, and no newer text. */
static bool rest(int64_t open)
{
    return ll_board_rest(board, VIDEO, &(LlEdge){9, 10, open, 15, false}, now_us);
}

static void a_list_that_rests_is_published_when_it_is_asked_for(void **state)
{
    Asker a = asker(), b = asker(), c = asker();

    (void)state;
    assert_false(rest(2)); /* there is none yet */
    publish(9, 3);
    assert_true(rest(4));
    assert_true(rest(5));
    assert_int_equal(ll_board_awaited(board), RENDITIONS_MAX);
    assert_int_equal(ask(&a, "shop", 10, 4, ""), LL_ANSWER_HELD);
    assert_int_equal(ask(&b, "shop", -1, -1, ""), LL_ANSWER_HELD);
    assert_int_equal(ask(&c, "shop", 10, 20, ""), LL_ANSWER_BAD); /* by what there is */
    assert_int_equal(ll_board_awaited(board), VIDEO);
    assert_int_equal(ll_board_awaited(board), RENDITIONS_MAX);
    publish(9, 5);
    assert_int_equal(a.woken, 1);
    assert_int_equal(b.woken, 1);
    assert_int_equal(ask(&a, "shop", 10, 4, "9.5"), LL_ANSWER_READY);
    assert_int_equal(ask(&b, "shop", -1, -1, "9.5"), LL_ANSWER_READY);
    assert_false(rest(6)); /* it was just asked for */
    now_us += 6 * SECOND;
    assert_true(rest(6));
}

static void a_list_that_is_waited_for_does_not_rest(void **state)
{
    Asker a = asker();

    (void)state;
    publish(9, 3);
    assert_int_equal(ask_part(&a, "video-77-10.3.m4s"), LL_ANSWER_HELD);
    now_us += 7 * SECOND; /* and nobody has looked at what has expired */
    assert_false(rest(4));
    assert_int_equal(a.woken, 0);
    publish(9, 4);
    assert_int_equal(a.woken, 1);
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

static void gives_a_delta_update_if_asked_and_possible(void **state)
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
        assert_int_equal(ll_board_publish(board, VIDEO, &news), 0);
        assert_int_equal(
            ll_hub_playlist(hub, "shop", "video", &directives, now_us, &a.ticket, &text),
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

/* A request that names no part, so long after the newest list. */
static LlAnswer ask_first(Asker *a, int64_t after_us, const char *expected)
{
    now_us += after_us;
    return ask(a, "shop", -1, -1, expected);
}

static void a_first_request_gets_the_list_with_the_next_part(void **state)
{
    Asker fresh = asker(), a = asker(), b = asker();

    (void)state;
    publish(9, 3);
    assert_int_equal(ask_first(&fresh, PART_US / 4 - 1, "9.3"), LL_ANSWER_READY);
    assert_int_equal(ask_first(&a, 1, ""), LL_ANSWER_HELD);
    assert_int_equal(ask_first(&b, PART_US, "9.3"), LL_ANSWER_READY); /* no part is due */
    publish(9, 4);
    assert_int_equal(a.woken, 1);
    now_us += PART_US / 2; /* whoever was held is not held once more */
    assert_int_equal(ask(&a, "shop", -1, -1, "9.4"), LL_ANSWER_READY);
}

static void a_first_request_gets_the_list_that_is_there_if_no_part_comes(void **state)
{
    Asker a = asker();

    (void)state;
    publish(9, 3);
    assert_int_equal(ask_first(&a, PART_US / 2, ""), LL_ANSWER_HELD);
    now_us += PART_US * 3 / 4;
    assert_int_equal(ll_board_expire(board, now_us - 1), now_us);
    assert_int_equal(a.woken, 0);
    assert_int_equal(ll_board_expire(board, now_us), NEVER_US);
    assert_int_equal(a.woken, 1);
    assert_int_equal(ask(&a, "shop", -1, -1, "9.3"), LL_ANSWER_READY);
    assert_int_equal(ll_hub_stats(hub).expired, 0);
}

static void what_only_looks_or_has_nothing_to_wait_for_gets_its_list_at_once(void **state)
{
    LlNews end = {.edge = {9, 10, 9, 15, true}, .text = "end", .text_len = 3, .at_us = now_us};
    Asker head = asker(), far = asker();

    (void)state;
    publish(9, 3);
    head.ticket.at_once = true;
    assert_int_equal(ask_first(&head, PART_US / 2, "9.3"), LL_ANSWER_READY);
    assert_int_equal(ll_board_publish(board, VIDEO, &end), 0);
    assert_int_equal(ask_first(&far, 0, "end"), LL_ANSWER_READY);
}

static void a_far_part_is_waited_for_only_when_it_is_near(void **state)
{
    Asker a = asker(), b = asker();

    (void)state;
    ll_board_leave(&board);
    board = ll_hub_join(hub, "shop", 6 * SECOND, SECOND);
    assert_int_equal(ll_board_add(board, "video"), VIDEO);
    publish(9, 3);
    assert_int_equal(ask_first(&a, SECOND / 2, "9.3"), LL_ANSWER_READY);
    assert_int_equal(ask_first(&b, SECOND * 3 / 10, ""), LL_ANSWER_HELD);
    ll_hub_forget(hub, &b.ticket);
}

static void a_hinted_part_is_waited_for(void **state)
{
    Asker a = asker(), b = asker();

    (void)state;
    keep(9, 9, 16);
    keep(10, 2, 16);
    publish(9, 3);
    keep(10, 3, 16); /* which is not published yet */
    assert_int_equal(ask_part(&a, "video-77-10.3.m4s"), LL_ANSWER_HELD);
    assert_int_equal(ask_part(&b, "video-77-10.2.m4s"), LL_ANSWER_READY);
    assert_int_equal(ask_part(&b, "video-77-9.9.m4s"), LL_ANSWER_READY);
    assert_int_equal(ask_part(&b, "video-77-9.0.m4s"), LL_ANSWER_NOT_FOUND); /* a file alone */
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

/* Only the newest are kept, within bounds, and nothing of a stream that has ended or gone. */
static void parts_leave_memory(void **state)
{
    Asker a = asker();

    (void)state;
    for (int64_t part = 0; part < 20; part++)
        keep(10, part, 100);
    assert_int_equal(ll_hub_stats(hub).part_bytes, 800);
    publish(9, 20);
    assert_int_equal(ask_part(&a, "video-77-10.11.m4s"), LL_ANSWER_NOT_FOUND);
    assert_int_equal(ask_part(&a, "video-77-10.12.m4s"), LL_ANSWER_READY);
    ll_board_leave(&board);
    assert_int_equal(ll_hub_stats(hub).part_bytes, 0);
    ll_hub_destroy(&hub);

    hub = ll_hub_create(&(LlHubParams){.wait_us = SECOND, .part_bytes = 300});
    join();
    for (int64_t part = 0; part < 8; part++)
        keep(10, part, 100);
    assert_int_equal(ll_hub_stats(hub).part_bytes, 300);
    keep(10, 8, 250);
    assert_int_equal(ll_hub_stats(hub).part_bytes, 250);
    publish(9, 9);
    assert_int_equal(ask_part(&a, "video-77-10.8.m4s"), LL_ANSWER_READY);
    LlNews end = {.edge = {9, 10, 9, 15, true}, .epoch = 77, .text = "end", .text_len = 3};
    assert_int_equal(ll_board_publish(board, VIDEO, &end), 0);
    assert_int_equal(ll_hub_stats(hub).part_bytes, 0);
}

/* Who has been given a part keeps it, though it has left. */
static void a_part_that_is_being_sent_stays(void **state)
{
    LlText *bytes = NULL;
    Asker a = asker();

    (void)state;
    keep(10, 0, 16);
    publish(9, 1);
    a.ticket.user = &a;
    assert_int_equal(ll_hub_part(hub, "shop", "video-77-10.0.m4s", now_us, &a.ticket, &bytes),
                     LL_ANSWER_READY);
    ll_board_leave(&board);
    assert_string_equal(bytes->bytes, "10.0.m4s");
    ll_text_release(bytes);
}

/* Who asked before a stream was protected has nothing of what comes then, however late it asks
 * again. */
static void what_is_barred_is_not_given_what_comes(void **state)
{
    Asker a = asker(), b = asker(), other = asker();

    (void)state;
    publish(9, 3);
    assert_int_equal(ask(&a, "shop", 10, 3, ""), LL_ANSWER_HELD);
    assert_int_equal(ask_part(&b, "video-77-10.3.m4s"), LL_ANSWER_HELD);
    ll_hub_bar_held(hub, "other");
    assert_int_equal(a.woken + b.woken, 0);
    ll_hub_bar_held(hub, "shop");
    keep(10, 3, 100);
    publish(9, 4);
    assert_int_equal(a.woken, 1);
    assert_int_equal(b.woken, 1);
    assert_int_equal(ask(&a, "shop", 10, 3, ""), LL_ANSWER_TOO_LONG);
    assert_int_equal(ask_part(&b, "video-77-10.3.m4s"), LL_ANSWER_TOO_LONG);
    assert_int_equal(ask(&other, "shop", 10, 3, "9.4"), LL_ANSWER_READY);
}

/* The thread of a stream may wait for a disk: its requests end all the same. */
static void a_stream_that_stands_still_holds_nobody_for_ever(void **state)
{
    Asker a = asker();

    (void)state;
    publish(9, 3);
    assert_int_equal(ask(&a, "shop", 10, 3, ""), LL_ANSWER_HELD);
    assert_int_equal(ll_hub_expire(hub, now_us + 6 * SECOND - 1), now_us + 6 * SECOND);
    assert_int_equal(a.woken, 0);
    assert_int_equal(ll_hub_expire(hub, now_us + 6 * SECOND), NEVER_US);
    assert_int_equal(a.woken, 1);
    assert_int_equal(ask(&a, "shop", 10, 3, ""), LL_ANSWER_TOO_LONG);
    assert_int_equal(ll_hub_stats(hub).expired, 1);
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

static void a_viewer_before_the_beginning_is_told_now_and_then(void **state)
{
    Asker a = asker(), b = asker();

    (void)state;
    assert_int_equal(wait_for(&a, "other"), LL_ANSWER_HELD);
    now_us += 10 * SECOND;
    assert_int_equal(wait_for(&b, "other"), LL_ANSWER_HELD);
    now_us += 15 * SECOND - 1;
    assert_int_equal(ll_hub_expire(hub, now_us), now_us + 1);
    assert_int_equal(a.woken, 0);
    now_us++;
    assert_int_equal(ll_hub_expire(hub, now_us), now_us + 10 * SECOND);
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
    join();
    assert_int_equal(ask(&b, "shop", 10, 3, ""), LL_ANSWER_HELD);
    ll_hub_close(hub);
    assert_int_equal(b.woken, 1);
    assert_int_equal(ask(&b, "shop", 10, 3, ""), LL_ANSWER_TOO_LONG);
}

/* ---- a crowd ---- */

#define STREAMS      6
#define ASKERS       30   /* of each stream */
#define WAKES        2000 /* that are waited for */
#define STAYS        40   /* parts, until a stream goes and comes back */
#define FORGET_EVERY 17   /* a viewer of so many leaves while it is held */

/* A viewer of a stream. What is beside the ticket is of the thread that asks, but for `next`. */
typedef struct Viewer {
    LlTicket ticket;
    struct Viewer *next; /* woken; the list's lock guards it */
    char stream[8];
    int64_t part;
    bool gone;
} Viewer;

static struct {
    pthread_mutex_t lock;
    Viewer *woken;
} crowd = {.lock = PTHREAD_MUTEX_INITIALIZER};
static atomic_bool enough;

static void wake_viewer(void *user)
{
    Viewer *v = user;

    pthread_mutex_lock(&crowd.lock);
    v->next = crowd.woken;
    crowd.woken = v;
    pthread_mutex_unlock(&crowd.lock);
}

static void pause_viewer(void *user)
{
    (void)user;
}

/* One stream: parts of it are kept and published, and it goes and comes back now and then. */
static void *run_stream(void *name)
{
    LlBoard *own = NULL;
    char text[32], bytes[64];

    for (int64_t part = 0; !atomic_load(&enough); part++) {
        LlNews news = {.edge = {9, 10, part + 1, 1000, false}, .epoch = 77, .text = text};
        if (part % STAYS == 0) {
            ll_board_leave(&own);
            own = ll_hub_join(hub, name, 6 * SECOND, PART_US);
            ll_board_add(own, "video");
        }
        news.text_len = (size_t)snprintf(text, sizeof(text), "%d", (int)part) + 1;
        snprintf(bytes, sizeof(bytes), "%s %d", (const char *)name, (int)part);
        ll_board_keep(own, VIDEO, 10, part, bytes, sizeof(bytes));
        ll_board_publish(own, VIDEO, &news);
        ll_board_set_live(own, part % 3 != 0);
        ll_board_expire(own, now_us);
        usleep(200); /* or all the machine would do is publish */
    }
    ll_board_leave(&own);
    return NULL;
}

/* Asks for what comes next: a list, a part, or a beginning. Returns whether it is held. */
static bool ask_next(Viewer *v, int turn)
{
    LlDirectives directives = {10, v->part, false};
    LlText *given = NULL;
    LlAnswer answer;
    char name[64], expected[64];

    snprintf(name, sizeof(name), "video-77-10.%d.m4s", (int)v->part);
    v->ticket.since_us = 0;
    v->ticket.expired = false;
    if (turn % 3 == 0)
        answer = ll_hub_playlist(hub, v->stream, "video", &directives, now_us, &v->ticket, &given);
    else if (turn % 3 == 1)
        answer = ll_hub_part(hub, v->stream, name, now_us, &v->ticket, &given);
    else
        answer = ll_hub_wait(hub, v->stream, now_us, &v->ticket);
    if (turn % 3 == 1 && given) {
        snprintf(expected, sizeof(expected), "%s %d", v->stream, (int)v->part);
        assert_string_equal(given->bytes, expected);
    }
    if (turn % 3 == 0 && given)
        v->part = atoi(given->bytes) + 1; /* the newest, and the one after that */
    ll_text_release(given);
    return answer == LL_ANSWER_HELD;
}

/* What the server's thread does. Returns how many were woken. */
static int serve_woken(int *turn)
{
    int woken = 0;

    pthread_mutex_lock(&crowd.lock);
    Viewer *v = crowd.woken;
    crowd.woken = NULL;
    pthread_mutex_unlock(&crowd.lock);
    for (Viewer *next; v; v = next, woken++) {
        next = v->next;
        if (v->gone) {
            free(v);
            continue;
        }
        while (!ask_next(v, (*turn)++))
            sched_yield();
        bool leaves = *turn % FORGET_EVERY == 0;
        if (!leaves)
            continue;
        Viewer *another = malloc(sizeof(*another)); /* comes in the place of one who leaves */
        *another = (Viewer){.ticket = {.pause = pause_viewer, .wake = wake_viewer}};
        memcpy(another->stream, v->stream, sizeof(v->stream));
        another->ticket.user = another;
        v->gone = !ll_hub_forget(hub, &v->ticket);
        if (!v->gone)
            free(v);
        wake_viewer(another);
    }
    return woken;
}

/* Every stream has its thread, all viewers have one; each held request is woken once, whatever
 * happens at the same moment, and one that is forgotten never after. */
static void crowds_of_many_streams(void **state)
{
    static char name[STREAMS][8];
    pthread_t thread[STREAMS];
    int turn = 0, woken = 0;

    (void)state;
    atomic_store(&enough, false);
    for (int i = 0; i < STREAMS * ASKERS; i++) {
        Viewer *v = calloc(1, sizeof(*v));
        snprintf(v->stream, sizeof(v->stream), "s%d", i % STREAMS);
        v->ticket = (LlTicket){.pause = pause_viewer, .wake = wake_viewer, .user = v};
        wake_viewer(v);
    }
    for (int i = 0; i < STREAMS; i++) {
        snprintf(name[i], sizeof(name[i]), "s%d", i);
        assert_int_equal(pthread_create(&thread[i], NULL, run_stream, name[i]), 0);
    }
    while (woken < WAKES) {
        woken += serve_woken(&turn);
        usleep(50);
        ll_hub_expire(hub, now_us);
        ll_hub_stats(hub);
    }
    atomic_store(&enough, true);
    for (int i = 0; i < STREAMS; i++)
        pthread_join(thread[i], NULL);
    ll_hub_close(hub); /* which wakes the rest */
    assert_int_equal(ll_hub_stats(hub).held + ll_hub_stats(hub).waiting, 0);
    for (Viewer *v = crowd.woken, *next; v; v = next) {
        next = v->next;
        free(v); /* what is not here is a leak, or was freed before it was woken */
    }
    crowd.woken = NULL;
}

/* Asks for segment 8 of a list. */
static LlAnswer ask_list(Asker *a, const char *list, LlText **text)
{
    a->ticket.user = a;
    return ll_hub_playlist(hub, "shop", list, &(LlDirectives){8, -1, false}, now_us, &a->ticket,
                           text);
}

/* Each list answers for itself: one that comes wakes its own requests only. */
static void each_rendition_has_a_list_of_its_own(void **state)
{
    const LlNews low = {.edge = {8, 10, 0, 15, false}, .epoch = 78, .text = "low", .text_len = 3};
    Asker best = asker(), mid = asker(), stranger = asker();
    LlText *text = NULL;

    (void)state;
    assert_int_equal(ask_list(&stranger, "video-low", &text), LL_ANSWER_NOT_FOUND);
    assert_int_equal(ll_board_add(board, "video-mid"), 2);
    assert_int_equal(ll_board_add(board, "video-low"), 3);
    publish(7, 0);
    assert_int_equal(ask_list(&best, "video", &text), LL_ANSWER_HELD);
    assert_int_equal(ask_list(&mid, "video-mid", &text), LL_ANSWER_HELD);
    assert_int_equal(ll_board_keep(board, 3, 8, 0, "8.0.m4s", 8), 0);
    assert_int_equal(ll_board_publish(board, 3, &low), 0);
    assert_int_equal(best.woken + mid.woken, 0);
    assert_int_equal(ask_list(&stranger, "video-low", &text), LL_ANSWER_READY);
    assert_int_equal(text->len, 3);
    assert_memory_equal(text->bytes, "low", 3);
    ll_text_release(text);
    assert_int_equal(ask_part(&stranger, "video-low-78-8.0.m4s"), LL_ANSWER_READY);
    assert_int_equal(ask_part(&stranger, "video-low-77-8.0.m4s"), LL_ANSWER_NOT_FOUND);
    assert_int_equal(ask_part(&stranger, "video-78-8.0.m4s"), LL_ANSWER_NOT_FOUND);
    assert_int_equal(ask_part(&stranger, "video-none-78-8.0.m4s"), LL_ANSWER_NOT_FOUND);
    publish(8, 0);
    assert_int_equal(best.woken, 1);
    assert_int_equal(mid.woken, 0);
    assert_int_equal(ll_hub_stats(hub).part_bytes, 8);
    ll_hub_forget(hub, &mid.ticket);
}

static void a_board_takes_as_many_renditions_as_a_stream_has(void **state)
{
    char name[LL_LIST_NAME_SIZE];

    (void)state;
    for (int i = 2; i < RENDITIONS_MAX; i++) {
        snprintf(name, sizeof(name), "video-%d", i);
        assert_int_equal(ll_board_add(board, name), i);
    }
    assert_int_equal(ll_board_add(board, "video-more"), -1);
    publish(7, 0); /* what was there before is where it was */
}

static void a_part_may_be_that_of_another_rendition(void **state)
{
    const LlNews news = {.edge = {9, 10, 3, 15, false}, .epoch = 78, .text = "low", .text_len = 3};
    Asker a = asker();

    (void)state;
    assert_int_equal(ll_board_add(board, "video-low"), 2);
    publish(9, 3);
    keep(10, 2, 100);
    ll_board_keep_same(board, 2, VIDEO, 10, 1); /* it is not kept there */
    ll_board_keep_same(board, 2, VIDEO, 10, 2);
    assert_int_equal(ll_board_publish(board, 2, &news), 0);
    assert_int_equal(ask_part(&a, "video-low-78-10.1.m4s"), LL_ANSWER_NOT_FOUND);
    assert_int_equal(ask_part(&a, "video-low-78-10.2.m4s"), LL_ANSWER_READY);
    assert_int_equal(ask_part(&a, "video-77-10.2.m4s"), LL_ANSWER_READY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(a_list_that_rests_is_published_when_it_is_asked_for),
    TEST(a_list_that_is_waited_for_does_not_rest),
    TEST(a_request_waits_for_its_part),
    TEST(gives_a_delta_update_if_asked_and_possible),
    TEST(what_is_refused),
    TEST(a_list_that_is_not_there_yet_is_waited_for),
    TEST(nobody_waits_for_ever),
    TEST(a_first_request_gets_the_list_with_the_next_part),
    TEST(a_first_request_gets_the_list_that_is_there_if_no_part_comes),
    TEST(what_only_looks_or_has_nothing_to_wait_for_gets_its_list_at_once),
    TEST(a_far_part_is_waited_for_only_when_it_is_near),
    TEST(a_hinted_part_is_waited_for),
    TEST(parts_leave_memory),
    TEST(a_part_that_is_being_sent_stays),
    TEST(a_stream_that_stands_still_holds_nobody_for_ever),
    TEST(what_is_barred_is_not_given_what_comes),
    TEST(a_beginning_is_waited_for),
    TEST(a_viewer_before_the_beginning_is_told_now_and_then),
    TEST(a_stream_or_a_hub_that_goes_wakes_all),
    TEST(crowds_of_many_streams),
    TEST(each_rendition_has_a_list_of_its_own),
    TEST(a_part_may_be_that_of_another_rendition),
    TEST(a_board_takes_as_many_renditions_as_a_stream_has),
};

TEST_GROUP(ll_hub, tests);
