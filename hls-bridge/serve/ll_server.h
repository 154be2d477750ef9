/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_SERVER_H
#define LL_SERVER_H

/* The HTTP server behind nginx for what is not there yet: it holds requests for playlists that name
 * a segment or a part to come (rfc8216bis, section 6.2.5.2), and for the part that a playlist hints
 * at, and answers them the moment there is what they ask for. It has one thread, however many wait,
 * and knows nothing else: the control API is elsewhere. What it answers is in ll_request.h.
 *
 * It opens no file: what it gives is in memory, so that no disk can hold up those who wait for
 * another stream. What has been published for a while are files, which whoever is in front serves.
 *
 * It is one of our own, and no library, because of what a crowd costs: one recv and one sendmsg
 * for each answer, and one wake of the thread for all of them.
 *
 * Thread-safety: create and destroy from one thread; requests run on the server's own. */

#include "serve/ll_hub.h"

typedef struct LlServer LlServer;

#define LL_CONNECTIONS 60000 /* nginx's, which come to two for a viewer */
#define LL_TIMEOUT_US  (30 * US_PER_S)

typedef struct LlServerParams {
    const char *address; /* IPv4 */
    uint16_t port;
    const char *socket; /* path of a Unix socket beside these, empty: none; borrowed */
    LlHub *hub;         /* borrowed */
    size_t connections; /* that there may be at the same time; 0: LL_CONNECTIONS */
    int64_t
        timeout_us; /* that a request, and the taking of its answer, may last; 0: LL_TIMEOUT_US */
    int64_t target_us; /* about what a target duration is, for caches */
} LlServerParams;

/* Returns NULL with errno where it cannot listen. */
LlServer *ll_server_create(const LlServerParams *params);

/* Closes the hub, so that no request is held, and ends them all. Accepts NULL, leaves NULL. */
void ll_server_destroy(LlServer **server);

#endif
