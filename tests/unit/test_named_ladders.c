/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/transcode/named_ladders.h"

static void a_stream_has_its_own(void **state)
{
    static const struct {
        const char *text, *stream;
        int rungs; /* -1: it has none of its own */
    } rows[] = {
        {"", "shop", -1},
        {"shop = 720p:2500k, 480p:900k", "shop", 2},
        {"shop=480p:900k;radio=;tv = 240p:250k ;", "shop", 1},
        {"shop=480p:900k;radio=;tv = 240p:250k ;", "radio", 0},
        {"shop=480p:900k;radio= \t;tv = 240p:250k ;", "tv", 1},
        {"shop=480p:900k;radio=;tv = 240p:250k ;", "sho", -1},
        {"shop=480p:900k;radio=;tv = 240p:250k ;", "shops", -1},
        {"shop=480p:900k;shop=480p:900k,240p:250k", "shop", 1}, /* the first */
        {"shop = 480p:900k, audio:48k", "shop", 1},
        {"class-1 = ; class-* = 480p:900k", "class-1", 0},
        {"class-1 = ; class-* = 480p:900k", "class-2", 1},
    };
    char error[NAMED_LADDERS_ERROR_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        RungLadder ladder = {0};
        assert_row(named_ladders_check(rows[i].text, error) == 0, rows[i].text, "%s", error);
        bool found = named_ladders_find(rows[i].text, rows[i].stream, &ladder);
        assert_row(found == (rows[i].rungs >= 0), rows[i].stream, "%d", found);
        if (found)
            assert_int_equal(ladder.count, rows[i].rungs);
    }
}

static void what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *text, *error;
    } rows[] = {
        {"480p:900k", "write it as \"shop = 480p:900k"},
        {"shop = 480p:900k;; tv = 240p:250k", "write it as"},
        {"a shop = 480p:900k",
         "before \"=\" stands a stream's name, or its beginning and a star: a stream "
         "name is 1 to 64"},
        {"= 480p:900k", "before \"=\" stands a stream's name"},
        {"shop = 480p:900k; tv = 240p", "tv: \"240p\" in the ladder: write a rung as"},
        {"shop = 480p:900k, audio:16k", "shop: \"audio:16k\" in the ladder: write the sound as"},
    };
    char error[NAMED_LADDERS_ERROR_SIZE], text[400];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_row(named_ladders_check(rows[i].text, error) < 0, rows[i].text, "taken");
        assert_row(strncmp(error, rows[i].error, strlen(rows[i].error)) == 0, rows[i].text, "%s",
                   error);
    }
    snprintf(text, sizeof(text), "shop = 480p:900k,%300s", "x");
    assert_int_equal(named_ladders_check(text, error), -1);
    assert_string_equal(error, "a ladder is longer than 255 characters");
}

static void it_is_known_whether_anything_is_made(void **state)
{
    (void)state;
    assert_false(named_ladders_have_rungs(""));
    assert_false(named_ladders_have_rungs("radio = ; other ="));
    assert_true(named_ladders_have_rungs("radio = ; shop = 480p:900k"));
    assert_true(named_ladders_have_rungs("radio = ; shop = 480p:900k, audio:48k"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_stream_has_its_own),
    cmocka_unit_test(what_is_wrong_is_said),
    cmocka_unit_test(it_is_known_whether_anything_is_made),
};

TEST_GROUP(named_ladders, tests);
