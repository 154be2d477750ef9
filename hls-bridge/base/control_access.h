/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CONTROL_ACCESS_H
#define CONTROL_ACCESS_H

/* Decides who may use the control API.
 *
 * It has full control of the bridge, and any web page that is open on this machine can reach a port
 * on loopback. So a request must name a host whose address no stranger can choose (against DNS
 * rebinding), must not come from a page of another origin, and must show the token if one is set.
 *
 * Pure. Thread-safety: any thread, nothing is written. */

#include "bearer_token.h"

#define CONTROL_NAMES_SIZE 512

typedef struct ControlAccess {
    char hosts[CONTROL_NAMES_SIZE];   /* allowed host names, separated by spaces; addresses and
                                         "localhost" are always allowed */
    char origins[CONTROL_NAMES_SIZE]; /* allowed origins of pages, as "https://admin.example",
                                         separated by spaces */
    char token[BEARER_TOKEN_SIZE];    /* "": no token is needed */
} ControlAccess;

/* Header fields of a request, each NULL if it is missing. */
typedef struct ControlHead {
    const char *host, *origin, *authorization;
} ControlHead;

typedef enum ControlVerdict {
    CONTROL_ALLOWED,
    CONTROL_WRONG_HOST,
    CONTROL_WRONG_ORIGIN,
    CONTROL_NO_TOKEN, /* no token, or a wrong one */
} ControlVerdict;

/* `path` as in the request: "/healthz" tells nothing, so it needs no token. */
ControlVerdict control_access_check(const ControlAccess *access, const ControlHead *head,
                                    const char *path);

/* A sentence that tells the client why it was refused and what to do. */
const char *control_access_reason(ControlVerdict verdict);

#endif
