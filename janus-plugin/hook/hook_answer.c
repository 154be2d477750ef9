/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hook/hook_answer.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

bool hook_status_is_failure(long status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

/* Copies as much of a text as there is room for, whole characters of UTF-8 alone, and a space for
 * each control character: it becomes a line of the log. */
static void copy_sentence(char *to, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);

    if (text[len]) /* it is cut: not within a character */
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    for (size_t i = 0; i < len; i++)
        to[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    to[len] = '\0';
}

HookAnswer hook_answer_without(HookVerdict verdict, const char *reason)
{
    HookAnswer answer = {.verdict = verdict};

    copy_sentence(answer.reason, sizeof(answer.reason), reason);
    return answer;
}

/* Each reads one field, which may be absent. Returns NULL, or what it must be. */

static const char *read_name(const json_t *value, HookAnswer *out)
{
    const char *name = json_string_value(value);

    if (!stream_name_valid(name))
        return "\"stream\" must be a name: " STREAM_NAME_RULE;
    memcpy(out->name, name, strlen(name) + 1);
    return NULL;
}

static const char *read_bitrate(const json_t *value, HookAnswer *out)
{
    json_int_t bitrate = json_integer_value(value);

    if (bitrate < REQUEST_BITRATE_MIN || bitrate > REQUEST_BITRATE_MAX) /* 0: it is no integer */
        return "\"bitrate\" must be a whole number of bit/s from 50000 to 50000000";
    out->bitrate = (uint32_t)bitrate;
    return NULL;
}

static const char *read_codecs(const json_t *value, HookAnswer *out)
{
    static const char rule[] =
        "\"codecs\" must be an array of some of h264, vp8, vp9, av1 and h265, each once";
    size_t count = json_array_size(value);

    if (count == 0 || count > CODECS_MAX) /* 0: it may be no array */
        return rule;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(value, i));
        Codec codec;
        if (!name || !codec_read(name, &codec) || codec_list_has(&out->codecs, codec))
            return rule;
        out->codecs.codec[out->codecs.count++] = codec;
    }
    return NULL;
}

static const char *read_title(const json_t *value, HookAnswer *out)
{
    const char *title = json_string_value(value);

    if (!title || strlen(title) > REQUEST_TITLE_MAX)
        return "\"title\" must be a string of up to 200 bytes";
    memcpy(out->title, title, strlen(title) + 1);
    out->has_title = true;
    return NULL;
}

static const char *read_end(const json_t *value, HookAnswer *out)
{
    out->end = json_integer_value(value);
    if (out->end <= 0 || out->end > PERMIT_TIME_MAX)
        return "\"end\" must be a whole number of seconds since 1970";
    return NULL;
}

static const char *read_access(const json_t *value, HookAnswer *out)
{
    const char *name = json_string_value(value);

    out->has_access = name && access_read(name, &out->access);
    return out->has_access ? NULL : "\"access\" must be \"public\", \"unlisted\" or \"protected\"";
}

static const struct {
    const char *name;
    const char *(*read)(const json_t *, HookAnswer *);
} fields[] = {
    {"stream", read_name}, {"bitrate", read_bitrate}, {"codecs", read_codecs},
    {"title", read_title}, {"end", read_end},         {"access", read_access},
};

static HookAnswer read_allowance(const json_t *object)
{
    HookAnswer answer = {.verdict = HOOK_ALLOWS};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const json_t *value = json_object_get(object, fields[i].name);
        const char *wrong = value && !json_is_null(value) ? fields[i].read(value, &answer) : NULL;
        if (wrong)
            return hook_answer_without(HOOK_UNUSABLE, wrong);
    }
    return answer;
}

/* `reason` of an object; "": none. */
static const char *reason_of(const json_t *object)
{
    const char *reason = json_string_value(json_object_get(object, "reason"));

    return reason ? reason : "";
}

void hook_answer_read(long status, const char *body, size_t len, HookAnswer *out)
{
    json_t *object = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *allow = json_object_get(object, "allow"); /* NULL, too, if it is no object */
    char text[64];

    if (status >= 400) { /* no failure: it does not let this publisher in */
        *out = hook_answer_without(HOOK_DENIES, reason_of(object));
    } else if (status < 200 || status > 299) {
        snprintf(text, sizeof(text), "HTTP status %ld: it must answer itself", status);
        *out = hook_answer_without(HOOK_UNUSABLE, text);
    } else if (!json_is_boolean(allow)) {
        *out = hook_answer_without(
            HOOK_UNUSABLE, "it must be a JSON object with \"allow\", which is true or false");
    } else if (json_is_true(allow)) {
        *out = read_allowance(object);
    } else {
        *out = hook_answer_without(HOOK_DENIES, reason_of(object));
    }
    json_decref(object);
}

void hook_answer_apply(const HookAnswer *answer, Permit *permit)
{
    if (answer->name[0])
        memcpy(permit->name, answer->name, sizeof(permit->name));
    if (answer->bitrate)
        permit->bitrate = answer->bitrate;
    if (answer->codecs.count)
        permit->codecs = answer->codecs;
    if (answer->has_title)
        memcpy(permit->title, answer->title, sizeof(permit->title));
    if (answer->has_access)
        permit->access = answer->access;
    if (answer->end && (!permit->end || answer->end < permit->end))
        permit->end = answer->end;
}
