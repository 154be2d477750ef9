/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/cloud_event.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/media.h"
#include "events/event_json.h"

#define SOURCE    "/janus-hls/"
#define TYPE      "org.janus-hls.stream."
#define TYPE_SIZE 64
#define TIME_SIZE 64

void cloud_event_source(const char *emitter, char source[CLOUD_EVENT_SOURCE_SIZE])
{
    static const char unreserved[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t at = (size_t)snprintf(source, CLOUD_EVENT_SOURCE_SIZE, SOURCE);

    for (const char *c = emitter; *c && at + sizeof("%XX") <= CLOUD_EVENT_SOURCE_SIZE; c++)
        at += (size_t)snprintf(source + at, CLOUD_EVENT_SOURCE_SIZE - at,
                               strchr(unreserved, *c) ? "%c" : "%%%02X", (unsigned char)*c);
}

/* As RFC 3339 has it. */
static void print_time(int64_t unix_us, char text[TIME_SIZE])
{
    const time_t s = (time_t)(unix_us / US_PER_S);
    struct tm utc;

    gmtime_r(&s, &utc);
    size_t n = strftime(text, TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + n, TIME_SIZE - n, ".%06dZ", (int)(unix_us % US_PER_S));
}

char *cloud_event_text(const Event *e, const char *source, const char *id)
{
    char type[TYPE_SIZE], when[TIME_SIZE];

    snprintf(type, sizeof(type), TYPE "%s", event_name(e->kind));
    print_time(e->unix_us, when);
    return event_json_line(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "specversion",
                                     "1.0", "id", id, "source", source, "type", type, "subject",
                                     e->stream, "time", when, "datacontenttype", "application/json",
                                     "data", event_json(e)));
}
