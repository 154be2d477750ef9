/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hook/hook_http.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "admission_answer.h"
#include "curl_direct.h"

#define HEADERS_MAX 65536 /* bytes of an answer's header that are read */

struct HookTry {
    CURL *curl;
    struct curl_slist *headers;
    GString *response;
    size_t header_bytes;
    bool too_long;
};

static size_t keep_response(char *data, size_t size, size_t count, void *user)
{
    HookTry *attempt = user;

    if (attempt->response->len + size * count > ADMISSION_ANSWER_MAX) {
        attempt->too_long = true;
        return 0; /* makes the try fail */
    }
    g_string_append_len(attempt->response, data, (gssize)(size * count));
    return size * count;
}

static size_t count_header(char *data, size_t size, size_t count, void *user)
{
    HookTry *attempt = user;

    (void)data;
    attempt->header_bytes += size * count;
    attempt->too_long = attempt->too_long || attempt->header_bytes > HEADERS_MAX;
    return attempt->too_long ? 0 : size * count;
}

/* Returns 0, or -1 if it cannot be signed. */
static int add_headers(HookTry *attempt, const HookSettings *settings, const HookPost *question)
{
    WebhookFields fields;

    if (webhook_sign_fields(&settings->secrets, question->id, question->timestamp_s, question->body,
                            strlen(question->body), &fields) < 0)
        return -1;
    attempt->headers = curl_slist_append(NULL, "Content-Type: application/json");
    attempt->headers = curl_slist_append(attempt->headers, "Expect:");
    for (size_t i = 0; i < WEBHOOK_FIELDS; i++)
        attempt->headers = curl_slist_append(attempt->headers, fields.field[i]);
    return 0;
}

/* The certificate is checked, as libcurl does by default; redirects are not followed, likewise. */
static void set_up(HookTry *attempt, const HookSettings *settings, const HookPost *question)
{
    CURL *curl = attempt->curl;
    long timeout_ms = (long)(settings->timeout_us / 1000);

    curl_easy_setopt(curl, CURLOPT_URL, settings->url);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    if (settings->ca_file[0])
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca_file);
    curl_direct(curl);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "janus-hls/" PACKAGE_VERSION);
    /* an address that does not answer leaves time for the next try */
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms / (long)(settings->retries + 1));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, attempt->headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, question->body);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(question->body));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_response);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, attempt);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, count_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, attempt);
}

HookTry *hook_http_begin(CURLM *multi, const HookSettings *settings, const HookPost *question)
{
    HookTry *attempt = g_new0(HookTry, 1);

    attempt->response = g_string_new(NULL);
    attempt->curl = curl_easy_init();
    if (attempt->curl && add_headers(attempt, settings, question) == 0) {
        set_up(attempt, settings, question);
        if (curl_multi_add_handle(multi, attempt->curl) == CURLM_OK)
            return attempt;
    }
    curl_easy_cleanup(g_steal_pointer(&attempt->curl));
    hook_http_end(multi, &attempt);
    return NULL;
}

bool hook_http_is(const HookTry *attempt, const CURL *curl)
{
    return attempt->curl == curl;
}

bool hook_http_is_sent(const HookTry *attempt)
{
    curl_off_t ready_us = 0; /* when the connection was there, TLS included; 0: not yet */

    return curl_easy_getinfo(attempt->curl, CURLINFO_PRETRANSFER_TIME_T, &ready_us) == CURLE_OK &&
           ready_us > 0;
}

HookTryEnd hook_http_result(const HookTry *attempt, CURLcode result, HookAnswer *answer,
                            char *failure)
{
    long status = 0;

    curl_easy_getinfo(attempt->curl, CURLINFO_RESPONSE_CODE, &status);
    if (attempt->too_long) {
        *answer = hook_answer_without(ADMISSION_UNUSABLE, "it is too long");
        return HOOK_TRY_ANSWERED;
    }
    if (result != CURLE_OK || admission_status_is_failure(status)) {
        if (result != CURLE_OK)
            g_strlcpy(failure, curl_easy_strerror(result), HOOK_FAILURE_SIZE);
        else
            snprintf(failure, HOOK_FAILURE_SIZE, "HTTP status %ld", status);
        return HOOK_TRY_FAILED;
    }
    hook_answer_read(status, attempt->response->str, attempt->response->len, answer);
    return HOOK_TRY_ANSWERED;
}

void hook_http_end(CURLM *multi, HookTry **attempt)
{
    HookTry *t = *attempt;

    if (!t)
        return;
    if (t->curl)
        curl_multi_remove_handle(multi, t->curl);
    curl_easy_cleanup(t->curl);
    curl_slist_free_all(t->headers);
    g_string_free(t->response, TRUE);
    g_free(t);
    *attempt = NULL;
}
