/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PUBLISHER_EVENTS_H
#define PUBLISHER_EVENTS_H

/* What is told of a publisher: to himself, by events on his handle, and to operators, by Janus's
 * event handlers.
 *
 * Thread-safety: any thread, but for init. */

#include <jansson.h>

#include "session.h"

/* `handlers`: whether event handlers are told at all. All is borrowed. */
void publisher_events_init(janus_callbacks *gateway, janus_plugin *plugin, bool handlers);

/* To the publisher. Takes over `event`. */
void publisher_push(Session *session, json_t *event);

/* To the publisher: how it stands with the bridge. `text` is for people; NULL: none. */
void publisher_push_status(Session *session, const char *status, const char *text);

/* Whether publisher_notify() tells anybody. */
bool publisher_has_listeners(void);

/* To event handlers: what has become of a stream. Takes over `details`, which may be NULL. */
void publisher_notify(Session *session, const char *stream, const char *what, json_t *details);

#endif
