/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "janus-plugin/access/permit.h"

static void names_each_access(void **state)
{
    static const char *const names[] = {"public", "unlisted", "protected"};
    Access access = ACCESS_PUBLIC;

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_row(access_read(names[i], &access), names[i], "not read");
        assert_string_equal(access_name(access), names[i]);
        assert_int_equal(access, i);
    }
    assert_false(access_read("Public", &access));
    assert_false(access_read("", &access));
}

static void names_each_right(void **state)
{
    static const struct {
        const char *name;
        unsigned right;
    } rows[] = {{"publish", PERMIT_PUBLISH},
                {"takeover", PERMIT_TAKE_OVER},
                {"kick", PERMIT_KICK},
                {"record", PERMIT_RECORD},
                {"cue", PERMIT_CUE},
                {"Kick", 0},
                {"", 0},
                {"publish ", 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(permit_right_of(rows[i].name) == rows[i].right, rows[i].name, "%u",
                   permit_right_of(rows[i].name));
}

typedef struct Shown {
    bool by_token;
    const char *secret, *subject;
} Shown;

static Permit permit_of(Shown shown)
{
    Permit permit = {.by_token = shown.by_token};

    snprintf(permit.subject, sizeof(permit.subject), "%s", shown.subject);
    permit_set_proof(&permit, shown.secret);
    return permit;
}

static void knows_a_person_again(void **state)
{
    static const struct {
        const char *name;
        Shown a, b;
        bool same;
    } rows[] = {
        {"one key", {false, "a key of mine", ""}, {false, "a key of mine", ""}, true},
        {"two keys", {false, "a key of mine", ""}, {false, "a key of yours", ""}, false},
        {"no keys", {false, NULL, ""}, {false, NULL, ""}, false},
        {"a key and none", {false, "a key of mine", ""}, {false, NULL, ""}, false},
        {"one token", {true, "a.b.c", ""}, {true, "a.b.c", ""}, true},
        {"two tokens", {true, "a.b.c", ""}, {true, "a.b.d", ""}, false},
        {"two of a subject", {true, "a.b.c", "ann"}, {true, "a.b.d", "ann"}, true},
        {"two of two", {true, "a.b.c", "ann"}, {true, "a.b.d", "bob"}, false},
        {"a token for a key", {true, "a.b.c", ""}, {false, "a.b.c", ""}, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Permit a = permit_of(rows[i].a), b = permit_of(rows[i].b);
        assert_row(permit_same_person(&a, &b) == rows[i].same, rows[i].name, "%d", !rows[i].same);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(names_each_access),
    cmocka_unit_test(names_each_right),
    cmocka_unit_test(knows_a_person_again),
};

TEST_GROUP(permit, tests);
