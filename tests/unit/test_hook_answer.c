/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <jansson.h>
#include <stdlib.h>

#include "admission_answer.h"
#include "janus-plugin/hook/hook_answer.h"
#include "janus-plugin/hook/hook_question.h"

static HookAnswer read_answer(long status, const char *body)
{
    HookAnswer answer;
    size_t len = strlen(body);
    uint8_t *copy = guarded_copy(body, len);

    hook_answer_read(status, (const char *)copy, len, &answer);
    guarded_free(copy, len);
    return answer;
}

static void tells_answers_apart(void **state)
{
    static const struct {
        long status;
        const char *body;
        AdmissionVerdict verdict;
        const char *reason; /* what it begins with */
    } rows[] = {
        {200, "{\"allow\":true}", ADMISSION_ALLOWS, ""},
        {201, " {\"allow\":true, \"more\":[1,{}]} ", ADMISSION_ALLOWS, ""},
        {200, "{\"allow\":true,\"stream\":null,\"end\":null}", ADMISSION_ALLOWS, ""},
        {200, "{\"allow\":false}", ADMISSION_DENIES, ""},
        {200, "{\"allow\":false,\"reason\":\"pay first\"}", ADMISSION_DENIES, "pay first"},
        {200, "{\"allow\":false,\"reason\":7,\"bitrate\":\"x\"}", ADMISSION_DENIES, ""},
        {200, "{\"allow\":false,\"reason\":\"a\\nb\\u007fc\"}", ADMISSION_DENIES, "a b c"},
        {403, "{\"reason\":\"pay first\"}", ADMISSION_DENIES, "pay first"},
        {403, "{\"allow\":true}", ADMISSION_DENIES, ""},
        {404, "<html>", ADMISSION_DENIES, ""},
        {200, "", ADMISSION_UNUSABLE, "it must be a JSON object"},
        {204, "", ADMISSION_UNUSABLE, "it must be a JSON object"},
        {200, "<html>", ADMISSION_UNUSABLE, "it must be a JSON object"},
        {200, "true", ADMISSION_UNUSABLE, "it must be a JSON object"},
        {200, "[]", ADMISSION_UNUSABLE, "it must be a JSON object"},
        {200, "{}", ADMISSION_UNUSABLE, "it must be a JSON object"},
        {200, "{\"allow\":1}", ADMISSION_UNUSABLE, "it must be a JSON object"},
        {200, "{\"allow\":\"true\"}", ADMISSION_UNUSABLE, "it must be a JSON object"},
        {200, "{\"allow\":true", ADMISSION_UNUSABLE, "it must be a JSON object"},
        {200, "{\"allow\":true}{", ADMISSION_UNUSABLE, "it must be a JSON object"},
        {200, "{\"allow\":false,\"allow\":true}", ADMISSION_UNUSABLE, "it must be a JSON object"},
        {301, "{\"allow\":true}", ADMISSION_UNUSABLE, "HTTP status 301"},
        {304, "{\"allow\":true}", ADMISSION_UNUSABLE, "HTTP status 304"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        HookAnswer answer = read_answer(rows[i].status, rows[i].body);
        assert_row(answer.verdict == rows[i].verdict, rows[i].body, "%d", answer.verdict);
        assert_row(strncmp(answer.reason, rows[i].reason, strlen(rows[i].reason)) == 0 &&
                       !answer.reason[0] == !rows[i].reason[0],
                   rows[i].body, "\"%s\"", answer.reason);
    }
}

/* One field that is wrong, and nobody is let in by the others. */
static void refuses_fields_that_are_wrong(void **state)
{
    static const char *const rows[] = {
        "\"stream\":\"\"",
        "\"stream\":\"a b\"",
        "\"stream\":\"../x\"",
        "\"stream\":7",
        "\"stream\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
        "\"bitrate\":49999",
        "\"bitrate\":50000001",
        "\"bitrate\":-1",
        "\"bitrate\":1000000.5",
        "\"bitrate\":\"1000000\"",
        "\"bitrate\":99999999999999999999",
        "\"codecs\":[]",
        "\"codecs\":\"h264\"",
        "\"codecs\":[\"h264\",\"h264\"]",
        "\"codecs\":[\"h263\"]",
        "\"codecs\":[\"h264, vp9\"]",
        "\"codecs\":[7]",
        "\"codecs\":[\"h264\",\"vp8\",\"vp9\",\"av1\",\"h265\",\"h264\"]",
        "\"title\":7",
        "\"title\":\"a\\u0000b\"",
        "\"end\":0",
        "\"end\":-1",
        "\"end\":\"2030\"",
        "\"end\":1.5",
        "\"end\":1796003600000", /* milliseconds would be never */
        "\"access\":\"private\"",
        "\"access\":true",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char body[512];
        snprintf(body, sizeof(body), "{\"allow\":true,%s}", rows[i]);
        HookAnswer answer = read_answer(200, body);
        assert_row(answer.verdict == ADMISSION_UNUSABLE && answer.reason[0], rows[i], "%d %s",
                   answer.verdict, answer.reason);
    }
}

static void changes_a_permit(void **state)
{
    Permit permit = {.name = "asked", .bitrate = 7, .title = "before", .end = 100};
    HookAnswer answer = read_answer(200, "{\"allow\":true}");

    (void)state;
    hook_answer_apply(&answer, &permit);
    assert_string_equal(permit.name, "asked");
    assert_string_equal(permit.title, "before");
    assert_int_equal(permit.bitrate, 7);
    assert_int_equal(permit.end, 100);
    assert_int_equal(permit.access, ACCESS_PUBLIC);
    assert_int_equal(permit.codecs.count, 0);

    answer = read_answer(200,
                         "{\"allow\":true,\"stream\":\"given\",\"bitrate\":800000,"
                         "\"codecs\":[\"vp9\",\"h264\"],\"title\":\"\\u00e1\",\"end\":200,"
                         "\"access\":\"protected\"}");
    assert_int_equal(answer.verdict, ADMISSION_ALLOWS);
    hook_answer_apply(&answer, &permit);
    assert_string_equal(permit.name, "given");
    assert_string_equal(permit.title, "\xc3\xa1");
    assert_int_equal(permit.bitrate, 800000);
    assert_int_equal(permit.end, 100); /* the earlier one */
    assert_int_equal(permit.access, ACCESS_PROTECTED);
    assert_int_equal(permit.codecs.count, 2);
    assert_int_equal(permit.codecs.codec[0], CODEC_VP9);
    permit.end = 0;
    hook_answer_apply(&answer, &permit);
    assert_int_equal(permit.end, 200);
}

/* Of a sentence that is too long, characters are not cut in two. */
static void cuts_a_sentence_between_characters(void **state)
{
    char body[2 * REQUEST_ERROR_SIZE + 64] = "{\"allow\":false,\"reason\":\"x";

    (void)state;
    for (size_t i = 0; i < REQUEST_ERROR_SIZE / 2; i++)
        strcat(body, "\xc3\xa1");
    strcat(body, "\"}");
    HookAnswer answer = read_answer(200, body);
    assert_int_equal(answer.verdict, ADMISSION_DENIES);
    assert_int_equal(strlen(answer.reason), REQUEST_ERROR_SIZE - 1);
    body[strlen(body) - 2] = '\0';
    memmove(strchr(body, 'x'), strchr(body, 'x') + 1, strlen(strchr(body, 'x')));
    strcat(body, "\"}");
    answer = read_answer(200, body);
    assert_int_equal(strlen(answer.reason), REQUEST_ERROR_SIZE - 2);
    assert_int_equal((unsigned char)answer.reason[REQUEST_ERROR_SIZE - 3], 0xa1);
}

static void knows_who_is_out_of_order(void **state)
{
    (void)state;
    assert_true(admission_status_is_failure(500) && admission_status_is_failure(503));
    assert_true(admission_status_is_failure(429) && admission_status_is_failure(408));
    assert_false(admission_status_is_failure(200) || admission_status_is_failure(302) ||
                 admission_status_is_failure(403) || admission_status_is_failure(404));
}

/* ---- the question ---- */

static json_t *ask(const HookQuestionParams *params)
{
    char *text = hook_question(params);

    assert_non_null(text);
    json_t *question = json_loads(text, 0, NULL);
    free(text);
    assert_non_null(question);
    return question;
}

static void require(const json_t *object, const char *name, const char *text)
{
    const char *value = json_string_value(json_object_get(object, name));

    assert_row(text ? value && strcmp(value, text) == 0 : !value, name, "%s", value ? value : "-");
}

static void asks_without_the_key(void **state)
{
    const Request request = {.stream = "shop",
                             .key = "abc",
                             .title = "Hats",
                             .unlisted = true,
                             .chooses = true,
                             .codec = CODEC_VP9};
    Permit permit = {.name = "shop", .open = true};
    const HookQuestionParams params = {&request, &permit, 2500000, false, 1764400000};

    (void)state;
    permit_set_proof(&permit, request.key);
    json_t *question = ask(&params);
    const json_t *data = json_object_get(question, "data"),
                 *publisher = json_object_get(data, "publisher");
    require(question, "type", "publish");
    require(question, "timestamp", "2025-11-29T07:06:40Z");
    require(data, "stream", "shop");
    require(data, "title", "Hats");
    require(data, "access", "unlisted");
    require(data, "codec", "vp9");
    assert_int_equal(json_integer_value(json_object_get(data, "bitrate")), 2500000);
    assert_null(json_object_get(data, "end"));
    require(publisher, "by", "open");
    /* printf abc | sha256sum */
    require(publisher, "key_sha256",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    json_decref(question);
}

static void asks_with_what_a_token_says(void **state)
{
    const Request request = {.stream = "shop", .key = "a.long.token"};
    Permit permit = {.name = "shop",
                     .title = "of the token",
                     .access = ACCESS_PROTECTED,
                     .by_token = true,
                     .subject = "eva",
                     .id = "7",
                     .issued = 1764300000,
                     .end = 1764500000};
    const HookQuestionParams params = {&request, &permit, 500000, true, 1764400000};

    (void)state;
    permit_set_proof(&permit, request.key);
    char *text = hook_question(&params);
    assert_non_null(text);
    assert_null(strstr(text, "a.long.token"));
    free(text);
    json_t *question = ask(&params);
    const json_t *data = json_object_get(question, "data"),
                 *publisher = json_object_get(data, "publisher");
    require(question, "type", "takeover");
    require(data, "title", "of the token");
    require(data, "access", "protected");
    require(data, "codec", NULL);
    assert_int_equal(json_integer_value(json_object_get(data, "end")), 1764500000);
    require(publisher, "by", "token");
    require(publisher, "sub", "eva");
    require(publisher, "jti", "7");
    require(publisher, "key_sha256", NULL);
    assert_int_equal(json_integer_value(json_object_get(publisher, "iat")), 1764300000);
    json_decref(question);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tells_answers_apart),
    cmocka_unit_test(refuses_fields_that_are_wrong),
    cmocka_unit_test(changes_a_permit),
    cmocka_unit_test(cuts_a_sentence_between_characters),
    cmocka_unit_test(knows_who_is_out_of_order),
    cmocka_unit_test(asks_without_the_key),
    cmocka_unit_test(asks_with_what_a_token_says),
};

TEST_GROUP(hook_answer, tests);
