/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "failure_telling.h"

#define S INT64_C(1000000)

/* Letters: what is said. The figure: how often it has failed since then. */
static void a_log_says_little_of_what_fails_often(void **state)
{
    static const char said[] = {[FAILURE_UNSAID] = '-',
                                [FAILURE_BEGINS] = 'B',
                                [FAILURE_LASTS] = 'L',
                                [FAILURE_OVER] = 'O'};
    static const struct {
        int64_t at_s;
        bool failed;
        char said;
        uint64_t untold;
    } rows[] = {
        {1, false, '-', 0},   {2, true, 'B', 0},   {3, true, '-', 0},    {4, false, '-', 0},
        {5, true, '-', 0},    {61, false, '-', 0}, {62, true, 'L', 3},   {63, true, '-', 0},
        {121, true, '-', 0},  {122, true, 'L', 3}, {181, false, '-', 0}, {182, false, 'O', 0},
        {183, true, 'B', 0},  {184, true, '-', 0}, {900, false, 'O', 0}, {999, true, 'B', 0},
        {2000, true, 'L', 1},
    };
    FailureTelling t = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t untold = 0;
        FailureWord word = failure_telling_note(&t, rows[i].failed, rows[i].at_s * S, &untold);
        assert_row(said[word] == rows[i].said && untold == rows[i].untold, "another word",
                   "at %lld s: %c, %llu", (long long)rows[i].at_s, said[word],
                   (unsigned long long)untold);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_log_says_little_of_what_fails_often),
};

TEST_GROUP(failure_telling, tests);
