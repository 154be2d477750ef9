/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/base/media.h"
#include "hls-bridge/events/event_ring.h"

#define ROOM 4

static EventRing ring;

static int teardown(void **state)
{
    (void)state;
    event_ring_free(&ring);
    return 0;
}

static void put(int n)
{
    for (int i = 0; i < n; i++) {
        Event event = {.kind = EVENT_LIVE};
        event_ring_put(&ring, &event);
    }
}

/* Reads one; returns its number, or 0. */
static uint64_t read_one(size_t reader)
{
    const Event *event = event_ring_next(&ring, reader, 0);

    if (!event)
        return 0;
    uint64_t sequence = event->sequence;
    event_ring_taken(&ring, reader, sequence);
    return sequence;
}

static void each_reader_reads_each_event_once_and_in_order(void **state)
{
    (void)state;
    assert_true(event_ring_init(&ring, ROOM, 2));
    assert_int_equal(read_one(0), 0);
    for (uint64_t i = 1; i <= 10; i++) {
        put(1);
        assert_int_equal(read_one(0), i);
        assert_int_equal(read_one(1), i);
        assert_int_equal(read_one(1), 0);
    }
    assert_int_equal(ring.reader[0].taken, 10);
    assert_int_equal(ring.reader[1].taken, 10);
}

static void a_slow_reader_loses_its_oldest_alone(void **state)
{
    (void)state;
    assert_true(event_ring_init(&ring, ROOM, 2));
    for (uint64_t i = 1; i <= 10; i++) {
        put(1);
        assert_int_equal(read_one(1), i);
    }
    assert_int_equal(event_ring_waiting(&ring, 0), ROOM);
    assert_int_equal(ring.reader[0].dropped, 6);
    assert_int_equal(ring.reader[1].dropped, 0);
    for (uint64_t i = 7; i <= 10; i++)
        assert_int_equal(read_one(0), i);
    assert_int_equal(read_one(0), 0);
}

/* While it is delivered, the ring goes round. */
static void what_was_delivered_is_not_lost(void **state)
{
    (void)state;
    assert_true(event_ring_init(&ring, ROOM, 1));
    put(1);
    assert_int_equal(event_ring_next(&ring, 0, 0)->sequence, 1);
    put(ROOM);
    assert_int_equal(ring.reader[0].dropped, 1);
    event_ring_taken(&ring, 0, 1);
    assert_int_equal(ring.reader[0].dropped, 0);
    assert_int_equal(ring.reader[0].taken, 1);
    assert_int_equal(read_one(0), 2);
}

static void a_reader_that_fails_waits_twice_as_long_each_time(void **state)
{
    static const int64_t waits_s[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
    int64_t now_us = 0;

    (void)state;
    assert_true(event_ring_init(&ring, ROOM, 1));
    put(1);
    for (size_t i = 0; i < COUNT(waits_s); i++) {
        event_ring_failed(&ring, 0, now_us);
        int64_t due_us = event_ring_due_us(&ring, 0);
        assert_row(due_us - now_us == waits_s[i] * US_PER_S, "wait", "%zu: %lld, not %lld s", i,
                   (long long)(due_us - now_us), (long long)waits_s[i]);
        assert_null(event_ring_next(&ring, 0, due_us - 1));
        assert_non_null(event_ring_next(&ring, 0, due_us));
        now_us = due_us;
    }
    assert_int_equal(ring.reader[0].failures, COUNT(waits_s));
    event_ring_taken(&ring, 0, 1);
    assert_int_equal(event_ring_due_us(&ring, 0), INT64_MAX);
    put(1);
    assert_int_equal(event_ring_due_us(&ring, 0), 0); /* at once: it works again */
}

static void a_reader_that_gives_up_drops_its_events(void **state)
{
    (void)state;
    assert_true(event_ring_init(&ring, ROOM, 1));
    put(3);
    event_ring_give_up(&ring, 0);
    assert_int_equal(ring.reader[0].dropped, 3);
    assert_int_equal(event_ring_waiting(&ring, 0), 0);
    put(1);
    assert_int_equal(read_one(0), 4);
}

static void without_readers_events_are_numbered_all_the_same(void **state)
{
    Event event = {.kind = EVENT_ENDED};

    (void)state;
    assert_true(event_ring_init(&ring, ROOM, 0));
    assert_null(ring.events);
    put(4);
    event_ring_put(&ring, &event);
    assert_int_equal(event.sequence, 5);
}

#define TEST(function) cmocka_unit_test_teardown(function, teardown)

static const struct CMUnitTest tests[] = {
    TEST(each_reader_reads_each_event_once_and_in_order),
    TEST(a_slow_reader_loses_its_oldest_alone),
    TEST(what_was_delivered_is_not_lost),
    TEST(a_reader_that_fails_waits_twice_as_long_each_time),
    TEST(a_reader_that_gives_up_drops_its_events),
    TEST(without_readers_events_are_numbered_all_the_same),
};

TEST_GROUP(event_ring, tests);
