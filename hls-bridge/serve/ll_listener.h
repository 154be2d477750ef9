/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_LISTENER_H
#define LL_LISTENER_H

/* Listening sockets, non-blocking. Thread-safety: none needed, there is no state. */

#include <stdint.h>

/* On an IPv4 address. Returns the socket, or -1 with errno. */
int ll_listener_tcp(const char *address, uint16_t port);

/* At a path, for everybody on this machine who may go there; what an earlier run has left is
 * replaced. Returns the socket, or -1 with errno. */
int ll_listener_unix(const char *path);

#endif
