/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRIDGE_CLIENT_H
#define BRIDGE_CLIENT_H

/* Tells the bridge which streams there are: PUT and DELETE on its control API (docs/protocol.md).
 *
 * The caller says what should be so. A thread of the client's own makes it so, and tries again with
 * growing pauses as long as the bridge cannot be reached. What is asked when is decided in
 * bridge_registry, how in bridge_http; here are the thread and the lock.
 *
 * Thread-safety: every call may come from any thread and never blocks. Events run on the client's
 * thread, with no lock held, and may call back into the client. */

#include <stdbool.h>
#include <stddef.h>

typedef struct BridgeClient BridgeClient;

/* `user` and `serial` are those of the bridge_client_announce() that an event is about. An event
 * may still come after `user` has announced something else, with another serial. Each announcement
 * is one hold on `user`, which ends with `released`. */
typedef struct BridgeEvents {
    /* The bridge listens. Returns NULL, or a static sentence that says why its answer cannot be
     * used: then `refused` follows. */
    const char *(*answered)(void *user, unsigned serial, const char *sdp, size_t len);
    /* It never will. Nothing more follows. */
    void (*refused)(void *user, unsigned serial, const char *reason);
    /* It cannot be reached, or takes long. Said once, until it answers again: with `answered`, or
     * with `reachable` if it had listened and has only been silent. */
    void (*unreachable)(void *user, unsigned serial, const char *reason);
    void (*reachable)(void *user, unsigned serial);
    void (*released)(void *user);
} BridgeEvents;

typedef struct BridgeClientParams {
    const char *bridge; /* root of the control API, "http://127.0.0.1:8190"; or its Unix socket,
                           "unix:/run/hls-bridge/control.sock" */
    const char *token;  /* that it wants to be shown; NULL: none */
    BridgeEvents events;
    unsigned patience_ms; /* until an announcement that is not answered is `unreachable`; it is
                             waited for all the same. 0: 3000 */
    unsigned look_ms; /* between two looks whether it still answers, while it listens to anybody;
                         0: 2000. One that is not answered ends after 3 s */
} BridgeClientParams;

/* The params are copied. Returns NULL if there is no memory or no thread. */
BridgeClient *bridge_client_create(const BridgeClientParams *params);

/* Withdraws nothing. Waits for the requests that are under way, a second at the most, and releases
 * all users. Accepts NULL, leaves NULL. */
void bridge_client_destroy(BridgeClient **client);

/* Stream `name` is described by `offer` (SDP, copied). A later call for the same name replaces this
 * one. */
void bridge_client_announce(BridgeClient *client, const char *name, const char *offer, void *user,
                            unsigned serial);

/* The bridge no longer listens to what `user` has announced: announce it again. */
void bridge_client_again(BridgeClient *client, const void *user);

/* Stream `name`, as announced with `user`, has ended; the bridge is told if an operator has ended
 * it (`kicked`). Nothing happens if somebody else has announced the name since. */
void bridge_client_withdraw(BridgeClient *client, const char *name, const void *user, bool kicked);

#endif
