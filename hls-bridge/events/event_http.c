/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/media.h"
#include "events/http_post.h"
#include "events/janus_event.h"

_Static_assert(EVENT_WHY_SIZE >= HTTP_POST_WHY_SIZE, "why");

#define TIMEOUT_US (5 * US_PER_S) /* of a whole POST */

typedef struct EventHttp {
    char *emitter;
    HttpPost *post;
} EventHttp;

static bool offer(void *user, const Event *event, char *why)
{
    static const char *const fields[] = {"Content-Type: application/json", NULL};
    EventHttp *h = user;
    char *text = janus_event_text(event, h->emitter);
    HttpAnswer answer = {0};

    if (text)
        answer = http_post_send(h->post, fields, text, strlen(text), why);
    else
        snprintf(why, EVENT_WHY_SIZE, "there is no memory");
    free(text);
    return answer.status >= 200 && answer.status <= 299;
}

static void hurry(void *user)
{
    EventHttp *h = user;

    http_post_hurry(h->post);
}

static void free_http(void *user)
{
    EventHttp *h = user;

    http_post_destroy(&h->post);
    free(h->emitter);
    free(h);
}

EventSink event_http_sink(const char *url, const char *emitter)
{
    EventHttp *h = calloc(1, sizeof(*h));

    if (!h)
        return (EventSink){0};
    h->emitter = strdup(emitter);
    h->post = http_post_create(url, TIMEOUT_US);
    if (!h->emitter || !h->post) {
        free_http(h);
        return (EventSink){0};
    }
    return (EventSink){.name = "http",
                       .user = h,
                       .waits = true,
                       .offer = offer,
                       .hurry = hurry,
                       .close = free_http};
}
