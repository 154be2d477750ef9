/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_WEBHOOK_H
#define EVENT_WEBHOOK_H

/* Events as webhooks: a CloudEvent (cloud_event.h) in a signed POST (webhook_sign.h) of its own.
 *
 * An offer puts the event into a journal on disk (event_journal.h), from which a thread of the
 * sink's own delivers it: in order, one after the other, until it is taken, or given up and written
 * to PATH.dead. So each event that was put there is delivered at least once, or is found among the
 * dead, through a crash too; one that is delivered twice has the same ID.
 *
 * Secrets are read again before each POST, so that they can be replaced while the bridge runs.
 *
 * Thread-safety: as any sink. A lock guards the journal; it is a leaf, and is not held while
 * something is sent. */

#include "base/clock.h"
#include "events/event_sink.h"
#include "events/webhook_schedule.h"
#include "events/webhook_targets.h"

typedef struct EventWebhookParams {
    const Clock *clock;          /* borrowed */
    const WebhookTarget *target; /* copied */
    const char *directory;       /* of the queues */
    const char *emitter;
    const char *run; /* the beginning of the IDs of this run's events: a webhook_new_id() */
    WebhookLimits limits;
} EventWebhookParams;

/* To be called before other threads are made. Returns a sink that has no `offer` if it cannot be
 * made. */
EventSink event_webhook_sink(const EventWebhookParams *params);

#endif
