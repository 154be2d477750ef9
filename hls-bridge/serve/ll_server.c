/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bridge_log.h"
#include "serve/ll_listener.h"
#include "serve/ll_wire.h"
#include "base/media.h"

#define IDLE_TIMEOUT_US (75 * US_PER_S) /* longer than nginx keeps idle connections */
#define LOOK_EVERY_US   US_PER_S        /* between two looks for idle connections */
#define GATHER_MS       2               /* for the next requests of a crowd to gather */
#define CACHED_TARGETS  6   /* target durations that caches keep a named part's answer */
#define OWED_MS         1   /* at the end, between two looks for wakes on their way */
#define EVENTS          256 /* taken by one epoll_wait() */
#define LISTENERS       2
#define DATE_SIZE       32

typedef enum ConnectionState { READING, HELD, SENDING } ConnectionState;

typedef struct Connection {
    LlServer *server;
    struct Connection *next, **link;
    struct Connection *next_woken; /* guarded by the server's lock */
    bool gone;                     /* closed while a wake was on its way: only the memory is left */
    ConnectionState state;
    int64_t active_us; /* when it was last active */
    int64_t began_us;  /* when the current request or answer began; 0: there is none */
    LlRequest request;
    LlWire wire;
} Connection;

struct LlServer {
    LlServerParams params;
    pthread_t thread;
    bool running;
    int epoll, event;        /* `event`: requests were woken, or the server must stop */
    int listener[LISTENERS]; /* -1: there is none */
    bool listening;          /* the listeners are in `epoll` */
    Connection *connections;
    size_t count;
    size_t owed; /* connections that are held or whose wake is on its way */
    int64_t now_us, looked_us;
    time_t dated;
    char date[DATE_SIZE];
    char cached[48]; /* Cache-Control of answers to requests that name a part */
    pthread_mutex_t lock;
    Connection *woken;
    bool stopping;
};

/* ---- who waits ---- */

static void ring(const LlServer *s)
{
    if (eventfd_write(s->event, 1) < 0)
        log_error("low-latency server: %s", strerror(errno));
}

static void pause_connection(void *user)
{
    ((Connection *)user)->state = HELD;
}

/* One write to `event` wakes the thread for all requests woken together. Once the lock is free, the
 * server may be freed. */
static void wake_connection(void *user)
{
    Connection *c = user;
    LlServer *s = c->server;

    pthread_mutex_lock(&s->lock);
    if (!s->woken)
        ring(s);
    c->next_woken = s->woken;
    s->woken = c;
    pthread_mutex_unlock(&s->lock);
}

/* ---- connections ---- */

static void close_connection(Connection *c)
{
    LlServer *s = c->server;

    c->gone = !ll_hub_forget(s->params.hub, &c->request.ticket);
    if (c->state == HELD && !c->gone)
        s->owed--;
    ll_wire_end(&c->wire);
    close(c->wire.fd); /* which takes it out of the epoll */
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    s->count--;
    if (!c->gone)
        free(c);
}

static void open_connection(LlServer *s, int fd)
{
    Connection *c = s->count < s->params.connections ? calloc(1, sizeof(*c)) : NULL;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};

    if (!c || epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
        free(c);
        ll_hub_note(s->params.hub, LL_NOTE_REFUSED);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    c->server = s;
    c->active_us = s->now_us;
    ll_wire_init(&c->wire, fd);
    c->request.ticket = (LlTicket){.pause = pause_connection, .wake = wake_connection, .user = c};
    c->next = s->connections;
    c->link = &s->connections;
    if (c->next)
        c->next->link = &c->next;
    s->connections = c;
    s->count++;
}

static void listen_or_not(LlServer *s, bool listening)
{
    if (listening == s->listening)
        return;
    for (size_t i = 0; i < LISTENERS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &s->listener[i]};
        if (s->listener[i] >= 0)
            epoll_ctl(s->epoll, listening ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, s->listener[i], &event);
    }
    s->listening = listening;
}

static void accept_all(LlServer *s, int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            open_connection(s, fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN) /* no descriptor is left: try again later */
                listen_or_not(s, false);
            return;
        }
    }
}

/* ---- requests ---- */

static const char *date(LlServer *s)
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

static const char *lifetime(const LlServer *s, const LlReply *reply)
{
    if (reply->status != 200)
        return "no-store";
    if (reply->is_part)
        return "public, max-age=31536000, immutable";
    return reply->named ? s->cached : "public, max-age=1";
}

/* The reply is ready: begin to send it. */
static void answer(Connection *c)
{
    c->state = SENDING;
    c->began_us = c->server->now_us;
    ll_wire_answer(&c->wire, date(c->server), lifetime(c->server, &c->wire.reply));
}

static void ask(Connection *c)
{
    const LlServerParams *p = &c->server->params;

    c->active_us = c->server->now_us;
    if (ll_request_ask(&c->request, p->hub, c->active_us, &c->wire.reply))
        answer(c);
    else
        c->server->owed++;
}

/* Serves a connection for as long as it can without waiting. Returns -1 if the connection is over:
 * errno says why. */
static int serve(Connection *c)
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
            c->began_us = c->server->now_us;
        if (taken < 0)
            return errno == EAGAIN ? 0 : -1;
        if (taken == 0) {
            answer(c);
        } else {
            c->request.ticket.since_us = 0; /* a new request, with its whole time to wait */
            c->request.ticket.expired = false;
            ask(c);
        }
    }
    return 0;
}

