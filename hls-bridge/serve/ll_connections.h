/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_CONNECTIONS_H
#define LL_CONNECTIONS_H

/* The connections of the low-latency server: each reads a request, is held or answered, and reads
 * the next one. They are served by the server's thread; other threads wake those that are held.
 *
 * Thread-safety: all functions are for the server's thread. What other threads touch, which is the
 * list of woken connections, has a lock of its own. */

#include <pthread.h>
#include <time.h>

#include "serve/ll_server.h"
#include "serve/ll_wire.h"

#define LL_DATE_SIZE 32

typedef struct LlConnection LlConnection;

/* The server sets `now_us` before it calls, and `due_us` when it has seen to that; all other
 * members are for ll_connections.c. */
typedef struct LlConnections {
    LlServerParams params;
    int epoll; /* each connection is in it, with itself as data.ptr; borrowed */
    int event; /* an eventfd, written when requests are woken; borrowed */
    int64_t now_us;
    int64_t due_us; /* when the hub may have a request to end: see ll_hub_expire() */
    LlConnection *first;
    size_t count;
    size_t owed; /* connections that are held or whose wake is on its way */
    time_t dated;
    char date[LL_DATE_SIZE];
    char cached[48]; /* Cache-Control of answers to requests that name a part */
    pthread_mutex_t lock;
    LlConnection *woken; /* guarded by the lock */
} LlConnections;

void ll_connections_init(LlConnections *connections, const LlServerParams *params);

/* Closes them all. The hub must be closed, and no wake may be on its way. */
void ll_connections_end(LlConnections *connections);

/* Takes over `fd`, which is non-blocking. One too many is closed, and counted. */
void ll_connections_add(LlConnections *connections, int fd);

/* Something has happened to a connection, as epoll tells: it may be closed then. */
void ll_connection_on_event(LlConnection *connection, uint32_t events);

/* Answers those that were woken; any connection may be closed then. */
void ll_connections_answer_woken(LlConnections *connections);

/* Closes those that are idle or slow. */
void ll_connections_close_idle(LlConnections *connections);

#endif
