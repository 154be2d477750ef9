/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge_publisher.h"
#include "temp_folder.h"

#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <stdatomic.h>

#include "clock.h"
#include "hls-bridge/package/left_over.h"
#include "hls-bridge/serve/ll_hub.h"
#include "hls-bridge/stream/stream.h"
#include "thread_name.h"

#define PACKETS 60 /* of sound: more than a second, so a segment */

static char root[TEMP_FOLDER_SIZE];
static StandIn *stand_in;
static StreamParams params;
static Stream *stream;
static Publisher publisher;
static int threads; /* without the stream's */

/* Threads that look on, which a test that fails must not leave behind. */
static atomic_bool over;
static pthread_t other[2];
static size_t others;

static void end_others(void)
{
    atomic_store(&over, true);
    while (others > 0)
        pthread_join(other[--others], NULL);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    stand_in = stand_in_create(clock_system());
    assert_non_null(stand_in);
    publisher = publisher_open();
    params = (StreamParams){
        .packager = {.stream = "shop",
                     .directory = root,
                     .audio_bitrate = 64000,
                     .outputs = {.segment_us = 2 * US_PER_S, .window = 6, .writes_ts = true},
                     .clock = clock_system()},
        .hold_us = 3600 * US_PER_S,
        .keep_us = 3600 * US_PER_S,
        .stand_in = stand_in,
        .backlog = 1 << 20,
        .source_timeout_us = 3600 * US_PER_S,
        .source_bitrate = 1000000000,
    };
    threads = count_threads();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    end_others();
    stream_destroy(&stream);
    assert_null(stream);
    publisher_close(&publisher);
    stand_in_destroy(&stand_in);
    temp_folder_remove(root);
    return 0;
}

static void open_stream(void)
{
    stream = stream_create(&params, US_PER_S);
    assert_non_null(stream);
}

/* Returns whether it has replaced one. */
static bool publish(uint16_t *port)
{
    uint16_t ports[STREAM_TRACKS_MAX] = {0}, failed_port = 0;
    bool replaced = false;

    assert_int_equal(stream_publish(stream, &publisher.sdp, false, ports, &replaced, &failed_port),
                     0);
    *port = ports[0];
    return replaced;
}

static StreamStatus status(void)
{
    StreamStatus out;

    stream_status(stream, &out);
    return out;
}

static bool is(StreamState state)
{
    return stream_state(stream, NULL) == state;
}

static void show_and_go(void)
{
    uint16_t port;

    publish(&port);
    publisher_send(&publisher, port, PACKETS);
    until(is(STREAM_LIVE));
    assert_int_equal(stream_unpublish(stream), 0);
}

static void is_gone_with_a_publisher_that_never_sent(void **state)
{
    uint16_t port;

    (void)state;
    open_stream();
    assert_false(publish(&port));
    assert_true(stream_is_taken(stream));
    assert_int_equal(stream_unpublish(stream), 0);
    assert_int_equal(stream_unpublish(stream), -1);
    until(stream_is_gone(stream));
    assert_int_equal(count_entries(root), 0);
    bool replaced;
    uint16_t ports[STREAM_TRACKS_MAX], failed_port;
    assert_int_equal(stream_publish(stream, &publisher.sdp, false, ports, &replaced, &failed_port),
                     -1);
    assert_int_equal(errno, EAGAIN);
}

static void is_held_after_a_publisher_that_showed_something(void **state)
{
    uint16_t port;

    (void)state;
    open_stream();
    show_and_go();
    until(is(STREAM_HELD) && status().output.ts.segments > 0);
    assert_false(stream_is_taken(stream));
    assert_false(publish(&port));
    publisher_send(&publisher, port, PACKETS);
    until(is(STREAM_LIVE));
    until(status().publishers == 2);
    assert_true(publish(&port)); /* over who is there */
    until(is(STREAM_HELD));
    assert_true(stream_is_taken(stream));
}

