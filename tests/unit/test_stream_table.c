/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge_publisher.h"
#include "event_ear.h"
#include "temp_folder.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hls-bridge/base/manual_clock.h"
#include "hls-bridge/package/left_over.h"
#include "hls-bridge/stream/stream_table.h"

#define PACKETS 60 /* of sound: more than a second, so a segment */

static char root[TEMP_FOLDER_SIZE];
static BridgeSettings settings;
static LlHub *hub;
static EventEar ear;
static EventQueue *events;
static ManualClock hand;
static StreamTableParams table_params;
static StreamTable *table;
static int threads; /* of a table without streams */

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    settings = bridge_settings_defaults();
    snprintf(settings.directory, sizeof(settings.directory), "%s", root);
    hub = ll_hub_create(NULL);
    assert_non_null(hub);
    events = event_ear_queue(&ear, clock_system());
    table_params = (StreamTableParams){
        .settings = &settings, .clock = clock_system(), .ll_hub = hub, .events = events};
    table = stream_table_create(&table_params);
    assert_non_null(table);
    threads = count_threads();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stream_table_destroy(&table);
    assert_null(table);
    ll_hub_destroy(&hub);
    event_queue_destroy(&events);
    temp_folder_remove(root);
    return 0;
}

static size_t
    asked_again; /* how often a stream of that name was just about to go, and went slowly */

/* Asks again, as the plugin does, if the stream before goes so slowly that the table cannot wait.
 */
static uint16_t publish(const Publisher *p, const char *name, PublishResult expected)
{
    uint16_t ports[STREAM_TRACKS_MAX] = {0}, failed_port;
    PublishResult result = PUBLISH_FAILED;

    errno = EAGAIN;
    for (int ms = 0; result == PUBLISH_FAILED && errno == EAGAIN && ms < WAIT_MS; ms++) {
        asked_again += ms == 1;
        if (ms > 0)
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        result = stream_table_publish(table, name, &p->sdp, false, ports, &failed_port);
    }
    assert_row(result == expected, name, "%d, not %d (%s)", (int)result, (int)expected,
               strerror(errno));
    return ports[0];
}

static StreamStatus status_of(const char *name)
{
    StreamStatus status = {.state = STREAM_LIVE};

    assert_row(stream_table_status(table, name, &status), name, "it is not there");
    return status;
}

static bool has_state(const char *name, StreamState state)
{
    StreamStatus status;

    return stream_table_status(table, name, &status) && status.state == state;
}

static size_t count(void)
{
    size_t n;

    free(stream_table_list(table, &n));
    return n;
}

static size_t tended(void)
{
    stream_table_tend(table);
    return count();
}

/* A stream that had something to show, and whose publisher has gone. */
static void show_and_go(const char *name, int packets)
{
    Publisher p = publisher_open();
    uint16_t port = publish(&p, name, PUBLISH_CREATED);

    publisher_send(&p, port, packets);
    until(has_state(name, STREAM_LIVE));
    assert_int_equal(stream_table_unpublish(table, name), 0);
    publisher_close(&p);
}

/* Whether low latency answers who waits for what would have come next. */
static bool is_served(const char *name)
{
    const LlDirectives directives = {.msn = 0, .part = -1};
    LlTicket ticket = {0};
    LlText *text = NULL;
    LlAnswer answer = ll_hub_playlist(hub, name, "audio", &directives, 0, &ticket, &text);

    ll_text_release(text);
    return answer == LL_ANSWER_READY;
}

/* ---- encryption ---- */

/* Whether a list of the stream says this. */
static bool list_says(const char *name, const char *words)
{
    char path[200], text[4096] = "";

    snprintf(path, sizeof(path), "%s/%s/audio.m3u8", root, name);
    FILE *file = fopen(path, "r");
    if (file) {
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
    }
    return strstr(text, words) != NULL;
}

