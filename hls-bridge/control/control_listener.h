/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CONTROL_LISTENER_H
#define CONTROL_LISTENER_H

/* The socket at which the control API is asked.
 *
 * Thread-safety: none needed, there is no state. */

/* Listens at a Unix socket that only its owner and its group can reach (mode 0660). Replaces one
 * that nobody listens at any more. Returns the socket, or -1 with errno: EADDRINUSE if another
 * program listens at it, EEXIST if `path` is something else. */
int control_listener_unix(const char *path);

#endif
