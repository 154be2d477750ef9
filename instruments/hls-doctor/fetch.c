/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fetch.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_client.h"

#define LOOK_MS 1000 /* between two looks for an answer, which ends the wait when it comes */

struct Fetch {
    char url[HTTP_URL_SIZE];
    HttpClient *http;
    HttpAnswer answer;
    bool answered;
};

Fetch *fetch_create(const char *where)
{
    Fetch *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->http = http_client_create();
    if (!f->http || http_client_url(where, f->url) < 0)
        fetch_destroy(&f);
    return f;
}

static void forget(Fetch *f)
{
    free(f->answer.data);
    f->answer = (HttpAnswer){0};
}

void fetch_destroy(Fetch **fetch)
{
    if (!*fetch)
        return;
    http_client_destroy(&(*fetch)->http);
    forget(*fetch);
    free(*fetch);
    *fetch = NULL;
}

static void on_answer(void *user, HttpAnswer *answer)
{
    Fetch *f = user;

    f->answer = *answer;
    f->answered = true;
    answer->data = NULL; /* is ours now */
}

static Fetched get(Fetch *f, const char *url)
{
    forget(f);
    f->answered = http_client_get(f->http, url, HTTP_TIMEOUT_US, on_answer, f) < 0;
    while (!f->answered)
        http_client_run(f->http, LOOK_MS);
    return (Fetched){f->answer.data, f->answer.len, f->answer.status};
}

Fetched fetch_playlist(Fetch *f)
{
    return get(f, f->url);
}

Fetched fetch_beside(Fetch *f, const char *name)
{
    char url[HTTP_URL_SIZE];

    resolve_uri(f->url, name, url);
    return get(f, url);
}
