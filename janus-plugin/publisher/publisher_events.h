/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PUBLISHER_EVENTS_H
#define PUBLISHER_EVENTS_H

/* What is told about a publisher: to itself, by events on its handle, and to operators, by Janus's
 * event handlers.
 *
 * Thread-safety: any thread, but for init. */

#include <jansson.h>

#include "session/session.h"

/* `handlers`: whether event handlers are told anything. All is borrowed. */
void publisher_events_init(janus_callbacks *gateway, janus_plugin *plugin, bool handlers);

/* Sends `event` to the publisher. Takes it over. */
void publisher_push(Session *session, json_t *event);

/* Tells the publisher whether the bridge listens to it. `text` is for people; NULL: none. */
void publisher_push_status(Session *session, const char *status, const char *text);

/* Whether publisher_notify() reaches anybody. */
bool publisher_has_listeners(void);

/* Tells event handlers what has become of a stream. Takes over `details`, which may be NULL. */
void publisher_notify(Session *session, const char *stream, const char *what, json_t *details);

#endif
