/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "janus-plugin/bridge/bridge_registry.h"

#define MS     INT64_C(1000)
#define SECOND (1000 * MS)

/* The requests that have begun and not ended, in their order. */
typedef struct Begun {
    BridgeEntry *entry[16];
    char text[16][64]; /* "PUT shop offer", "DELETE shop" */
    size_t count;
    bool refuse; /* none can begin */
} Begun;

static BridgeRegistry *registry;
static Begun begun;
static int anna, bert; /* users */

static int setup(void **state)
{
    (void)state;
    begun = (Begun){0};
    registry = bridge_registry_create(&(BridgeRegistryParams){
        .bridge = "http://bridge", .patience_us = 3 * SECOND, .look_us = 2 * SECOND});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bridge_registry_destroy(&registry);
    assert_null(registry);
    return 0;
}

static bool begin(void *data, BridgeEntry *entry, const BridgeRequest *request)
{
    Begun *b = data;

    if (b->refuse)
        return false;
    assert_true(b->count < COUNT(b->entry));
    b->entry[b->count] = entry;
    snprintf(b->text[b->count++], sizeof(b->text[0]), "%s %s%s%s%s",
             request->offer ? "PUT" : "DELETE", request->name, request->offer ? " " : "",
             request->offer ? request->offer : "", request->kicked ? " kicked" : "");
    return true;
}

/* Starts what is due at `now_us`. Returns the one request that has begun, "" if there is none. */
static const char *start(int64_t now_us)
{
    size_t before = begun.count;

    bridge_registry_start_due(registry, now_us, begin, &begun);
    assert_true(begun.count <= before + 1);
    return begun.count > before ? begun.text[before] : "";
}

/* The first request that has begun ends. */
static BridgeOutcome finish(const BridgeResult *result, int64_t now_us)
{
    BridgeEntry *entry = begun.entry[0];

    assert_true(begun.count > 0);
    begun.count--;
    memmove(begun.entry, begun.entry + 1, sizeof(begun.entry) - sizeof(begun.entry[0]));
    memmove(begun.text, begun.text + 1, sizeof(begun.text) - sizeof(begun.text[0]));
    return bridge_registry_finish(registry, entry, result, now_us);
}

static const BridgeResult good = {.status = 201}, dead = {.failure = "refused"};

/* Announces "shop" for `user` and has it answered, at time 0. */
static void listen_to(int *user)
{
    bridge_registry_announce(registry, "shop", "offer", user, 7, 0);
    assert_string_equal(start(0), "PUT shop offer");
    assert_int_equal(finish(&good, 0).what, BRIDGE_SAYS_ANSWERED);
}

