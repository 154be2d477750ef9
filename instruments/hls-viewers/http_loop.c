/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http_loop.h"

#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "http_reader.h"

#define EVENTS         256
#define READ_SIZE      (256 * 1024)
#define KEPT_MAX       (1 << 20) /* bytes of a body that is kept: a playlist */
#define AUTHORITY_SIZE 300
#define FIELDS_SIZE    768
#define LOOK_EVERY_US  20000 /* for what has taken too long */

/* What a browser says with each request, for a server to read as much. */
#define BROWSER_FIELDS                                                                             \
    "Connection: keep-alive\r\n"                                                                   \
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "          \
    "hls-viewers/0.1 Safari/537.36\r\n"                                                            \
    "Accept: */*\r\n"                                                                              \
    "Accept-Language: en-US,en;q=0.9\r\n"

struct HttpLoop {
    int epoll;
    int64_t timeout_us, connections, looked_us;
    struct sockaddr_storage address;
    socklen_t address_len;
    char authority[AUTHORITY_SIZE], path[HTTP_PATH_SIZE];
    char fields[FIELDS_SIZE]; /* of each request's head, and its end */
    HttpConnection *clients;
    char buffer[READ_SIZE];
};

struct HttpConnection {
    HttpLoop *loop;
    HttpConnection *next, *previous;
    HttpReplied *answered;
    void *user;
    int fd;            /* -1: not connected */
    bool busy, reused; /* reused: the connection has served before */
    bool keep_body;
    bool failed; /* could not be begun: told by the loop, not by the caller's own call */
    int64_t asked_us;
    HttpReader reader;
    char request[HTTP_PATH_SIZE + FIELDS_SIZE];
    size_t request_len, sent;
    char *body;
    size_t len, capacity;
};

/* ---- the server ---- */

static bool part_of(CURLU *url, CURLUPart part, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    bool fits = curl_url_get(url, part, &text, flags) == CURLUE_OK && strlen(text) < size;

    if (fits)
        strcpy(out, text);
    curl_free(text);
    return fits;
}

/* Takes the URL apart; returns what is wrong with it, or NULL. */
static const char *read_url(HttpLoop *l, CURLU *url, const char *text, char *host, char *port)
{
    char scheme[16], query[HTTP_PATH_SIZE];
    size_t n;

    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK ||
        !part_of(url, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) ||
        !part_of(url, CURLUPART_HOST, 0, host, NI_MAXHOST) ||
        !part_of(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, NI_MAXSERV) ||
        !part_of(url, CURLUPART_PATH, 0, l->path, sizeof(l->path)))
        return "that is no URL";
    if (strcmp(scheme, "http") != 0)
        return "only http:// can be had; put it beside the TLS, not before it";
    n = strlen(l->path);
    if (part_of(url, CURLUPART_QUERY, 0, query, sizeof(query)) &&
        snprintf(l->path + n, sizeof(l->path) - n, "?%s", query) >= (int)(sizeof(l->path) - n))
        return "that URL is too long";
    if (snprintf(l->authority, sizeof(l->authority), "%s:%s", host, port) >=
        (int)sizeof(l->authority))
        return "that host's name is too long";
    return NULL;
}

static const char *find_server(HttpLoop *l, const char *text)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    CURLU *url = curl_url();
    const char *wrong = url ? read_url(l, url, text, host, port) : "there is no memory";

    curl_url_cleanup(url);
    if (wrong)
        return wrong;
    size_t n = strlen(host);
    if (host[0] == '[' && host[n - 1] == ']') { /* an IPv6 address */
        memmove(host, host + 1, n - 2);
        host[n - 2] = '\0';
    }
    int status = getaddrinfo(host, port, &hints, &found);
    if (status != 0)
        return gai_strerror(status);
    memcpy(&l->address, found->ai_addr, found->ai_addrlen);
    l->address_len = found->ai_addrlen;
    freeaddrinfo(found);
    return NULL;
}

