/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_sinks.h"

#include <string.h>

#include "events/event_file.h"
#include "events/event_http.h"
#include "events/event_log.h"
#include "events/event_webhook.h"
#include "webhook_sign.h"

_Static_assert(2 + WEBHOOKS_MAX <= EVENT_SINKS_MAX, "the log, events.janus and all webhooks");

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

/* Returns how many sinks there are then, of which the last has no `offer` if it cannot be made. */
static size_t open_webhooks(const EventSinksParams *params, EventSink *sinks, size_t n)
{
    char run[WEBHOOK_ID_SIZE];
    EventWebhookParams webhook = {
        .clock = params->clock,
        .directory = params->directory,
        .emitter = params->emitter,
        .run = run,
        .limits = params->limits,
    };
    bool good = params->webhooks && webhook_new_id(run) == 0;

    for (size_t i = 0; params->webhooks && i < params->webhooks->count; i++) {
        webhook.target = &params->webhooks->target[i];
        sinks[n] = good ? event_webhook_sink(&webhook) : (EventSink){0};
        if (!sinks[n++].offer)
            break;
    }
    return n;
}

size_t event_sinks_open(const EventSinksParams *params, EventSink sinks[EVENT_SINKS_MAX])
{
    size_t n = 0;

    sinks[n++] = event_log_sink();
    if (*params->janus) {
        sinks[n] = kinds[kind_of(params->janus)].open(params->janus, params);
        n++;
    }
    if (sinks[n - 1].offer)
        n = open_webhooks(params, sinks, n);
    if (sinks[n - 1].offer)
        return n;
    for (n--; n > 0; n--)
        if (sinks[n - 1].close)
            sinks[n - 1].close(sinks[n - 1].user);
    return 0;
}
