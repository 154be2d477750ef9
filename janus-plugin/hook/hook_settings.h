/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HOOK_SETTINGS_H
#define HOOK_SETTINGS_H

/* The group "admission" of the plugin's settings: the webhook that is asked who may publish.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stdint.h>

#include "webhook_sign.h"

#define HOOK_URL_SIZE    1024
#define HOOK_POLICY_SIZE 8 /* bytes that hold "allow" and "deny" */
#define HOOK_RETRIES_MAX 2

typedef struct HookSettings {
    char url[HOOK_URL_SIZE];         /* "": nobody is asked */
    char secret_file[HOOK_URL_SIZE]; /* of the secrets */
    char ca_file[HOOK_URL_SIZE];     /* with the certificates that are trusted; "": the system's */
    int64_t timeout_us;              /* of all tries together */
    int64_t retries;                 /* of a try that failed, 0 to HOOK_RETRIES_MAX */
    int64_t waiting;                 /* questions at the same time, 1 or more */
    char on_timeout[HOOK_POLICY_SIZE], on_unreachable[HOOK_POLICY_SIZE]; /* "allow" or "deny" */

    /* what hook_settings_check() makes of these */
    WebhookSecrets secrets;
    bool allows_on_timeout, allows_on_unreachable; /* what then becomes of the publisher */
} HookSettings;

/* Nobody is asked; and what holds for the rest unless a file says it. */
HookSettings hook_settings_defaults(void);

/* Checks what ranges cannot say, and reads the secrets. Returns 0, or -1 with a sentence in `error`
 * (SETTINGS_ERROR_SIZE bytes), which begins with `file`. */
int hook_settings_check(HookSettings *settings, const char *file, char *error);

bool hook_settings_equal(const HookSettings *a, const HookSettings *b);

#endif
