/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/cloud_event.h"

#include <stdio.h>
#include <string.h>

#include "events/event_json.h"
#include "utc_text.h"

#define SOURCE    "/janus-hls/"
#define TYPE      "org.janus-hls.stream."
#define TYPE_SIZE 64

void cloud_event_source(const char *emitter, char source[CLOUD_EVENT_SOURCE_SIZE])
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t at = (size_t)snprintf(source, CLOUD_EVENT_SOURCE_SIZE, SOURCE);

    for (const char *c = emitter; *c && at + sizeof("%XX") <= CLOUD_EVENT_SOURCE_SIZE; c++)
        at += (size_t)snprintf(source + at, CLOUD_EVENT_SOURCE_SIZE - at,
                               strchr(unreserved, *c) ? "%c" : "%%%02X", (unsigned char)*c);
}

char *cloud_event_text(const Event *e, const char *source, const char *id)
{
    char type[TYPE_SIZE], when[UTC_TEXT_SIZE];
    TextBuffer time = text_buffer(when, sizeof(when));

    snprintf(type, sizeof(type), TYPE "%s", event_name(e->kind));
    utc_text_add(&time, e->unix_us, 6);
    return event_json_line(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "specversion",
                                     "1.0", "id", id, "source", source, "type", type, "subject",
                                     e->stream, "time", when, "datacontenttype", "application/json",
                                     "data", event_json(e)));
}
