/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The tables of sessions and names, and what holds a session. Other threads come in at each lock.
 */

#include <glib.h>

#include "tests/unit/harness.h"

#include "janus-plugin/session/session.h"

#include "fibers.h"

/* A handle as Janus makes one, and its session. */
typedef struct Handle {
    janus_plugin_session janus;
    Session *session; /* borrowed */
} Handle;

static int freed; /* handles that nobody holds any more */

static void free_handle(const janus_refcount *ref)
{
    (void)ref;
    freed++;
}

/* Janus gives the plugin a reference once the session is there. */
static void attach(Handle *handle, const char *name)
{
    handle->janus = (janus_plugin_session){0};
    session_create(&handle->janus);
    janus_refcount_init(&handle->janus.ref, free_handle);
    handle->session = session_of_loop(&handle->janus);
    assert_non_null(handle->session);
    g_strlcpy(handle->session->stream.text, name, sizeof(handle->session->stream.text));
}

static void detach(Handle *handle)
{
    assert_ptr_equal(session_remove(&handle->janus), handle->session);
    session_unref(handle->session);
}

static int setup(void **state)
{
    (void)state;
    freed = 0;
    session_table_init();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    session_table_deinit();
    return 0;
}

static void a_session_lives_until_nobody_holds_it(void **state)
{
    Handle handle;

    (void)state;
    attach(&handle, "shop");
    Session *found = session_find(&handle.janus);
    assert_ptr_equal(found, handle.session);
    detach(&handle);
    assert_null(session_of_loop(&handle.janus));
    assert_null(session_find(&handle.janus)); /* nobody finds it any more */
    assert_int_equal(freed, 0);
    session_unref(session_ref(found));
    assert_int_equal(freed, 0);
    session_unref(found);
    assert_int_equal(freed, 1);
    session_unref(NULL);
    assert_null(session_remove(&handle.janus));
}

static void a_name_has_one_publisher(void **state)
{
    Handle first, second, other;

    (void)state;
    attach(&first, "shop");
    attach(&second, "shop");
    attach(&other, "cafe");
    assert_null(session_find_publisher("shop"));
    assert_null(session_claim_name(first.session));
    assert_null(session_claim_name(other.session));
    assert_int_equal(session_count_publishers(), 2);
    Session *before = session_claim_name(second.session); /* a takeover makes no more of them */
    assert_ptr_equal(before, first.session);
    assert_int_equal(session_count_publishers(), 2);
    session_release_name(first.session); /* it has the name no more */
    Session *found = session_find_publisher("shop");
    assert_ptr_equal(found, second.session);
    session_unref(found);
    session_unref(before);
    session_release_name(second.session);
    session_release_name(second.session); /* once */
    assert_null(session_find_publisher("shop"));
    assert_int_equal(session_count_publishers(), 1);
    session_release_name(other.session);
    detach(&first);
    detach(&second);
    detach(&other);
    assert_int_equal(freed, 3);
}

static void the_name_holds_its_publisher(void **state)
{
    Handle handle;

    (void)state;
    attach(&handle, "shop");
    assert_null(session_claim_name(handle.session));
    detach(&handle);
    assert_int_equal(freed, 0);
    Session *found = session_find_publisher("shop");
    assert_ptr_equal(found, handle.session);
    session_release_name(found);
    session_unref(found);
    assert_int_equal(freed, 1);
}

static size_t count(Session **sessions)
{
    size_t n = 0;

    for (; sessions[n]; n++)
        session_unref(sessions[n]);
    g_free(sessions);
    return n;
}

static void lists_publishers_and_all(void **state)
{
    Handle handles[5];

    (void)state;
    assert_int_equal(count(session_all()), 0);
    for (size_t i = 0; i < COUNT(handles); i++) {
        char name[] = "a";
        name[0] = (char)('a' + i);
        attach(&handles[i], name);
    }
    session_claim_name(handles[1].session);
    session_claim_name(handles[3].session);
    assert_int_equal(count(session_all()), 5);
    assert_int_equal(count(session_publishers()), 2);
    session_release_name(handles[1].session);
    session_release_name(handles[3].session);
    assert_int_equal(count(session_publishers()), 0);
    for (size_t i = 0; i < COUNT(handles); i++)
        detach(&handles[i]);
    assert_int_equal(count(session_all()), 0);
    assert_int_equal(freed, 5);
}

/* Janus's loops still run when it has closed the plugin. */
static void sessions_outlive_the_tables(void **state)
{
    Handle handle;

    (void)state;
    attach(&handle, "shop");
    session_table_deinit();
    assert_null(session_find(&handle.janus));
    assert_null(session_find_publisher("shop"));
    assert_int_equal(session_count_publishers(), 0);
    assert_int_equal(count(session_all()) + count(session_publishers()), 0);
    session_release_name(handle.session);
    detach(&handle);
    assert_int_equal(freed, 1);
}

/* ---- several threads ---- */

static Handle contenders[3];

static void *contend(void *data)
{
    Handle *handle = data;

    for (int i = 0; i < 4; i++) {
        session_unref(session_claim_name(handle->session)); /* the one before */
        fibers_yield();
        Session *found = session_find_publisher("shop");
        fibers_require(!found || strcmp(found->stream.text, "shop") == 0);
        session_unref(found);
        session_release_name(handle->session);
    }
    return NULL;
}

static void contend_for_a_name(void *data)
{
    pthread_t threads[COUNT(contenders)];

    (void)data;
    for (size_t i = 0; i < COUNT(contenders); i++)
        pthread_create(&threads[i], NULL, contend, &contenders[i]);
    for (size_t i = 0; i < COUNT(contenders); i++)
        pthread_join(threads[i], NULL);
}

static void a_name_goes_from_hand_to_hand(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        freed = 0;
        for (size_t i = 0; i < COUNT(contenders); i++)
            attach(&contenders[i], "shop");
        fibers_run(seed, contend_for_a_name, NULL);
        assert_null(session_find_publisher("shop"));
        for (size_t i = 0; i < COUNT(contenders); i++)
            detach(&contenders[i]);
        assert_int_equal(freed, COUNT(contenders));
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(a_session_lives_until_nobody_holds_it), TEST(a_name_has_one_publisher),
    TEST(the_name_holds_its_publisher),          TEST(lists_publishers_and_all),
    TEST(sessions_outlive_the_tables),           TEST(a_name_goes_from_hand_to_hand),
};

TEST_GROUP(session, tests);