/* What a user is told when each answer comes, and when it is asked again. */
static void each_answer_has_its_outcome(void **state)
{
    static const struct {
        const char *name;
        BridgeResult result;
        BridgeSaying says;
        const char *reason;
        bool again; /* it is asked again after 250 ms */
    } rows[] = {
        {"created", {NULL, 201, NULL}, BRIDGE_SAYS_ANSWERED, "", false},
        {"taken over", {NULL, 200, NULL}, BRIDGE_SAYS_ANSWERED, "", false},
        {"cannot be read", {NULL, 400, "no"}, BRIDGE_SAYS_REFUSED, "no", false},
        {"barred", {NULL, 403, "too much"}, BRIDGE_SAYS_REFUSED, "too much", false},
        {"full", {NULL, 409, "full"}, BRIDGE_SAYS_REFUSED, "full", false},
        {"a folder that hangs", {NULL, 503, "disk"}, BRIDGE_SAYS_UNREACHABLE, "disk", true},
        {"no connection",
         {"refused", 0, NULL},
         BRIDGE_SAYS_UNREACHABLE,
         "the bridge at http://bridge cannot be reached: refused",
         true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        teardown(NULL);
        setup(NULL);
        assert_null(bridge_registry_announce(registry, "shop", "offer", &anna, 7, 0));
        assert_string_equal(start(0), "PUT shop offer");
        assert_string_equal(start(0), ""); /* one at a time */
        assert_true(bridge_registry_is_busy(registry));
        BridgeOutcome outcome = finish(&rows[i].result, 0);
        assert_false(bridge_registry_is_busy(registry));
        assert_row(outcome.what == rows[i].says, rows[i].name, "%d", outcome.what);
        assert_row(outcome.user == &anna && outcome.serial == 7, rows[i].name, "%u",
                   outcome.serial);
        assert_row(strcmp(outcome.reason, rows[i].reason) == 0, rows[i].name, "%s", outcome.reason);
        assert_string_equal(start(250 * MS - 1), "");
        const char *next = start(250 * MS);
        assert_row(strcmp(next, rows[i].again ? "PUT shop offer" : "") == 0, rows[i].name, "%s",
                   next);
    }
}

static void pauses_grow_to_two_seconds_and_begin_again_after_an_answer(void **state)
{
    static const int64_t pauses_ms[] = {250, 500, 1000, 2000, 2000, 2000};
    int64_t now_us = 0;

    (void)state;
    bridge_registry_announce(registry, "shop", "offer", &anna, 7, 0);
    for (size_t i = 0; i < COUNT(pauses_ms); i++) {
        assert_string_equal(start(now_us), "PUT shop offer");
        BridgeOutcome outcome = finish(&dead, now_us);
        assert_int_equal(outcome.what, i == 0 ? BRIDGE_SAYS_UNREACHABLE : BRIDGE_SAYS_NOTHING);
        assert_int_equal(bridge_registry_wake_us(registry, now_us), now_us + pauses_ms[i] * MS);
        now_us += pauses_ms[i] * MS;
        assert_string_equal(start(now_us - 1), "");
    }
    assert_string_equal(start(now_us), "PUT shop offer");
    assert_int_equal(finish(&good, now_us).what, BRIDGE_SAYS_ANSWERED);
    bridge_registry_again(registry, &anna, now_us);
    assert_string_equal(start(now_us), "PUT shop offer");
    assert_int_equal(finish(&dead, now_us).what, BRIDGE_SAYS_UNREACHABLE);
    assert_string_equal(start(now_us + 250 * MS), "PUT shop offer");
}

/* A bridge that needs four seconds for each announcement, as one that opens many folders does. */
static void an_announcement_that_takes_long_goes_live(void **state)
{
    GArray *outcomes = g_array_new(FALSE, FALSE, sizeof(BridgeOutcome));

    (void)state;
    bridge_registry_announce(registry, "shop", "offer", &anna, 7, 0);
    assert_string_equal(start(0), "PUT shop offer");
    assert_int_equal(bridge_registry_wake_us(registry, 0), 3 * SECOND);
    bridge_registry_tell_late(registry, 3 * SECOND - 1, outcomes);
    assert_int_equal(outcomes->len, 0);
    bridge_registry_tell_late(registry, 3 * SECOND, outcomes);
    bridge_registry_tell_late(registry, 4 * SECOND, outcomes);
    assert_int_equal(outcomes->len, 1); /* said once */
    const BridgeOutcome *late = &g_array_index(outcomes, BridgeOutcome, 0);
    assert_int_equal(late->what, BRIDGE_SAYS_UNREACHABLE);
    assert_ptr_equal(late->user, &anna);
    assert_int_equal(late->serial, 7);
    assert_non_null(strstr(late->reason, "has not taken the announcement yet"));
    assert_string_equal(start(4 * SECOND), ""); /* it is not asked a second time meanwhile */
    assert_int_equal(finish(&good, 4 * SECOND).what, BRIDGE_SAYS_ANSWERED);
    bridge_registry_tell_late(registry, 60 * SECOND, outcomes);
    assert_int_equal(outcomes->len, 1);
    g_array_free(outcomes, TRUE);
}

/* The patience of a second publisher begins with its own announcement. */
static void what_changes_meanwhile_is_asked_next(void **state)
{
    GArray *outcomes = g_array_new(FALSE, FALSE, sizeof(BridgeOutcome));

    (void)state;
    bridge_registry_announce(registry, "shop", "old", &anna, 7, 0);
    assert_string_equal(start(0), "PUT shop old");
    assert_ptr_equal(bridge_registry_announce(registry, "shop", "new", &bert, 8, 2 * SECOND),
                     &anna);
    assert_string_equal(start(2 * SECOND), "");
    bridge_registry_tell_late(registry, 4 * SECOND, outcomes);
    assert_int_equal(outcomes->len, 0);
    assert_int_equal(finish(&good, 4 * SECOND).what, BRIDGE_SAYS_NOTHING);
    assert_string_equal(start(4 * SECOND), "PUT shop new");
    bridge_registry_tell_late(registry, 5 * SECOND, outcomes);
    assert_int_equal(outcomes->len, 1);
    BridgeOutcome outcome = finish(&good, 6 * SECOND);
    assert_ptr_equal(outcome.user, &bert);
    assert_int_equal(outcome.serial, 8);
    g_array_free(outcomes, TRUE);
}

static void a_stream_that_ends_is_deleted_once(void **state)
{
    static const BridgeResult answers[] = {{NULL, 204, NULL},
                                           {NULL, 404, "nobody publishes"},
                                           {NULL, 500, "broken"},
                                           {"refused", 0, NULL}};

    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        listen_to(&anna);
        assert_null(
            bridge_registry_withdraw(registry, "shop", &bert, false, 0)); /* it is not bert's */
        assert_string_equal(start(0), "");
        assert_ptr_equal(bridge_registry_withdraw(registry, "shop", &anna, false, 0), &anna);
        assert_string_equal(start(0), "DELETE shop");
        assert_int_equal(finish(&answers[i], 0).what, BRIDGE_SAYS_NOTHING);
        assert_string_equal(start(60 * SECOND), "");
        assert_null(
            bridge_registry_withdraw(registry, "shop", &anna, false, 0)); /* it is forgotten */
    }
}