static void each_stream_is_encrypted_in_its_way(void **state)
{
    static const struct {
        const char *name, *key; /* NULL: it is clear */
    } rows[] = {{"shop", "METHOD=SAMPLE-AES"}, {"class-1", "METHOD=AES-128"}, {"radio", NULL}};
    char keys[TEMP_FOLDER_SIZE], path[TEMP_FOLDER_SIZE + 20];

    (void)state;
    temp_folder(keys);
    snprintf(settings.encryption_directory, sizeof(settings.encryption_directory), "%s", keys);
    snprintf(settings.encryption_method, sizeof(settings.encryption_method), "aes-128");
    snprintf(settings.encryption_streams, sizeof(settings.encryption_streams),
             "shop = cbcs; radio = none");
    for (size_t i = 0; i < COUNT(rows); i++) {
        show_and_go(rows[i].name, PACKETS);
        until(list_says(rows[i].name, ".m4s"));
        bool encrypted = list_says(rows[i].name, rows[i].key ? rows[i].key : "EXT-X-KEY");
        assert_row(encrypted == (rows[i].key != NULL), rows[i].name, "%d", encrypted);
        snprintf(path, sizeof(path), "%s/%s", keys, rows[i].name);
        assert_int_equal(access(path, F_OK) == 0, rows[i].key != NULL);
    }
    stream_table_destroy(&table);
    temp_folder_remove(keys);
}

/* ---- what was never anything ---- */

static void a_stream_with_nothing_to_show_leaves_nothing(void **state)
{
    enum { NAMES = 40 };

    (void)state;
    for (int i = 0; i < NAMES; i++) {
        Publisher p = publisher_open();
        uint8_t junk[20] = {0x80, 96};
        char name[16];
        snprintf(name, sizeof(name), "name%d", i);
        uint16_t port = publish(&p, name, PUBLISH_CREATED);
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons(port)};
        sendto(p.fd, junk, sizeof(junk), 0, (struct sockaddr *)&to, sizeof(to));
        until(has_state(name, STREAM_LIVE));
        assert_int_equal(stream_table_unpublish(table, name), 0);
        publisher_close(&p);
    }
    until(tended() == 0);
    until(count_threads() <= threads);
    assert_int_equal(count_entries(root), 0);
    assert_int_equal(stream_table_load(table).streams, 0);
}

/* The next publisher of a name does not notice that the stream before is just about to go. */
static void a_publisher_that_comes_back_at_once_is_let_in(void **state)
{
    enum { ROUNDS = 200 };
    Publisher p = publisher_open();

    (void)state;
    asked_again = 0;
    for (int i = 0; i < ROUNDS; i++) {
        publish(&p, "shop", PUBLISH_CREATED);
        nanosleep(&(struct timespec){0, i * 5000}, NULL);
        assert_int_equal(stream_table_unpublish(table, "shop"), 0);
        nanosleep(&(struct timespec){0, i % 20 * 20000}, NULL);
    }
    publisher_close(&p);
    assert_in_range(asked_again, 0, ROUNDS / 20); /* in those in which the machine was held up */
}

/* ---- what an earlier run has left ---- */

static void one_folder_has_one_owner(void **state)
{
    (void)state;
    show_and_go("shop", PACKETS);
    until(has_state("shop", STREAM_HELD));
    stream_table_destroy(&table);
    table = stream_table_create(&table_params);
    Publisher p = publisher_open();
    publish(&p, "shop", PUBLISH_CREATED); /* before it was taken up */
    stream_table_recover(table);
    assert_int_equal(count(), 1);
    assert_int_equal(stream_table_load(table).streams, 1);
    publisher_close(&p);
}

/* A stream that has ended, and was removed, leaves its numbers alone: nobody need look after them.
 */
static void what_was_removed_is_not_taken_up(void **state)
{
    (void)state;
    settings.hold_us = settings.keep_us = 0;
    show_and_go("shop", PACKETS);
    until(tended() == 0);
    stream_table_destroy(&table);
    table = stream_table_create(&table_params);
    assert_int_equal(count_entries(root), 1);
    assert_int_equal(stream_table_recover(table), 0);
    assert_int_equal(count(), 0);
}

