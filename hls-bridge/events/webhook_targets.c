/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/webhook_targets.h"

#include <stdio.h>
#include <string.h>

#include "webhook_sign.h"

/* The target of this name, which is made if it is new. NULL: there are too many. */
static WebhookTarget *target_of(WebhookTargets *targets, const char *name)
{
    for (size_t i = 0; i < targets->count; i++)
        if (strcmp(targets->target[i].name, name) == 0)
            return &targets->target[i];
    if (targets->count == WEBHOOKS_MAX)
        return NULL;
    WebhookTarget *target = &targets->target[targets->count++];
    snprintf(target->name, sizeof(target->name), "%s", name);
    return target;
}

static const char *read_text(char text[WEBHOOK_TARGET_SIZE], const char *value)
{
    if (strlen(value) >= WEBHOOK_TARGET_SIZE)
        return "must have less than 512 characters";
    snprintf(text, WEBHOOK_TARGET_SIZE, "%s", value);
    return NULL;
}

static const char *read_url(WebhookTarget *target, const char *value)
{
    if (strncmp(value, "http://", 7) != 0 && strncmp(value, "https://", 8) != 0)
        return "must begin with \"https://\", or \"http://\"";
    return read_text(target->url, value);
}

const char *webhook_targets_read(WebhookTargets *targets, const char *name, const char *key,
                                 SettingValue value)
{
    /* it is the name of its files */
    if (strlen(name) >= WEBHOOK_NAME_SIZE || !stream_name_valid(name))
        return "the name of a webhook is 1 to 32 of the characters A-Z a-z 0-9 _ -";
    WebhookTarget *target = target_of(targets, name);
    if (!target)
        return "there may be 8 webhooks";
    if (!value.text)
        return "must be a string in quotes";
    if (strcmp(key, "url") == 0)
        return read_url(target, value.text);
    if (strcmp(key, "secret_file") == 0)
        return read_text(target->secret_file, value.text);
    if (strcmp(key, "events") == 0)
        return event_filter_kinds(&target->filter, value.text);
    if (strcmp(key, "streams") == 0)
        return event_filter_streams(&target->filter, value.text);
    return "is not a key of a webhook; they are url, secret_file, events and streams";
}

int webhook_targets_check(const WebhookTargets *targets, char *error)
{
    for (size_t i = 0; i < targets->count; i++) {
        const WebhookTarget *target = &targets->target[i];
        char what[SETTINGS_ERROR_SIZE];
        WebhookSecrets secrets;
        bool good =
            *target->secret_file && webhook_secrets_read(target->secret_file, &secrets, what) == 0;

        explicit_bzero(&secrets, sizeof(secrets));
        if (!*target->url || !*target->secret_file)
            snprintf(error, SETTINGS_ERROR_SIZE, "events.webhooks.%s.%s is missing", target->name,
                     *target->url ? "secret_file" : "url");
        else if (!good)
            snprintf(error, SETTINGS_ERROR_SIZE, "events.webhooks.%s.secret_file %.*s",
                     target->name, SETTINGS_ERROR_SIZE - 96, what);
        else
            continue;
        return -1;
    }
    return 0;
}
