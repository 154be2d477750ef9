/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ADMISSION_H
#define ADMISSION_H

/* Who may publish which stream: keys and tokens, and how often they may be wrong; names that are
 * taken; and how many publishers there may be.
 *
 * Thread-safety: any thread. */

#include <jansson.h>

#include "session/session.h"
#include "settings/plugin_settings.h"

/* What `session`, which publishes nothing, may publish by what it has shown. Returns 0, or -1 with
 * `error`, whose sentence is for the person who publishes. An unknown name is refused as a wrong
 * key is. Operators hear of refusals in the log and by event handlers, of at most KEY_TRIES_TOLD at
 * once, and never of the key. */
int admission_permit(const PluginSettings *settings, Session *session, const Request *request,
                     Permit *permit, RequestError *error);

/* The same for one right, of a request that has a token and a stream. */
int admission_token(const PluginSettings *settings, Session *session, const Request *request,
                    PermitRight right, Permit *permit, RequestError *error);

/* Whether it may publish that now, maybe in place of the one that does. Call it at the door
 * (publisher_offer.c). Returns likewise. */
int admission_check(const PluginSettings *settings, Session *session, const Permit *permit,
                    RequestError *error);

/* Tells operators of a refusal for `cause` that `error` tells the publisher, unless they were told
 * of too many lately. Returns -1. */
int admission_refuse(Session *session, const char *stream, const RequestError *error,
                     const char *cause);

/* How many were refused since Janus began, by cause. The caller owns the object. */
json_t *admission_refusals(void);

#endif