/* Whoever publishes next is not what the operator has ended. */
static void a_kick_is_said_of_the_stream_that_it_ends_alone(void **state)
{
    (void)state;
    listen_to(&anna);
    assert_null(bridge_registry_withdraw(registry, "shop", &bert, true, 0));
    assert_string_equal(start(0), "");
    assert_ptr_equal(bridge_registry_withdraw(registry, "shop", &anna, true, 0), &anna);
    assert_null(bridge_registry_announce(registry, "shop", "new", &bert, 8, 0));
    assert_string_equal(start(0), "PUT shop new");
    finish(&good, 0);
    bridge_registry_withdraw(registry, "shop", &bert, false, 0);
    assert_string_equal(start(0), "DELETE shop");
    finish(&good, 0);
    listen_to(&anna);
    bridge_registry_withdraw(registry, "shop", &anna, true, 0);
    assert_string_equal(start(0), "DELETE shop kicked");
}

static void a_stream_that_ends_before_its_answer_is_deleted(void **state)
{
    (void)state;
    bridge_registry_announce(registry, "shop", "offer", &anna, 7, 0);
    assert_string_equal(start(0), "PUT shop offer");
    assert_ptr_equal(bridge_registry_withdraw(registry, "shop", &anna, false, 0), &anna);
    assert_string_equal(start(0), "");
    assert_int_equal(finish(&good, SECOND).what, BRIDGE_SAYS_NOTHING);
    assert_string_equal(start(SECOND), "DELETE shop");
}

static void a_name_that_is_taken_again_while_it_is_deleted_is_announced(void **state)
{
    (void)state;
    listen_to(&anna);
    bridge_registry_withdraw(registry, "shop", &anna, false, 0);
    assert_string_equal(start(0), "DELETE shop");
    assert_null(bridge_registry_announce(registry, "shop", "new", &bert, 8, 0));
    assert_int_equal(finish(&(BridgeResult){NULL, 204, NULL}, 0).what, BRIDGE_SAYS_NOTHING);
    assert_string_equal(start(0), "PUT shop new");
    assert_ptr_equal(finish(&good, 0).user, &bert);
}

/* After a restart the bridge is told again, and one that was live waits for room. */
static void a_bridge_that_was_lost_is_told_again(void **state)
{
    static const BridgeResult full = {NULL, 409, "full"};

    (void)state;
    listen_to(&anna);
    bridge_registry_again(registry, &bert, SECOND); /* not bert's */
    assert_string_equal(start(SECOND), "");
    bridge_registry_again(registry, &anna, SECOND);
    assert_string_equal(start(SECOND), "PUT shop offer");
    bridge_registry_again(registry, &anna, SECOND); /* it is being told */
    BridgeOutcome outcome = finish(&full, SECOND);
    assert_int_equal(outcome.what, BRIDGE_SAYS_UNREACHABLE);
    assert_string_equal(outcome.reason, "full");
    assert_string_equal(start(SECOND + 250 * MS), "PUT shop offer");
    assert_int_equal(finish(&good, 2 * SECOND).what, BRIDGE_SAYS_ANSWERED);
    /* whoever takes the name over has not been live: it is refused */
    assert_ptr_equal(bridge_registry_announce(registry, "shop", "new", &bert, 8, 2 * SECOND),
                     &anna);
    assert_string_equal(start(2 * SECOND), "PUT shop new");
    assert_int_equal(finish(&full, 2 * SECOND).what, BRIDGE_SAYS_REFUSED);
}

