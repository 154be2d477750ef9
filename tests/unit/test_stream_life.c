/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A stream's life on a clock that the test moves on: hours take milliseconds, and each change is
 * told once. */

#include "bridge_publisher.h"
#include "event_ear.h"
#include "temp_folder.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "hls-bridge/base/manual_clock.h"
#include "hls-bridge/stream/pipeline.h"
#include "hls-bridge/stream/stream.h"

#define PACKETS 60 /* of sound: more than a second, so a segment */
#define START_S 1000000
#define HOUR_S  3600

static char root[TEMP_FOLDER_SIZE];
static ManualClock hand;
static EventEar ear;
static EventQueue *events;
static StandIn *stand_in;
static StreamParams params;
static Stream *stream;
static Publisher publisher;
static uint16_t port;

/* What opening a stream's folder does. */
static _Atomic enum { FOLDER_OPENS, FOLDER_HANGS, FOLDER_REFUSED } folder;

Packager *__real_packager_open(const PackagerParams *p, int64_t at_us);
Packager *__wrap_packager_open(const PackagerParams *p, int64_t at_us);

Packager *__wrap_packager_open(const PackagerParams *p, int64_t at_us)
{
    while (atomic_load(&folder) == FOLDER_HANGS)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    if (atomic_load(&folder) == FOLDER_OPENS)
        return __real_packager_open(p, at_us);
    errno = EACCES;
    return NULL;
}

/* Whether the disk refuses to put files in their places. */
static atomic_bool full;

int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    if (!atomic_load(&full))
        return __real_renameat(from_fd, from, to_fd, to);
    errno = ENOSPC;
    return -1;
}

/* Since when the pipeline says that the thread is held up; 0: it says what is so. */
static _Atomic int64_t held_up_since_us;

int64_t __real_pipeline_held_up_since_us(const Pipeline *p);
int64_t __wrap_pipeline_held_up_since_us(const Pipeline *p);

