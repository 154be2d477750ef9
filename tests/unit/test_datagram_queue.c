/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <pthread.h>

#include "harness.h"

#include "hls-bridge/ingest/datagram_queue.h"

#define LIMIT 4096

static Datagram datagram(const void *data, size_t len, int64_t read_us)
{
    return (Datagram){
        .track = 1, .arrival_us = read_us - 5, .read_us = read_us, .len = len, .data = data};
}

/* Takes one, which must have this text. */
static void take(DatagramQueue *q, const char *text, bool after_gap)
{
    Datagram d;

    assert_row(datagram_queue_peek(q, &d), text, "nothing waits");
    assert_int_equal(d.len, strlen(text));
    assert_memory_equal(d.data, text, d.len);
    assert_row(d.after_gap == after_gap, text, "%d", d.after_gap);
    assert_int_equal(d.track, 1);
    assert_int_equal(d.arrival_us, d.read_us - 5);
    datagram_queue_pop(q);
}

static void add(DatagramQueue *q, const char *text)
{
    Datagram d = datagram(text, strlen(text), 7000);

    datagram_queue_add(q, &d);
}

static void keeps_the_order(void **state)
{
    DatagramQueue *q = datagram_queue_create(LIMIT);
    Datagram d;

    (void)state;
    assert_false(datagram_queue_peek(q, &d));
    add(q, "one");
    add(q, "");
    take(q, "one", false);
    add(q, "three");
    take(q, "", false);
    take(q, "three", false);
    assert_false(datagram_queue_peek(q, &d));
    assert_int_equal(datagram_queue_dropped(q), 0);
    datagram_queue_destroy(&q);
    assert_null(q);
}

/* Two sockets, of which each was read as a whole: what came first is taken first, and nothing moves
 * before what was read at another time, or over a gap. */
static void what_was_read_together_is_taken_as_it_came(void **state)
{
    static const struct {
        int64_t read_us, arrival_us;
        const char *text;
    } added[] = {
        {50, 10, "sound 1"}, {50, 20, "sound 2"},   {50, 20, "sound 3"},   {50, 40, "sound 4"},
        {50, 5, "report"},   {50, 20, "picture 1"}, {50, 30, "picture 2"}, {90, 25, "sound 5"},
        {90, 60, "sound 6"}, {90, 20, "picture 3"}, {90, 60, "picture 4"},
    };
    static const char *const taken[] = {"report",        "sound 1",   "sound 2",   "sound 3",
                                        "picture 1",     "picture 2", "sound 4",   "picture 3",
                                        "sound 5",       "sound 6",   "picture 4", "behind a gap 2",
                                        "behind a gap 1"};
    static const char big[LIMIT];
    DatagramQueue *q = datagram_queue_create(LIMIT);
    Datagram d = datagram(big, sizeof(big), 90);

    (void)state;
    for (size_t i = 0; i < COUNT(added); i++)
        datagram_queue_add(q, &(Datagram){.arrival_us = added[i].arrival_us,
                                          .read_us = added[i].read_us,
                                          .len = strlen(added[i].text),
                                          .data = (const uint8_t *)added[i].text});
    datagram_queue_add(q, &d);
    for (size_t i = 0; i < COUNT(taken); i++) {
        if (i == COUNT(added)) { /* the gap has ended now that all is taken over */
            assert_false(datagram_queue_peek(q, &d));
            for (int k = 1; k >= 0; k--)
                datagram_queue_add(q, &(Datagram){.arrival_us = k,
                                                  .read_us = 90,
                                                  .len = strlen(taken[i + (size_t)k]),
                                                  .data = (const uint8_t *)taken[i + (size_t)k]});
        }
        assert_true(datagram_queue_peek(q, &d));
        assert_row(d.len == strlen(taken[i]) && memcmp(d.data, taken[i], d.len) == 0, taken[i],
                   "%.*s", (int)d.len, (const char *)d.data);
        assert_row(d.after_gap == (i == COUNT(added) + 1), taken[i], "%d", d.after_gap);
        datagram_queue_pop(q);
    }
    datagram_queue_destroy(&q);
}

/* One long gap: what comes is dropped until all that waits was taken over, and no longer. */
static void drops_what_finds_no_room(void **state)
{
    DatagramQueue *q = datagram_queue_create(LIMIT);
    static const char big[LIMIT];
    Datagram d = datagram(big, sizeof(big), 1);

    (void)state;
    add(q, "first");
    datagram_queue_add(q, &d);
    add(q, "would fit");
    take(q, "first", false);
    assert_false(datagram_queue_peek(q, &d));
    assert_int_equal(datagram_queue_dropped(q), 2);
    add(q, "next");
    add(q, "after it");
    take(q, "next", true);
    take(q, "after it", false);
    assert_int_equal(datagram_queue_dropped(q), 2);
    datagram_queue_destroy(&q);
}

/* What is taken over while the other side fills up does not count against the limit. */
static void fills_again_behind_what_was_taken_over(void **state)
{
    static const char some[1000];
    DatagramQueue *q = datagram_queue_create(LIMIT);
    Datagram d = datagram(some, sizeof(some), 1);
    size_t taken = 0;

    (void)state;
    for (int i = 0; i < 10; i++)
        datagram_queue_add(q, &d);
    assert_true(datagram_queue_peek(q, &d));
    d = datagram(some, sizeof(some), 1);
    for (int i = 0; i < 10; i++)
        datagram_queue_add(q, &d);
    for (; datagram_queue_peek(q, &d); taken++) {
        assert_int_equal(d.after_gap, taken == 3);
        datagram_queue_pop(q);
    }
    assert_int_equal(taken, 6);
    assert_int_equal(datagram_queue_dropped(q), 14);
    datagram_queue_destroy(&q);
}

#define MANY 100000

static void *add_many(void *data)
{
    for (uint32_t i = 0; i < MANY; i++) {
        Datagram d = datagram(&i, sizeof(i), 1);
        datagram_queue_add(data, &d);
    }
    return NULL;
}

/* Two threads: nothing is lost that is not counted, nothing comes twice or out of order. */
static void two_threads(void **state)
{
    DatagramQueue *q = datagram_queue_create(1 << 16);
    uint32_t expected = 0, number, gaps = 0;
    uint64_t taken = 0;
    bool adding = true;
    pthread_t adder;
    Datagram d;

    (void)state;
    assert_int_equal(pthread_create(&adder, NULL, add_many, q), 0);
    while (datagram_queue_peek(q, &d) || adding) {
        if (!datagram_queue_peek(q, &d)) {
            adding = taken + datagram_queue_dropped(q) < MANY;
            continue;
        }
        memcpy(&number, d.data, sizeof(number));
        assert_int_equal(d.after_gap, number != expected);
        assert_true(number >= expected);
        gaps += number - expected;
        expected = number + 1;
        taken++;
        datagram_queue_pop(q);
    }
    pthread_join(adder, NULL);
    assert_true(taken > 0); /* there is room for the first */
    assert_int_equal(gaps + (MANY - expected), datagram_queue_dropped(q));
    datagram_queue_destroy(&q);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keeps_the_order),
    cmocka_unit_test(what_was_read_together_is_taken_as_it_came),
    cmocka_unit_test(drops_what_finds_no_room),
    cmocka_unit_test(fills_again_behind_what_was_taken_over),
    cmocka_unit_test(two_threads),
};

TEST_GROUP(datagram_queue, tests);
