/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access/publish_claims.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A time in seconds (NumericDate, RFC 7519 section 2); `absent` if it is not there. */
static bool read_time(const json_t *claims, const char *name, int64_t absent, int64_t *out)
{
    const json_t *value = json_object_get(claims, name);
    double number = json_number_value(value);

    *out = absent;
    if (!value)
        return true;
    if (!json_is_number(value) || !(number >= 0 && number < REQUEST_TIME_MAX))
        return false;
    *out = (int64_t)floor(number);
    return true;
}

/* A string of less than `size` bytes; "" if it is not there. */
static bool read_text(const json_t *claims, const char *name, char *out, size_t size)
{
    const json_t *value = json_object_get(claims, name);

    out[0] = '\0';
    if (!value)
        return true;
    if (!json_is_string(value) || json_string_length(value) >= size)
        return false;
    memcpy(out, json_string_value(value), json_string_length(value) + 1);
    return true;
}

/* What is not known here gives nothing. */
static bool read_rights(const json_t *claims, unsigned *out)
{
    const json_t *list = json_object_get(claims, "rights");

    *out = list ? 0 : PERMIT_PUBLISH | PERMIT_TAKE_OVER;
    if (list && !json_is_array(list))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name)
            return false;
        *out |= permit_right_of(name);
    }
    return true;
}

static bool read_bitrate(const json_t *claims, uint32_t *out)
{
    const json_t *value = json_object_get(claims, "bitrate");
    json_int_t bitrate = json_integer_value(value);

    *out = (uint32_t)bitrate;
    return !value || (json_is_integer(value) && bitrate >= REQUEST_BITRATE_MIN &&
                      bitrate <= REQUEST_BITRATE_MAX);
}

static bool read_codecs(const json_t *claims, CodecList *out)
{
    const json_t *list = json_object_get(claims, "codecs");

    *out = (CodecList){0};
    if (!list)
        return true;
    if (json_array_size(list) == 0 || json_array_size(list) > CODECS_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (!name || !codec_read(name, &out->codec[i]))
            return false;
        out->count++;
    }
    return true;
}

static bool read_access(const json_t *claims, Access otherwise, Access *out)
{
    const json_t *value = json_object_get(claims, "access");

    *out = otherwise;
    return !value || (json_is_string(value) && access_read(json_string_value(value), out));
}

/* The name, or what it begins with and then "*". */
static bool is_for_stream(const char *pattern, const char *stream)
{
    size_t len = strlen(pattern);

    if (len > 0 && pattern[len - 1] == '*')
        return strncmp(pattern, stream, len - 1) == 0;
    return strcmp(pattern, stream) == 0;
}

/* Whether `aud`, one or a list, names us (RFC 7519 section 4.1.3). */
static bool is_for_audience(const json_t *audience, const char *us)
{
    const json_t *one;
    size_t i;

    if (json_is_string(audience))
        return strcmp(json_string_value(audience), us) == 0;
    json_array_foreach(audience, i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), us) == 0)
            return true;
    }
    return false;
}

static bool is_of_issuer(const json_t *issuer, const char *wanted)
{
    return json_is_string(issuer) && strcmp(json_string_value(issuer), wanted) == 0;
}

/* What a token says of itself and not of the stream. */
typedef struct Validity {
    char stream[STREAM_NAME_MAX + 2]; /* with a "*" */
    int64_t expires, begins;
} Validity;

static bool read_all(const json_t *claims, const ClaimRules *rules, Validity *valid, Permit *permit)
{
    return read_text(claims, "stream", valid->stream, sizeof(valid->stream)) &&
           json_object_get(claims, "stream") && json_object_get(claims, "exp") &&
           read_time(claims, "exp", 0, &valid->expires) &&
           read_time(claims, "nbf", 0, &valid->begins) &&
           read_time(claims, "iat", 0, &permit->issued) &&
           read_time(claims, "end", 0, &permit->end) && read_rights(claims, &permit->rights) &&
           read_bitrate(claims, &permit->bitrate) && read_codecs(claims, &permit->codecs) &&
           read_text(claims, "title", permit->title, sizeof(permit->title)) &&
           read_text(claims, "sub", permit->subject, sizeof(permit->subject)) &&
           read_text(claims, "jti", permit->id, sizeof(permit->id)) &&
           read_access(claims, rules->access, &permit->access);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 || b < a ? b : a;
}

TokenFault publish_claims_read(const json_t *claims, const ClaimRules *rules, const char *stream,
                               PermitRight right, int64_t now_s, Permit *permit)
{
    Validity valid;

    *permit = (Permit){.by_token = true};
    snprintf(permit->name, sizeof(permit->name), "%s", stream);
    snprintf(permit->shown_for, sizeof(permit->shown_for), "%s", stream);
    if (!read_all(claims, rules, &valid, permit))
        return TOKEN_MALFORMED;
    if (now_s - rules->leeway_s >= valid.expires)
        return TOKEN_EXPIRED;
    if (now_s + rules->leeway_s < valid.begins)
        return TOKEN_EARLY;
    if (permit->end != 0 && now_s >= permit->end)
        return TOKEN_EXPIRED;
    if ((rules->issuer[0] && !is_of_issuer(json_object_get(claims, "iss"), rules->issuer)) ||
        (rules->audience[0] && !is_for_audience(json_object_get(claims, "aud"), rules->audience)))
        return TOKEN_ISSUER;
    if (!is_for_stream(valid.stream, stream))
        return TOKEN_STREAM;
    if (!(permit->rights & right))
        return TOKEN_RIGHTS;
    if (rules->ends_at_expiry)
        permit->end = earlier(permit->end, valid.expires + rules->leeway_s);
    return TOKEN_GOOD;
}