static void what_has_ended_is_taken_up_without_a_thread(void **state)
{
    (void)state;
    settings.hold_us = 0;
    show_and_go("shop", PACKETS);
    until(has_state("shop", STREAM_ENDED));
    stream_table_destroy(&table);
    table = stream_table_create(&table_params);
    assert_int_equal(stream_table_recover(table), 1);
    until(has_state("shop", STREAM_ENDED));
    until(count_threads() <= threads);
    settings.keep_us = 0;
    Publisher p = publisher_open();
    publisher_send(&p, publish(&p, "shop", PUBLISH_CREATED), PACKETS);
    until(has_state("shop", STREAM_LIVE));
    publisher_close(&p);
}

static void no_more_are_taken_up_than_may_be(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        show_and_go((char[]){(char)('a' + i), '\0'}, PACKETS);
    until(stream_table_load(table).held == 4);
    stream_table_destroy(&table);
    settings.max_streams = settings.max_held = settings.max_ended = 1;
    table = stream_table_create(&table_params);
    assert_int_equal(stream_table_recover(table), 3);
    assert_int_equal(count(), 3);
}

/* ---- what has ended ---- */

static void an_ended_stream_has_no_thread_and_wakes(void **state)
{
    (void)state;
    settings.hold_us = 0;
    for (int i = 0; i < 10; i++)
        show_and_go((char[]){(char)('a' + i), '\0'}, PACKETS);
    until(stream_table_load(table).ended == 10);
    until(count_threads() <= threads);
    assert_int_equal(tended(), 10);
    assert_true(is_served("c")); /* to who has not seen the end yet */
    StreamStatus before = status_of("c");
    assert_true(before.output.ts.segments > 0);

    Publisher p = publisher_open();
    publisher_send(&p, publish(&p, "c", PUBLISH_CREATED), PACKETS);
    until(has_state("c", STREAM_LIVE));
    assert_int_equal(stream_table_load(table).ended, 9);
    assert_int_equal(stream_table_unpublish(table, "c"), 0);
    until(has_state("c", STREAM_ENDED));
    until(count_threads() <= threads);
    StreamStatus after = status_of("c");
    assert_int_equal(after.publishers, 2);
    assert_true(after.output.ts.media_sequence + after.output.ts.listed >
                before.output.ts.media_sequence + before.output.ts.listed);
    publisher_close(&p);
}

/* A publisher that sends nothing does not bring back what has ended. */
static void a_silent_publisher_leaves_an_end_as_it_is(void **state)
{
    (void)state;
    settings.hold_us = 0;
    show_and_go("shop", PACKETS);
    until(has_state("shop", STREAM_ENDED));
    Publisher p = publisher_open();
    publish(&p, "shop", PUBLISH_CREATED);
    assert_int_equal(tended(), 1);
    assert_int_equal(stream_table_unpublish(table, "shop"), 0);
    until(count_threads() <= threads);
    assert_int_equal(status_of("shop").state, STREAM_ENDED);
    assert_int_equal(status_of("shop").publishers, 1);
    publisher_close(&p);
}

static void what_has_ended_is_removed_in_time(void **state)
{
    (void)state;
    settings.hold_us = 0;
    settings.keep_us = 100 * US_PER_MS;
    show_and_go("shop", PACKETS);
    until(tended() == 0);
    assert_int_equal(count_entries(root), 1); /* the playlists, for their numbers */
    assert_int_not_equal(left_over_look(root, "shop"), LEFT_OVER_OPEN);
    assert_int_equal(stream_table_load(table).removed_early, 0);
}

/* ---- limits ---- */

