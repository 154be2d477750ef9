/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who may watch a stream, as its folder tells the web server. */

#include "bridge_publisher.h"
#include "event_ear.h"
#include "temp_folder.h"

#include <sys/stat.h>

#include "hls-bridge/base/manual_clock.h"
#include "hls-bridge/serve/ll_hub.h"
#include "hls-bridge/stream/stream.h"

#define PACKETS 60 /* of sound: more than a second, so a segment */

static char root[TEMP_FOLDER_SIZE], marker[TEMP_FOLDER_SIZE + 32];
static ManualClock hand;
static EventEar ear;
static EventQueue *events;
static StandIn *stand_in;
static StreamParams params;
static Stream *stream;
static Publisher publisher;
static LlHub *hub;

static int setup_with(LlHub *low_latency)
{
    temp_folder(root);
    snprintf(marker, sizeof(marker), "%s/shop/protected", root);
    manual_clock_init(&hand, 1000000 * US_PER_S, 1000000000 * US_PER_S);
    events = event_ear_queue(&ear, &hand.clock);
    stand_in = stand_in_create(&hand.clock);
    assert_non_null(stand_in);
    publisher = publisher_open();
    params = (StreamParams){
        .packager = {.stream = "shop",
                     .directory = root,
                     .audio_bitrate = 64000,
                     .outputs = {.segment_us = 2 * US_PER_S,
                                 .window = 6,
                                 .writes_ts = true,
                                 .ll_hub = low_latency,
                                 .ll_part_us = 200 * US_PER_MS},
                     .clock = &hand.clock},
        .hold_us = 30 * US_PER_S,
        .keep_us = 600 * US_PER_S,
        .stand_in = stand_in,
        .events = events,
        .backlog = 1 << 20,
        .source_timeout_us = 10 * US_PER_S,
        .source_bitrate = 1000000000,
    };
    stream = stream_create(&params, 20 * US_PER_S);
    assert_non_null(stream);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_with(NULL);
}

static int setup_low_latency(void **state)
{
    (void)state;
    hub = ll_hub_create(NULL);
    assert_non_null(hub);
    return setup_with(hub);
}

static int teardown(void **state)
{
    (void)state;
    stream_destroy(&stream);
    publisher_close(&publisher);
    ll_hub_destroy(&hub);
    stand_in_destroy(&stand_in);
    event_queue_destroy(&events);
    temp_folder_remove(root);
    return 0;
}

static bool is_marked(void)
{
    struct stat status;

    return stat(marker, &status) == 0;
}

/* How many segments there are. */
static int count_media(void)
{
    char path[TEMP_FOLDER_SIZE + 16];
    int n = 0;

    snprintf(path, sizeof(path), "%s/shop", root);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        n += strstr(entry->d_name, ".ts") != NULL;
    if (dir)
        closedir(dir);
    return n;
}

static uint16_t publish(bool protected)
{
    uint16_t ports[STREAM_TRACKS_MAX] = {0}, failed_port = 0;
    bool replaced = false;

    publisher.sdp.protected = publisher.sdp.unlisted = protected;
    assert_int_equal(stream_publish(stream, &publisher.sdp, false, ports, &replaced, &failed_port),
                     0);
    return ports[0];
}

static void until_told(const char *expected)
{
    for (int ms = 0; !event_ear_has(&ear, expected) && ms < WAIT_MS; ms++)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    assert_string_equal(ear.words, expected);
}

/* Somebody publishes until there is a segment. */
static void show(bool protected)
{
    event_ear_clear(&ear);
    publisher_send(&publisher, publish(protected), PACKETS);
    until(event_ear_heard(&ear, "live;") || event_ear_heard(&ear, "resumed;"));
    assert_int_equal(stream_unpublish(stream), 0);
    until(event_ear_heard(&ear, "held gone;")); /* its state was the same before */
    until(stream_state(stream, NULL) == STREAM_HELD);
    assert_true(count_media() > 0);
}

static void end(void)
{
    manual_clock_set(&hand, clock_monotonic_us(&hand.clock) + params.hold_us);
    stream_wake(stream);
    until(stream_state(stream, NULL) == STREAM_ENDED);
    until(stream_is_resting(stream));
}