static void ends_at_once_when_it_is_to_hurry(void **state)
{
    int64_t since_us;

    (void)state;
    open_stream();
    show_and_go();
    until(is(STREAM_HELD) && status().output.ts.segments > 0);
    assert_true(stream_hurry(stream));
    assert_false(stream_hurry(stream));
    until(stream_is_resting(stream));
    assert_int_equal(stream_state(stream, &since_us), STREAM_ENDED);
    assert_true(since_us <= clock_us(CLOCK_MONOTONIC));
    until(count_threads() <= threads);
}

static void does_not_hurry_while_somebody_publishes(void **state)
{
    uint16_t port;

    (void)state;
    open_stream();
    publish(&port);
    publisher_send(&publisher, port, PACKETS);
    until(is(STREAM_LIVE));
    stream_hurry(stream);
    publish(&port);
    publisher_send(&publisher, port, PACKETS);
    until(status().publishers == 2 && is(STREAM_LIVE));
    assert_int_equal(stream_unpublish(stream), 0);
    until(is(STREAM_HELD));
    assert_true(stream_hurry(stream)); /* each publisher's leave is a new one */
    until(stream_is_resting(stream));
}

static void is_left_alone_while_it_is_awake(void **state)
{
    (void)state;
    open_stream();
    show_and_go();
    until(is(STREAM_HELD));
    stream_tend(stream, INT64_MAX, true);
    assert_false(stream_is_gone(stream));
    assert_int_equal(stream_state(stream, NULL), STREAM_HELD);
}

static void is_removed_when_it_is_tended(void **state)
{
    int64_t now_us;

    (void)state;
    params.hold_us = 0;
    open_stream();
    show_and_go();
    until(stream_is_resting(stream));
    now_us = clock_us(CLOCK_MONOTONIC);
    stream_tend(stream, now_us + params.keep_us - 60 * US_PER_S, false);
    assert_false(stream_is_gone(stream));
    assert_int_equal(left_over_look(root, "shop"), LEFT_OVER_OPEN);
    stream_tend(stream, now_us + params.keep_us + US_PER_S, false);
    assert_true(stream_is_gone(stream));
    assert_int_not_equal(left_over_look(root, "shop"), LEFT_OVER_OPEN);
}

static void keeps_its_numbers_over_a_rest_and_a_restart(void **state)
{
    uint64_t next;

    (void)state;
    params.hold_us = 0;
    open_stream();
    for (int i = 1; i <= 3; i++) {
        show_and_go();
        until(stream_is_resting(stream));
        assert_int_equal(status().publishers, i);
    }
    next = status().output.ts.media_sequence + status().output.ts.listed;
    assert_true(next >= 3);
    stream_destroy(&stream);
    open_stream();
    until(stream_is_resting(stream)); /* it has ended, so it needs no thread */
    assert_int_equal(status().output.ts.media_sequence + status().output.ts.listed, next);
}

static void stays_open_for_the_next_run_when_it_is_stopped(void **state)
{
    uint16_t port;

    (void)state;
    open_stream();
    publish(&port);
    publisher_send(&publisher, port, PACKETS);
    until(is(STREAM_LIVE));
    stream_destroy(&stream);
    open_stream();
    until(status().output.ts.listed > 0);
    assert_int_equal(stream_state(stream, NULL), STREAM_HELD);
}

static void says_why_its_folder_cannot_be_opened(void **state)
{
    (void)state;
    params.packager.directory = "/nowhere";
    assert_null(stream_create(&params, 20 * US_PER_S));
    assert_int_equal(errno, ENOENT);
    until(count_threads() <= threads);
}

/* ---- several threads ---- */

static void *tend(void *data)
{
    (void)data;
    while (!atomic_load(&over)) {
        stream_tend(stream, clock_us(CLOCK_MONOTONIC), false);
        status();
        stream_hurry(stream);
        stream_bitrate(stream);
        stream_is_opening(stream);
        /* a mutex is not fair: who waits for the stream's has it while nobody asks */
        nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
    }
    return NULL;
}

/* Whoever takes over sends more than is read at once, and is heard before the stream that was left
 * ends: what has ended takes no more media. */