static void the_oldest_names_are_forgotten(void **state)
{
    (void)state;
    settings.hold_us = settings.keep_us = 0;
    settings.max_names = 2;
    for (int i = 0; i < 4; i++) {
        show_and_go((char[]){(char)('a' + i), '\0'}, PACKETS);
        until(tended() == 0);
    }
    assert_int_equal(count_entries(root), 2);
    StreamLoad load = stream_table_load(table);
    assert_int_equal(load.names, 2);
    assert_int_equal(load.forgotten, 2);
    show_and_go("c", PACKETS); /* it goes on with its numbers */
    until(has_state("c", STREAM_ENDED));
    assert_true(status_of("c").output.ts.media_sequence > 0);
    assert_int_equal(stream_table_load(table).names, 1);

    stream_table_destroy(&table); /* and the next run knows of them */
    settings.max_names = 0;
    table = stream_table_create(&table_params);
    assert_int_equal(stream_table_recover(table), 1);
    assert_int_equal(stream_table_load(table).names, 1);
    until(tended() == 0);
    until((tended(), count_entries(root)) == 0);
}

static void the_oldest_that_have_ended_go_first(void **state)
{
    StreamStatus status;

    (void)state;
    settings.hold_us = 0;
    settings.max_ended = 2;
    for (int i = 0; i < 4; i++) {
        show_and_go((char[]){(char)('d' - i), '\0'}, PACKETS);
        until(stream_table_load(table).ended == i + 1);
    }
    until(count_threads() <= threads);
    assert_int_equal(tended(), 2);
    StreamLoad load = stream_table_load(table);
    assert_int_equal(load.ended, 2);
    assert_int_equal(load.max_ended, 2);
    assert_int_equal(load.removed_early, 2);
    assert_true(stream_table_status(table, "a", &status) &&
                stream_table_status(table, "b", &status));
}

static void the_oldest_that_are_held_end_first(void **state)
{
    (void)state;
    settings.max_held = 2;
    for (int i = 0; i < 4; i++) {
        show_and_go((char[]){(char)('a' + i), '\0'}, PACKETS);
        until(stream_table_load(table).held + stream_table_load(table).ended == i + 1);
    }
    stream_table_tend(table);
    stream_table_tend(table);
    until(has_state("a", STREAM_ENDED) && has_state("b", STREAM_ENDED));
    until(has_state("c", STREAM_HELD) && has_state("d", STREAM_HELD));
    assert_int_equal(stream_table_load(table).held, 2);
    assert_int_equal(stream_table_load(table).ended_early, 2);
}

/* It is held from now on, whatever its thread has said of it last. */
static void a_stream_left_just_now_is_not_the_oldest_that_is_held(void **state)
{
    Publisher p = publisher_open();

    (void)state;
    settings.max_held = 1;
    publisher_send(&p, publish(&p, "long", PUBLISH_CREATED), PACKETS);
    until(has_state("long", STREAM_LIVE));
    show_and_go("short", PACKETS);
    until(has_state("short", STREAM_HELD));
    assert_int_equal(stream_table_unpublish(table, "long"), 0);
    stream_table_tend(table);
    until(has_state("short", STREAM_ENDED));
    until(has_state("long", STREAM_HELD));
    assert_int_equal(stream_table_load(table).ended_early, 1);
    publisher_close(&p);
}

static void a_new_name_waits_until_there_is_room(void **state)
{
    Publisher p = publisher_open();

    (void)state;
    settings.hold_us = 0;
    settings.max_streams = settings.max_held = settings.max_ended = 1;
    for (int i = 0; i < 3; i++) {
        show_and_go((char[]){(char)('a' + i), '\0'}, PACKETS);
        until(stream_table_load(table).ended == i + 1);
    }
    publish(&p, "new", PUBLISH_CROWDED);
    assert_int_equal(stream_table_load(table).refused_crowded, 1);
    publish(&p, "a", PUBLISH_CREATED); /* it has its place */
    assert_int_equal(stream_table_unpublish(table, "a"), 0);
    until(count_threads() <= threads);
    tended();
    publish(&p, "new", PUBLISH_CREATED);
    publisher_close(&p);
}

/* ---- what is told ---- */

