/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ADMISSION_H
#define ADMISSION_H

/* Who may publish under which name: stream keys and how often they may be wrong, names that are
 * taken, and as many as there is room for.
 *
 * Thread-safety: any thread. */

#include <jansson.h>

#include "plugin_settings.h"
#include "session.h"

/* Whether `session`, which publishes nothing, may publish what is requested; it may be in another's
 * place. Returns 0, or -1 with `error`, whose sentence is for the person who publishes. A name that
 * there is not is refused as one whose key is wrong. Operators are told of refusals in the log and
 * by event handlers, of no more than KEY_TRIES_TOLD at once; never of the key. */
int admission_check(const PluginSettings *settings, Session *session, const Request *request,
                    RequestError *error);

/* How many were refused since Janus began, by cause; the caller owns the object. */
json_t *admission_refusals(void);

#endif
