/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fetch.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_S 10L
#define URL_SIZE  4096

struct Fetch {
    char where[URL_SIZE];
    bool is_url;
    CURL *curl;
    uint8_t *data;
    size_t len, capacity;
};

Fetch *fetch_create(const char *where)
{
    Fetch *f = calloc(1, sizeof(*f));

    if (!f || strlen(where) >= sizeof(f->where)) {
        free(f);
        return NULL;
    }
    strcpy(f->where, where);
    f->is_url = strstr(where, "://");
    f->curl = curl_easy_init(); /* one for all, so that connections are kept */
    if (!f->curl)
        fetch_destroy(&f);
    return f;
}

void fetch_destroy(Fetch **fetch)
{
    if (!*fetch)
        return;
    if ((*fetch)->curl)
        curl_easy_cleanup((*fetch)->curl);
    free((*fetch)->data);
    free(*fetch);
    *fetch = NULL;
}

static size_t append(char *data, size_t size, size_t count, void *user)
{
    Fetch *f = user;
    size_t n = size * count;

    if (f->len + n > f->capacity) {
        size_t capacity = (f->len + n) * 3 / 2;
        uint8_t *grown = realloc(f->data, capacity);
        if (!grown)
            return 0;
        f->data = grown;
        f->capacity = capacity;
    }
    memcpy(f->data + f->len, data, n);
    f->len += n;
    return n;
}

static long get_url(Fetch *f, const char *url)
{
    long status = 0;

    curl_easy_setopt(f->curl, CURLOPT_URL, url);
    curl_easy_setopt(f->curl, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(f->curl, CURLOPT_WRITEDATA, f);
    curl_easy_setopt(f->curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(f->curl, CURLOPT_TIMEOUT, TIMEOUT_S);
    curl_easy_setopt(f->curl, CURLOPT_NOSIGNAL, 1L);
    if (curl_easy_perform(f->curl) == CURLE_OK)
        curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static long get_file(Fetch *f, const char *path)
{
    char buf[65536];
    size_t n;
    FILE *file = fopen(path, "re");

    if (!file)
        return 404;
    while ((n = fread(buf, 1, sizeof(buf), file)) > 0)
        append(buf, 1, n, f);
    fclose(file);
    return 200;
}

static Fetched get(Fetch *f, const char *where)
{
    f->len = 0;
    long status = f->is_url ? get_url(f, where) : get_file(f, where);
    return (Fetched){f->data, f->len, status};
}

Fetched fetch_playlist(Fetch *f)
{
    return get(f, f->where);
}

Fetched fetch_beside(Fetch *f, const char *name)
{
    char where[2 * URL_SIZE];
    const char *slash = strrchr(f->where, '/');
    int folder = slash ? (int)(slash - f->where + 1) : 0;

    snprintf(where, sizeof(where), "%.*s%s", folder, f->where, name);
    return get(f, where);
}