static void tells_which_publisher_is_refused(void **state)
{
    Publisher p = publisher_open(), q = publisher_open();

    (void)state;
    settings.max_streams = 1;
    publish(&p, "a", PUBLISH_CREATED);
    until(event_ear_has(&ear, "started;"));
    publish(&q, "b", PUBLISH_LIMIT);
    assert_true(event_ear_has(&ear, "started;refused max;"));
    assert_string_equal(event_ear_last(&ear).stream, "b");
    settings.max_streams = 200;
    settings.bandwidth_mbit = 15;
    publish(&q, "b", PUBLISH_NO_ROOM);
    assert_true(event_ear_has(&ear, "started;refused max;refused bandwidth;"));
    settings.bandwidth_mbit = 0;
    snprintf(settings.directory, sizeof(settings.directory), "/nowhere");
    publish(&q, "b", PUBLISH_FAILED);
    assert_true(event_ear_has(&ear, "started;refused max;refused bandwidth;refused failed;"));
    assert_true(event_ear_last(&ear).refused.error != 0);
    publisher_close(&p);
    publisher_close(&q);
}

/* Refusals without end push no other event out. */
static void tells_of_many_refusals_only_how_many_they_were(void **state)
{
    Publisher p = publisher_open(), q = publisher_open();

    (void)state;
    settings.max_streams = 1;
    manual_clock_init(&hand, US_PER_S, 1000000000 * US_PER_S);
    stream_table_destroy(&table);
    table_params.clock = &hand.clock;
    table = stream_table_create(&table_params);
    publish(&p, "a", PUBLISH_CREATED);
    until(event_ear_has(&ear, "started;"));
    for (int i = 0; i < 100; i++)
        publish(&q, "b", PUBLISH_LIMIT);
    assert_int_equal(event_queue_stats(events).emitted, 1 + 20);
    assert_int_equal(event_ear_last(&ear).refused.untold, 0);
    manual_clock_set(&hand, 2 * US_PER_S);
    for (int i = 0; i < 10; i++)
        publish(&q, "b", PUBLISH_LIMIT);
    assert_int_equal(event_queue_stats(events).emitted, 1 + 20 + 1);
    assert_int_equal(event_ear_last(&ear).refused.untold, 80);
    assert_int_equal(stream_table_load(table).refused_streams, 110);
    publisher_close(&p);
    publisher_close(&q);
}

static void tells_that_an_operator_ends_a_publisher(void **state)
{
    Publisher p = publisher_open();

    (void)state;
    assert_int_equal(stream_table_kick(table, "shop"), -1);
    publisher_send(&p, publish(&p, "shop", PUBLISH_CREATED), PACKETS);
    until(has_state("shop", STREAM_LIVE));
    assert_int_equal(stream_table_kick(table, "shop"), 0);
    assert_int_equal(stream_table_kick(table, "shop"), -1); /* nobody publishes any more */
    until(event_ear_has(&ear, "started;live;kicked;held gone;"));
    EventStats stats = stream_table_events(table);
    assert_int_equal(stats.emitted, 4);
    publisher_close(&p);
}

/* However many pages look: so many at once, and one each 20 ms. */
static void a_class_looks_a_bounded_number_of_times(void **state)
{
    StreamStatus status;
    int answered = 0;

    (void)state;
    assert_int_equal(stream_table_look(table, "shop", &status), CLASS_OFF);
    stream_table_destroy(&table);
    manual_clock_init(&hand, US_PER_S, 1000000000 * US_PER_S);
    table_params.clock = &hand.clock;
    settings.shows_class = true;
    table = stream_table_create(&table_params);
    assert_non_null(table);
    while (stream_table_look(table, "shop", &status) == CLASS_NO_STREAM && answered < 1000)
        answered++;
    assert_int_equal(answered, 64);
    assert_int_equal(stream_table_trouble(table, "shop", &(TroubleOrder){.holds_back = true}),
                     CLASS_TOO_OFTEN);
    manual_clock_set(&hand, US_PER_S + 20 * US_PER_MS);
    assert_int_equal(stream_table_look(table, "shop", &status), CLASS_NO_STREAM);
    assert_int_equal(stream_table_look(table, "shop", &status), CLASS_TOO_OFTEN);
}

/* ---- all at once ---- */

enum { CALLERS = 4, ROUNDS = 40 };

static atomic_bool over;