/* Ends a look; `failure` as bridge_registry_end_look(). Returns what was said of it to anna. */
static BridgeSaying look(const char *failure, int64_t now_us)
{
    GArray *outcomes = g_array_new(FALSE, FALSE, sizeof(BridgeOutcome));
    BridgeSaying says = BRIDGE_SAYS_NOTHING;

    assert_true(bridge_registry_begin_look(registry, now_us));
    assert_false(bridge_registry_begin_look(registry, now_us)); /* one at a time */
    bridge_registry_end_look(registry, failure, now_us, outcomes);
    assert_true(outcomes->len <= 1);
    if (outcomes->len == 1) {
        const BridgeOutcome *outcome = &g_array_index(outcomes, BridgeOutcome, 0);
        assert_ptr_equal(outcome->user, &anna);
        assert_int_equal(outcome->serial, 7);
        says = outcome->what;
    }
    g_array_free(outcomes, TRUE);
    return says;
}

static void a_bridge_that_hangs_is_told_of_once(void **state)
{
    (void)state;
    assert_false(bridge_registry_begin_look(registry, 0)); /* it listens to nobody */
    bridge_registry_announce(registry, "shop", "offer", &anna, 7, 0);
    start(0);
    assert_false(bridge_registry_begin_look(registry, 0)); /* not yet */
    finish(&good, 0);
    assert_int_equal(look(NULL, 0), BRIDGE_SAYS_NOTHING);
    assert_int_equal(bridge_registry_wake_us(registry, 0), 2 * SECOND);
    assert_false(bridge_registry_begin_look(registry, 2 * SECOND - 1));
    assert_int_equal(look("timeout", 2 * SECOND), BRIDGE_SAYS_UNREACHABLE);
    assert_int_equal(look("timeout", 4 * SECOND), BRIDGE_SAYS_NOTHING);
    assert_int_equal(look(NULL, 6 * SECOND), BRIDGE_SAYS_REACHABLE);
    assert_int_equal(look(NULL, 8 * SECOND), BRIDGE_SAYS_NOTHING);
    assert_string_equal(start(8 * SECOND), ""); /* it has never gone: it is not told again */
    bridge_registry_withdraw(registry, "shop", &anna, false, 8 * SECOND);
    assert_false(bridge_registry_begin_look(registry, 20 * SECOND));
}

static void a_request_that_cannot_begin_is_tried_later(void **state)
{
    (void)state;
    begun.refuse = true;
    bridge_registry_announce(registry, "shop", "offer", &anna, 7, 0);
    assert_string_equal(start(0), "");
    assert_false(bridge_registry_is_busy(registry));
    assert_int_equal(bridge_registry_wake_us(registry, 0), 250 * MS);
    begun.refuse = false;
    assert_string_equal(start(249 * MS), "");
    assert_string_equal(start(250 * MS), "PUT shop offer");
}

static void names_are_asked_beside_each_other(void **state)
{
    (void)state;
    bridge_registry_announce(registry, "a", "x", &anna, 1, 0);
    bridge_registry_announce(registry, "b", "y", &bert, 2, 0);
    bridge_registry_start_due(registry, 0, begin, &begun);
    assert_int_equal(begun.count, 2);
    finish(&good, 0);
    assert_true(bridge_registry_is_busy(registry));
    finish(&dead, 0);
    assert_false(bridge_registry_is_busy(registry));
}

static void every_user_that_is_held_is_given_back(void **state)
{
    (void)state;
    bridge_registry_announce(registry, "a", "x", &anna, 1, 0);
    bridge_registry_announce(registry, "b", "y", &bert, 2, 0);
    bridge_registry_announce(registry, "c", "z", &bert, 3, 0);
    assert_ptr_equal(bridge_registry_withdraw(registry, "c", &bert, false, 0), &bert);
    void *one = bridge_registry_next_user(registry), *other = bridge_registry_next_user(registry);
    assert_true((one == &anna && other == &bert) || (one == &bert && other == &anna));
    assert_null(bridge_registry_next_user(registry));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(each_answer_has_its_outcome),
    TEST(pauses_grow_to_two_seconds_and_begin_again_after_an_answer),
    TEST(an_announcement_that_takes_long_goes_live),
    TEST(what_changes_meanwhile_is_asked_next),
    TEST(a_stream_that_ends_is_deleted_once),
    TEST(a_kick_is_said_of_the_stream_that_it_ends_alone),
    TEST(a_stream_that_ends_before_its_answer_is_deleted),
    TEST(a_name_that_is_taken_again_while_it_is_deleted_is_announced),
    TEST(a_bridge_that_was_lost_is_told_again),
    TEST(a_bridge_that_hangs_is_told_of_once),
    TEST(a_request_that_cannot_begin_is_tried_later),
    TEST(names_are_asked_beside_each_other),
    TEST(every_user_that_is_held_is_given_back),
};

TEST_GROUP(bridge_registry, tests);