HttpLoop *http_loop_create(const HttpLoopParams *params, const char **wrong)
{
    HttpLoop *l = calloc(1, sizeof(*l));

    *wrong = l ? find_server(l, params->url) : "there is no memory";
    if (*wrong) {
        free(l);
        return NULL;
    }
    snprintf(l->fields, sizeof(l->fields), "Host: %s\r\n" BROWSER_FIELDS "%s\r\n", l->authority,
             params->plain ? "" : "Accept-Encoding: gzip\r\n");
    l->timeout_us = params->timeout_us;
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (l->epoll < 0) {
        *wrong = strerror(errno);
        free(l);
        return NULL;
    }
    return l;
}

void http_loop_destroy(HttpLoop **loop)
{
    if (!*loop)
        return;
    close((*loop)->epoll);
    free(*loop);
    *loop = NULL;
}

const char *http_loop_path(const HttpLoop *l)
{
    return l->path;
}

int64_t http_loop_connections(const HttpLoop *l)
{
    return l->connections;
}

/* ---- a client ---- */

HttpConnection *http_connection_create(HttpLoop *loop, HttpReplied *answered, void *user)
{
    HttpConnection *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->loop = loop;
    c->answered = answered;
    c->user = user;
    c->fd = -1;
    c->next = loop->clients;
    if (c->next)
        c->next->previous = c;
    loop->clients = c;
    return c;
}

static void disconnect(HttpConnection *c)
{
    if (c->fd >= 0)
        close(c->fd); /* which takes it out of the epoll */
    c->fd = -1;
}

void http_connection_destroy(HttpConnection **client)
{
    HttpConnection *c = *client;

    if (!c)
        return;
    disconnect(c);
    if (c->next)
        c->next->previous = c->previous;
    if (c->previous)
        c->previous->next = c->next;
    else
        c->loop->clients = c->next;
    free(c->body);
    free(c);
    *client = NULL;
}

bool http_connection_busy(const HttpConnection *c)
{
    return c->busy;
}

static void finish(HttpConnection *c, HttpOutcome outcome, int64_t now_us)
{
    HttpReply answer = {.outcome = outcome,
                        .status = c->reader.status,
                        .body = c->keep_body ? c->body : NULL,
                        .len = c->len,
                        .gzip = c->reader.gzip,
                        .asked_us = c->asked_us,
                        .done_us = now_us};

    c->busy = false;
    c->failed = false;
    c->reused = true;
    if (outcome != HTTP_ANSWERED || !c->reader.keep_alive)
        disconnect(c);
    c->answered(c->user, &answer);
}

/* Returns -1 if the connection cannot take it. What it does not take now goes when it can. */
static int send_request(HttpConnection *c)
{
    ssize_t n = send(c->fd, c->request + c->sent, c->request_len - c->sent, MSG_NOSIGNAL);

    if (n < 0)
        return errno == EAGAIN || errno == ENOTCONN ? 0 : -1;
    c->sent += (size_t)n;
    return 0;
}

static int open_connection(HttpConnection *c)
{
    HttpLoop *l = c->loop;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};

    c->reused = false;
    c->fd = socket(l->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        return -1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    l->connections++;
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
        return -1;
    if (connect(c->fd, (struct sockaddr *)&l->address, l->address_len) < 0 && errno != EINPROGRESS)
        return -1;
    return 0;
}

/* On the connection that is there, or on a new one. */
static int begin(HttpConnection *c)
{
    http_reader_start(&c->reader);
    c->sent = 0;
    c->len = 0;
    if (c->fd >= 0) {
        if (send_request(c) == 0)
            return 0;
        disconnect(c);
    }
    return open_connection(c);
}

void http_connection_get(HttpConnection *c, const char *path, bool keep_body)
{
    int n =
        snprintf(c->request, sizeof(c->request), "GET %s HTTP/1.1\r\n%s", path, c->loop->fields);

    c->request_len = (size_t)n;
    c->keep_body = keep_body;
    c->asked_us = clock_us(CLOCK_REALTIME);
    c->busy = true;
    c->failed = n >= (int)sizeof(c->request) || begin(c) < 0;
}

/* ---- answers ---- */

