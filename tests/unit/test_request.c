/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "janus-plugin/core/request.h"
#include "stream_name.h"

#define TEN       "0123456789"
#define HUNDRED   TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define BYTES_64  TEN TEN TEN TEN TEN TEN "0123"
#define BYTES_128 BYTES_64 BYTES_64
#define BYTES_200 HUNDRED HUNDRED

/* JSON, written with single quotes. The caller owns it. */
static json_t *json_of(const char *text)
{
    char quoted[1024];
    json_error_t error;

    snprintf(quoted, sizeof(quoted), "%s", text);
    for (char *c = quoted; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    json_t *json = json_loads(quoted, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);

    assert_row(json, text, "%s", error.text);
    return json;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void reads_requests(void **state)
{
    static const struct {
        const char *text;
        RequestKind kind;
        const char *stream, *key, *title;
    } rows[] = {
        {"{'request': 'publish', 'stream': 'shop'}", REQUEST_PUBLISH, "shop", NULL, NULL},
        {"{'request': 'publish', 'stream': 'shop', 'key': '8 bytes.', 'title': 'T'}",
         REQUEST_PUBLISH, "shop", "8 bytes.", "T"},
        {"{'request': 'publish', 'stream': 'shop', 'key': '', 'title': ''}", REQUEST_PUBLISH,
         "shop", NULL, ""}, /* an empty key is none */
        {"{'request': 'publish', 'stream': 'shop', 'key': null, 'title': null}", REQUEST_PUBLISH,
         "shop", NULL, NULL},
        {"{'request': 'publish', 'stream': '" BYTES_64 "', 'key': '" BYTES_128
         "', 'title': '" BYTES_200 "'}",
         REQUEST_PUBLISH, BYTES_64, BYTES_128, BYTES_200},
        {"{'request': 'publish', 'stream': 'shop', 'unknown': [1]}", REQUEST_PUBLISH, "shop", NULL,
         NULL},
        {"{'request': 'configure'}", REQUEST_CONFIGURE, NULL, NULL, NULL},
        {"{'request': 'configure', 'stream': null}", REQUEST_CONFIGURE, NULL, NULL, NULL},
        {"{'request': 'unpublish'}", REQUEST_UNPUBLISH, NULL, NULL, NULL},
        {"{'request': 'report'}", REQUEST_REPORT, NULL, NULL, NULL},
        {"{'request': 'list'}", REQUEST_LIST, NULL, NULL, NULL},
        {"{'request': 'info', 'stream': 'shop'}", REQUEST_INFO, "shop", NULL, NULL},
        {"{'request': 'kick', 'stream': 'shop'}", REQUEST_KICK, "shop", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *text = rows[i].text;
        json_t *json = json_of(text);
        RequestError error = {0};
        Request r;
        int status = request_parse(json, &r, &error);
        assert_row(status == 0, text, "%s", error.text);
        assert_row(r.kind == rows[i].kind, text, "%d", r.kind);
        assert_row(same(r.stream, rows[i].stream), text, "%s", r.stream);
        assert_row(same(r.key, rows[i].key), text, "%s", r.key);
        assert_row(same(r.title, rows[i].title), text, "%s", r.title);
        assert_row(r.bitrate == 0 && r.round_trip_ms < 0 && r.audio == SWITCH_ABSENT &&
                       r.video == SWITCH_ABSENT && !r.keyframe && !r.unlisted,
                   text, "a field that is absent has a value");
        json_decref(json);
    }
}

static void reads_fields(void **state)
{
    static const struct {
        const char *text; /* a field of a configure request */
        uint32_t bitrate;
        double round_trip_ms;
        RequestSwitch audio, video;
        bool keyframe, unlisted;
    } rows[] = {
        {"'bitrate': 50000", 50000, -1, SWITCH_ABSENT, SWITCH_ABSENT, false, false},
        {"'bitrate': 50000000", 50000000, -1, SWITCH_ABSENT, SWITCH_ABSENT, false, false},
        {"'bitrate': null", 0, -1, SWITCH_ABSENT, SWITCH_ABSENT, false, false},
        {"'round_trip_ms': 0", 0, 0, SWITCH_ABSENT, SWITCH_ABSENT, false, false},
        {"'round_trip_ms': 12.5", 0, 12.5, SWITCH_ABSENT, SWITCH_ABSENT, false, false},
        {"'round_trip_ms': 60000", 0, 60000, SWITCH_ABSENT, SWITCH_ABSENT, false, false},
        {"'round_trip_ms': null", 0, -1, SWITCH_ABSENT, SWITCH_ABSENT, false, false},
        {"'audio': true", 0, -1, SWITCH_ON, SWITCH_ABSENT, false, false},
        {"'audio': false, 'video': true", 0, -1, SWITCH_OFF, SWITCH_ON, false, false},
        {"'audio': null, 'video': false", 0, -1, SWITCH_ABSENT, SWITCH_OFF, false, false},
        {"'keyframe': true", 0, -1, SWITCH_ABSENT, SWITCH_ABSENT, true, false},
        {"'unlisted': true", 0, -1, SWITCH_ABSENT, SWITCH_ABSENT, false, true},
        {"'unlisted': null", 0, -1, SWITCH_ABSENT, SWITCH_ABSENT, false, false},
        {"'keyframe': false", 0, -1, SWITCH_ABSENT, SWITCH_ABSENT, false, false},
        {"'keyframe': null", 0, -1, SWITCH_ABSENT, SWITCH_ABSENT, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[256];
        snprintf(text, sizeof(text), "{'request': 'configure', %s}", rows[i].text);
        json_t *json = json_of(text);
        RequestError error = {0};
        Request r;
        int status = request_parse(json, &r, &error);
        assert_row(status == 0, text, "%s", error.text);
        assert_row(r.bitrate == rows[i].bitrate, text, "%u", r.bitrate);
        assert_row(r.round_trip_ms == rows[i].round_trip_ms, text, "%g", r.round_trip_ms);
        assert_row(r.audio == rows[i].audio, text, "%d", r.audio);
        assert_row(r.video == rows[i].video, text, "%d", r.video);
        assert_row(r.keyframe == rows[i].keyframe, text, "%d", r.keyframe);
        assert_row(r.unlisted == rows[i].unlisted, text, "%d", r.unlisted);
        json_decref(json);
    }
}

static void reads_the_choice_of_a_codec(void **state)
{
    static const struct {
        const char *text;
        bool chooses;
        Codec codec;
    } rows[] = {
        {"{'request': 'publish', 'stream': 'a'}", false, CODEC_H264},
        {"{'request': 'publish', 'stream': 'a', 'codec': null}", false, CODEC_H264},
        {"{'request': 'publish', 'stream': 'a', 'codec': 'h264'}", true, CODEC_H264},
        {"{'request': 'publish', 'stream': 'a', 'codec': 'VP9'}", true, CODEC_VP9},
        {"{'request': 'publish', 'stream': 'a', 'codec': 'av1'}", true, CODEC_AV1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *json = json_of(rows[i].text);
        RequestError error = {0};
        Request r;
        int status = request_parse(json, &r, &error);
        assert_row(status == 0, rows[i].text, "%s", error.text);
        assert_row(r.chooses == rows[i].chooses && r.codec == rows[i].codec, rows[i].text, "%d",
                   r.codec);
        json_decref(json);
    }
}

static void refuses_with_code_and_sentence(void **state)
{
#define CONFIGURE(field) "{'request': 'configure', " field "}"
#define PUBLISH(field)   "{'request': 'publish', " field "}"
    static const struct {
        const char *text;
        int code;
        const char *sentence; /* a part of it */
    } rows[] = {
        {"[]", HLS_ERROR_INVALID_JSON, "must be a JSON object"},
        {"'publish'", HLS_ERROR_INVALID_JSON, "must be a JSON object"},
        {"{}", HLS_ERROR_INVALID_JSON, "\"request\" must name a request"},
        {"{'request': 7}", HLS_ERROR_INVALID_JSON, "\"request\" must name a request"},
        {"{'request': null}", HLS_ERROR_INVALID_JSON, "\"request\" must name a request"},
        {"{'request': ''}", HLS_ERROR_UNKNOWN_REQUEST, "use publish, configure"},
        {"{'request': 'Publish'}", HLS_ERROR_UNKNOWN_REQUEST, "no such request"},
        {"{'request': 'lists'}", HLS_ERROR_UNKNOWN_REQUEST, "no such request"},
        {"{'request': 'publish'}", HLS_ERROR_INVALID_NAME, STREAM_NAME_RULE},
        {"{'request': 'info'}", HLS_ERROR_INVALID_NAME, STREAM_NAME_RULE},
        {"{'request': 'kick'}", HLS_ERROR_INVALID_NAME, STREAM_NAME_RULE},
        {PUBLISH("'stream': null"), HLS_ERROR_INVALID_NAME, STREAM_NAME_RULE},
        {PUBLISH("'stream': ''"), HLS_ERROR_INVALID_NAME, STREAM_NAME_RULE},
        {PUBLISH("'stream': 'a b'"), HLS_ERROR_INVALID_NAME, STREAM_NAME_RULE},
        {PUBLISH("'stream': '" BYTES_64 "x'"), HLS_ERROR_INVALID_NAME, STREAM_NAME_RULE},
        {PUBLISH("'stream': '" BYTES_200 "'"), HLS_ERROR_INVALID_NAME, STREAM_NAME_RULE},
        {PUBLISH("'stream': 'a\\u0000b'"), HLS_ERROR_INVALID_JSON,
         "\"stream\" must be a string of up to 64 bytes"},
        {PUBLISH("'stream': 7"), HLS_ERROR_INVALID_JSON, "\"stream\" must be a string"},
        {CONFIGURE("'stream': 'a b'"), HLS_ERROR_INVALID_NAME, STREAM_NAME_RULE},
        {CONFIGURE("'key': '" BYTES_128 "x'"), HLS_ERROR_INVALID_JSON,
         "\"key\" must be a string of up to 128 bytes"},
        {CONFIGURE("'key': 'a\\u0000b'"), HLS_ERROR_INVALID_JSON, "\"key\" must be"},
        {CONFIGURE("'key': '7 bytes'"), HLS_ERROR_SHORT_KEY, "at least 8 characters"},
        {CONFIGURE("'key': 7"), HLS_ERROR_INVALID_JSON, "\"key\" must be"},
        {CONFIGURE("'title': '" BYTES_200 "x'"), HLS_ERROR_INVALID_JSON,
         "\"title\" must be a string of up to 200 bytes"},
        {CONFIGURE("'title': true"), HLS_ERROR_INVALID_JSON, "\"title\" must be"},
        {CONFIGURE("'bitrate': 49999"), HLS_ERROR_INVALID_JSON, "from 50000 to 50000000"},
        {CONFIGURE("'bitrate': 50000001"), HLS_ERROR_INVALID_JSON, "\"bitrate\" must be"},
        {CONFIGURE("'bitrate': 4294967296000"), HLS_ERROR_INVALID_JSON, "\"bitrate\" must be"},
        {CONFIGURE("'bitrate': -1"), HLS_ERROR_INVALID_JSON, "\"bitrate\" must be"},
        {CONFIGURE("'bitrate': 0"), HLS_ERROR_INVALID_JSON, "\"bitrate\" must be"},
        {CONFIGURE("'bitrate': 1e6"), HLS_ERROR_INVALID_JSON, "\"bitrate\" must be"},
        {CONFIGURE("'bitrate': '1000000'"), HLS_ERROR_INVALID_JSON, "\"bitrate\" must be"},
        {CONFIGURE("'round_trip_ms': -0.1"), HLS_ERROR_INVALID_JSON, "from 0 to 60000"},
        {CONFIGURE("'round_trip_ms': 60000.5"), HLS_ERROR_INVALID_JSON, "\"round_trip_ms\""},
        {CONFIGURE("'round_trip_ms': '5'"), HLS_ERROR_INVALID_JSON, "\"round_trip_ms\""},
        {CONFIGURE("'audio': 1"), HLS_ERROR_INVALID_JSON, "\"audio\" must be true or false"},
        {CONFIGURE("'video': 'on'"), HLS_ERROR_INVALID_JSON, "\"video\" must be"},
        {CONFIGURE("'keyframe': 0"), HLS_ERROR_INVALID_JSON, "\"keyframe\" must be"},
        {PUBLISH("'stream': 'shop', 'codec': 'theora'"), HLS_ERROR_INVALID_JSON,
         "\"codec\" must be h264, vp8, vp9, av1 or h265"},
        {PUBLISH("'stream': 'shop', 'codec': 'vp8,vp9'"), HLS_ERROR_INVALID_JSON, "\"codec\" must"},
        {PUBLISH("'stream': 'shop', 'codec': ''"), HLS_ERROR_INVALID_JSON, "\"codec\" must"},
        {PUBLISH("'stream': 'shop', 'codec': 9"), HLS_ERROR_INVALID_JSON,
         "\"codec\" must be a string"},
        {CONFIGURE("'unlisted': 1"), HLS_ERROR_INVALID_JSON, "\"unlisted\" must be"},
        {CONFIGURE("'before': 0"), HLS_ERROR_INVALID_JSON, "\"before\" must be"},
        {CONFIGURE("'before': 1764437000000"), HLS_ERROR_INVALID_JSON, "seconds since 1970"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *json = json_of(rows[i].text);
        RequestError error = {0};
        Request r;
        int status = request_parse(json, &r, &error);
        assert_row(status == -1, rows[i].text, "%d", status);
        assert_row(error.code == rows[i].code, rows[i].text, "%d", error.code);
        assert_row(strstr(error.text, rows[i].sentence), rows[i].text, "%s", error.text);
        json_decref(json);
    }
}

static void knows_questions(void **state)
{
    static const struct {
        const char *text;
        bool question;
    } rows[] = {
        {"{'request': 'list'}", true},
        {"{'request': 'info', 'stream': 'shop'}", true},
        {"{'request': 'info'}", true},
        {"{'request': 'publish'}", false},
        {"{'request': 'kick'}", false},
        {"{'request': 7}", false},
        {"{}", false},
        {"[]", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *json = json_of(rows[i].text);
        assert_row(request_is_question(json) == rows[i].question, rows[i].text, "not so");
        json_decref(json);
    }
    assert_false(request_is_question(NULL));
}

static void takes_a_message_that_is_missing(void **state)
{
    RequestError error = {0};
    Request r;

    (void)state;
    assert_int_equal(request_parse(NULL, &r, &error), -1);
    assert_int_equal(error.code, HLS_ERROR_INVALID_JSON);
}

static void writes_replies(void **state)
{
    RequestError error;
    json_t *json = reply_new("published");
    char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

    (void)state;
    assert_string_equal(text, "{\"hls\":\"published\"}");
    free(text);
    json_decref(json);

    assert_int_equal(request_fail(&error, HLS_ERROR_NAME_TAKEN, "%s is live", "shop"), -1);
    json = reply_error(&error);
    text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, "{\"error\":\"shop is live\",\"error_code\":468,\"hls\":\"error\"}");
    free(text);
    json_decref(json);
}

static void cuts_a_long_sentence(void **state)
{
    char longer[REQUEST_ERROR_SIZE + 100];
    RequestError error;

    (void)state;
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(request_fail(&error, HLS_ERROR_INTERNAL, "%s", longer), -1);
    assert_int_equal(strlen(error.text), REQUEST_ERROR_SIZE - 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_requests),
    cmocka_unit_test(reads_fields),
    cmocka_unit_test(reads_the_choice_of_a_codec),
    cmocka_unit_test(refuses_with_code_and_sentence),
    cmocka_unit_test(knows_questions),
    cmocka_unit_test(takes_a_message_that_is_missing),
    cmocka_unit_test(writes_replies),
    cmocka_unit_test(cuts_a_long_sentence),
};

TEST_GROUP(request, tests);
