/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/base/media.h"
#include "hls-bridge/events/webhook_schedule.h"

#define S US_PER_S

static void a_status_means_one_of_four(void **state)
{
    static const struct {
        long status;
        WebhookVerdict verdict;
    } rows[] = {
        {0, WEBHOOK_AWAY},      {200, WEBHOOK_TAKEN},   {204, WEBHOOK_TAKEN},
        {299, WEBHOOK_TAKEN},   {302, WEBHOOK_REFUSED}, {400, WEBHOOK_NEVER},
        {401, WEBHOOK_REFUSED}, {403, WEBHOOK_REFUSED}, {404, WEBHOOK_REFUSED},
        {408, WEBHOOK_REFUSED}, {410, WEBHOOK_NEVER},   {413, WEBHOOK_NEVER},
        {415, WEBHOOK_NEVER},   {422, WEBHOOK_NEVER},   {429, WEBHOOK_AWAY},
        {500, WEBHOOK_REFUSED}, {502, WEBHOOK_AWAY},    {503, WEBHOOK_AWAY},
        {504, WEBHOOK_AWAY},    {599, WEBHOOK_REFUSED}, {100, WEBHOOK_REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(webhook_verdict(rows[i].status) == rows[i].verdict, "status", "%ld: %d",
                   rows[i].status, webhook_verdict(rows[i].status));
}

static void pauses_double_up_to_a_bound(void **state)
{
    static const struct {
        int64_t tries, asked_us, most_us, pause_us;
    } rows[] = {
        {1, 0, 300 * S, 1 * S},       {2, 0, 300 * S, 2 * S},
        {3, 0, 300 * S, 4 * S},       {9, 0, 300 * S, 256 * S},
        {10, 0, 300 * S, 300 * S},    {INT64_MAX, 0, 300 * S, 300 * S},
        {1, 0, S / 2, S / 2},         {1, 30 * S, 300 * S, 30 * S},
        {7, 30 * S, 300 * S, 64 * S}, {1, INT64_MAX, 300 * S, 300 * S},
        {40, 0, 3600 * S, 3600 * S},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t pause_us = webhook_pause_us(rows[i].tries, rows[i].asked_us, rows[i].most_us);
        assert_row(pause_us == rows[i].pause_us, "row", "%zu: %lld", i, (long long)pause_us);
    }
}

static void is_given_up_by_age_or_refusals(void **state)
{
    const WebhookLimits limits = {.age_us = 100 * S, .tries = 3};

    (void)state;
    assert_null(webhook_given_up(&limits, 0, 1000 * S, 1100 * S));
    assert_non_null(strstr(webhook_given_up(&limits, 0, 1000 * S, 1100 * S + 1), "webhook_age"));
    assert_null(webhook_given_up(&limits, 2, 1000 * S, 1000 * S));
    assert_non_null(strstr(webhook_given_up(&limits, 3, 1000 * S, 1000 * S), "webhook_tries"));
    assert_null(webhook_given_up(&limits, 2, 1000 * S, 0)); /* the clock was set back */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_status_means_one_of_four),
    cmocka_unit_test(pauses_double_up_to_a_bound),
    cmocka_unit_test(is_given_up_by_age_or_refusals),
};

TEST_GROUP(webhook_schedule, tests);
