/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "hls-bridge/base/manual_clock.h"
#include "hls-bridge/base/media.h"
#include "hls-bridge/events/event_queue.h"

#define ROOM 8

/* A sink that remembers what it was offered, and can be made to wait or to fail. */
typedef struct Ear {
    pthread_mutex_t lock; /* guards all */
    pthread_cond_t change;
    uint64_t heard[4096];
    size_t count;
    int64_t last_unix_us;
    size_t offers, flushes, closes;
    bool holds, held; /* an offer waits until it is released; one does */
    bool fails, hurried;
} Ear;

static ManualClock clock_of_test;
static Ear slow, quick;
static EventQueue *queue;

static bool hear(void *user, const Event *event, char *why)
{
    Ear *ear = user;

    pthread_mutex_lock(&ear->lock);
    ear->offers++;
    ear->held = ear->holds;
    pthread_cond_broadcast(&ear->change);
    while (ear->holds)
        pthread_cond_wait(&ear->change, &ear->lock);
    ear->held = false;
    bool good = !ear->fails;
    if (good && ear->count < COUNT(ear->heard))
        ear->heard[ear->count++] = event->sequence;
    if (good)
        ear->last_unix_us = event->unix_us;
    else if (why)
        snprintf(why, EVENT_WHY_SIZE, "it is a test");
    pthread_cond_broadcast(&ear->change);
    pthread_mutex_unlock(&ear->lock);
    return good;
}

static void note(Ear *ear, size_t *counter)
{
    pthread_mutex_lock(&ear->lock);
    ++*counter;
    pthread_cond_broadcast(&ear->change);
    pthread_mutex_unlock(&ear->lock);
}

static void flush(void *user)
{
    note(user, &((Ear *)user)->flushes);
}

static void close_ear(void *user)
{
    note(user, &((Ear *)user)->closes);
}

static void set(Ear *ear, bool *flag, bool value)
{
    pthread_mutex_lock(&ear->lock);
    *flag = value;
    pthread_cond_broadcast(&ear->change);
    pthread_mutex_unlock(&ear->lock);
}

static void hurry(void *user)
{
    set(user, &((Ear *)user)->hurried, true);
    set(user, &((Ear *)user)->holds, false);
}

#define WAIT_S 20 /* for what must come; reached only by a test that fails */

/* Until `condition` holds of an ear, under its lock; fails if it never does. */
#define wait_for(ear, condition)                                                                   \
    do {                                                                                           \
        struct timespec end_;                                                                      \
        clock_gettime(CLOCK_REALTIME, &end_);                                                      \
        end_.tv_sec += WAIT_S;                                                                     \
        pthread_mutex_lock(&(ear).lock);                                                           \
        while (!(condition) && pthread_cond_timedwait(&(ear).change, &(ear).lock, &end_) == 0)     \
            ;                                                                                      \
        bool holds_ = (condition);                                                                 \
        pthread_mutex_unlock(&(ear).lock);                                                         \
        assert_true(holds_);                                                                       \
    } while (0)

static int setup(void **state)
{
    (void)state;
    manual_clock_init(&clock_of_test, US_PER_S, 1700000000 * US_PER_S);
    for (size_t i = 0; i < 2; i++) {
        Ear *ear = i ? &quick : &slow;
        *ear = (Ear){.count = 0};
        pthread_mutex_init(&ear->lock, NULL);
        pthread_cond_init(&ear->change, NULL);
    }
    const EventSink sinks[] = {
        {.name = "quick", .user = &quick, .offer = hear, .close = close_ear},
        {.name = "slow",
         .user = &slow,
         .waits = true,
         .offer = hear,
         .flush = flush,
         .hurry = hurry,
         .close = close_ear},
    };
    const EventQueueParams params = {
        .clock = &clock_of_test.clock, .sinks = sinks, .count = COUNT(sinks), .room = ROOM};
    queue = event_queue_create(&params);
    assert_non_null(queue);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    set(&quick, &quick.holds, false); /* of a test that failed */
    event_queue_destroy(&queue);
    assert_null(queue);
    event_queue_destroy(&queue);
    assert_int_equal(slow.closes, 1);
    assert_int_equal(quick.closes, 1);
    return 0;
}