int64_t __wrap_pipeline_held_up_since_us(const Pipeline *p)
{
    int64_t since_us = atomic_load(&held_up_since_us);

    return since_us ? since_us : __real_pipeline_held_up_since_us(p);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    manual_clock_init(&hand, START_S * US_PER_S, 1000000000 * US_PER_S);
    events = event_ear_queue(&ear, &hand.clock);
    stand_in = stand_in_create(&hand.clock);
    assert_non_null(stand_in);
    publisher = publisher_open();
    params = (StreamParams){
        .packager = {.stream = "shop",
                     .directory = root,
                     .audio_bitrate = 64000,
                     .outputs = {.segment_us = 2 * US_PER_S, .window = 6, .writes_ts = true},
                     .clock = &hand.clock},
        .hold_us = 6 * HOUR_S * US_PER_S,
        .keep_us = 24 * HOUR_S * US_PER_S,
        .stand_in = stand_in,
        .events = events,
        .backlog = 1 << 20,
        .source_timeout_us = 10 * US_PER_S,
        .source_bitrate = 1000000000,
    };
    stream = NULL;
    atomic_store(&folder, FOLDER_OPENS);
    atomic_store(&full, false);
    atomic_store(&held_up_since_us, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stream_destroy(&stream);
    publisher_close(&publisher);
    stand_in_destroy(&stand_in);
    event_queue_destroy(&events);
    temp_folder_remove(root);
    return 0;
}

static void open_stream(void)
{
    stream = stream_create(&params, 20 * US_PER_S);
    assert_non_null(stream);
}

static int64_t now_us(void)
{
    return clock_monotonic_us(&hand.clock);
}

static void pass(int64_t us)
{
    manual_clock_set(&hand, now_us() + us);
    stream_wake(stream);
}

static int64_t seen_us(void)
{
    StreamStatus status;

    stream_status(stream, &status);
    return status.at_us;
}

/* Has the thread look at the clock, a status later, and waits until it has: what is due was done.
 */
static void look(void)
{
    pass(250 * US_PER_MS);
    until(seen_us() == now_us());
}

/* Until all that was told, since it was last cleared, is `expected`. */
static void until_told(const char *expected)
{
    for (int ms = 0; !event_ear_has(&ear, expected) && ms < WAIT_MS; ms++)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    assert_string_equal(ear.words, expected);
}

static void publish(void)
{
    uint16_t ports[STREAM_TRACKS_MAX] = {0}, failed_port = 0;
    bool replaced = false;

    assert_int_equal(stream_publish(stream, &publisher.sdp, false, ports, &replaced, &failed_port),
                     0);
    port = ports[0];
}

static void go_live(void)
{
    publish();
    publisher_send(&publisher, port, PACKETS);
}

static void leave(void)
{
    assert_int_equal(stream_unpublish(stream), 0);
}

static bool is(StreamState state)
{
    return stream_state(stream, NULL) == state;
}

/* ---- the way of a broadcast ---- */

static void tells_each_change_once_and_in_order(void **state)
{
    (void)state;
    open_stream();
    publish();
    until_told("started;");
    look();
    publisher_send(&publisher, port, PACKETS);
    until_told("started;live;");
    assert_int_equal(event_ear_last(&ear).live.publishers, 1);
    assert_true(event_ear_last(&ear).live.audio);
    assert_false(event_ear_last(&ear).live.video);
    look();
    leave();
    until_told("started;live;held gone;");
    assert_int_equal(event_ear_last(&ear).held.hold_us, params.hold_us);
    pass(HOUR_S * US_PER_S);
    go_live();
    until_told("started;live;held gone;resumed;");
    assert_int_equal(event_ear_last(&ear).live.publishers, 2);
    leave();
    until_told("started;live;held gone;resumed;held gone;");
    pass(params.hold_us);
    until_told("started;live;held gone;resumed;held gone;ended;");
    assert_true(event_ear_last(&ear).ended.listed);
    until(stream_is_resting(stream));
    stream_tend(stream, now_us() + params.keep_us, false);
    until_told("started;live;held gone;resumed;held gone;ended;removed;");
    assert_int_equal(event_ear_last(&ear).sequence, 7);
    assert_string_equal(event_ear_last(&ear).stream, "shop");
    assert_int_equal(event_ear_last(&ear).unix_us, clock_unix_us(&hand.clock));
}

/* A stream that was live, and whose publisher has gone. */
static void show_and_go(void)
{
    open_stream();
    go_live();
    until(is(STREAM_LIVE));
    leave();
}

static void is_held_to_the_last_moment(void **state)
{
    (void)state;
    show_and_go();
    until(is(STREAM_HELD));
    int64_t since_us;
    stream_state(stream, &since_us);
    manual_clock_set(&hand, since_us + params.hold_us - 250 * US_PER_MS - 1);
    look();
    assert_true(is(STREAM_HELD));
    pass(1);
    until(is(STREAM_ENDED));
    stream_state(stream, &since_us);
    assert_int_equal(since_us, now_us());
}

static void is_kept_to_the_last_moment(void **state)
{
    int64_t since_us;

    (void)state;
    params.hold_us = 0;
    show_and_go();
    until(stream_is_resting(stream));
    assert_int_equal(stream_state(stream, &since_us), STREAM_ENDED);
    stream_tend(stream, since_us + params.keep_us - 1, false);
    assert_false(stream_is_gone(stream));
    stream_tend(stream, since_us + params.keep_us, false);
    assert_true(stream_is_gone(stream));
}

/* A new broadcast after the end is one of its own. */
static void begins_again_after_its_end(void **state)
{
    (void)state;
    params.hold_us = 0;
    show_and_go();
    until(stream_is_resting(stream));
    event_ear_clear(&ear);
    pass(HOUR_S * US_PER_S);
    go_live();
    until_told("started;live;");
}

/* One that came back in time, and does not send before the end, belongs to the next broadcast. */
static void a_publisher_that_comes_back_and_is_silent_does_not_hold_it(void **state)
{
    (void)state;
    params.source_timeout_us = 100 * HOUR_S * US_PER_S;
    show_and_go();
    until(is(STREAM_HELD));
    publish();
    look();
    event_ear_clear(&ear);
    pass(params.hold_us);
    until_told("ended;started;");
    publisher_send(&publisher, port, PACKETS);
    until_told("ended;started;live;");
}

static void stays_for_the_next_run_when_it_is_stopped(void **state)
{
    (void)state;
    open_stream();
    go_live();
    until(is(STREAM_LIVE));
    event_ear_clear(&ear);
    stream_destroy(&stream);
    assert_true(event_ear_has(&ear, "held stopping;"));
    event_ear_clear(&ear);
    manual_clock_set(&hand, now_us() + HOUR_S * US_PER_S);
    open_stream();
    go_live();
    until_told("resumed;"); /* it is the same broadcast */
}

/* ---- publishers that are ended ---- */

static void a_publisher_that_falls_silent_has_gone_after_the_timeout(void **state)
{
    int64_t first_us = now_us();

    (void)state;
    open_stream();
    go_live();
    until(is(STREAM_LIVE));
    look(); /* by now all packets are read */
    int64_t last_us = now_us();
    event_ear_clear(&ear);
    manual_clock_set(&hand, first_us + params.source_timeout_us - 250 * US_PER_MS - 1);
    look();
    assert_true(event_ear_has(&ear, ""));
    assert_true(stream_is_taken(stream));
    manual_clock_set(&hand, last_us + params.source_timeout_us);
    stream_wake(stream);
    until_told("held no-packets;");
    until(!stream_is_taken(stream));
    assert_int_equal(stream_silent(stream), 0);
}

static void a_publisher_that_never_sends_is_ended_and_leaves_nothing(void **state)
{
    (void)state;
    open_stream();
    publish();
    until_told("started;");
    pass(params.source_timeout_us - 250 * US_PER_MS - 1);
    look();
    assert_true(stream_is_taken(stream));
    pass(1);
    until_told("started;silent;removed;");
    until(stream_is_gone(stream));
    assert_int_equal(stream_silent(stream), 1);
    assert_int_equal(count_entries(root), 0);
}

static void a_publisher_that_never_sends_leaves_an_end_as_it_is(void **state)
{
    (void)state;
    params.hold_us = 0;
    show_and_go();
    until(stream_is_resting(stream));
    for (int i = 0; i < 2; i++) {
        event_ear_clear(&ear);
        publish();
        until_told("started;");
        pass(params.source_timeout_us);
        until_told("started;silent;");
        until(stream_is_resting(stream));
    }
}

static void a_publisher_that_sends_too_much_is_kept_out_for_a_while(void **state)
{
    (void)state;
    params.source_bitrate = 1000;
    open_stream();
    go_live();
    until(is(STREAM_LIVE));
    for (int s = 0; s < 8 && stream_is_taken(stream); s++) {
        pass(US_PER_S);
        publisher_send(&publisher, port, PACKETS);
        until(seen_us() == now_us() || !stream_is_taken(stream));
    }
    until_told("started;live;too-much;held too-much;");
    until(stream_is_barred(stream));
    until(!stream_is_taken(stream));
    int64_t since_us;
    until(stream_state(stream, &since_us) == STREAM_HELD);
    /* ten seconds from when it was seen, which is up to one of these before it was held */
    manual_clock_set(&hand, since_us + 9 * US_PER_S - 1);
    assert_true(stream_is_barred(stream));
    pass(US_PER_S + 1);
    assert_false(stream_is_barred(stream));
}

static void another_publisher_takes_over(void **state)
{
    (void)state;
    open_stream();
    go_live();
    until_told("started;live;");
    go_live();
    until_told("started;live;taken-over;held taken-over;resumed;");
}

/* ---- the disk ---- */

static void tells_that_the_disk_refuses_the_end(void **state)
{
    char list[TEMP_FOLDER_SIZE + 32];

    (void)state;
    show_and_go();
    until(is(STREAM_HELD));
    event_ear_clear(&ear);
    snprintf(list, sizeof(list), "%s/shop/index.m3u8", root);
    assert_int_equal(unlink(list), 0);
    assert_int_equal(mkdir(list, 0755), 0);
    pass(params.hold_us);
    until_told("disk-trouble end;");
    assert_true(event_ear_last(&ear).disk.error != 0);
    for (int i = 0; i < 5; i++) { /* it is tried each second, and told once */
        pass(US_PER_S);
        look();
    }
    assert_true(event_ear_has(&ear, "disk-trouble end;"));
    assert_int_equal(rmdir(list), 0);
    pass(US_PER_S);
    until_told("disk-trouble end;disk-works end;ended;");
}

/* A second of sound, `second` of it, in its own time. */
static void send_second(uint32_t second)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};

    pass(US_PER_S);
    for (uint32_t i = second * 50; i < second * 50 + 50; i++) {
        uint32_t clock = htonl(i * 960);
        uint8_t data[13] = {0x80, 111, (uint8_t)(i >> 8), (uint8_t)i, [11] = 7, [12] = 0xFC};
        memcpy(data + 4, &clock, sizeof(clock));
        assert_int_equal(
            sendto(publisher.fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)),
            sizeof(data));
    }
    look();
}

