/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bridge_log.h"
#include "base/media.h"
#include "serve/ll_connections.h"
#include "serve/ll_listener.h"
#include "thread_name.h"

#define LOOK_EVERY_US US_PER_S /* between two looks for idle connections */
#define GATHER_MS     2        /* for the next requests of a crowd to gather */
#define OWED_MS       1        /* at the end, between two looks for wakes on their way */
#define EVENTS        256      /* taken by one epoll_wait() */
#define LISTENERS     2

struct LlServer {
    LlServerParams params;
    pthread_t thread;
    bool running;
    int epoll, event;        /* `event`: requests were woken, or the server must stop */
    int listener[LISTENERS]; /* -1: there is none */
    bool listening;          /* the listeners are in `epoll` */
    int64_t looked_us;
    LlConnections connections;
    atomic_bool stopping;
};

/* ---- listeners ---- */

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
            ll_connections_add(&s->connections, fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN) /* no descriptor is left: try again later */
                listen_or_not(s, false);
            return;
        }
    }
}

static bool is_listener(const LlServer *s, const void *what)
{
    return what == &s->listener[0] || what == &s->listener[1];
}

/* ---- the thread ---- */

/* A request that is held is not idle: the hub ends it. */
static void look_around(LlServer *s)
{
    LlConnections *connections = &s->connections;
    int64_t now_us = connections->now_us;

    if (now_us >= connections->due_us)
        connections->due_us = ll_hub_expire(s->params.hub, now_us);
    if (now_us - s->looked_us < LOOK_EVERY_US)
        return;
    s->looked_us = now_us;
    ll_connections_close_idle(connections);
    listen_or_not(s, true);
}

/* How long nothing may have to be done. */
static int idle_ms(const LlServer *s)
{
    int64_t now_us = clock_monotonic_us(s->params.clock);
    int64_t idle_us = smaller(s->connections.due_us - now_us, LOOK_EVERY_US);

    return (int)(larger(idle_us, 0) / US_PER_MS) + 1;
}

/* After a crowd is answered, its next requests come one after the other. If each woke the thread,
 * it would spend a third of its time on that. No answer waits for this pause. */
static void let_requests_gather(LlServer *s)
{
    poll(&(struct pollfd){.fd = s->event, .events = POLLIN}, 1, GATHER_MS);
}

static void on_event(LlServer *s, const struct epoll_event *event)
{
    if (is_listener(s, event->data.ptr))
        accept_all(s, *(int *)event->data.ptr);
    else if (event->data.ptr == &s->event)
        eventfd_read(s->event, &(eventfd_t){0});
    else
        ll_connection_on_event(event->data.ptr, event->events);
}

static void *run(void *user)
{
    LlServer *s = user;
    LlConnections *connections = &s->connections;
    struct epoll_event event[EVENTS];
    int n = 0;

    thread_name_set("low-latency");
    while (!atomic_load(&s->stopping)) {
        if (n > 0 && n < EVENTS)
            let_requests_gather(s);
        n = epoll_wait(s->epoll, event, EVENTS, idle_ms(s));
        connections->now_us = clock_monotonic_us(s->params.clock);
        for (int i = 0; i < n; i++)
            on_event(s, &event[i]);
        /* only here: it may close connections that still have events above */
        ll_connections_answer_woken(connections);
        look_around(s);
    }
    /* the hub is closed and holds no request: wait until it has told those that it woke */
    while (ll_connections_answer_woken(connections), connections->owed > 0)
        poll(&(struct pollfd){.fd = s->event, .events = POLLIN}, 1, OWED_MS);
    return NULL;
}

/* ---- life ---- */

static int open_server(LlServer *s)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &s->event};

    s->listener[0] = ll_listener_tcp(s->params.address, s->params.port);
    if (s->listener[0] < 0)
        return -1;
    if (*s->params.socket && (s->listener[1] = ll_listener_unix(s->params.socket)) < 0)
        return -1;
    s->connections.epoll = s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->connections.event = s->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (s->epoll < 0 || s->event < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->event, &event) < 0)
        return -1;
    listen_or_not(s, true);
    errno = pthread_create(&s->thread, NULL, run, s);
    s->running = errno == 0;
    return s->running ? 0 : -1;
}

static void stop_server(LlServer *s)
{
    atomic_store(&s->stopping, true);
    if (eventfd_write(s->event, 1) < 0)
        log_error("low-latency server: %s", strerror(errno));
    pthread_join(s->thread, NULL);
}

LlServer *ll_server_create(const LlServerParams *params)
{
    LlServer *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->params = *params;
    s->epoll = s->event = s->listener[0] = s->listener[1] = -1;
    ll_connections_init(&s->connections, params);
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
    ll_connections_end(&s->connections);
    if (s->listener[1] >= 0)
        unlink(s->params.socket);
    const int fds[] = {s->listener[0], s->listener[1], s->epoll, s->event};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(s);
    *server = NULL;
}
