/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_HTTP_H
#define EVENT_HTTP_H

/* Each event as JSON (janus_event.h) in a POST of its own, as Janus's sample event handler sends
 * them with `grouping = false`: so one server can take both. Any answer but 2xx is a failure.
 *
 * Thread-safety: as any sink. */

#include "events/event_sink.h"

/* `url` (http or https, which no log shows: it may have a password) and `emitter` are copied. To be
 * called before other threads are made, since libcurl is set up. Returns a sink that has no `offer`
 * if there is no memory. */
EventSink event_http_sink(const char *url, const char *emitter);

#endif
