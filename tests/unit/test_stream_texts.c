/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/base/stream_texts.h"

static void the_first_that_fits_holds(void **state)
{
    static const struct {
        const char *text, *stream, *found; /* NULL: there is none */
    } rows[] = {
        {"", "shop", NULL},
        {"shop = a", "shop", "a"},
        {"shop=a;radio=;tv = b c ;", "shop", "a"},
        {"shop=a;radio=;tv = b c ;", "radio", ""},
        {"shop=a;radio= \t;tv = b c ;", "tv", "b c"},
        {"shop=a", "sho", NULL},
        {"shop=a", "shops", NULL},
        {"shop=a;shop=b", "shop", "a"},
        {"shop*=a", "shop", "a"},
        {"shop*=a", "shop-2", "a"},
        {"shop*=a", "sho", NULL},
        {"shop-1=b;shop*=a", "shop-1", "b"},
        {"shop*=a;shop-1=b", "shop-1", "a"},
        {"a shop=a; shop=b", "shop", "b"}, /* what is wrong is no stream's */
        {"shop;shop=b", "shop", "b"},
        {"*=a", "shop", "a"},
        {"s*p=a", "s", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        StreamText found;
        bool there = stream_texts_find(rows[i].text, rows[i].stream, &found);
        assert_row(there == (rows[i].found != NULL), rows[i].text, "%d", there);
        if (there)
            assert_string_equal(found.text, rows[i].found);
    }
}

static void what_is_wrong_is_told(void **state)
{
    static const struct {
        const char *text;
        StreamTextProblem problem;
    } rows[] = {
        {"shop = a", STREAM_TEXT_GOOD},
        {"shop =", STREAM_TEXT_GOOD},
        {"*=", STREAM_TEXT_GOOD},
        {"shop", STREAM_TEXT_NO_EQUALS},
        {";", STREAM_TEXT_NO_EQUALS},
        {"= a", STREAM_TEXT_NO_NAME},
        {"a shop = a", STREAM_TEXT_NO_NAME},
        {"sh*p = a", STREAM_TEXT_NO_NAME},
        {"shop** = a", STREAM_TEXT_NO_NAME},
    };
    char text[STREAM_TEXT_SIZE + STREAM_NAME_MAX + 8], name[STREAM_NAME_MAX + 3];
    StreamTextProblem problem;
    StreamText entry;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *at = rows[i].text;
        assert_row(stream_texts_next(&at, &entry, &problem), rows[i].text, "at the end");
        assert_row(problem == rows[i].problem, rows[i].text, "%d", problem);
    }
    snprintf(text, sizeof(text), "shop = %0*d", STREAM_TEXT_SIZE, 1);
    const char *at = text;
    assert_true(stream_texts_next(&at, &entry, &problem));
    assert_int_equal(problem, STREAM_TEXT_LONG);
    /* the longest name, with a star and without, and one that is longer */
    for (int more = 0; more < 3; more++) {
        snprintf(name, sizeof(name), "%0*d%s", STREAM_NAME_MAX, 1, &"**"[2 - more]);
        snprintf(text, sizeof(text), "%s = a", name);
        at = text;
        assert_true(stream_texts_next(&at, &entry, &problem));
        assert_int_equal(problem, more < 2 ? STREAM_TEXT_GOOD : STREAM_TEXT_NO_NAME);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_first_that_fits_holds),
    cmocka_unit_test(what_is_wrong_is_told),
};

TEST_GROUP(stream_texts, tests);
