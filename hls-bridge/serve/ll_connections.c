/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_connections.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bridge_log.h"
#include "base/media.h"

#define IDLE_TIMEOUT_US (75 * US_PER_S) /* longer than nginx keeps idle connections */
#define CACHED_TARGETS  6 /* target durations that caches keep a named part's answer */

typedef enum ConnectionState { READING, HELD, SENDING } ConnectionState;

struct LlConnection {
    LlConnections *all;
    struct LlConnection *next, **link;
    struct LlConnection *next_woken; /* guarded by the lock */
    bool gone; /* closed while a wake was on its way: only the memory is left */
    ConnectionState state;
    int64_t active_us; /* when it was last active */
    int64_t began_us;  /* when the current request or answer began; 0: there is none */
    LlRequest request;
    LlWire wire;
};

/* ---- who waits ---- */

static void ring(const LlConnections *s)
{
    if (eventfd_write(s->event, 1) < 0)
        log_error("low-latency server: %s", strerror(errno));
}

static void pause_connection(void *user)
{
    ((LlConnection *)user)->state = HELD;
}

/* One write to `event` wakes the thread for all requests woken together. Once the lock is free, the
 * server may be freed. */
static void wake_connection(void *user)
{
    LlConnection *c = user;
    LlConnections *s = c->all;

    pthread_mutex_lock(&s->lock);
    if (!s->woken)
        ring(s);
    c->next_woken = s->woken;
    s->woken = c;
    pthread_mutex_unlock(&s->lock);
}

/* ---- open and close ---- */

static void close_connection(LlConnection *c)
{
    LlConnections *s = c->all;

    c->gone = !ll_hub_forget(s->params.hub, &c->request.ticket);
    if (c->state == HELD && !c->gone)
        s->owed--;
    ll_wire_end(&c->wire);
    /* a child that is being started may have the socket too: close() leaves it in the epoll then */
    epoll_ctl(s->epoll, EPOLL_CTL_DEL, c->wire.fd, NULL);
    close(c->wire.fd);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    s->count--;
    if (!c->gone)
        free(c);
}

void ll_connections_add(LlConnections *s, int fd)
{
    LlConnection *c = s->count < s->params.connections ? calloc(1, sizeof(*c)) : NULL;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};

    if (!c || epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        free(c);
        ll_hub_note(s->params.hub, LL_NOTE_REFUSED);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    c->all = s;
    c->active_us = s->now_us;
    ll_wire_init(&c->wire, fd);
    c->request.ticket = (LlTicket){.pause = pause_connection, .wake = wake_connection, .user = c};
    c->next = s->first;
    c->link = &s->first;
    if (c->next)
        c->next->link = &c->next;
    s->first = c;
    s->count++;
}

/* ---- requests ---- */

static const char *date(LlConnections *s)
{
    time_t now = clock_unix_us(s->params.clock) / US_PER_S;
    struct tm t;

    if (now != s->dated) {
        s->dated = now;
        gmtime_r(&now, &t);
        strftime(s->date, sizeof(s->date), "%a, %d %b %Y %H:%M:%S GMT", &t);
    }
    return s->date;
}

static const char *lifetime(const LlConnections *s, const LlReply *reply)
{
    if (reply->status != 200)
        return "no-store";
    if (reply->is_part)
        return "public, max-age=31536000, immutable";
    return reply->named ? s->cached : "public, max-age=1";
}

/* The reply is ready: begin to send it. */
static void answer(LlConnection *c)
{
    c->state = SENDING;
    c->began_us = c->all->now_us;
    ll_wire_answer(&c->wire, date(c->all), lifetime(c->all, &c->wire.reply));
}

static void ask(LlConnection *c)
{
    LlConnections *s = c->all;

    c->active_us = s->now_us;
    if (ll_request_ask(&c->request, s->params.hub, s->now_us, &c->wire.reply)) {
        answer(c);
        return;
    }
    s->owed++;
    s->due_us = smaller(s->due_us, c->request.ticket.due_us);
}

/* Serves a connection for as long as it can without waiting. Returns -1 if the connection is over:
 * errno says why. */
static int serve(LlConnection *c)
{
    while (c->state != HELD) {
        if (c->state == SENDING) {
            if (ll_wire_send(&c->wire) < 0)
                return errno == EAGAIN ? 0 : -1;
            if (!c->wire.keep_alive)
                return -1;
            c->state = READING;
            c->began_us = 0;
        }
        int taken = ll_wire_take(&c->wire, &c->request);
        if (taken < 0 && errno == EAGAIN && c->began_us == 0 && c->wire.read_len > 0)
            c->began_us = c->all->now_us;
        if (taken < 0)
            return errno == EAGAIN ? 0 : -1;
        if (taken == 0) {
            answer(c);
        } else {
            c->request.ticket.since_us = 0; /* a new request, with its whole time to wait */
            c->request.ticket.expired = c->request.ticket.barred = false;
            ask(c);
        }
    }
    return 0;
}

void ll_connection_on_event(LlConnection *c, uint32_t events)
{
    bool over = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);

    c->active_us = c->all->now_us;
    if (over || events & EPOLLIN)
        c->wire.drained = false;
    if ((over && c->state == HELD) || serve(c) < 0)
        close_connection(c);
}

/* ---- all of them ---- */

void ll_connections_answer_woken(LlConnections *s)
{
    pthread_mutex_lock(&s->lock);
    LlConnection *c = s->woken;
    s->woken = NULL;
    pthread_mutex_unlock(&s->lock);
    for (LlConnection *next; c; c = next) {
        next = c->next_woken;
        s->owed--;
        if (c->gone) {
            free(c);
        } else {
            ask(c);
            if (serve(c) < 0)
                close_connection(c);
        }
    }
}

/* Whether a client sends its request, or takes its answer, too slowly. A client that lets bytes
 * trickle would keep its connection, and the part in memory, for ever. */
static bool is_slow(const LlConnections *s, const LlConnection *c)
{
    return c->state != HELD && c->began_us && s->now_us - c->began_us > s->params.timeout_us;
}

void ll_connections_close_idle(LlConnections *s)
{
    for (LlConnection *c = s->first, *next; c; c = next) {
        next = c->next;
        bool slow = is_slow(s, c);
        if (slow)
            ll_hub_note(s->params.hub, LL_NOTE_SLOW);
        if (slow || (c->state != HELD && s->now_us - c->active_us > IDLE_TIMEOUT_US))
            close_connection(c);
    }
}

void ll_connections_init(LlConnections *s, const LlServerParams *params)
{
    s->params = *params;
    s->params.connections = params->connections ? params->connections : LL_CONNECTIONS;
    s->params.timeout_us = params->timeout_us ? params->timeout_us : LL_TIMEOUT_US;
    s->epoll = s->event = -1;
    s->due_us = NEVER_US;
    pthread_mutex_init(&s->lock, NULL);
    /* for shared caches only: a player that asks again wants the newest list */
    snprintf(s->cached, sizeof(s->cached), "public, max-age=0, s-maxage=%lld",
             (long long)(CACHED_TARGETS * params->target_us / US_PER_S));
}

void ll_connections_end(LlConnections *s)
{
    while (s->first)
        close_connection(s->first);
    pthread_mutex_destroy(&s->lock);
}
