/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

void ll_wire_init(LlWire *w, int fd)
{
    *w = (LlWire){.fd = fd};
}

void ll_wire_end(LlWire *w)
{
    ll_reply_end(&w->reply);
}

/* ---- requests ---- */

static int read_some(LlWire *w)
{
    size_t space = sizeof(w->read) - w->read_len;

    errno = EAGAIN;
    if (w->drained)
        return -1;
    ssize_t n = recv(w->fd, w->read + w->read_len, space, 0);
    w->drained = n < (ssize_t)space;
    if (n == 0)
        errno = ECONNRESET;
    if (n <= 0)
        return -1;
    w->read_len += (size_t)n;
    return 0;
}

static int refuse(LlWire *w, int status, const char *why)
{
    ll_reply_refuse(&w->reply, status, why);
    w->keep_alive = false; /* we do not know where the next request would begin */
    return 0;
}

int ll_wire_take(LlWire *w, LlRequest *request)
{
    HttpRequest http;
    HttpRequestState state;

    while ((state = http_request_read(w->read, w->read_len, &http)) == HTTP_REQUEST_PART) {
        if (w->read_len == sizeof(w->read))
            return refuse(w, 431, "that request is too long\n");
        if (read_some(w) < 0)
            return -1;
    }
    w->without_body = http.is_head;
    if (state == HTTP_REQUEST_WRONG)
        return refuse(w, 400, "that is no request\n");
    w->keep_alive = http.keep_alive && !http.has_body;
    int good = ll_request_read(request, &http, &w->reply);
    w->read_len -= http.len;
    memmove(w->read, w->read + http.len, w->read_len);
    return good;
}

/* ---- replies ---- */

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } known[] = {{200, "OK"},
                 {204, "No Content"},
                 {400, "Bad Request"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {431, "Request Header Fields Too Large"},
                 {503, "Service Unavailable"}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].status == status)
            return known[i].reason;
    return "";
}

void ll_wire_answer(LlWire *w, const char *date, const char *lifetime)
{
    const LlReply *r = &w->reply;

    char body[96] = ""; /* Content-Length: RFC 9110, section 8.6, forbids it if there is no body */

    if (r->type)
        snprintf(body, sizeof(body), "Content-Type: %s\r\nContent-Length: %zu\r\n", r->type,
                 r->len);
    w->sent = 0;
    w->head_len = (size_t)snprintf(
        w->head, sizeof(w->head),
        "HTTP/1.1 %d %s\r\nDate: %s\r\nCache-Control: %s\r\n%s%s%s%s%s\r\n", r->status,
        reason(r->status), date, lifetime, body, r->status == 503 ? "Retry-After: 1\r\n" : "",
        r->is_list ? "Vary: Accept-Encoding\r\n" : "", r->gzip ? "Content-Encoding: gzip\r\n" : "",
        w->keep_alive ? "" : "Connection: close\r\n");
}

/* Lists what is left of head and body. */
static ssize_t send_rest(LlWire *w, size_t body_len)
{
    size_t of_head = w->sent < w->head_len ? w->sent : w->head_len, of_body = w->sent - of_head;
    struct iovec piece[2] = {{w->head + of_head, w->head_len - of_head}};
    struct msghdr message = {.msg_iov = piece, .msg_iovlen = 1};

    if (body_len > 0) {
        piece[1] = (struct iovec){(void *)(uintptr_t)(w->reply.body + of_body), body_len - of_body};
        message.msg_iovlen = 2;
    }
    return sendmsg(w->fd, &message, MSG_NOSIGNAL);
}

int ll_wire_send(LlWire *w)
{
    size_t body_len = w->without_body ? 0 : w->reply.len, whole = w->head_len + body_len;

    while (w->sent < whole) {
        ssize_t n = send_rest(w, body_len);
        if (n <= 0)
            return -1;
        w->sent += (size_t)n;
    }
    ll_reply_end(&w->reply);
    return 0;
}
