/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_sinks.h"

#include <string.h>

#include "events/event_file.h"
#include "events/event_http.h"
#include "events/event_log.h"

static EventSink open_file(const char *target, const EventSinksParams *params)
{
    return event_file_sink(target + strlen("file:"), params->file_bytes, params->emitter);
}

static EventSink open_http(const char *target, const EventSinksParams *params)
{
    return event_http_sink(target, params->emitter);
}

/* By what a target begins with. */
static const struct {
    const char *begins;
    EventSink (*open)(const char *target, const EventSinksParams *params);
} kinds[] = {
    {"file:/", open_file},
    {"http://", open_http},
    {"https://", open_http},
};

/* Returns the index in `kinds`, or their number: none. */
static size_t kind_of(const char *target)
{
    size_t i = 0;

    while (i < sizeof(kinds) / sizeof(kinds[0]) &&
           strncmp(target, kinds[i].begins, strlen(kinds[i].begins)) != 0)
        i++;
    return i;
}

bool event_sinks_known(const char *target)
{
    return !*target || kind_of(target) < sizeof(kinds) / sizeof(kinds[0]);
}

size_t event_sinks_open(const EventSinksParams *params, EventSink sinks[EVENT_SINKS_MAX])
{
    size_t n = 0;

    sinks[n++] = event_log_sink();
    if (!*params->janus)
        return n;
    sinks[n] = kinds[kind_of(params->janus)].open(params->janus, params);
    return sinks[n].offer ? n + 1 : 0;
}