static void emit(int n)
{
    for (int i = 0; i < n; i++)
        event_queue_emit(queue, &(Event){.kind = EVENT_LIVE, .stream = "shop"});
}

static void assert_in_order(const Ear *ear, uint64_t first, size_t count)
{
    assert_int_equal(ear->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ear->heard[i], first + i);
}

static void each_sink_hears_each_event_once_and_in_order(void **state)
{
    (void)state;
    emit(ROOM);
    assert_in_order(&quick, 1, ROOM); /* before emit returns */
    assert_int_equal(quick.last_unix_us, 1700000000 * US_PER_S);
    wait_for(slow, slow.count == ROOM);
    assert_in_order(&slow, 1, ROOM);
    wait_for(slow, slow.flushes > 0); /* nothing waits any more */
}

/* With a sink that never returns, emit does all the same. */
static void a_slow_sink_delays_no_other(void **state)
{
    (void)state;
    set(&slow, &slow.holds, true);
    emit(1);
    wait_for(slow, slow.held);
    emit(3 * ROOM);
    assert_in_order(&quick, 1, 3 * ROOM + 1);
    EventStats stats = event_queue_stats(queue);
    assert_int_equal(stats.emitted, 3 * ROOM + 1);
    assert_int_equal(stats.sinks, 1);
    assert_string_equal(stats.sink[0].name, "slow");
    assert_int_equal(stats.sink[0].waiting, ROOM);
    assert_int_equal(stats.sink[0].dropped, 2 * ROOM + 1);
    set(&slow, &slow.holds, false);
    wait_for(slow, slow.count == ROOM + 1);
    assert_int_equal(slow.heard[0], 1); /* which it had, and so is not lost */
    assert_int_equal(slow.heard[1], 2 * ROOM + 2);
    assert_int_equal(slow.heard[ROOM], 3 * ROOM + 1);
    event_queue_destroy(&queue);
}

/* Each that waits has a thread of its own. */
static void one_that_waits_delays_no_other_that_does(void **state)
{
    const EventSink sinks[] = {
        {.name = "slow", .user = &slow, .waits = true, .offer = hear, .hurry = hurry},
        {.name = "quick", .user = &quick, .waits = true, .offer = hear},
    };
    const EventQueueParams params = {
        .clock = &clock_of_test.clock, .sinks = sinks, .count = COUNT(sinks), .room = ROOM};

    (void)state;
    event_queue_destroy(&queue);
    queue = event_queue_create(&params);
    assert_non_null(queue);
    set(&slow, &slow.holds, true);
    emit(1);
    wait_for(slow, slow.held);
    emit(2);
    wait_for(quick, quick.count == 3);
    assert_in_order(&quick, 1, 3);
    event_queue_destroy(&queue);
    assert_in_order(&slow, 1, 3);
}

/* A sink may have figures of its own. */
static void add_figures(void *user, EventSinkStats *stats)
{
    assert_ptr_equal(user, &slow);
    stats->keeps = true;
    stats->dead = 5;
    stats->waiting += 7;
}

static void a_sink_adds_its_own_figures(void **state)
{
    const EventSink sink = {
        .name = "slow", .user = &slow, .waits = true, .offer = hear, .stats = add_figures};
    const EventQueueParams params = {
        .clock = &clock_of_test.clock, .sinks = &sink, .count = 1, .room = ROOM};

    (void)state;
    event_queue_destroy(&queue);
    queue = event_queue_create(&params);
    assert_non_null(queue);
    EventStats stats = event_queue_stats(queue);
    assert_true(stats.sink[0].keeps);
    assert_int_equal(stats.sink[0].dead, 5);
    assert_int_equal(stats.sink[0].waiting, 7);
}

/* Until the queue has noted that a sink has failed `n` times. */
static void wait_for_failures(uint64_t n)
{
    for (int ms = 0; event_queue_stats(queue).sink[0].failures < n && ms < WAIT_S * 1000; ms++)
        nanosleep(&(struct timespec){.tv_nsec = US_PER_MS * 1000}, NULL);
    assert_int_equal(event_queue_stats(queue).sink[0].failures, n);
}