/* However many segments are lost, it is told once; and that it is over, when none was for a while.
 */
static void tells_that_the_disk_refuses_media(void **state)
{
    uint32_t second = 0;

    (void)state;
    open_stream();
    publish();
    while (second < 5)
        send_second(second++);
    until_told("started;live;");
    event_ear_clear(&ear);
    atomic_store(&full, true);
    while (second < 15)
        send_second(second++);
    until_told("disk-trouble media;");
    atomic_store(&full, false);
    while (second < 20) /* less than ten seconds, so it may not be over */
        send_second(second++);
    assert_true(event_ear_has(&ear, "disk-trouble media;"));
    while (second < 40)
        send_second(second++);
    until_told("disk-trouble media;disk-works media;");
    StreamStatus status;
    stream_status(stream, &status);
    assert_true(status.output.ts.failed_writes >= 3);
}

static void tells_once_that_its_thread_is_held_up_and_that_it_has_caught_up(void **state)
{
    uint32_t second = 0;

    (void)state;
    open_stream();
    publish();
    send_second(second++);
    until_told("started;live;");
    event_ear_clear(&ear);
    int64_t since_us = now_us() - US_PER_S; /* its thread may look before any time has passed */
    atomic_store(&held_up_since_us, since_us);
    while (second < 4)
        send_second(second++);
    until_told("slow;");
    assert_in_range(event_ear_last(&ear).delay.us, US_PER_S, now_us() - since_us);
    atomic_store(&held_up_since_us, 0);
    send_second(second++);
    until_told("slow;caught-up;");
    assert_in_range(event_ear_last(&ear).delay.us, 4 * US_PER_S, now_us() - since_us);
}

