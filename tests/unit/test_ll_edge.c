/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/serve/ll_edge.h"

static void requests_against_where_the_list_ends(void **state)
{
    /* segment 9 is whole and has 11 parts, of segment 10 there are 3 */
    const LlEdge open = {9, 11, 3, 15, false};
    const LlEdge whole = {9, 11, 0, 15, false};
    const LlEdge ended = {9, 11, 0, 15, true};
    static const struct {
        const char *name;
        int edge; /* 0 open, 1 whole, 2 ended */
        int64_t msn, part;
        LlVerdict verdict;
    } rows[] = {
        {"long gone", 0, 0, -1, LL_READY},
        {"long gone, a part", 0, 1, 500, LL_READY},
        {"the last whole one", 0, 9, -1, LL_READY},
        {"its last part", 0, 9, 10, LL_READY},
        {"behind its last part is the next one's first", 0, 9, 11, LL_READY},
        {"the same, which is not there yet", 1, 9, 11, LL_WAIT},
        {"the open one, a part of it", 0, 10, 2, LL_READY},
        {"the part that comes next", 0, 10, 3, LL_WAIT},
        {"the last part that may be asked for", 0, 10, 17, LL_WAIT},
        {"one more", 0, 10, 18, LL_BAD},
        {"the open one, whole", 0, 10, -1, LL_WAIT},
        {"the one after", 0, 11, -1, LL_WAIT},
        {"the one after, its first part", 0, 11, 0, LL_WAIT},
        {"the one after, too far ahead", 0, 11, 15, LL_BAD},
        {"two after", 0, 12, -1, LL_BAD},
        {"two after, a part", 0, 12, 0, LL_BAD},
        {"after the end everything is there", 2, 99, 99, LL_READY},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const LlEdge *edge = rows[i].edge == 0 ? &open : rows[i].edge == 1 ? &whole : &ended;
        LlVerdict got = ll_edge_verdict(edge, rows[i].msn, rows[i].part);
        assert_row(got == rows[i].verdict, rows[i].name, "%d, not %d", got, rows[i].verdict);
    }
}

static void how_far_ahead(void **state)
{
    (void)state;
    assert_int_equal(ll_edge_advance_limit(18000), 15);
    assert_int_equal(ll_edge_advance_limit(17280), 16);
    assert_int_equal(ll_edge_advance_limit(90000), 3);
    assert_int_equal(ll_edge_advance_limit(360000), 3);
}

static void directives(void **state)
{
    static const struct {
        const char *msn, *part, *skip;
        bool good;
        LlDirectives out;
    } rows[] = {
        {NULL, NULL, NULL, true, {-1, -1, false}},
        {"5", NULL, NULL, true, {5, -1, false}},
        {"5", "0", "YES", true, {5, 0, true}},
        {NULL, NULL, "v2", true, {-1, -1, true}},
        {NULL, NULL, "no", true, {-1, -1, false}},
        {NULL, "1", NULL, false, {0}},
        {"", NULL, NULL, false, {0}},
        {"-1", NULL, NULL, false, {0}},
        {"5x", NULL, NULL, false, {0}},
        {"5", "1.5", NULL, false, {0}},
        {"5", "", NULL, false, {0}},
        {"99999999999999999999", NULL, NULL, false, {0}},
        {"999999999999999", NULL, NULL, true, {999999999999999, -1, false}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        LlDirectives got;
        const char *wrong = ll_directives_read(rows[i].msn, rows[i].part, rows[i].skip, &got);
        const char *name = rows[i].msn ? rows[i].msn : "(none)";
        assert_row(!wrong == rows[i].good, name, "row %zu: %s", i, wrong ? wrong : "taken");
        if (rows[i].good)
            assert_memory_equal(&got, &rows[i].out, offsetof(LlDirectives, skip) + 1);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(requests_against_where_the_list_ends),
    cmocka_unit_test(how_far_ahead),
    cmocka_unit_test(directives),
};

TEST_GROUP(ll_edge, tests);