static bool says_protected(void)
{
    StreamStatus status;

    stream_status(stream, &status);
    return status.protected && status.unlisted;
}

/* Has the thread look at the clock, a status later. */
static void look(void)
{
    manual_clock_set(&hand, clock_monotonic_us(&hand.clock) + 250 * US_PER_MS);
    stream_wake(stream);
}

static void note_nothing(void *user)
{
    (void)user;
}

static void note_woken(void *user)
{
    atomic_store((atomic_bool *)user, true);
}

static void a_request_held_when_it_is_protected_gets_nothing(void **state)
{
    LlDirectives next = {.msn = 0, .part = -1};
    atomic_bool woken = false;
    LlTicket ticket = {.pause = note_nothing, .wake = note_woken, .user = &woken};
    const int64_t now_us = clock_monotonic_us(&hand.clock);
    LlText *text = NULL;
    LlAnswer answer;

    (void)state;
    show(false);
    while ((answer = ll_hub_playlist(hub, "shop", "audio", &next, now_us, &ticket, &text)) ==
           LL_ANSWER_READY) {
        ll_text_release(text);
        next.msn++;
    }
    assert_int_equal(answer, LL_ANSWER_HELD);
    publish(true); /* it never sends */
    until(atomic_load(&woken));
    assert_true(is_marked());
    answer = ll_hub_playlist(hub, "shop", "audio", &next, now_us, &ticket, &text);
    assert_int_equal(answer, LL_ANSWER_TOO_LONG);
}

static void is_marked_before_there_is_media(void **state)
{
    (void)state;
    show(false);
    assert_false(is_marked());
    end();
    publish(true); /* it never sends */
    until(is_marked());
    look();
    until(says_protected());
}

static void stays_so_behind_its_publisher_and_its_end(void **state)
{
    (void)state;
    show(true);
    assert_true(is_marked());
    end();
    assert_true(is_marked());
    assert_true(says_protected());
    stream_destroy(&stream); /* the bridge is started again */
    assert_true(is_marked());
    stream = stream_create(&params, 20 * US_PER_S);
    assert_non_null(stream);
    until(says_protected());
}

/* What the one before has shown is still there, for those who may see it. */
static void is_not_opened_by_one_who_takes_it_over(void **state)
{
    (void)state;
    show(true);
    show(false);
    assert_true(is_marked());
    assert_true(says_protected());
}

static void is_opened_after_its_end_once_nothing_is_left(void **state)
{
    (void)state;
    show(true);
    end();
    int before = count_media();
    assert_true(before > 0);
    publish(false);
    until(!is_marked());
    assert_int_equal(count_media(), 0);
    look();
    until(!says_protected());
}

static void a_publisher_that_cannot_be_protected_is_turned_away(void **state)
{
    char temporary[TEMP_FOLDER_SIZE + 32];

    (void)state;
    show(false);
    event_ear_clear(&ear);
    snprintf(temporary, sizeof(temporary), "%s/shop/.new", root);
    assert_int_equal(mkdir(temporary, 0755), 0); /* nothing can be written */
    publish(true);
    until_told("disk-trouble access;");
    until(!stream_is_taken(stream));
    assert_false(is_marked());
    assert_int_equal(rmdir(temporary), 0);
    publisher_send(&publisher, publish(true), PACKETS);
    until_told("disk-trouble access;disk-works access;resumed;");
    assert_true(is_marked());
}

static void nothing_is_left_of_one_that_never_sent(void **state)
{
    (void)state;
    publish(true);
    until(is_marked());
    manual_clock_set(&hand, clock_monotonic_us(&hand.clock) + params.source_timeout_us);
    stream_wake(stream);
    until(stream_is_gone(stream));
    assert_int_equal(count_entries(root), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(is_marked_before_there_is_media),
    cmocka_unit_test_setup_teardown(a_request_held_when_it_is_protected_gets_nothing,
                                    setup_low_latency, teardown),
    TEST(stays_so_behind_its_publisher_and_its_end),
    TEST(is_not_opened_by_one_who_takes_it_over),
    TEST(is_opened_after_its_end_once_nothing_is_left),
    TEST(a_publisher_that_cannot_be_protected_is_turned_away),
    TEST(nothing_is_left_of_one_that_never_sent),
};

TEST_GROUP(stream_access, tests);
