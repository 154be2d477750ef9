/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ADMISSION_ANSWER_H
#define ADMISSION_ANSWER_H

/* What a server answers that is asked whether somebody may publish, or watch (docs/protocol.md,
 * "Admission webhook"): what is the same for both.
 *
 * Thread-safety: none needed, there is no state. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADMISSION_ANSWER_MAX 16384 /* bytes of an answer; one that is longer is not read */
#define ADMISSION_REASON_MAX 255   /* bytes of a sentence that somebody is told */

/* Seconds since 1970: what is later is a mistake, as milliseconds are. */
#define ADMISSION_TIME_MAX INT64_C(100000000000)

typedef enum AdmissionVerdict {
    ADMISSION_ALLOWS,
    ADMISSION_DENIES,
    ADMISSION_UNUSABLE,    /* it has answered, but what is neither */
    ADMISSION_TIMEOUT,     /* it has not answered in time */
    ADMISSION_UNREACHABLE, /* there is no connection, or it says that it is out of order */
    ADMISSION_STOPPED,     /* who asks stops; nobody was waited for */
    ADMISSION_VERDICTS
} AdmissionVerdict;

/* Whether an answer of this HTTP status is to be asked for again: the receiver is out of order. */
bool admission_status_is_failure(long status);

/* Reads a whole answer whose status is no failure: it is one of the first three. ALLOWS: `fields`
 * takes the object, which the caller frees; else NULL. DENIES: `reason` (ADMISSION_REASON_MAX + 1
 * bytes) takes the sentence for who is denied, "": none. UNUSABLE: what is wrong, for the log. */
AdmissionVerdict admission_answer_read(long status, const char *body, size_t len, json_t **fields,
                                       char *reason);

/* Reads "end" of what `fields` holds; 0: it is not there. Returns NULL, or what it must be. */
const char *admission_answer_end(const json_t *fields, int64_t *end);

/* Copies as much of a text as there is room for, whole characters of UTF-8 alone, and a space for
 * each control character: it becomes a line of the log, or of HTTP. */
void admission_copy_sentence(char *to, size_t size, const char *text);

#endif
