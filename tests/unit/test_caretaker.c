/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge_publisher.h"
#include "event_ear.h"
#include "temp_folder.h"

#include "hls-bridge/package/left_over.h"
#include "hls-bridge/stream/caretaker.h"

#define PACKETS 60

static char root[TEMP_FOLDER_SIZE], file[TEMP_FOLDER_SIZE + 16];
static BridgeSettings settings;
static EventEar ear;
static EventQueue *events;
static StreamTable *table;
static PublicList *list;
static Caretaker *caretaker;

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    snprintf(file, sizeof(file), "%s/%s", root, PUBLIC_LIST_FILE);
    settings = bridge_settings_defaults();
    settings.hold_us = settings.keep_us = 0;
    snprintf(settings.directory, sizeof(settings.directory), "%s", root);
    events = event_ear_queue(&ear, clock_system());
    table = stream_table_create(
        &(StreamTableParams){.settings = &settings, .clock = clock_system(), .events = events});
    list = public_list_create(root, clock_system());
    assert_non_null(table);
    assert_non_null(list);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    caretaker_destroy(&caretaker);
    assert_null(caretaker);
    caretaker_destroy(&caretaker);
    stream_table_destroy(&table);
    public_list_destroy(&list);
    event_queue_destroy(&events);
    temp_folder_remove(root);
    return 0;
}

static size_t count(void)
{
    size_t n;

    free(stream_table_list(table, &n));
    return n;
}

static void show_and_go(const char *name)
{
    Publisher p = publisher_open();
    uint16_t ports[STREAM_TRACKS_MAX] = {0}, failed_port;
    StreamStatus status;

    assert_int_equal(stream_table_publish(table, name, &p.sdp, false, ports, &failed_port),
                     PUBLISH_CREATED);
    publisher_send(&p, ports[0], PACKETS);
    until(stream_table_status(table, name, &status) && status.publishers > 0);
    assert_int_equal(stream_table_unpublish(table, name), 0);
    publisher_close(&p);
}

/* Nobody else tends the table here. */
static void clears_up_behind_what_has_ended(void **state)
{
    (void)state;
    show_and_go("shop");
    until(event_ear_has(&ear, "started;live;held gone;ended;"));
    assert_int_equal(count(), 1);
    caretaker = caretaker_create(table, list);
    assert_non_null(caretaker);
    until(count() == 0);
    assert_true(event_ear_has(&ear, "started;live;held gone;ended;removed;"));
    assert_int_not_equal(left_over_look(root, "shop"), LEFT_OVER_OPEN);
}

static void tells_what_is_live(void **state)
{
    (void)state;
    assert_int_equal(access(file, F_OK), -1);
    caretaker = caretaker_create(table, list);
    assert_non_null(caretaker);
    until(access(file, F_OK) == 0);
}

/* Its end does not wait for the next second, of a few. */
static void can_be_ended_at_any_time(void **state)
{
    int threads = count_threads();

    (void)state;
    for (int i = 0; i < 20; i++) {
        caretaker = caretaker_create(table, list);
        assert_non_null(caretaker);
        if (i % 2)
            show_and_go((char[]){(char)('a' + i), '\0'});
        caretaker_destroy(&caretaker);
    }
    until((stream_table_tend(table), count()) == 0);
    until(count_threads() <= threads);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(clears_up_behind_what_has_ended),
    TEST(tells_what_is_live),
    TEST(can_be_ended_at_any_time),
};

TEST_GROUP(caretaker, tests);