static void what_fails_is_offered_again(void **state)
{
    (void)state;
    set(&slow, &slow.fails, true);
    emit(2);
    wait_for_failures(1);
    manual_clock_set(&clock_of_test, US_PER_S + US_PER_S / 2);
    emit(1); /* with which it looks at the clock: too early */
    set(&slow, &slow.fails, false);
    manual_clock_set(&clock_of_test, 2 * US_PER_S);
    emit(1);
    wait_for(slow, slow.count == 4);
    assert_in_order(&slow, 1, 4);
    assert_int_equal(slow.offers, 5);
    EventStats stats = event_queue_stats(queue);
    assert_int_equal(stats.sink[0].failures, 1);
    assert_int_equal(stats.sink[0].dropped, 0);
}

static void what_waits_is_delivered_at_the_end(void **state)
{
    (void)state;
    set(&slow, &slow.holds, true);
    emit(1);
    wait_for(slow, slow.held);
    emit(ROOM);
    event_queue_destroy(&queue); /* which hurries it */
    assert_true(slow.hurried);
    assert_in_order(&slow, 1, ROOM + 1);
}

/* It is asked once more, and the end does not wait for it. */
static void a_sink_that_fails_at_the_end_is_left(void **state)
{
    (void)state;
    set(&slow, &slow.fails, true);
    emit(1);
    wait_for_failures(1);
    emit(ROOM - 1);
    event_queue_destroy(&queue);
    assert_int_equal(slow.offers, 2);
    assert_int_equal(slow.count, 0);
}

static void without_a_queue_nothing_is_done(void **state)
{
    (void)state;
    event_queue_emit(NULL, &(Event){.kind = EVENT_LIVE});
    assert_int_equal(event_queue_stats(NULL).emitted, 0);
}

static void *emit_one(void *data)
{
    (void)data;
    emit(1);
    return NULL;
}

/* A log line that does not get out, say because nobody reads the pipe, keeps nobody else. */
static void a_sink_is_not_served_under_the_lock(void **state)
{
    pthread_t thread;

    (void)state;
    set(&quick, &quick.holds, true);
    assert_int_equal(pthread_create(&thread, NULL, emit_one, NULL), 0);
    wait_for(quick, quick.held);
    wait_for(slow, slow.count == 1);
    assert_int_equal(event_queue_stats(queue).emitted, 1);
    set(&quick, &quick.holds, false);
    pthread_join(thread, NULL);
    assert_in_order(&quick, 1, 1);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void *emit_many(void *data)
{
    (void)data;
    for (int i = 0; i < 500; i++) {
        emit(1);
        event_queue_stats(queue);
    }
    return NULL;
}

static void many_emit_at_once(void **state)
{
    pthread_t thread[4];

    (void)state;
    for (size_t i = 0; i < COUNT(thread); i++)
        assert_int_equal(pthread_create(&thread[i], NULL, emit_many, NULL), 0);
    for (size_t i = 0; i < COUNT(thread); i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(quick.count, 2000);
    qsort(quick.heard, quick.count, sizeof(quick.heard[0]), by_number);
    assert_in_order(&quick, 1, 2000);
    event_queue_destroy(&queue);
    assert_in_range(slow.count, ROOM, 2000);
    for (size_t i = 1; i < slow.count; i++)
        assert_true(slow.heard[i] > slow.heard[i - 1]);
    assert_int_equal(slow.heard[slow.count - 1], 2000);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(one_that_waits_delays_no_other_that_does),
    TEST(a_sink_adds_its_own_figures),
    TEST(each_sink_hears_each_event_once_and_in_order),
    TEST(a_slow_sink_delays_no_other),
    TEST(what_fails_is_offered_again),
    TEST(what_waits_is_delivered_at_the_end),
    TEST(a_sink_that_fails_at_the_end_is_left),
    TEST(without_a_queue_nothing_is_done),
    TEST(a_sink_is_not_served_under_the_lock),
    TEST(many_emit_at_once),
};

TEST_GROUP(event_queue, tests);
