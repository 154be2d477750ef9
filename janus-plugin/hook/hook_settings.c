/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hook/hook_settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "settings_reader.h"

#define DEFAULT_TIMEOUT_US 5000000 /* a person waits for it with a camera on */
#define DEFAULT_WAITING    100 /* so many pages may come back at once after a restart of Janus */

HookSettings hook_settings_defaults(void)
{
    return (HookSettings){
        .timeout_us = DEFAULT_TIMEOUT_US,
        .retries = 1,
        .waiting = DEFAULT_WAITING,
        .on_timeout = "deny",
        .on_unreachable = "deny",
    };
}

static int complain(const char *file, const char *what, char *error)
{
    snprintf(error, SETTINGS_ERROR_SIZE, "%.200s: admission.%.*s", file, SETTINGS_ERROR_SIZE - 220,
             what);
    return -1;
}

/* Returns whether `name` is a policy. */
static bool read_policy(const char *name, bool *allows)
{
    *allows = strcmp(name, "allow") == 0;
    return *allows || strcmp(name, "deny") == 0;
}

int hook_settings_check(HookSettings *settings, const char *file, char *error)
{
    char what[SETTINGS_ERROR_SIZE], sentence[SETTINGS_ERROR_SIZE + 16];

    if (!read_policy(settings->on_timeout, &settings->allows_on_timeout))
        return complain(file, "on_timeout must be \"allow\" or \"deny\"", error);
    if (!read_policy(settings->on_unreachable, &settings->allows_on_unreachable))
        return complain(file, "on_unreachable must be \"allow\" or \"deny\"", error);
    if (!settings->url[0])
        return 0;
    if (strncmp(settings->url, "https://", 8) != 0 && strncmp(settings->url, "http://", 7) != 0)
        return complain(file, "url must be a URL, as \"https://shop.example.com/admission\"",
                        error);
    if (!settings->secret_file[0])
        return complain(file,
                        "secret_file is missing: a receiver knows this server by its signature "
                        "alone",
                        error);
    if (settings->ca_file[0] && access(settings->ca_file, R_OK) != 0)
        return complain(file, "ca_file cannot be read", error);
    if (webhook_secrets_read(settings->secret_file, &settings->secrets, what) < 0) {
        snprintf(sentence, sizeof(sentence), "secret_file %s", what);
        return complain(file, sentence, error);
    }
    return 0;
}

bool hook_settings_equal(const HookSettings *a, const HookSettings *b)
{
    return strcmp(a->url, b->url) == 0 && strcmp(a->ca_file, b->ca_file) == 0 &&
           a->timeout_us == b->timeout_us && a->retries == b->retries && a->waiting == b->waiting &&
           a->allows_on_timeout == b->allows_on_timeout &&
           a->allows_on_unreachable == b->allows_on_unreachable &&
           memcmp(&a->secrets, &b->secrets, sizeof(a->secrets)) == 0;
}
