/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "janus-plugin/access/stream_key.h"
#include "janus-plugin/core/request.h"

/* printf 'a long random word' behind the bytes 00 01 … 0f, by sha256sum */
#define SALT   "000102030405060708090a0b0c0d0e0f"
#define DIGEST "5ada956352e71845b9d039717f252615de4d81c8a98e6cdc044c7378a4176d76"
#define KNOWN  "sha256:" SALT ":" DIGEST

static void is_the_key_that_it_was_made_of_alone(void **state)
{
    static const char *const others[] = {"", "a long random wor", "a long random word ",
                                         "A long random word", "another long word"};
    StreamKey key;

    (void)state;
    assert_int_equal(stream_key_make("a long random word", &key), 0);
    assert_true(stream_key_is(&key, "a long random word"));
    assert_false(stream_key_is(&key, NULL));
    for (size_t i = 0; i < COUNT(others); i++)
        assert_row(!stream_key_is(&key, others[i]), others[i], "taken");
}

static void no_two_have_the_same_salt(void **state)
{
    StreamKey a, b;

    (void)state;
    assert_int_equal(stream_key_make("a long random word", &a), 0);
    assert_int_equal(stream_key_make("a long random word", &b), 0);
    assert_memory_not_equal(a.salt, b.salt, sizeof(a.salt));
    assert_memory_not_equal(a.digest, b.digest, sizeof(a.digest));
}

/* A hash in a configuration stays valid whatever comes. */
static void reads_a_hash_of_before(void **state)
{
    StreamKey key;
    char text[STREAM_KEY_TEXT];

    (void)state;
    assert_true(stream_key_read(KNOWN, &key));
    assert_true(stream_key_is(&key, "a long random word"));
    stream_key_write(&key, text);
    assert_string_equal(text, KNOWN);
}

static void refuses_what_is_no_hash(void **state)
{
    static const char *const rows[] = {
        "",
        "sha256:",
        "sha256:" SALT,
        "sha256:" SALT ":" SALT,
        "sha512:" SALT ":" DIGEST,
        "sha256:" SALT "-" DIGEST,
        "sha256:" SALT ":" DIGEST "0",
        "sha256:g00102030405060708090a0b0c0d0e0f:" DIGEST,
        "sha256:000102030405060708090A0B0C0D0E0F:" DIGEST,
    };
    StreamKey key;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(!stream_key_read(rows[i], &key), rows[i], "taken");
}

/* Of a name that has none: see plugin_settings_key(). */
static void an_empty_one_is_nobodys(void **state)
{
    static const StreamKey none;

    (void)state;
    assert_false(stream_key_is(&none, ""));
    assert_false(stream_key_is(&none, NULL));
    assert_false(stream_key_is(&none, "a long random word"));
}

static void a_key_that_is_too_long_is_none(void **state)
{
    char text[REQUEST_KEY_MAX + 2];
    StreamKey key;

    (void)state;
    memset(text, 'a', sizeof(text));
    text[REQUEST_KEY_MAX + 1] = '\0';
    assert_int_equal(stream_key_make(text, &key), -1);
    text[REQUEST_KEY_MAX] = '\0';
    assert_int_equal(stream_key_make(text, &key), 0);
    assert_true(stream_key_is(&key, text));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(is_the_key_that_it_was_made_of_alone),
    cmocka_unit_test(no_two_have_the_same_salt),
    cmocka_unit_test(reads_a_hash_of_before),
    cmocka_unit_test(refuses_what_is_no_hash),
    cmocka_unit_test(an_empty_one_is_nobodys),
    cmocka_unit_test(a_key_that_is_too_long_is_none),
};

TEST_GROUP(stream_key, tests);
