/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_SINKS_H
#define EVENT_SINKS_H

/* All sinks that there are, as the settings want them. A new one is one line here.
 *
 * Thread-safety: none needed, there is no state. */

#include "base/clock.h"
#include "events/event_sink.h"
#include "events/webhook_schedule.h"
#include "events/webhook_targets.h"

typedef struct EventSinksParams {
    const char *janus;              /* "file:PATH", "http://..." or "https://..."; "": nowhere */
    const char *emitter;            /* by which name the bridge is known there */
    int64_t file_bytes;             /* that a file may have */
    const Clock *clock;             /* borrowed */
    const WebhookTargets *webhooks; /* NULL: none */
    const char *directory;          /* of the webhooks' queues */
    WebhookLimits limits;           /* of webhooks */
} EventSinksParams;

/* Whether `janus` is something that event_sinks_open() takes. */
bool event_sinks_known(const char *janus);

/* Fills in `sinks`, the log first, and returns how many there are; 0: one cannot be made. The
 * caller closes them, or the queue that takes them over does. To be called before other threads are
 * made. */
size_t event_sinks_open(const EventSinksParams *params, EventSink sinks[EVENT_SINKS_MAX]);

#endif
