/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_SERVER_H
#define LL_SERVER_H

/* The HTTP server behind nginx that holds requests: for a playlist with a segment or part that does
 * not exist yet (rfc8216bis, section 6.2.5.2), and for the part that a playlist hints at. It
 * answers them the moment the part exists. One thread serves any number of requests. The control
 * API is not here. The requests are in ll_request.h.
 *
 * It opens no file: every answer is in memory, so no disk can hold up the viewers of another
 * stream. Older parts are files, which nginx serves.
 *
 * It is our own server and not a library because of the cost of a crowd: one recv and one sendmsg
 * for each answer, and one wake-up of the thread for all of them.
 *
 * Thread-safety: create and destroy from one thread; requests run on the server's own thread. */

#include "base/clock.h"
#include "serve/ll_hub.h"

typedef struct LlServer LlServer;

#define LL_CONNECTIONS 60000 /* from nginx, which has two for each viewer */
#define LL_TIMEOUT_US  (30 * US_PER_S)

typedef struct LlServerParams {
    const char *address; /* IPv4 */
    uint16_t port;
    const char *socket; /* path of a Unix socket to listen on too; "": none; borrowed */
    const Clock *clock; /* borrowed */
    LlHub *hub;         /* borrowed */
    size_t connections; /* limit at any time; 0: LL_CONNECTIONS */
    int64_t timeout_us; /* for a client to send a request or to take an answer; 0: LL_TIMEOUT_US */
    int64_t target_us;  /* roughly a target duration, for Cache-Control */
} LlServerParams;

/* Returns NULL with errno if it cannot listen. */
LlServer *ll_server_create(const LlServerParams *params);

/* Closes the hub, so that no request is held, and ends all connections. Accepts NULL, leaves NULL.
 */
void ll_server_destroy(LlServer **server);

#endif