static void on_connection(Connection *c, uint32_t events)
{
    bool over = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);

    c->active_us = c->server->now_us;
    if (over || events & EPOLLIN)
        c->wire.drained = false;
    if ((over && c->state == HELD) || serve(c) < 0)
        close_connection(c);
}

/* ---- the thread ---- */

static void answer_woken(LlServer *s)
{
    pthread_mutex_lock(&s->lock);
    Connection *c = s->woken;
    s->woken = NULL;
    pthread_mutex_unlock(&s->lock);
    for (Connection *next; c; c = next) {
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
static bool is_slow(const LlServer *s, const Connection *c)
{
    return c->state != HELD && c->began_us && s->now_us - c->began_us > s->params.timeout_us;
}

/* Closes connections that are idle for long. A request that is held is not idle: the hub ends it.
 */
static void look_around(LlServer *s)
{
    if (s->now_us - s->looked_us < LOOK_EVERY_US)
        return;
    s->looked_us = s->now_us;
    ll_hub_expire(s->params.hub, s->now_us);
    for (Connection *c = s->connections, *next; c; c = next) {
        next = c->next;
        bool slow = is_slow(s, c);
        if (slow)
            ll_hub_note(s->params.hub, LL_NOTE_SLOW);
        if (slow || (c->state != HELD && s->now_us - c->active_us > IDLE_TIMEOUT_US))
            close_connection(c);
    }
    listen_or_not(s, true);
}

static bool is_stopping(LlServer *s)
{
    pthread_mutex_lock(&s->lock);
    bool stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    return stopping;
}

static bool is_listener(const LlServer *s, const void *what)
{
    return what == &s->listener[0] || what == &s->listener[1];
}

/* After a crowd is answered, its next requests come one after the other. If each woke the thread,
 * it would spend a third of its time on that. No answer waits for this pause. */
static void let_requests_gather(LlServer *s)
{
    poll(&(struct pollfd){.fd = s->event, .events = POLLIN}, 1, GATHER_MS);
}

static void *run(void *user)
{
    LlServer *s = user;
    struct epoll_event event[EVENTS];
    int n = 0;

    while (!is_stopping(s)) {
        if (n > 0 && n < EVENTS)
            let_requests_gather(s);
        n = epoll_wait(s->epoll, event, EVENTS, LOOK_EVERY_US / 1000);
        s->now_us = clock_monotonic_us(s->params.clock);
        for (int i = 0; i < n; i++) {
            if (is_listener(s, event[i].data.ptr))
                accept_all(s, *(int *)event[i].data.ptr);
            else if (event[i].data.ptr == &s->event)
                eventfd_read(s->event, &(eventfd_t){0});
            else
                on_connection(event[i].data.ptr, event[i].events);
        }
        answer_woken(s); /* only here: it may close connections that still have events above */
        look_around(s);
    }
    /* the hub is closed and holds no request: wait until it has told those that it woke */
    while (answer_woken(s), s->owed > 0)
        poll(&(struct pollfd){.fd = s->event, .events = POLLIN}, 1, OWED_MS);
    return NULL;
}

/* ---- life ---- */

/* A viewer may have two requests held, each on a connection of its own. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int open_server(LlServer *s)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &s->event};

    s->listener[0] = ll_listener_tcp(s->params.address, s->params.port);
    if (s->listener[0] < 0)
        return -1;
    if (*s->params.socket && (s->listener[1] = ll_listener_unix(s->params.socket)) < 0)
        return -1;
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->epoll < 0 || s->event < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->event, &event) < 0)
        return -1;
    listen_or_not(s, true);
    errno = pthread_create(&s->thread, NULL, run, s);
    s->running = errno == 0;
    return s->running ? 0 : -1;
}

static void stop_server(LlServer *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_mutex_unlock(&s->lock);
    ring(s);
    pthread_join(s->thread, NULL);
}

LlServer *ll_server_create(const LlServerParams *params)
{
    LlServer *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->params = *params;
    s->params.connections = params->connections ? params->connections : LL_CONNECTIONS;
    s->params.timeout_us = params->timeout_us ? params->timeout_us : LL_TIMEOUT_US;
    s->epoll = s->event = s->listener[0] = s->listener[1] = -1;
    pthread_mutex_init(&s->lock, NULL);
    /* for shared caches only: a player that asks again wants the newest list */
    snprintf(s->cached, sizeof(s->cached), "public, max-age=0, s-maxage=%lld",
             (long long)(CACHED_TARGETS * params->target_us / US_PER_S));
    raise_descriptor_limit();
    if (open_server(s) == 0)
        return s;
    int error = errno;
    ll_server_destroy(&s);
    errno = error;
    return NULL;
}

void ll_server_destroy(LlServer **server)
{
    LlServer *s = *server;

    if (!s)
        return;
    ll_hub_close(s->params.hub);
    if (s->running)
        stop_server(s);
    while (s->connections)
        close_connection(s->connections);
    if (s->listener[1] >= 0)
        unlink(s->params.socket);
    const int fds[] = {s->listener[0], s->listener[1], s->epoll, s->event};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    pthread_mutex_destroy(&s->lock);
    free(s);
    *server = NULL;
}