/* A server may close an idle connection just as the next request is on its way. Then the request is
 * sent again, once (RFC 9112, section 9.3.1). */
static void on_end(HttpConnection *c, bool refused, int64_t now_us)
{
    bool begun = http_reader_begun(&c->reader);

    if (!c->busy) {
        disconnect(c);
        return;
    }
    http_reader_end(&c->reader);
    if (c->reader.state == HTTP_DONE) {
        finish(c, HTTP_ANSWERED, now_us);
        return;
    }
    disconnect(c);
    if (c->reused && !begun && begin(c) == 0)
        return;
    finish(c, refused ? HTTP_NO_CONNECTION : HTTP_BROKEN, now_us);
}

/* Returns -1 if it is not kept. */
static int keep(HttpConnection *c, HttpBytes piece)
{
    if (c->keep_body && c->len + piece.len > c->capacity) {
        size_t capacity = c->len + piece.len + 1024;
        char *grown = capacity <= KEPT_MAX ? realloc(c->body, capacity) : NULL;
        if (!grown)
            return -1;
        c->body = grown;
        c->capacity = capacity;
    }
    if (c->keep_body && piece.len > 0)
        memcpy(c->body + c->len, piece.data, piece.len);
    c->len += piece.len;
    return 0;
}

/* Returns whether that was the end of the answer. */
static bool take(HttpConnection *c, const char *data, size_t len, int64_t now_us)
{
    HttpBytes piece;

    for (size_t n; (n = http_reader_take(&c->reader, data, len, &piece)) > 0; data += n, len -= n)
        if (keep(c, piece) < 0)
            c->reader.state = HTTP_WRONG;
    if (c->reader.state != HTTP_WRONG && c->reader.state != HTTP_DONE)
        return false;
    bool good = c->reader.state == HTTP_DONE && len == 0;
    finish(c, good ? HTTP_ANSWERED : HTTP_MALFORMED, now_us);
    return true;
}

/* Reads until nothing is left, as an edge-triggered epoll wants it, or an answer is whole: a server
 * that has not been asked says nothing more but that it hangs up, which is an event of its own. */
static void on_readable(HttpConnection *c)
{
    HttpLoop *l = c->loop;
    ssize_t n;
    int64_t now_us;

    do {
        n = recv(c->fd, l->buffer, sizeof(l->buffer), 0);
        if (n < 0 && errno == EAGAIN)
            return;
        now_us = clock_us(CLOCK_REALTIME);
    } while (n > 0 && !take(c, l->buffer, (size_t)n, now_us));
    if (n <= 0)
        on_end(c, n < 0 && errno == ECONNREFUSED, now_us);
}

static void on_event(HttpConnection *c, uint32_t events)
{
    if (c->fd < 0)
        return;
    if (!c->busy) {
        if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
            disconnect(c);
        return;
    }
    if (c->sent < c->request_len && (events & EPOLLOUT) && !(events & EPOLLERR) &&
        send_request(c) < 0) {
        on_end(c, false, clock_us(CLOCK_REALTIME));
        return;
    }
    if (events & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP))
        on_readable(c);
}

static void look_at_all(HttpLoop *l, int64_t now_us)
{
    for (HttpConnection *c = l->clients, *next; c; c = next) {
        next = c->next;
        if (c->busy && c->failed)
            finish(c, HTTP_NO_CONNECTION, now_us);
        else if (c->busy && now_us - c->asked_us > l->timeout_us)
            finish(c, HTTP_NO_ANSWER, now_us);
    }
}

void http_loop_run(HttpLoop *l, int wait_ms)
{
    struct epoll_event event[EVENTS];
    int n = epoll_wait(l->epoll, event, EVENTS, wait_ms);

    for (int i = 0; i < n; i++)
        on_event(event[i].data.ptr, event[i].events);
    int64_t now_us = clock_us(CLOCK_REALTIME);
    if (now_us - l->looked_us >= LOOK_EVERY_US || now_us < l->looked_us) {
        look_at_all(l, now_us);
        l->looked_us = now_us;
    }
}
