/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_http.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events/janus_event.h"

#define TIMEOUT_MS 5000l /* of a whole POST */

/* With hurry() it may go on for so many looks of so long: an answer from this machine is there. */
#define HURRY_LOOKS   5
#define HURRY_LOOK_MS 50
#define LOOK_MS       1000

typedef struct EventHttp {
    char *emitter;
    CURLM *multi; /* alone it can be woken by another thread */
    CURL *post;
    struct curl_slist *head;
    atomic_bool hurried;
} EventHttp;

/* The answer's body: nobody needs it. */
static size_t ignore(char *data, size_t size, size_t n, void *user)
{
    (void)data;
    (void)user;
    return size * n;
}

/* Runs the POST to its end. */
static CURLcode run(EventHttp *h)
{
    int running = 1, looks_left = HURRY_LOOKS, left;

    while (curl_multi_perform(h->multi, &running) == CURLM_OK && running) {
        bool hurried = atomic_load(&h->hurried);
        if (hurried && looks_left-- == 0)
            return CURLE_OPERATION_TIMEDOUT;
        curl_multi_poll(h->multi, NULL, 0, hurried ? HURRY_LOOK_MS : LOOK_MS, NULL);
    }
    const CURLMsg *message = curl_multi_info_read(h->multi, &left);
    return message ? message->data.result : CURLE_OUT_OF_MEMORY;
}

static bool offer(void *user, const Event *event, char *why)
{
    EventHttp *h = user;
    char *text = janus_event_text(event, h->emitter);
    CURLcode result = CURLE_OUT_OF_MEMORY;
    long status = 0;

    if (text) {
        curl_easy_setopt(h->post, CURLOPT_POSTFIELDS, text);
        curl_multi_add_handle(h->multi, h->post);
        result = run(h);
        curl_multi_remove_handle(h->multi, h->post);
        curl_easy_getinfo(h->post, CURLINFO_RESPONSE_CODE, &status);
    }
    free(text);
    if (result == CURLE_OK && status >= 200 && status <= 299)
        return true;
    if (result == CURLE_OK)
        snprintf(why, EVENT_WHY_SIZE, "HTTP %ld", status);
    else
        snprintf(why, EVENT_WHY_SIZE, "%s", curl_easy_strerror(result));
    return false;
}

static void hurry(void *user)
{
    EventHttp *h = user;

    atomic_store(&h->hurried, true);
    curl_multi_wakeup(h->multi);
}

static void free_http(void *user)
{
    EventHttp *h = user;

    if (h->post)
        curl_easy_cleanup(h->post);
    if (h->multi)
        curl_multi_cleanup(h->multi);
    curl_slist_free_all(h->head);
    free(h->emitter);
    free(h);
    curl_global_cleanup();
}

static void set_up(EventHttp *h, const char *url)
{
    curl_easy_setopt(h->post, CURLOPT_URL, url);
    curl_easy_setopt(h->post, CURLOPT_HTTPHEADER, h->head);
    curl_easy_setopt(h->post, CURLOPT_POST, 1l);
    curl_easy_setopt(h->post, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(h->post, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(h->post, CURLOPT_NOSIGNAL, 1l);
}

EventSink event_http_sink(const char *url, const char *emitter)
{
    EventHttp *h = calloc(1, sizeof(*h));

    if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(h);
        return (EventSink){0};
    }
    h->emitter = strdup(emitter);
    h->multi = curl_multi_init();
    h->post = curl_easy_init();
    h->head = curl_slist_append(NULL, "Content-Type: application/json");
    if (!h->emitter || !h->multi || !h->post || !h->head) {
        free_http(h);
        return (EventSink){0};
    }
    set_up(h, url);
    return (EventSink){.name = "http",
                       .user = h,
                       .waits = true,
                       .offer = offer,
                       .hurry = hurry,
                       .close = free_http};
}
