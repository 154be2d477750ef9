/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CONTROL_API_H
#define CONTROL_API_H

/* The bridge's HTTP API: announce and withdraw publishers, status, metrics (docs/protocol.md).
 *
 * Thread-safety: create, serve and destroy from one thread; requests run on the server's own. */

#include "base/control_access.h"
#include "playback/playback_gate.h"
#include "stream/stream_table.h"

typedef struct ControlApi ControlApi;

typedef struct ControlApiParams {
    const char *address; /* IPv4 */
    uint16_t port;
    const char *socket; /* path of a Unix socket instead; "": none */
    ControlAccess access;
    StreamTable *table;     /* borrowed */
    PlaybackGate *playback; /* likewise; NULL: nobody is asked about viewers */
} ControlApiParams;

/* Listens, so that no other program can; requests wait. Returns NULL with errno if it cannot. */
ControlApi *control_api_create(const ControlApiParams *params);

/* Begins to answer. Returns 0, or -1 with errno. */
int control_api_serve(ControlApi *api);

/* Ends all requests. Accepts NULL, leaves NULL. */
void control_api_destroy(ControlApi **api);

#endif