static void does_not_end_while_a_publisher_sends(void **state)
{
    LlHub *hub = ll_hub_create(NULL);
    uint16_t port;

    (void)state;
    assert_non_null(hub);
    params.packager.outputs.ll_hub = hub;
    params.packager.outputs.ll_part_us = 200 * US_PER_MS;
    params.hold_us = 0;
    open_stream();
    for (int i = 0; i < 60; i++) {
        publish(&port);
        for (int burst = 0; burst < 10; burst++)
            publisher_send(&publisher, port, 250);
    }
    until(is(STREAM_LIVE));
    stream_destroy(&stream);
    ll_hub_destroy(&hub);
}

static bool says_its_end(void)
{
    char path[TEMP_FOLDER_SIZE + 32], text[4096];

    snprintf(path, sizeof(path), "%s/shop/index.m3u8", root);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return strstr(text, "#EXT-X-ENDLIST");
}

/* What it has sent goes out all the same, and behind it the end is said again. */
static void a_publisher_that_goes_before_it_is_heard_leaves_an_end(void **state)
{
    uint16_t port;

    (void)state;
    params.hold_us = 0;
    open_stream();
    show_and_go();
    until(stream_is_resting(stream));
    for (int i = 0; i < 40; i++) {
        publish(&port);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL); /* it is let in, and heard later */
        publisher_send(&publisher, port, 3);
        stream_unpublish(stream);
        until(stream_is_resting(stream));
        assert_row(says_its_end(), "round", "%d", i);
    }
}

/* Returns how many threads of this process are called so. */
static int threads_named(const char *name)
{
    glob_t tasks = {0};
    int count = 0;

    assert_int_equal(glob("/proc/self/task/*/comm", 0, NULL, &tasks), 0);
    for (size_t i = 0; i < tasks.gl_pathc; i++) {
        char line[THREAD_NAME_SIZE + 1] = "";
        FILE *file = fopen(tasks.gl_pathv[i], "r");
        if (!file) /* one that has just ended */
            continue;
        count += fgets(line, sizeof(line), file) && !strcmp(strtok(line, "\n"), name);
        fclose(file);
    }
    globfree(&tasks);
    return count;
}

static void calls_its_thread_by_its_name(void **state)
{
    (void)state;
    params.packager.stream = "a-name-of-more-than-fifteen";
    open_stream();
    until(threads_named("a-name-of-more-") == 1);
    assert_int_equal(threads_named("a-name-of-more-than-fifteen"), 0);
}

/* It rests and is woken again and again while others look at it, tend it, and hurry it. */
static void wakes_and_rests_under_the_eyes_of_others(void **state)
{
    (void)state;
    params.hold_us = 0;
    open_stream();
    show_and_go(); /* with nothing to show it would go */
    until(stream_is_resting(stream));
    atomic_store(&over, false);
    for (; others < COUNT(other); others++)
        assert_int_equal(pthread_create(&other[others], NULL, tend, NULL), 0);
    for (int i = 0; i < 30; i++) {
        uint16_t port;
        publish(&port);
        publisher_send(&publisher, port, i % 3 ? PACKETS / 3 : 0);
        if (i % 3)
            until(is(STREAM_LIVE));
        stream_unpublish(stream);
        if (i % 2)
            until(stream_is_resting(stream));
    }
    end_others();
    until(stream_is_resting(stream));
    /* one that comes before the last has left may be gone before it is read of */
    uint64_t publishers = status().publishers;
    assert_row(publishers >= 11 && publishers <= 21, "publishers", "%d", (int)publishers);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(is_gone_with_a_publisher_that_never_sent),
    TEST(is_held_after_a_publisher_that_showed_something),
    TEST(ends_at_once_when_it_is_to_hurry),
    TEST(does_not_hurry_while_somebody_publishes),
    TEST(is_left_alone_while_it_is_awake),
    TEST(is_removed_when_it_is_tended),
    TEST(keeps_its_numbers_over_a_rest_and_a_restart),
    TEST(stays_open_for_the_next_run_when_it_is_stopped),
    TEST(says_why_its_folder_cannot_be_opened),
    TEST(does_not_end_while_a_publisher_sends),
    TEST(a_publisher_that_goes_before_it_is_heard_leaves_an_end),
    TEST(calls_its_thread_by_its_name),
    TEST(wakes_and_rests_under_the_eyes_of_others),
};

TEST_GROUP(stream, tests);
