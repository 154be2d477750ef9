/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WEBHOOK_SCHEDULE_H
#define WEBHOOK_SCHEDULE_H

/* What a receiver's answer means, when an event is tried again, and when it is given up.
 *
 * Pure: time is an argument. Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stdint.h>

typedef struct WebhookLimits {
    int64_t bytes;      /* of the queue on disk, and of each file of dead letters */
    int64_t age_us;     /* of an event that is still tried */
    int64_t tries;      /* of one event that are refused */
    int64_t pause_us;   /* the longest between two tries */
    int64_t timeout_us; /* of one POST */
} WebhookLimits;

typedef enum WebhookVerdict {
    WEBHOOK_TAKEN,
    WEBHOOK_AWAY,    /* nobody was there to take it: no fault of the event */
    WEBHOOK_REFUSED, /* it may be taken later */
    WEBHOOK_NEVER,   /* this event never will be */
} WebhookVerdict;

/* Of an HTTP status; 0: nothing was answered. 2xx is taken. No answer, 429, 502, 503 and 504 are of
 * a receiver that is away. 400, 410, 413, 415 and 422 find fault with the event itself, which stays
 * as it is. All else may change: a fault of the receiver, a secret, a redirection, which is not
 * followed. */
WebhookVerdict webhook_verdict(long status);

/* How long to wait after an event has failed `tries` times (1 or more): 1 s, doubled each time, and
 * no less than the receiver has asked for (Retry-After; 0: it has not), but `most_us` at most. */
int64_t webhook_pause_us(int64_t tries, int64_t asked_us, int64_t most_us);

/* Why an event is given up that was refused so many times, as a sentence; NULL: it is not. Static.
 */
const char *webhook_given_up(const WebhookLimits *limits, int64_t refusals, int64_t event_us,
                             int64_t now_us);

#endif
