/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_LISTENER_H
#define LL_LISTENER_H

/* Listening sockets, non-blocking. Thread-safety: none needed, there is no state. */

#include <stdint.h>

/* Listens on an IPv4 address. Returns the socket, or -1 with errno. */
int ll_listener_tcp(const char *address, uint16_t port);

/* Listens at a path, open to every user of this machine who may enter its folder. Replaces the
 * socket of an earlier run. Returns the socket, or -1 with errno. */
int ll_listener_unix(const char *path);

#endif
