/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef ADMISSION_H
#define ADMISSION_H

/* Who may publish under which name: stream keys, names that are taken, and as many as there is room
 * for.
 *
 * Thread-safety: any thread. */

#include "plugin_settings.h"
#include "session.h"

/* Whether `session`, which publishes nothing, may publish what is requested; it may be in another's
 * place. Returns 0, or -1 with `error`, whose sentence is for the person who publishes; where there
 * is no room, event handlers are told. */
int admission_check(const PluginSettings *settings, Session *session, const Request *request,
                    RequestError *error);

#endif
