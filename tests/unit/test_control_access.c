/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/base/control_access.h"

#define TOKEN "0123456789abcdef"

static void check(const ControlAccess *access, const char *host, const char *origin,
                  const char *authorization, const char *path, ControlVerdict expected)
{
    const ControlHead head = {host, origin, authorization};
    ControlVerdict got = control_access_check(access, &head, path);

    assert_row(got == expected, host ? host : "(no host)", "%d, not %d (%s, %s, %s)", (int)got,
               (int)expected, origin ? origin : "-", authorization ? authorization : "-", path);
    assert_true((control_access_reason(got)[0] == '\0') == (got == CONTROL_ALLOWED));
}

/* A name that a stranger owns can be given the address 127.0.0.1. */
static void hosts_that_nobody_else_can_point_here(void **state)
{
    static const struct {
        const char *host;
        bool allowed;
    } rows[] = {
        {"127.0.0.1", true},
        {"127.0.0.1:8190", true},
        {"10.1.2.3:80", true},
        {"[::1]", true},
        {"[::1]:8190", true},
        {"localhost", true},
        {"LocalHost:8190", true},
        {"bridge.internal", true},
        {"Other.Internal:1", true},
        {"attacker.example", false},
        {"attacker.example:8190", false},
        {"localhost.attacker.example", false},
        {"127.0.0.1.attacker.example", false},
        {"internal", false},
        {"bridge.internal other.internal", false},
        {"", false},
        {":8190", false},
        {"[::1", false},
        {"[localhost]", false},
        {"[]:1", false},
        {"::1", false},
        {"127.0.0.1:x", false},
        {"127.0.0.1:80:80", false},
        {"user@127.0.0.1", false},
        {"0x7f.1", false},
        {NULL, false},
    };
    const ControlAccess access = {.hosts = " bridge.internal  other.internal"};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(&access, rows[i].host, NULL, NULL, "/streams",
              rows[i].allowed ? CONTROL_ALLOWED : CONTROL_WRONG_HOST);
}

static void a_host_that_is_too_long(void **state)
{
    const ControlAccess access = {0};
    char host[1000];

    (void)state;
    memset(host, '1', sizeof(host) - 1);
    host[sizeof(host) - 1] = '\0';
    check(&access, host, NULL, NULL, "/streams", CONTROL_WRONG_HOST);
}

static void pages_of_other_origins(void **state)
{
    const ControlAccess strict = {0}, open = {.origins = "https://a.example http://b.example:81"};

    (void)state;
    check(&strict, "127.0.0.1", "http://127.0.0.1", NULL, "/streams", CONTROL_WRONG_ORIGIN);
    check(&strict, "127.0.0.1", "null", NULL, "/healthz", CONTROL_WRONG_ORIGIN);
    check(&strict, "127.0.0.1", "", NULL, "/streams", CONTROL_WRONG_ORIGIN);
    check(&open, "127.0.0.1", "https://a.example", NULL, "/streams", CONTROL_ALLOWED);
    check(&open, "127.0.0.1", "http://b.example:81", NULL, "/streams", CONTROL_ALLOWED);
    check(&open, "127.0.0.1", "http://b.example", NULL, "/streams", CONTROL_WRONG_ORIGIN);
    check(&open, "127.0.0.1", "https://a.example http://b.example:81", NULL, "/",
          CONTROL_WRONG_ORIGIN);
}

static void a_token(void **state)
{
    const ControlAccess access = {.token = TOKEN};

    (void)state;
    check(&access, "localhost", NULL, NULL, "/streams", CONTROL_NO_TOKEN);
    check(&access, "localhost", NULL, "", "/streams", CONTROL_NO_TOKEN);
    check(&access, "localhost", NULL, "Bearer", "/streams", CONTROL_NO_TOKEN);
    check(&access, "localhost", NULL, "Bearer ", "/streams", CONTROL_NO_TOKEN);
    check(&access, "localhost", NULL, "Basic " TOKEN, "/streams", CONTROL_NO_TOKEN);
    check(&access, "localhost", NULL, TOKEN, "/streams", CONTROL_NO_TOKEN);
    check(&access, "localhost", NULL, "Bearer " TOKEN "0", "/streams", CONTROL_NO_TOKEN);
    check(&access, "localhost", NULL, "Bearer 0123456789abcdeg", "/streams", CONTROL_NO_TOKEN);
    check(&access, "localhost", NULL, "Bearer 0123456789abcde", "/streams", CONTROL_NO_TOKEN);
    check(&access, "localhost", NULL, "Bearer " TOKEN, "/streams", CONTROL_ALLOWED);
    check(&access, "localhost", NULL, "bearer " TOKEN, "/streams", CONTROL_ALLOWED);
    check(&access, "localhost", NULL, NULL, "/healthz", CONTROL_ALLOWED);
    check(&access, "attacker.example", NULL, "Bearer " TOKEN, "/healthz", CONTROL_WRONG_HOST);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(hosts_that_nobody_else_can_point_here),
    cmocka_unit_test(a_host_that_is_too_long),
    cmocka_unit_test(pages_of_other_origins),
    cmocka_unit_test(a_token),
};

TEST_GROUP(control_access, tests);
