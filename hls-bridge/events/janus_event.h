/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef JANUS_EVENT_H
#define JANUS_EVENT_H

/* An event in the shape that Janus's event handlers have: as one of type 4, "external", which is
 * for programs beside Janus, with our own data under a schema.
 *
 *   {"emitter": "hls-bridge", "type": 4, "timestamp": 1795175309783078, "event": {"schema":
 *    "janus-hls", "data": {"event": "ended", "stream": "shop", "sequence": 12}}}
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "events/event.h"

/* One line of JSON, without its end; the caller frees it. A title that is no UTF-8 is left out.
 * Returns NULL if there is no memory. */
char *janus_event_text(const Event *event, const char *emitter);

#endif
