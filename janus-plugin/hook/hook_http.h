/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HOOK_HTTP_H
#define HOOK_HTTP_H

/* One try to ask the admission webhook, for hook_client: a POST of libcurl's.
 *
 * Thread-safety: all is of the thread that runs `multi`. */

#include <curl/curl.h>

#include "hook/hook_client.h"

#define HOOK_FAILURE_SIZE 128

typedef struct HookPost {
    const char *id, *body; /* borrowed until the try ends */
    int64_t timestamp_s;   /* Unix time */
} HookPost;

typedef struct HookTry HookTry;

typedef enum HookTryEnd { HOOK_TRY_ANSWERED, HOOK_TRY_FAILED } HookTryEnd;

/* Begins a try on `multi`. Returns NULL if there is no memory. */
HookTry *hook_http_begin(CURLM *multi, const HookSettings *settings, const HookPost *question);

/* Whether `curl` is the handle of this try. */
bool hook_http_is(const HookTry *attempt, const CURL *curl);

/* Whether there is a connection over which the question goes. */
bool hook_http_is_sent(const HookTry *attempt);

/* What has come of a try that libcurl has ended with `result`. ANSWERED: that is in `answer`.
 * FAILED: it may be tried again, `failure` (HOOK_FAILURE_SIZE bytes) says what was wrong. */
HookTryEnd hook_http_result(const HookTry *attempt, CURLcode result, HookAnswer *answer,
                            char *failure);

/* Ends it, finished or not. Accepts NULL, leaves NULL. */
void hook_http_end(CURLM *multi, HookTry **attempt);

#endif
