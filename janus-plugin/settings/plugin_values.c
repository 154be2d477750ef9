/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "settings/plugin_values.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/request.h"
#include "settings/stream_settings.h"
#include "settings_reader.h"

#define DEFAULT_BITRATE    2500000 /* bit/s: 720p30 of a person before a table of goods */
#define DEFAULT_PUBLISHERS 200     /* as many as the bridge takes by default (sources.max) */
#define DEFAULT_TRIES      10      /* a minute: a person who tries to remember needs no more */
#define DEFAULT_WORKERS    8       /* threads that mostly wait */
#define US_PER_S           INT64_C(1000000)
#define DEFAULT_LEEWAY_US                                                                          \
    (30 * US_PER_S)                  /* clocks that nobody sets are worse, those of servers not */
#define DEFAULT_AUDIT_BYTES 67108864 /* some hundred thousand records */
#define AUDIT_BYTES_MAX     1073741824
#define DEFAULT_REQUESTS    500 /* so many pages come back at once after a restart of Janus */

static const char *read_stream(void *out, const char *name, const char *key, SettingValue value)
{
    return stream_settings_read(((PluginValues *)out)->streams, name, key, value);
}

/* Whether each stream that is named can be published. */
static bool streams_have_keys(const PluginValues *values, const char *file, char *error)
{
    const char *name = values->open ? NULL : stream_settings_keyless(values->streams);

    if (!name)
        return true;
    snprintf(error, SETTINGS_ERROR_SIZE,
             "%s: streams.%s.key is missing: without one nobody may publish that stream (set "
             "one, or general.open = true)",
             file, name);
    return false;
}

/* Where the value of a key goes, its type and its range. */
#define KEY(key_path, key_type, field, least, most)                                                \
    .path = key_path, .type = key_type, .offset = offsetof(PluginValues, field),                   \
    .size = sizeof(((PluginValues *)0)->field), .min = (least), .max = (most)

static const SettingRule rules[] = {
    {KEY("general.bridge", SETTING_STRING, bridge, 8, PLUGIN_URL_SIZE - 1)},
    {KEY("general.bridge_token_file", SETTING_STRING, token_file, 0, PLUGIN_URL_SIZE - 1)},
    {KEY("general.forward", SETTING_STRING, forward, 0, PLUGIN_URL_SIZE - 1)},
    {KEY("general.playback", SETTING_STRING, playback, 0, PLUGIN_URL_SIZE - 1)},
    {KEY("general.open", SETTING_BOOLEAN, open, 0, 0)},
    {KEY("general.events", SETTING_BOOLEAN, events, 0, 0)},
    {KEY("general.bitrate", SETTING_INTEGER, bitrate, REQUEST_BITRATE_MIN, REQUEST_BITRATE_MAX)},
    {KEY("general.video_codecs", SETTING_STRING, codec_names, 1, CODEC_NAMES_SIZE - 1)},
    {KEY("general.publishers", SETTING_INTEGER, publishers, 0, 10000)},
    {KEY("general.tries", SETTING_INTEGER, tries, 1, 1000)},
    {KEY("general.workers", SETTING_INTEGER, workers, 1, 64)},
    {KEY("general.requests", SETTING_INTEGER, requests, 1, 100000)},
    {KEY("general.audit", SETTING_STRING, audit, 0, PLUGIN_URL_SIZE - 1)},
    {KEY("general.audit_file", SETTING_INTEGER, audit_bytes, 0, AUDIT_BYTES_MAX)},
    {KEY("tokens.secret_file", SETTING_STRING, secret_file, 0, PLUGIN_URL_SIZE - 1)},
    {KEY("tokens.public_key_file", SETTING_STRING, public_key_file, 0, PLUGIN_URL_SIZE - 1)},
    {KEY("tokens.jwks_file", SETTING_STRING, jwks_file, 0, PLUGIN_URL_SIZE - 1)},
    {KEY("tokens.revoked_file", SETTING_STRING, revoked_file, 0, PLUGIN_URL_SIZE - 1)},
    {KEY("tokens.issuer", SETTING_STRING, issuer, 0, PLUGIN_URL_SIZE - 1)},
    {KEY("tokens.audience", SETTING_STRING, audience, 0, PLUGIN_URL_SIZE - 1)},
    {KEY("tokens.leeway", SETTING_SECONDS, leeway_us, 0, 300 * US_PER_S)},
    {KEY("tokens.ends_at_expiry", SETTING_BOOLEAN, ends_at_expiry, 0, 0)},
    {KEY("admission.url", SETTING_STRING, hook.url, 0, HOOK_URL_SIZE - 1)},
    {KEY("admission.secret_file", SETTING_STRING, hook.secret_file, 0, HOOK_URL_SIZE - 1)},
    {KEY("admission.ca_file", SETTING_STRING, hook.ca_file, 0, HOOK_URL_SIZE - 1)},
    {KEY("admission.timeout", SETTING_SECONDS, hook.timeout_us, US_PER_S / 10, 60 * US_PER_S)},
    {KEY("admission.retries", SETTING_INTEGER, hook.retries, 0, HOOK_RETRIES_MAX)},
    {KEY("admission.waiting", SETTING_INTEGER, hook.waiting, 1, 1000)},
    {KEY("admission.on_timeout", SETTING_STRING, hook.on_timeout, 1, HOOK_POLICY_SIZE - 1)},
    {KEY("admission.on_unreachable", SETTING_STRING, hook.on_unreachable, 1, HOOK_POLICY_SIZE - 1)},
    {.path = "streams", .type = SETTING_GROUPS, .group = read_stream},
};

