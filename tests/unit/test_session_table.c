/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/playback/session_table.h"

typedef struct Key {
    uint8_t bytes[PLAYBACK_SESSION_SIZE];
} Key;

/* Keys whose first bytes are the same share a chain. */
static Key key_of(unsigned n)
{
    return (Key){{[4] = (uint8_t)n, [5] = (uint8_t)(n >> 8)}};
}

static Session *find(SessionTable *t, unsigned n, int64_t now_us)
{
    return session_table_find(t, key_of(n).bytes, now_us);
}

static Session *add(SessionTable *t, unsigned n)
{
    return session_table_add(t, key_of(n).bytes);
}

static void an_answer_is_good_until_its_end(void **state)
{
    SessionTable *t = session_table_create(10);
    Session *s = add(t, 1);

    (void)state;
    assert_int_equal(s->state, SESSION_WAITS);
    assert_ptr_equal(find(t, 1, INT64_MAX), s); /* however long that takes */
    session_table_settle(s, SESSION_DENIED, 100, "no hours left");
    assert_ptr_equal(find(t, 1, 99), s);
    assert_string_equal(s->sentence, "no hours left");
    session_table_settle(s, SESSION_ALLOWED, 200, "");
    assert_null(s->sentence);
    assert_int_equal(find(t, 1, 199)->state, SESSION_ALLOWED);
    assert_int_equal(session_table_count(t), 1);
    assert_null(find(t, 1, 200));
    assert_int_equal(session_table_count(t), 0);
    assert_null(find(t, 1, 0));
    session_table_destroy(&t);
    assert_null(t);
    session_table_destroy(&t);
}

static void the_session_asked_about_least_lately_makes_room(void **state)
{
    enum { MOST = 3 };
    SessionTable *t = session_table_create(MOST);

    (void)state;
    for (unsigned n = 0; n < MOST; n++)
        session_table_settle(add(t, n), SESSION_ALLOWED, 1000, "");
    assert_non_null(find(t, 0, 1));
    add(t, 3); /* in place of 1 */
    assert_non_null(find(t, 0, 1));
    assert_null(find(t, 1, 1));
    assert_non_null(find(t, 2, 1));
    assert_int_equal(session_table_count(t), MOST);
    assert_int_equal(session_table_evicted(t), 1);
    session_table_destroy(&t);
}

static void a_session_that_waits_stays(void **state)
{
    SessionTable *t = session_table_create(2);

    (void)state;
    Session *waits = add(t, 1);
    session_table_settle(add(t, 2), SESSION_ALLOWED, 1000, "");
    Session *also = add(t, 3);
    assert_null(find(t, 2, 1));
    assert_ptr_equal(find(t, 1, 1), waits);
    assert_null(add(t, 4)); /* all wait */
    session_table_settle(also, SESSION_DENIED, 1000, "");
    assert_non_null(add(t, 4));
    assert_ptr_equal(find(t, 1, 1), waits);
    session_table_destroy(&t);
}

static void many_find_their_own(void **state)
{
    enum { MANY = 1000 };
    SessionTable *t = session_table_create(MANY);

    (void)state;
    for (unsigned n = 0; n < MANY; n++)
        session_table_settle(add(t, n), SESSION_ALLOWED, n, "");
    for (unsigned n = 0; n < MANY; n++) {
        const Session *s = find(t, n, 500);
        assert_int_equal(s != NULL, n > 500);
        assert_true(!s || s->until_us == n);
    }
    session_table_destroy(&t);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_answer_is_good_until_its_end),
    cmocka_unit_test(the_session_asked_about_least_lately_makes_room),
    cmocka_unit_test(a_session_that_waits_stays),
    cmocka_unit_test(many_find_their_own),
};

TEST_GROUP(session_table, tests);
