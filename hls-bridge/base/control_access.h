/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CONTROL_ACCESS_H
#define CONTROL_ACCESS_H

/* Who may ask something of the control API.
 *
 * Whoever reaches it rules the bridge, and a web page that is open on this machine reaches all that
 * listens on loopback. So a request must name a host that no stranger can give an address to
 * (against DNS rebinding), must not come from a page of another origin, and must show the token if
 * there is one.
 *
 * Pure. Thread-safety: none needed, it is read-only. */

#include "bearer_token.h"

#define CONTROL_NAMES_SIZE 512

typedef struct ControlAccess {
    char hosts[CONTROL_NAMES_SIZE]; /* names that are taken beside addresses and "localhost", with
                                       spaces between */
    char
        origins[CONTROL_NAMES_SIZE]; /* whose pages may ask, as "https://admin.example", likewise */
    char token[BEARER_TOKEN_SIZE];   /* "": none is asked for */
} ControlAccess;

/* Fields of a request; NULL: it has none. */
typedef struct ControlHead {
    const char *host, *origin, *authorization;
} ControlHead;

typedef enum ControlVerdict {
    CONTROL_ALLOWED,
    CONTROL_WRONG_HOST,
    CONTROL_WRONG_ORIGIN,
    CONTROL_NO_TOKEN, /* or a wrong one */
} ControlVerdict;

/* `path` as requested: "/healthz" tells nothing, and takes no token. */
ControlVerdict control_access_check(const ControlAccess *access, const ControlHead *head,
                                    const char *path);

/* A sentence for whoever was refused. */
const char *control_access_reason(ControlVerdict verdict);

#endif
