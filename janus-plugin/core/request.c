/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "stream_name.h"

#define ROUND_TRIP_MAX_MS 60000
#define CODEC_NAME_MAX    8 /* bytes */

static const struct {
    const char *name;
    RequestKind kind;
    bool names_a_stream;
} kinds[] = {
    {"publish", REQUEST_PUBLISH, true},
    {"configure", REQUEST_CONFIGURE, false},
    {"unpublish", REQUEST_UNPUBLISH, false},
    {"report", REQUEST_REPORT, false},
    {"list", REQUEST_LIST, false},
    {"info", REQUEST_INFO, true},
    {"kick", REQUEST_KICK, true},
    {"reload", REQUEST_RELOAD, false},
    {"revoke", REQUEST_REVOKE, false},
};

int request_fail(RequestError *error, int code, const char *format, ...)
{
    va_list args;

    error->code = code;
    va_start(args, format);
    vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return -1;
}

/* Reads a string of up to `max` bytes. null is the same as absent. */
static int read_string(const json_t *message, const char *name, size_t max, const char **out,
                       RequestError *error)
{
    const json_t *value = json_object_get(message, name);

    *out = NULL;
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_string(value) || json_string_length(value) > max ||
        strlen(json_string_value(value)) != json_string_length(value))
        return request_fail(error, HLS_ERROR_INVALID_JSON,
                            "\"%s\" must be a string of up to %zu bytes", name, max);
    *out = json_string_value(value);
    return 0;
}

/* A string of any length that is no name is answered with the rule. */
static int read_stream(const json_t *message, RequestKind kind, const char **out,
                       RequestError *error)
{
    const json_t *value = json_object_get(message, "stream");
    bool all = kind == REQUEST_REVOKE && json_is_string(value) &&
               strcmp(json_string_value(value), "*") == 0;

    if (json_is_string(value) && !all && !stream_name_valid(json_string_value(value)))
        return request_fail(error, HLS_ERROR_INVALID_NAME, "\"stream\": %s", STREAM_NAME_RULE);
    return read_string(message, "stream", STREAM_NAME_MAX, out, error);
}

static int read_switch(const json_t *message, const char *name, RequestSwitch *out,
                       RequestError *error)
{
    const json_t *value = json_object_get(message, name);

    *out = SWITCH_ABSENT;
    if (!value || json_is_null(value))
        return 0;
    if (!json_is_boolean(value))
        return request_fail(error, HLS_ERROR_INVALID_JSON, "\"%s\" must be true or false", name);
    *out = json_is_true(value) ? SWITCH_ON : SWITCH_OFF;
    return 0;
}

static int read_bitrate(const json_t *message, uint32_t *out, RequestError *error)
{
    const json_t *value = json_object_get(message, "bitrate");

    *out = 0;
    if (!value || json_is_null(value))
        return 0;
    json_int_t bitrate = json_integer_value(value);
    if (!json_is_integer(value) || bitrate < REQUEST_BITRATE_MIN || bitrate > REQUEST_BITRATE_MAX)
        return request_fail(error, HLS_ERROR_INVALID_JSON,
                            "\"bitrate\" must be a whole number of bit/s from %d to %d",
                            REQUEST_BITRATE_MIN, REQUEST_BITRATE_MAX);
    *out = (uint32_t)bitrate;
    return 0;
}

static int read_round_trip(const json_t *message, double *out, RequestError *error)
{
    const json_t *value = json_object_get(message, "round_trip_ms");

    *out = -1;
    if (!value || json_is_null(value))
        return 0;
    *out = json_number_value(value);
    if (!json_is_number(value) || !(*out >= 0 && *out <= ROUND_TRIP_MAX_MS))
        return request_fail(error, HLS_ERROR_INVALID_JSON,
                            "\"round_trip_ms\" must be a number from 0 to %d", ROUND_TRIP_MAX_MS);
    return 0;
}

/* Reads a stream key. An empty one is none. */
static int read_key(const json_t *message, const char **out, RequestError *error)
{
    if (read_string(message, "key", REQUEST_KEY_MAX, out, error) < 0)
        return -1;
    if (*out && !**out)
        *out = NULL;
    if (*out && strlen(*out) < REQUEST_KEY_MIN)
        return request_fail(error, HLS_ERROR_SHORT_KEY,
                            "this stream key is too short: a key has at least %d characters",
                            REQUEST_KEY_MIN);
    return 0;
}

