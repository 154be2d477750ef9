/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admission_answer.h"

#include <stdio.h>
#include <string.h>

bool admission_status_is_failure(long status)
{
    return status >= 500 || status == 408 || status == 425 || status == 429;
}

void admission_copy_sentence(char *to, size_t size, const char *text)
{
    size_t len = strnlen(text, size - 1);

    if (text[len]) /* it is cut: not within a character */
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    for (size_t i = 0; i < len; i++)
        to[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i];
    to[len] = '\0';
}

AdmissionVerdict admission_answer_read(long status, const char *body, size_t len, json_t **fields,
                                       char *reason)
{
    json_t *object = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *allow = json_object_get(object, "allow"); /* NULL, too, if it is no object */
    const char *why = json_string_value(json_object_get(object, "reason"));
    AdmissionVerdict verdict = ADMISSION_UNUSABLE;
    char text[64];

    if (status >= 400) { /* no failure: it does not let this one in */
        verdict = ADMISSION_DENIES;
    } else if (status < 200 || status > 299) {
        snprintf(text, sizeof(text), "HTTP status %ld: it must answer itself", status);
        why = text;
    } else if (!json_is_boolean(allow)) {
        why = "it must be a JSON object with \"allow\", which is true or false";
    } else {
        verdict = json_is_true(allow) ? ADMISSION_ALLOWS : ADMISSION_DENIES;
    }
    admission_copy_sentence(reason, ADMISSION_REASON_MAX + 1,
                            why && verdict != ADMISSION_ALLOWS ? why : "");
    *fields = verdict == ADMISSION_ALLOWS ? object : NULL;
    if (verdict != ADMISSION_ALLOWS)
        json_decref(object);
    return verdict;
}

const char *admission_answer_end(const json_t *fields, int64_t *end)
{
    const json_t *value = json_object_get(fields, "end");

    *end = 0;
    if (!value || json_is_null(value))
        return NULL;
    *end = json_integer_value(value); /* 0: it is no integer */
    return *end > 0 && *end <= ADMISSION_TIME_MAX
               ? NULL
               : "\"end\" must be a whole number of seconds since 1970";
}
