/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/http_post.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/media.h"
#include "curl_direct.h"

/* With hurry() it may go on for so many looks of so long: an answer from this machine is there. */
#define HURRY_LOOKS   5
#define HURRY_LOOK_MS 50
#define LOOK_MS       1000

struct HttpPost {
    CURLM *multi; /* alone it can be woken by another thread */
    CURL *easy;
    atomic_bool hurried;
};

/* The answer's body: nobody needs it. */
static size_t ignore(char *data, size_t size, size_t n, void *user)
{
    (void)data;
    (void)user;
    return size * n;
}

HttpPost *http_post_create(const char *url, int64_t timeout_us)
{
    HttpPost *p = calloc(1, sizeof(*p));

    if (!p || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(p);
        return NULL;
    }
    p->multi = curl_multi_init();
    p->easy = curl_easy_init();
    if (!p->multi || !p->easy || curl_easy_setopt(p->easy, CURLOPT_URL, url) != CURLE_OK) {
        http_post_destroy(&p);
        return NULL;
    }
    curl_easy_setopt(p->easy, CURLOPT_POST, 1l);
    curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long)(timeout_us / US_PER_MS));
    curl_direct(p->easy);
    return p;
}

void http_post_destroy(HttpPost **post)
{
    HttpPost *p = *post;

    if (!p)
        return;
    if (p->easy)
        curl_easy_cleanup(p->easy);
    if (p->multi)
        curl_multi_cleanup(p->multi);
    free(p);
    curl_global_cleanup();
    *post = NULL;
}

/* Runs the POST to its end. */
static CURLcode run(HttpPost *p)
{
    int running = 1, looks_left = HURRY_LOOKS, left;

    while (curl_multi_perform(p->multi, &running) == CURLM_OK && running) {
        bool hurried = atomic_load(&p->hurried);
        if (hurried && looks_left-- == 0)
            return CURLE_OPERATION_TIMEDOUT;
        curl_multi_poll(p->multi, NULL, 0, hurried ? HURRY_LOOK_MS : LOOK_MS, NULL);
    }
    const CURLMsg *message = curl_multi_info_read(p->multi, &left);
    return message ? message->data.result : CURLE_OUT_OF_MEMORY;
}

static CURLcode send_with(HttpPost *p, const char *const *fields, struct curl_slist **head)
{
    for (; *fields; fields++) {
        struct curl_slist *longer = curl_slist_append(*head, *fields);
        if (!longer)
            return CURLE_OUT_OF_MEMORY;
        *head = longer;
    }
    curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, *head);
    if (curl_multi_add_handle(p->multi, p->easy) != CURLM_OK)
        return CURLE_OUT_OF_MEMORY;
    CURLcode result = run(p);
    curl_multi_remove_handle(p->multi, p->easy);
    return result;
}

HttpAnswer http_post_send(HttpPost *p, const char *const *fields, const char *body, size_t len,
                          char *why)
{
    struct curl_slist *head = NULL;
    HttpAnswer answer = {0};
    curl_off_t retry_after_s = 0;

    curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE, (long)len);
    CURLcode result = send_with(p, fields, &head);
    curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(head);
    if (result != CURLE_OK) {
        snprintf(why, HTTP_POST_WHY_SIZE, "%s", curl_easy_strerror(result));
        return answer;
    }
    curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    if (retry_after_s > 0)
        answer.retry_after_us = retry_after_s < INT32_MAX ? retry_after_s * US_PER_S : 0;
    if (answer.status < 200 || answer.status > 299)
        snprintf(why, HTTP_POST_WHY_SIZE, "HTTP %ld", answer.status);
    return answer;
}

void http_post_hurry(HttpPost *p)
{
    atomic_store(&p->hurried, true);
    curl_multi_wakeup(p->multi);
}
