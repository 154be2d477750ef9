/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef WEBHOOK_TARGETS_H
#define WEBHOOK_TARGETS_H

/* Who wants events by webhook, as the settings have it: a named group for each.
 *
 *   webhooks: { shop: { url = "https://shop.example.com/hook"  secret_file = "/etc/shop.secret"
 *                       events = "live, ended"  streams = "shop, class-*" } }
 *
 * Thread-safety: read-only once they are read. */

#include "events/event_filter.h"
#include "settings_reader.h"

#define WEBHOOKS_MAX        8
#define WEBHOOK_NAME_SIZE   33
#define WEBHOOK_TARGET_SIZE 512 /* of a URL or a path */

typedef struct WebhookTarget {
    char name[WEBHOOK_NAME_SIZE];
    char url[WEBHOOK_TARGET_SIZE];
    char secret_file[WEBHOOK_TARGET_SIZE]; /* one or two secrets, as webhook_sign.h has them */
    EventFilter filter;
} WebhookTarget;

/* Zero-initialise. */
typedef struct WebhookTargets {
    size_t count;
    WebhookTarget target[WEBHOOKS_MAX];
} WebhookTargets;

/* Reads a key of the group `name`. Returns NULL, or a sentence that says what is wrong. */
const char *webhook_targets_read(WebhookTargets *targets, const char *name, const char *key,
                                 SettingValue value);

/* Each needs a URL and secrets that can be read. Returns 0, or -1 with a sentence in `error`
 * (SETTINGS_ERROR_SIZE bytes). */
int webhook_targets_check(const WebhookTargets *targets, char *error);

#endif