static void *come_and_go(void *data)
{
    unsigned seed = (unsigned)(uintptr_t)data;
    uint16_t ports[STREAM_TRACKS_MAX], failed_port;

    for (int i = 0; i < ROUNDS; i++) {
        char name[] = {'n', (char)('a' + rand_r(&seed) % 6), '\0'};
        Publisher p = publisher_open();
        PublishResult result =
            stream_table_publish(table, name, &p.sdp, false, ports, &failed_port);
        if (result == PUBLISH_CREATED || result == PUBLISH_REPLACED)
            publisher_send(&p, ports[0], rand_r(&seed) % 3 * PACKETS / 2);
        if (rand_r(&seed) % 4)
            stream_table_unpublish(table, name);
        publisher_close(&p);
    }
    return NULL;
}

static void *look_on(void *data)
{
    (void)data;
    while (!atomic_load(&over)) {
        StreamStatus status;
        stream_table_status(table, "na", &status);
        count();
        stream_table_load(table);
    }
    return NULL;
}

static void *look_after(void *data)
{
    (void)data;
    while (!atomic_load(&over)) {
        stream_table_tend(table);
        stream_table_recover(table);
    }
    return NULL;
}

static void many_threads_at_once(void **state)
{
    pthread_t caller[CALLERS], beside[2];

    (void)state;
    settings.hold_us = settings.keep_us = 2 * US_PER_MS;
    settings.max_ended = 2;
    settings.max_names = 3;
    atomic_store(&over, false);
    assert_int_equal(pthread_create(&beside[0], NULL, look_on, NULL), 0);
    assert_int_equal(pthread_create(&beside[1], NULL, look_after, NULL), 0);
    for (uintptr_t i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&caller[i], NULL, come_and_go, (void *)(i + 1)), 0);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(caller[i], NULL);
    atomic_store(&over, true);
    for (int i = 0; i < 2; i++)
        pthread_join(beside[i], NULL);
    for (int i = 0; i < 6; i++)
        stream_table_unpublish(table, (char[]){'n', (char)('a' + i), '\0'});
    until(tended() == 0);
    until(count_threads() <= threads);
}

static void touch(const char *path)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fclose(f);
}

/* As long as there is anything that could be fetched, it is protected. */
static void what_protects_a_folder_goes_last(void **state)
{
    char folder[TEMP_FOLDER_SIZE + 8], inner[sizeof(folder) + 8], mark[sizeof(folder) + 16],
        picture[sizeof(folder) + 16];

    (void)state;
    snprintf(folder, sizeof(folder), "%s/old", root);
    snprintf(inner, sizeof(inner), "%s/inner", folder);
    snprintf(mark, sizeof(mark), "%s/protected", folder);
    snprintf(picture, sizeof(picture), "%s/thumb.jpg", folder);
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_int_equal(mkdir(inner, 0755), 0); /* which cannot be removed */
    touch(mark);
    touch(picture);
    left_over_remove(root, "old");
    assert_int_equal(access(picture, F_OK), -1);
    assert_int_equal(access(mark, F_OK), 0);
    assert_int_equal(rmdir(inner), 0);
    left_over_remove(root, "old");
    assert_int_equal(access(folder, F_OK), -1);
}

/* An operator's own folder, beside those of streams, is no name that may be forgotten. */
static void what_is_of_no_stream_stays(void **state)
{
    char folder[TEMP_FOLDER_SIZE + 8], picture[sizeof(folder) + 16], numbers[sizeof(folder) + 16];

    (void)state;
    snprintf(folder, sizeof(folder), "%s/images", root);
    snprintf(picture, sizeof(picture), "%s/logo.png", folder);
    snprintf(numbers, sizeof(numbers), "%s/" NUMBER_LOG_FILE, folder);
    assert_int_equal(mkdir(folder, 0755), 0);
    touch(picture);
    settings.max_names = 0;
    assert_int_equal(stream_table_recover(table), 0);
    assert_int_equal(stream_table_load(table).names, 0);
    left_over_remove(root, "images");
    assert_int_equal(access(picture, F_OK), 0);
    touch(numbers);
    assert_int_equal(stream_table_recover(table), 0);
    assert_int_equal(stream_table_load(table).names, 1);
    left_over_remove(root, "images");
    assert_int_equal(access(folder, F_OK), -1);
}

