/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HOOK_ANSWER_H
#define HOOK_ANSWER_H

/* What an admission webhook answers (docs/protocol.md, "Admission webhook"), and what becomes of a
 * permit by it.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/permit.h"
#include "admission_answer.h"
#include "core/request.h"

typedef struct HookAnswer {
    AdmissionVerdict verdict;
    char reason[REQUEST_ERROR_SIZE]; /* denies: the sentence for the publisher, "": none. Not allows
                                        nor denies: what is wrong, for the log */
    /* allows: what changes in the permit */
    char name[STREAM_NAME_MAX + 1]; /* "": as it is */
    uint32_t bitrate;               /* bit/s; 0: as it is */
    CodecList codecs;               /* empty: as they are */
    bool has_title, has_access;
    char title[REQUEST_TITLE_MAX + 1];
    Access access;
    int64_t end; /* seconds since 1970; 0: as it is */
} HookAnswer;

/* Reads a whole answer whose status is no failure. */
void hook_answer_read(long status, const char *body, size_t len, HookAnswer *out);

/* Makes an answer that is none. `reason` is copied. */
HookAnswer hook_answer_without(AdmissionVerdict verdict, const char *reason);

/* Changes `permit` as an answer that allows wants it. Of two ends the earlier one counts. */
void hook_answer_apply(const HookAnswer *answer, Permit *permit);

#endif
