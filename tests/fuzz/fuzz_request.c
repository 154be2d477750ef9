/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "janus-plugin/core/request.h"
#include "stream_name.h"

static void check_request(const Request *r)
{
    bool names_a_stream =
        r->kind == REQUEST_PUBLISH || r->kind == REQUEST_INFO || r->kind == REQUEST_KICK;
    bool all = r->kind == REQUEST_REVOKE && r->stream && strcmp(r->stream, "*") == 0;

    REQUIRE(r->kind >= REQUEST_PUBLISH && r->kind <= REQUEST_REVOKE);
    REQUIRE(r->stream ? all || stream_name_valid(r->stream) : !names_a_stream);
    REQUIRE(!r->token || !r->key);
    REQUIRE(!r->jti || strlen(r->jti) <= REQUEST_ID_MAX);
    REQUIRE(r->before >= 0);
    REQUIRE(!r->key || (strlen(r->key) >= REQUEST_KEY_MIN && strlen(r->key) <= REQUEST_KEY_MAX));
    REQUIRE(!r->title || strlen(r->title) <= REQUEST_TITLE_MAX);
    REQUIRE(r->bitrate == 0 ||
            (r->bitrate >= REQUEST_BITRATE_MIN && r->bitrate <= REQUEST_BITRATE_MAX));
    REQUIRE(r->audio >= SWITCH_ABSENT && r->audio <= SWITCH_ON);
    REQUIRE(r->video >= SWITCH_ABSENT && r->video <= SWITCH_ON);
}

static void check_error(const RequestError *error)
{
    json_t *reply = reply_error(error);

    REQUIRE((error->code >= HLS_ERROR_INVALID_JSON && error->code <= HLS_ERROR_INVALID_NAME) ||
            error->code == HLS_ERROR_SHORT_KEY);
    REQUIRE(error->text[0]);
    REQUIRE(reply);
    json_decref(reply);
}

static int try_input(const uint8_t *data, size_t size)
{
    json_t *message = json_loadb((const char *)data, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    RequestError error = {0};
    Request request;

    if (!message)
        return 0;
    request_is_question(message);
    if (request_parse(message, &request, &error) == 0)
        check_request(&request);
    else
        check_error(&error);
    json_decref(message);
    return 0;
}

FUZZ_TARGET(request, try_input);
