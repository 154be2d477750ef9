/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_JSON_H
#define EVENT_JSON_H

/* What an event says, as JSON; docs/protocol.md has the fields of each kind.
 *
 *   {"event": "held", "stream": "shop", "sequence": 12, "reason": "no-packets", "hold": 30}
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <jansson.h>

#include "events/event.h"

/* The caller owns it. A title that is no UTF-8 is left out. Returns NULL if there is no memory. */
json_t *event_json(const Event *event);

/* One line of JSON, without its end; the caller frees it. Takes over `all`, which may be NULL.
 * Returns NULL if there is no memory. */
char *event_json_line(json_t *all);

#endif
