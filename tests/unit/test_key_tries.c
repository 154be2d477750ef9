/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"
#include "temp_file.h"

#include "janus-plugin/core/request.h"
#include "janus-plugin/publisher/key_tries.h"
#include "settings_reader.h"

#define TRIES     3 /* a minute */
#define MINUTE_US 60000000ll
#define GOOD      "the key of the shop"
#define SHORT     "12345678"

static const char closed[] =
    "general: { tries = 3 };\n"
    "streams: { shop = { key = \"" GOOD
    "\" };\n"
    "           till = { key = \"" SHORT "\" } }";

typedef struct Bench {
    PluginSettings *settings;
    KeyTries *tries;
    int64_t now_us, wait_us;
} Bench;

static Bench bench(const char *text)
{
    static KeyTries tries;
    char path[TEMP_FILE_SIZE], error[SETTINGS_ERROR_SIZE] = "";

    temp_file(path, text);
    PluginSettings *settings = plugin_settings_create(path, error);
    unlink(path);
    assert_row(settings, text, "%s", error);
    memset(&tries, 0, sizeof(tries));
    return (Bench){settings, &tries, 5000000, 0};
}

static KeyVerdict try_key(Bench *b, TokenBucket *connection, const char *stream, const char *key)
{
    return key_tries_judge(b->tries, connection, b->settings, stream, key, b->now_us, &b->wait_us);
}

static void a_connection_may_be_wrong_so_often(void **state)
{
    Bench b = bench(closed);
    TokenBucket connection = {0}, other = {0};

    (void)state;
    for (int i = 0; i < TRIES; i++) /* at different names: it is the connection that is counted */
        assert_int_equal(try_key(&b, &connection, i ? "shop" : "till", "wrong key"), KEY_WRONG);
    assert_int_equal(try_key(&b, &connection, "shop", "wrong key"), KEY_LATER);
    assert_int_equal(b.wait_us, MINUTE_US / TRIES);
    assert_int_equal(try_key(&b, &connection, "shop", GOOD), KEY_LATER);
    assert_int_equal(try_key(&b, &other, "shop", GOOD), KEY_GOOD);
    b.now_us += MINUTE_US / TRIES;
    assert_int_equal(try_key(&b, &connection, "shop", GOOD), KEY_GOOD);
    plugin_settings_destroy(&b.settings);
}

/* With a connection of its own for each try. */
static void a_name_may_be_tried_so_often(void **state)
{
    Bench b = bench(closed);

    (void)state;
    for (int i = 0; i < TRIES; i++)
        assert_int_equal(try_key(&b, &(TokenBucket){0}, "till", "wrong key"), KEY_WRONG);
    assert_int_equal(try_key(&b, &(TokenBucket){0}, "till", "wrong key"), KEY_LATER);
    assert_int_equal(b.wait_us, MINUTE_US / TRIES);
    assert_int_equal(try_key(&b, &(TokenBucket){0}, "till", SHORT), KEY_LATER);
    b.now_us += MINUTE_US / TRIES;
    assert_int_equal(try_key(&b, &(TokenBucket){0}, "till", SHORT), KEY_GOOD);
    plugin_settings_destroy(&b.settings);
}

/* Or whoever knows a name could keep its publisher from coming back. */
static void a_long_key_is_accepted_however_many_try(void **state)
{
    Bench b = bench(closed);

    (void)state;
    for (int i = 0; i < 100000; i++)
        try_key(&b, &(TokenBucket){0}, "shop", "a wrong key of sixteen and more");
    assert_int_equal(try_key(&b, &(TokenBucket){0}, "shop", GOOD), KEY_GOOD);
    plugin_settings_destroy(&b.settings);
}

static void all_together_may_be_wrong_so_often(void **state)
{
    Bench b = bench(closed);
    int looked_at = 0;

    (void)state;
    for (int i = 0; i < 10 * KEY_TRIES_ALL * TRIES; i++) {
        char name[32];
        snprintf(name, sizeof(name), "name-%d", i);
        looked_at += try_key(&b, &(TokenBucket){0}, name, "wrong key") != KEY_LATER;
    }
    assert_int_equal(looked_at, KEY_TRIES_ALL * TRIES);
    plugin_settings_destroy(&b.settings);
}

/* The same answers at the same times, whether there is such a name or not. */
static void an_unknown_name_looks_like_a_known_one(void **state)
{
    Bench there = bench(closed);

    (void)state;
    for (int i = 0; i < 3 * TRIES; i++) {
        KeyVerdict known = try_key(&there, &(TokenBucket){0}, "till", "wrong key");
        int64_t known_us = there.wait_us;
        KeyVerdict unknown = try_key(&there, &(TokenBucket){0}, "nowhere", "wrong key");
        assert_int_equal(known == KEY_LATER, unknown == KEY_LATER);
        assert_int_equal(known_us, there.wait_us);
    }
    plugin_settings_destroy(&there.settings);
}

static void good_and_open_names_cost_no_try(void **state)
{
    Bench b =
        bench("general: { open = true; tries = 3 };\nstreams: { shop = { key = \"" GOOD "\" } }");
    TokenBucket connection = {0};

    (void)state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(try_key(&b, &connection, "shop", GOOD), KEY_GOOD);
        assert_int_equal(try_key(&b, &connection, "market", NULL), KEY_OPEN);
    }
    for (int i = 0; i < TRIES;
         i++) /* of a name that a live publisher holds with a key of its own */
        key_tries_wrong(b.tries, &connection, b.settings, "market", b.now_us);
    assert_int_equal(try_key(&b, &connection, "market", NULL), KEY_LATER);
    plugin_settings_destroy(&b.settings);
}

static void tells_of_some_and_counts_the_others(void **state)
{
    Bench b = bench(closed);
    uint64_t untold = 99;
    int told = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        told += key_tries_tell(b.tries, b.now_us, &untold);
    assert_int_equal(told, KEY_TRIES_TOLD);
    assert_int_equal(untold, 0);
    b.now_us += 1000000;
    assert_true(key_tries_tell(b.tries, b.now_us, &untold));
    assert_int_equal(untold, 1000 - KEY_TRIES_TOLD);
    assert_false(key_tries_tell(b.tries, b.now_us, &untold));
    plugin_settings_destroy(&b.settings);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_connection_may_be_wrong_so_often),
    cmocka_unit_test(a_name_may_be_tried_so_often),
    cmocka_unit_test(a_long_key_is_accepted_however_many_try),
    cmocka_unit_test(all_together_may_be_wrong_so_often),
    cmocka_unit_test(an_unknown_name_looks_like_a_known_one),
    cmocka_unit_test(good_and_open_names_cost_no_try),
    cmocka_unit_test(tells_of_some_and_counts_the_others),
};

TEST_GROUP(key_tries, tests);
