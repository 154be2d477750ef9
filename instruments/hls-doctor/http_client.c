/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http_client.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define BODY_MAX (64u << 20) /* bytes; more is absurd */

typedef struct Request {
    HttpClient *client;
    CURL *curl;
    HttpDone *done;
    void *user;
    HttpAnswer answer;
    size_t capacity;
    bool is_file;
    struct Request *next, **link;
} Request;

struct HttpClient {
    CURLM *multi;
    bool used, local; /* local: the first request was for a file */
    Request *under_way;
};

HttpClient *http_client_create(void)
{
    HttpClient *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->multi = curl_multi_init();
    if (!c->multi) {
        free(c);
        return NULL;
    }
    curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    return c;
}

static void forget(Request *r)
{
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    curl_multi_remove_handle(r->client->multi, r->curl);
    curl_easy_cleanup(r->curl);
    free(r->answer.data);
    free(r);
}

void http_client_destroy(HttpClient **client)
{
    HttpClient *c = *client;

    if (!c)
        return;
    while (c->under_way) {
        Request *r = c->under_way;
        r->answer.status = 0;
        r->done(r->user, &r->answer);
        forget(r);
    }
    curl_multi_cleanup(c->multi);
    free(c);
    *client = NULL;
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
    Request *r = user;
    HttpAnswer *a = &r->answer;
    size_t n = size * count;

    if (a->first_byte_us == 0)
        a->first_byte_us = clock_us(CLOCK_MONOTONIC);
    if (a->len + n > r->capacity) {
        size_t capacity = (a->len + n) * 3 / 2;
        uint8_t *grown = capacity < BODY_MAX ? realloc(a->data, capacity) : NULL;
        if (!grown)
            return 0;
        a->data = grown;
        r->capacity = capacity;
    }
    memcpy(a->data + a->len, data, n);
    a->len += n;
    return n;
}

/* Keeps the value of the header `name:` if the line is one. */
static void keep_header(const char *line, size_t len, const char *name, char *out)
{
    size_t n = strlen(name);

    if (len <= n || strncasecmp(line, name, n) != 0)
        return;
    while (n < len && line[n] == ' ')
        n++;
    snprintf(out, HTTP_HEADER_SIZE, "%.*s", (int)(len - n), line + n);
    out[strcspn(out, "\r\n")] = '\0';
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    HttpAnswer *a = &((Request *)user)->answer;
    size_t len = size * count;

    keep_header(line, len, "Content-Type:", a->type);
    keep_header(line, len, "Content-Encoding:", a->encoding);
    keep_header(line, len, "Cache-Control:", a->cache_control);
    return len;
}

/* Makes a file: URL of a path, with special characters encoded. */
static int url_of_path(const char *path, char *url)
{
    char *text = NULL;
    CURLU *parts = curl_url();
    int n = HTTP_URL_SIZE;

    if (parts && curl_url_set(parts, CURLUPART_SCHEME, "file", 0) == CURLUE_OK &&
        curl_url_set(parts, CURLUPART_PATH, path, CURLU_URLENCODE) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_URL, &text, 0) == CURLUE_OK)
        n = snprintf(url, HTTP_URL_SIZE, "%s", text);
    curl_free(text);
    curl_url_cleanup(parts);
    return n < HTTP_URL_SIZE ? 0 : -1;
}

int http_client_url(const char *where, char *url)
{
    char path[HTTP_URL_SIZE], folder[HTTP_URL_SIZE];

    if (strstr(where, "://"))
        return snprintf(url, HTTP_URL_SIZE, "%s", where) < HTTP_URL_SIZE ? 0 : -1;
    if (*where == '/')
        return url_of_path(where, url);
    if (!getcwd(folder, sizeof(folder)) ||
        snprintf(path, sizeof(path), "%s/%s", folder, where) >= (int)sizeof(path))
        return -1;
    return url_of_path(path, url);
}

void resolve_uri(const char *base, const char *uri, char *out)
{
    const char *host = strstr(base, "://"), *path = host ? strchr(host + 3, '/') : NULL;
    size_t query = strcspn(base, "?"), keep = query;

    if (strstr(uri, "://"))
        keep = 0;
    else if (*uri == '/')
        keep = path ? (size_t)(path - base) : query;
    else
        while (keep > 0 && base[keep - 1] != '/')
            keep--;
    snprintf(out, HTTP_URL_SIZE, "%.*s%s", (int)keep, base, uri);
}

/* What is watched may name anything: a server's lists name no files of this machine, and nobody's
 * have another protocol spoken. */
static const char *protocols(HttpClient *c, bool is_file)
{
    c->local = c->used ? c->local : is_file;
    c->used = true;
    return c->local ? "file,http,https" : "http,https";
}

static Request *get(HttpClient *c, const char *url, int64_t timeout_us, HttpDone *done, void *user)
{
    Request *r = calloc(1, sizeof(*r));
    CURL *curl = r ? curl_easy_init() : NULL;

    if (!curl) {
        free(r);
        return NULL;
    }
    *r = (Request){.client = c, .curl = curl, .done = done, .user = user};
    r->is_file = strncmp(url, "file:", 5) == 0;
    r->answer.asked_us = clock_us(CLOCK_MONOTONIC);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols(c, r->is_file));
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, r);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, r);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(timeout_us / 1000));
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    r->next = c->under_way;
    r->link = &c->under_way;
    if (r->next)
        r->next->link = &r->next;
    c->under_way = r;
    curl_multi_add_handle(c->multi, curl);
    return r;
}

int http_client_get(HttpClient *c, const char *url, int64_t timeout_us, HttpDone *done, void *user)
{
    return get(c, url, timeout_us, done, user) ? 0 : -1;
}

int http_client_get_range(HttpClient *c, const char *url, int64_t offset, int64_t len,
                          int64_t timeout_us, HttpDone *done, void *user)
{
    Request *r = get(c, url, timeout_us, done, user);
    char range[48];

    if (!r)
        return -1;
    snprintf(range, sizeof(range), "%" PRId64 "-%" PRId64, offset, offset + len - 1);
    curl_easy_setopt(r->curl, CURLOPT_RANGE, range);
    return 0;
}

static void finish(Request *r, CURLcode result)
{
    HttpAnswer *a = &r->answer;
    long version = 0;

    a->done_us = clock_us(CLOCK_MONOTONIC);
    if (a->first_byte_us == 0)
        a->first_byte_us = a->done_us;
    if (r->is_file)
        a->status = result == CURLE_OK ? 200 : 404;
    else if (result == CURLE_OK)
        curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &a->status);
    curl_easy_getinfo(r->curl, CURLINFO_HTTP_VERSION, &version);
    a->http2 = version >= CURL_HTTP_VERSION_2_0;
    r->done(r->user, a);
    forget(r);
}

/* Calls `done` for the answers that have come. Returns whether there were any. */
static bool hand_over(HttpClient *c)
{
    bool something = false;
    CURLMsg *message;
    int running, left;

    curl_multi_perform(c->multi, &running);
    while ((message = curl_multi_info_read(c->multi, &left))) {
        Request *r = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&r);
        finish(r, result);
        something = true;
    }
    return something;
}

void http_client_run(HttpClient *c, int wait_ms)
{
    if (hand_over(c))
        return;
    curl_multi_poll(c->multi, NULL, 0, wait_ms, NULL);
    hand_over(c);
}

bool http_client_is_busy(const HttpClient *c)
{
    return c->under_way != NULL;
}
