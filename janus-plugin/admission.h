/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ADMISSION_H
#define ADMISSION_H

/* Who may publish which stream: keys, and how often they may be wrong; names that are taken; and
 * how many publishers there may be.
 *
 * Thread-safety: any thread. */

#include <jansson.h>

#include "plugin_settings.h"
#include "session.h"

/* Whether `session`, which publishes nothing, may publish what is requested, maybe in place of the
 * one that does. Returns 0, or -1 with `error`, whose sentence is for the person who publishes. An
 * unknown name is refused as a wrong key is. Operators hear of refusals in the log and by event
 * handlers, of at most KEY_TRIES_TOLD at once, and never of the key. */
int admission_check(const PluginSettings *settings, Session *session, const Request *request,
                    RequestError *error);

/* How many were refused since Janus began, by cause. The caller owns the object. */
json_t *admission_refusals(void);

#endif