/* Whether a folder cannot be looked into while this process has no descriptor left. */
static bool is_left_alone_without_descriptors(const char *name)
{
    struct rlimit before, none;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){3, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    LeftOver left_over = left_over_look(root, name);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    return left_over == LEFT_OVER_FOREIGN;
}

/* It may have media, which wants its keys. */
static void what_cannot_be_read_is_not_taken_for_old(void **state)
{
    char keys[TEMP_FOLDER_SIZE], key[TEMP_FOLDER_SIZE + 80], real[TEMP_FOLDER_SIZE + 8];
    char folder[TEMP_FOLDER_SIZE + 8], media[sizeof(real) + 16];

    (void)state;
    temp_folder(keys);
    snprintf(settings.encryption_directory, sizeof(settings.encryption_directory), "%s", keys);
    snprintf(key, sizeof(key), "%s/shop", keys);
    assert_int_equal(mkdir(key, 0700), 0);
    snprintf(key, sizeof(key), "%s/shop/key-ts-1-0123abcd-0123-4123-8123-0123456789ab.bin", keys);
    FILE *file = fopen(key, "w");
    assert_non_null(file);
    assert_int_equal(fwrite("0123456789abcdef", 1, 16, file), 16);
    fclose(file);
    snprintf(real, sizeof(real), "%s/elsewhere", keys); /* on another disk, say */
    snprintf(folder, sizeof(folder), "%s/shop", root);
    snprintf(media, sizeof(media), "%s/seg-1.ts", real);
    assert_int_equal(mkdir(real, 0755), 0);
    touch(media);
    assert_int_equal(symlink(real, folder), 0);
    assert_int_equal(stream_table_recover(table), 0);
    assert_int_equal(access(key, F_OK), 0);
    assert_int_equal(stream_table_load(table).names, 0);
    left_over_remove(root, "shop");
    assert_int_equal(access(media, F_OK), 0);
    assert_true(is_left_alone_without_descriptors("shop"));
    assert_int_equal(unlink(folder), 0);
    assert_int_equal(mkdir(folder, 0755), 0);
    assert_true(is_left_alone_without_descriptors("shop"));
    assert_int_equal(stream_table_recover(table), 0); /* it has nothing */
    assert_int_equal(access(key, F_OK), -1);
    assert_int_equal(stream_table_load(table).names, 1);
    temp_folder_remove(keys);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(each_stream_is_encrypted_in_its_way),
    TEST(what_protects_a_folder_goes_last),
    TEST(what_is_of_no_stream_stays),
    TEST(what_cannot_be_read_is_not_taken_for_old),
    TEST(a_stream_with_nothing_to_show_leaves_nothing),
    TEST(a_publisher_that_comes_back_at_once_is_let_in),
    TEST(one_folder_has_one_owner),
    TEST(what_was_removed_is_not_taken_up),
    TEST(what_has_ended_is_taken_up_without_a_thread),
    TEST(no_more_are_taken_up_than_may_be),
    TEST(an_ended_stream_has_no_thread_and_wakes),
    TEST(a_silent_publisher_leaves_an_end_as_it_is),
    TEST(what_has_ended_is_removed_in_time),
    TEST(the_oldest_names_are_forgotten),
    TEST(the_oldest_that_have_ended_go_first),
    TEST(the_oldest_that_are_held_end_first),
    TEST(a_stream_left_just_now_is_not_the_oldest_that_is_held),
    TEST(a_new_name_waits_until_there_is_room),
    TEST(tells_which_publisher_is_refused),
    TEST(tells_of_many_refusals_only_how_many_they_were),
    TEST(tells_that_an_operator_ends_a_publisher),
    TEST(a_class_looks_a_bounded_number_of_times),
    TEST(many_threads_at_once),
};

TEST_GROUP(stream_table, tests);
