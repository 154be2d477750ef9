/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hook/hook_answer.h"

#include <string.h>

#include "admission_answer.h"

_Static_assert(ADMISSION_REASON_MAX < REQUEST_ERROR_SIZE, "a reason is a sentence of an error");

HookAnswer hook_answer_without(AdmissionVerdict verdict, const char *reason)
{
    HookAnswer answer = {.verdict = verdict};

    admission_copy_sentence(answer.reason, sizeof(answer.reason), reason);
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
    {"title", read_title}, {"access", read_access},
};

static HookAnswer read_allowance(const json_t *object)
{
    HookAnswer answer = {.verdict = ADMISSION_ALLOWS};
    const char *wrong = admission_answer_end(object, &answer.end);

    for (size_t i = 0; !wrong && i < sizeof(fields) / sizeof(fields[0]); i++) {
        const json_t *value = json_object_get(object, fields[i].name);
        wrong = value && !json_is_null(value) ? fields[i].read(value, &answer) : NULL;
    }
    return wrong ? hook_answer_without(ADMISSION_UNUSABLE, wrong) : answer;
}

void hook_answer_read(long status, const char *body, size_t len, HookAnswer *out)
{
    char reason[ADMISSION_REASON_MAX + 1];
    json_t *object;
    AdmissionVerdict verdict = admission_answer_read(status, body, len, &object, reason);

    *out =
        verdict == ADMISSION_ALLOWS ? read_allowance(object) : hook_answer_without(verdict, reason);
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
