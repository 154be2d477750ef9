/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge_publisher.h"
#include "temp_folder.h"

#include <jansson.h>
#include <sys/stat.h>

#include "hls-bridge/base/manual_clock.h"
#include "hls-bridge/stream/public_list.h"

#define PACKETS 60
#define START_S 1000000000 /* of the wall clock */

static char root[TEMP_FOLDER_SIZE], file[TEMP_FOLDER_SIZE + 16];
static ManualClock hand;
static BridgeSettings settings;
static StreamTable *table;
static PublicList *list;

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    snprintf(file, sizeof(file), "%s/%s", root, PUBLIC_LIST_FILE);
    manual_clock_init(&hand, US_PER_S, START_S * US_PER_S);
    settings = bridge_settings_defaults();
    snprintf(settings.directory, sizeof(settings.directory), "%s", root);
    table = stream_table_create(&(StreamTableParams){.settings = &settings, .clock = &hand.clock});
    list = public_list_create(root, &hand.clock);
    assert_non_null(table);
    assert_non_null(list);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    public_list_destroy(&list);
    assert_null(list);
    stream_table_destroy(&table);
    temp_folder_remove(root);
    return 0;
}

static void pass(int64_t us)
{
    manual_clock_set(&hand, clock_monotonic_us(&hand.clock) + us);
}

/* The file as it is now; the caller frees it. NULL: there is none, or none that can be read. */
static json_t *read_list(void)
{
    return json_load_file(file, JSON_REJECT_DUPLICATES, NULL);
}

static int64_t date_of_list(void)
{
    json_t *all = read_list();
    int64_t at = json_integer_value(json_object_get(all, "at"));

    json_decref(all);
    return at;
}

/* How many streams it names. */
static size_t length_of_list(void)
{
    json_t *all = read_list();
    json_t *streams = json_object_get(all, "streams");

    assert_true(json_is_array(streams));
    size_t n = json_array_size(streams);
    json_decref(all);
    return n;
}

/* Somebody goes live; `lines` stand above the first m= of its description. */
static Publisher go_live(const char *name, const char *lines)
{
    Publisher p = publisher_open();
    uint16_t ports[STREAM_TRACKS_MAX] = {0}, failed_port;
    char offer[512];
    StreamStatus status;

    int n = snprintf(offer, sizeof(offer), "v=0\r\n%sc=IN IP4 127.0.0.1\r\n%s", lines,
                     strstr(p.offer, "m=audio"));
    assert_null(source_sdp_read(offer, (size_t)n, &p.sdp));
    assert_int_equal(stream_table_publish(table, name, &p.sdp, false, ports, &failed_port),
                     PUBLISH_CREATED);
    publisher_send(&p, ports[0], PACKETS);
    until(stream_table_status(table, name, &status) && status.state == STREAM_LIVE);
    return p;
}

static void an_empty_list_is_written_at_once(void **state)
{
    (void)state;
    assert_null(read_list());
    public_list_update(list, table);
    assert_int_equal(length_of_list(), 0);
    assert_int_equal(date_of_list(), START_S);
}

static void names_what_is_live(void **state)
{
    (void)state;
    pass(7 * US_PER_S);
    Publisher p = go_live("shop", "s=Sandals \"&\" <more>\r\n"), q = go_live("b", "s=-\r\n");
    public_list_update(list, table);
    json_t *all = read_list(), *streams = json_object_get(all, "streams");
    assert_int_equal(json_array_size(streams), 2);
    json_t *first = json_array_get(streams, 0), *second = json_array_get(streams, 1);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "b");
    assert_null(json_object_get(first, "title"));
    assert_string_equal(json_string_value(json_object_get(second, "name")), "shop");
    assert_string_equal(json_string_value(json_object_get(second, "title")),
                        "Sandals \"&\" <more>");
    assert_int_equal(json_integer_value(json_object_get(second, "live_since")), START_S + 7);
    assert_null(json_object_get(second, "width")); /* there is no picture */
    assert_null(json_object_get(second, "thumbnail"));
    json_decref(all);
    publisher_close(&p);
    publisher_close(&q);
}

static void leaves_out_what_is_unlisted_or_not_live(void **state)
{
    StreamStatus status;

    (void)state;
    Publisher p = go_live("hidden", "a=unlisted\r\n"), q = go_live("gone", "");
    public_list_update(list, table);
    assert_int_equal(length_of_list(), 1);
    assert_int_equal(stream_table_unpublish(table, "gone"), 0);
    until(!stream_table_status(table, "gone", &status) || status.state != STREAM_LIVE);
    public_list_update(list, table);
    assert_int_equal(length_of_list(), 0);
    publisher_close(&p);
    publisher_close(&q);
}

/* Its date tells that the bridge is there. */
static void is_written_again_every_five_seconds(void **state)
{
    (void)state;
    public_list_update(list, table);
    pass(5 * US_PER_S - 1);
    public_list_update(list, table);
    assert_int_equal(date_of_list(), START_S);
    pass(1);
    public_list_update(list, table);
    assert_int_equal(date_of_list(), START_S + 5);
}

static void what_the_disk_refused_is_tried_again(void **state)
{
    (void)state;
    assert_int_equal(mkdir(file, 0755), 0);
    public_list_update(list, table);
    public_list_update(list, table);
    assert_int_equal(rmdir(file), 0);
    public_list_update(list, table); /* at once, not after five seconds */
    assert_int_equal(date_of_list(), START_S);
}

static void leaves_an_empty_list_behind(void **state)
{
    (void)state;
    Publisher p = go_live("shop", "");
    public_list_update(list, table);
    assert_int_equal(length_of_list(), 1);
    public_list_destroy(&list);
    assert_int_equal(length_of_list(), 0);
    publisher_close(&p);
}

static void says_that_there_is_no_folder(void **state)
{
    (void)state;
    assert_null(public_list_create("/nowhere", &hand.clock));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(an_empty_list_is_written_at_once),
    TEST(names_what_is_live),
    TEST(leaves_out_what_is_unlisted_or_not_live),
    TEST(is_written_again_every_five_seconds),
    TEST(what_the_disk_refused_is_tried_again),
    TEST(leaves_an_empty_list_behind),
    TEST(says_that_there_is_no_folder),
};

TEST_GROUP(public_list, tests);
