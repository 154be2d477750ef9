/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>

#include "hls-bridge/playback/playback_answer.h"
#include "hls-bridge/playback/playback_ask.h"
#include "playback_path.h"

#define CLAIMS  "{\"stream\":\"shop\",\"exp\":1796000000}"
#define SESSION "{\"stream\":\"shop\",\"exp\":1796000000,\"sid\":\"7f3a\"}"

static PlaybackAsk ask_of(const char *address, const char *claims, const char *stream)
{
    char path[PLAYBACK_PATH_SIZE];
    PlaybackAsk ask;

    assert_row(playback_ask_read(playback_path(path, address, claims, stream), &ask), path,
               "not taken");
    return ask;
}

static void a_question_says_who_what_and_from_where(void **state)
{
    static const struct {
        const char *address, *body;
    } rows[] = {
        {"192.0.2.7",
         "{\"type\":\"playback\",\"timestamp\":\"2026-11-30T00:53:20Z\",\"data\":{"
         "\"stream\":\"shop\",\"address\":\"192.0.2.7\",\"token\":" SESSION "}}"},
        {"2001:db8::7",
         "{\"type\":\"playback\",\"timestamp\":\"2026-11-30T00:53:20Z\",\"data\":{"
         "\"stream\":\"shop\",\"address\":\"2001:db8::7\",\"token\":" SESSION "}}"},
        {"-",
         "{\"type\":\"playback\",\"timestamp\":\"2026-11-30T00:53:20Z\",\"data\":{"
         "\"stream\":\"shop\",\"token\":" SESSION "}}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        PlaybackAsk ask = ask_of(rows[i].address, SESSION, "shop");
        char *body = playback_ask_question(&ask, INT64_C(1796000000000000));
        assert_non_null(body);
        assert_string_equal(body, rows[i].body);
        free(body);
    }
}

static void a_session_is_of_a_stream_an_address_and_a_sid_or_token(void **state)
{
    static const struct {
        const char *address, *claims, *stream;
        bool same;
    } rows[] = {
        {"192.0.2.7", SESSION, "shop", true},
        /* another token of the same session: it was renewed */
        {"192.0.2.7", "{\"stream\":\"shop\",\"exp\":1796009999,\"sid\":\"7f3a\"}", "shop", true},
        {"::ffff:192.0.2.7", SESSION, "shop", true},
        {"192.0.2.8", SESSION, "shop", false},
        {"-", SESSION, "shop", false},
        {"192.0.2.7", SESSION, "shop2", false},
        {"192.0.2.7", CLAIMS, "shop", false},
        {"192.0.2.7", "{\"stream\":\"shop\",\"exp\":1796000000,\"sid\":\"7f3b\"}", "shop", false},
        {"192.0.2.7", "{\"stream\":\"shop\",\"exp\":1796000000,\"sid\":7}", "shop", false},
    };
    PlaybackAsk first = ask_of("192.0.2.7", SESSION, "shop");

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        PlaybackAsk ask = ask_of(rows[i].address, rows[i].claims, rows[i].stream);
        bool same = memcmp(ask.session, first.session, sizeof(ask.session)) == 0;
        assert_row(same == rows[i].same, rows[i].claims, "%d", same);
    }
    PlaybackAsk one = ask_of("2001:db8::7", SESSION, "shop");
    PlaybackAsk near = ask_of("2001:db8::ffff:1", SESSION, "shop");
    PlaybackAsk far = ask_of("2001:db8:0:1::7", SESSION, "shop");
    assert_memory_equal(one.session, near.session, sizeof(one.session)); /* one /64 */
    assert_memory_not_equal(one.session, far.session, sizeof(one.session));
    PlaybackAsk token = ask_of("192.0.2.7", CLAIMS, "shop");
    PlaybackAsk other = ask_of("192.0.2.7", "{\"stream\":\"shop\",\"exp\":1796000001}", "shop");
    assert_memory_not_equal(token.session, other.session, sizeof(token.session));
}

static void what_is_none_is_not_taken(void **state)
{
    static const char *const paths[] = {
        "",
        "/",
        "/session/",
        "/session/-/shop",
        "/session/-/v1.k1.e30.x/",
        "/session/-/v1.k1.e30.x/a/b",
        "/session/-/v1.k1.e30.x/..",
        "/session/-/v1.k1.e30/shop",
        "/session/-/e30/shop",
        "/session/-/v1.k1.W10.x/shop", /* [] */
        "/session/-/v1.k1.e.x/shop",
        "/session/-/v1.k1..x/shop",
        "/session//v1.k1.e30.x/sh op",
        "/session/192.0.2/v1.k1.e30.x/shop",
        "/session/192.0.2.7.192.0.2.7.192.0.2.7.192.0.2.7.192.0.2.7/v1.k1.e30.x/shop",
        "/sessions/-/v1.k1.e30.x/shop",
    };
    PlaybackAsk ask;

    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++)
        assert_row(!playback_ask_read(paths[i], &ask), paths[i], "taken");
    assert_true(playback_ask_read("/session/-/v1.k1.e30.x/shop", &ask));
    assert_string_equal(ask.claims, "{}");
}

static void answers_are_read(void **state)
{
    static const struct {
        long status;
        const char *body;
        AdmissionVerdict verdict;
        int64_t end;
        const char *reason;
    } rows[] = {
        {200, "{\"allow\":true}", ADMISSION_ALLOWS, 0, ""},
        {200, "{\"allow\":true,\"end\":1796000000,\"reason\":\"x\"}", ADMISSION_ALLOWS, 1796000000,
         ""},
        {200, "{\"allow\":true,\"end\":null}", ADMISSION_ALLOWS, 0, ""},
        {200, "{\"allow\":true,\"end\":1796000000000}", ADMISSION_UNUSABLE, 0,
         "\"end\" must be a whole number of seconds since 1970"},
        {200, "{\"allow\":true,\"end\":\"soon\"}", ADMISSION_UNUSABLE, 0,
         "\"end\" must be a whole number of seconds since 1970"},
        {200, "{\"allow\":false,\"reason\":\"no\\nhours\"}", ADMISSION_DENIES, 0, "no hours"},
        {403, "", ADMISSION_DENIES, 0, ""},
        {403, "{\"reason\":\"no hours\"}", ADMISSION_DENIES, 0, "no hours"},
        {302, "{\"allow\":true}", ADMISSION_UNUSABLE, 0, "HTTP status 302: it must answer itself"},
        {200, "allow", ADMISSION_UNUSABLE, 0,
         "it must be a JSON object with \"allow\", which is true or false"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        PlaybackAnswer answer;
        playback_answer_read(rows[i].status, rows[i].body, strlen(rows[i].body), &answer);
        assert_row(answer.verdict == rows[i].verdict, rows[i].body, "%d", (int)answer.verdict);
        assert_int_equal(answer.end, rows[i].end);
        assert_string_equal(answer.reason, rows[i].reason);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_question_says_who_what_and_from_where),
    cmocka_unit_test(a_session_is_of_a_stream_an_address_and_a_sid_or_token),
    cmocka_unit_test(what_is_none_is_not_taken),
    cmocka_unit_test(answers_are_read),
};

TEST_GROUP(playback_ask, tests);
