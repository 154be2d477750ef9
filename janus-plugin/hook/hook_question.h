/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HOOK_QUESTION_H
#define HOOK_QUESTION_H

/* What the admission webhook is asked (docs/protocol.md, "Admission webhook"). From which address a
 * publisher comes is not in it: Janus takes all addresses out of an offer before a plugin sees it,
 * and has no call that tells one.
 *
 * Thread-safety: none needed, there is no state. */

#include "access/permit.h"
#include "core/request.h"

typedef struct HookQuestionParams {
    const Request *request; /* what the publisher asks for */
    const Permit *permit;   /* what it may by its key or token */
    uint32_t bitrate;       /* bit/s, the cap that it would get */
    bool takes_over;        /* somebody is live under the name */
    int64_t now_s;          /* seconds since 1970 */
} HookQuestionParams;

/* The body of the POST, JSON. It has the SHA-256 of the key, never the key, nor a token. The caller
 * frees it with free(); NULL: no memory, or a text that is not UTF-8. */
char *hook_question(const HookQuestionParams *params);

#endif
