/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/janus_event.h"

#include "events/event_json.h"

#define TYPE_EXTERNAL 4 /* JANUS_EVENT_TYPE_EXTERNAL of Janus's events/eventhandler.h */
#define SCHEMA        "janus-hls"

char *janus_event_text(const Event *e, const char *emitter)
{
    return event_json_line(json_pack("{s:s, s:i, s:I, s:{s:s, s:o}}", "emitter", emitter, "type",
                                     TYPE_EXTERNAL, "timestamp", (json_int_t)e->unix_us, "event",
                                     "schema", SCHEMA, "data", event_json(e)));
}
