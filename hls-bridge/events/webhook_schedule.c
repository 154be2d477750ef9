/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/webhook_schedule.h"

#include <stddef.h>

#include "base/media.h"
#include "doubling_pause.h"

#define PAUSE_FIRST_US US_PER_S

WebhookVerdict webhook_verdict(long status)
{
    if (status >= 200 && status <= 299)
        return WEBHOOK_TAKEN;
    switch (status) {
    case 0:
    case 429: /* Too Many Requests */
    case 502: /* Bad Gateway */
    case 503: /* Service Unavailable */
    case 504: /* Gateway Timeout */
        return WEBHOOK_AWAY;
    case 400: /* Bad Request */
    case 410: /* Gone */
    case 413: /* Content Too Large */
    case 415: /* Unsupported Media Type */
    case 422: /* Unprocessable Content */
        return WEBHOOK_NEVER;
    default:
        return WEBHOOK_REFUSED;
    }
}

int64_t webhook_pause_us(int64_t tries, int64_t asked_us, int64_t most_us)
{
    int64_t pause_us = doubling_pause(PAUSE_FIRST_US, tries - 1, most_us);

    return smaller(larger(pause_us, asked_us), most_us);
}

const char *webhook_given_up(const WebhookLimits *limits, int64_t refusals, int64_t event_us,
                             int64_t now_us)
{
    if (now_us - event_us > limits->age_us)
        return "it is older than events.webhook_age";
    if (refusals >= limits->tries)
        return "it was refused events.webhook_tries times";
    return NULL;
}