/* Checks what ranges cannot say, and reads the token. Returns 0, or -1 with a sentence. */
static int check(PluginValues *values, const char *file, char *error)
{
    char what[SETTINGS_ERROR_SIZE];

    if (!g_str_has_prefix(values->bridge, "http://") &&
        !g_str_has_prefix(values->bridge, "https://") &&
        !g_str_has_prefix(values->bridge, "unix:/")) {
        snprintf(
            error, SETTINGS_ERROR_SIZE,
            "%s: general.bridge must be a URL, as \"http://127.0.0.1:8190\", or a Unix socket, "
            "as \"unix:/run/hls-bridge/control.sock\"",
            file);
        return -1;
    }
    if (!codec_list_read(values->codec_names, &values->codecs)) {
        snprintf(
            error, SETTINGS_ERROR_SIZE,
            "%s: general.video_codecs must be some of h264, vp8, vp9, av1 and h265 with commas "
            "between, each once, as \"h264, vp9\"",
            file);
        return -1;
    }
    if (values->token_file[0] && bearer_token_read(values->token_file, values->token, what) < 0) {
        snprintf(error, SETTINGS_ERROR_SIZE, "%.200s: general.bridge_token_file %.*s", file,
                 SETTINGS_ERROR_SIZE - 240, what);
        return -1;
    }
    return hook_settings_check(&values->hook, file, error);
}

/* Reads the keys of tokens. Returns 0, or -1 with a sentence. */
static int read_tokens(PluginValues *values, const char *file, char *error)
{
    const PublishTokensParams params = {
        .secret_file = values->secret_file,
        .public_key_file = values->public_key_file,
        .jwks_file = values->jwks_file,
        .issuer = values->issuer,
        .audience = values->audience,
        .leeway_s = values->leeway_us / US_PER_S,
        .ends_at_expiry = values->ends_at_expiry,
    };
    char what[SETTINGS_ERROR_SIZE];

    values->tokens = publish_tokens_create(&params, what);
    if (values->tokens)
        return 0;
    snprintf(error, SETTINGS_ERROR_SIZE, "%.200s: %.*s", file, SETTINGS_ERROR_SIZE - 240, what);
    return -1;
}

void plugin_values_free(PluginValues **values)
{
    if (!*values)
        return;
    publish_tokens_unref((*values)->tokens);
    g_hash_table_destroy((*values)->streams);
    g_free(*values);
    *values = NULL;
}

PluginValues *plugin_values_read(const char *file, char *error)
{
    PluginValues *values = g_new0(PluginValues, 1);

    *values = (PluginValues){
        .bridge = "http://127.0.0.1:8190",
        .events = true,
        .codec_names = "h264",
        .codecs = {1, {CODEC_H264}},
        .bitrate = DEFAULT_BITRATE,
        .publishers = DEFAULT_PUBLISHERS,
        .tries = DEFAULT_TRIES,
        .workers = DEFAULT_WORKERS,
        .requests = DEFAULT_REQUESTS,
        .streams = stream_settings_new(),
        .leeway_us = DEFAULT_LEEWAY_US,
        .hook = hook_settings_defaults(),
        .audit_bytes = DEFAULT_AUDIT_BYTES,
    };
    if ((access(file, F_OK) == 0 &&
         (settings_read(file, rules, sizeof(rules) / sizeof(rules[0]), values, error) < 0 ||
          check(values, file, error) < 0 || !streams_have_keys(values, file, error))) ||
        read_tokens(values, file, error) < 0)
        plugin_values_free(&values);
    return values;
}

void plugin_values_name_fixed(const PluginValues *first, const PluginValues *now, char *text)
{
    const struct {
        const char *name;
        bool changed;
    } fixed[] = {
        {"general.bridge", strcmp(first->bridge, now->bridge) != 0},
        {"general.bridge_token_file",
         strcmp(first->token_file, now->token_file) != 0 || strcmp(first->token, now->token) != 0},
        {"general.forward", strcmp(first->forward, now->forward) != 0},
        {"general.events", first->events != now->events},
        {"general.workers", first->workers != now->workers},
        {"general.requests", first->requests != now->requests},
        {"general.audit", strcmp(first->audit, now->audit) != 0},
        {"general.audit_file", first->audit_bytes != now->audit_bytes},
        {"admission", !hook_settings_equal(&first->hook, &now->hook)},
    };

    text[0] = '\0';
    for (size_t i = 0; i < G_N_ELEMENTS(fixed); i++)
        if (fixed[i].changed)
            g_snprintf(text + strlen(text), (gulong)(SETTINGS_ERROR_SIZE - strlen(text)), "%s%s",
                       text[0] ? ", " : "", fixed[i].name);
}