static void tells_that_the_folder_cannot_be_had(void **state)
{
    (void)state;
    atomic_store(&folder, FOLDER_HANGS);
    stream = stream_create(&params, 0);
    assert_non_null(stream);
    assert_true(stream_is_opening(stream));
    publish();
    atomic_store(&folder, FOLDER_REFUSED);
    until_told("disk-trouble folder;");
    assert_int_equal(event_ear_last(&ear).disk.error, EACCES);
    atomic_store(&folder, FOLDER_OPENS);
    publisher_send(&publisher, port, PACKETS);
    until_told("disk-trouble folder;disk-works folder;started;live;");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(tells_each_change_once_and_in_order),
    TEST(is_held_to_the_last_moment),
    TEST(is_kept_to_the_last_moment),
    TEST(begins_again_after_its_end),
    TEST(a_publisher_that_comes_back_and_is_silent_does_not_hold_it),
    TEST(stays_for_the_next_run_when_it_is_stopped),
    TEST(a_publisher_that_falls_silent_has_gone_after_the_timeout),
    TEST(a_publisher_that_never_sends_is_ended_and_leaves_nothing),
    TEST(a_publisher_that_never_sends_leaves_an_end_as_it_is),
    TEST(a_publisher_that_sends_too_much_is_kept_out_for_a_while),
    TEST(another_publisher_takes_over),
    TEST(tells_that_the_disk_refuses_the_end),
    TEST(tells_that_the_disk_refuses_media),
    TEST(tells_once_that_its_thread_is_held_up_and_that_it_has_caught_up),
    TEST(tells_that_the_folder_cannot_be_had),
};

TEST_GROUP(stream_life, tests);