/* Reads a token. One of any length is taken, so that all that are not good are answered alike. */
static int read_token(const json_t *message, Request *out, RequestError *error)
{
    const json_t *value = json_object_get(message, "token");

    out->token = json_string_value(value);
    if (value && !json_is_null(value) && !out->token)
        return request_fail(error, HLS_ERROR_INVALID_JSON, "\"token\" must be a string");
    if (out->token && !*out->token)
        out->token = NULL;
    if (out->token && out->key)
        return request_fail(error, HLS_ERROR_INVALID_JSON,
                            "give either a \"key\" or a \"token\", not both");
    return 0;
}

static int read_before(const json_t *message, int64_t *out, RequestError *error)
{
    const json_t *value = json_object_get(message, "before");

    *out = 0;
    if (!value || json_is_null(value))
        return 0;
    *out = json_integer_value(value);
    if (!json_is_integer(value) || *out <= 0 || *out > REQUEST_TIME_MAX)
        return request_fail(error, HLS_ERROR_INVALID_JSON,
                            "\"before\" must be a whole number of seconds since 1970");
    return 0;
}

/* Reads the name of a video codec. */
static int read_codec(const json_t *message, Request *out, RequestError *error)
{
    const char *name;

    if (read_string(message, "codec", CODEC_NAME_MAX, &name, error) < 0)
        return -1;
    out->chooses = name;
    if (!name)
        return 0;
    if (!codec_read(name, &out->codec))
        return request_fail(error, HLS_ERROR_INVALID_JSON,
                            "\"codec\" must be h264, vp8, vp9, av1 or h265");
    return 0;
}

static int read_fields(const json_t *message, Request *out, RequestError *error)
{
    RequestSwitch keyframe, unlisted;

    if (read_stream(message, out->kind, &out->stream, error) < 0 ||
        read_key(message, &out->key, error) < 0 || read_token(message, out, error) < 0 ||
        read_string(message, "jti", REQUEST_ID_MAX, &out->jti, error) < 0 ||
        read_before(message, &out->before, error) < 0 ||
        read_string(message, "title", REQUEST_TITLE_MAX, &out->title, error) < 0 ||
        read_bitrate(message, &out->bitrate, error) < 0 ||
        read_round_trip(message, &out->round_trip_ms, error) < 0 ||
        read_switch(message, "audio", &out->audio, error) < 0 ||
        read_switch(message, "video", &out->video, error) < 0 ||
        read_switch(message, "keyframe", &keyframe, error) < 0 ||
        read_switch(message, "unlisted", &unlisted, error) < 0 ||
        read_codec(message, out, error) < 0)
        return -1;
    out->unlisted = unlisted == SWITCH_ON;
    out->keyframe = keyframe == SWITCH_ON;
    return 0;
}

bool request_is_question(const json_t *message)
{
    const char *name = json_string_value(json_object_get(message, "request"));

    return name && (strcmp(name, "list") == 0 || strcmp(name, "info") == 0);
}

int request_parse(const json_t *message, Request *out, RequestError *error)
{
    const char *name;
    size_t k;

    *out = (Request){.audio = SWITCH_ABSENT, .video = SWITCH_ABSENT};
    if (!json_is_object(message))
        return request_fail(error, HLS_ERROR_INVALID_JSON, "the message must be a JSON object");
    name = json_string_value(json_object_get(message, "request"));
    if (!name)
        return request_fail(error, HLS_ERROR_INVALID_JSON, "\"request\" must name a request");
    for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
        if (strcmp(kinds[k].name, name) == 0)
            break;
    if (k == sizeof(kinds) / sizeof(kinds[0]))
        return request_fail(error, HLS_ERROR_UNKNOWN_REQUEST,
                            "there is no such request: use publish, configure, unpublish, "
                            "report, list, info and, in the Admin API, kick, reload and revoke");
    out->kind = kinds[k].kind;
    if (read_fields(message, out, error) < 0)
        return -1;
    if (kinds[k].names_a_stream && !out->stream)
        return request_fail(error, HLS_ERROR_INVALID_NAME, "\"stream\": %s", STREAM_NAME_RULE);
    return 0;
}

json_t *reply_new(const char *event)
{
    return json_pack("{s:s}", "hls", event);
}

json_t *reply_error(const RequestError *error)
{
    return json_pack("{s:s, s:i, s:s}", "hls", "error", "error_code", error->code, "error",
                     error->text);
}
