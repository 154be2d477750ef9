/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "settings/plugin_settings.h"

#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "core/file_stamp.h"
#include "settings/plugin_values.h"
#include "settings/stream_settings.h"
#include "settings_reader.h"

/* What is read again while it is in use. `lock` is taken last of all, and nothing is called with
 * it but what is pure. `reading` is held while files are read, and taken first. */
typedef struct Current {
    pthread_mutex_t reading, lock;
    PluginValues *values;
    Revocations *revocations;
} Current;

struct PluginSettings {
    char *file;
    PluginValues *first; /* as they were at the start: what cannot change while Janus runs */
    Current *current;
};

/* Reads the tokens that are revoked. Returns 0, or -1 with a sentence. */
static int load_revocations(Revocations *revocations, const PluginValues *values, const char *file,
                            char *error)
{
    char what[SETTINGS_ERROR_SIZE];

    if (revocations_load(revocations, values->revoked_file, what) == 0)
        return 0;
    snprintf(error, SETTINGS_ERROR_SIZE, "%.200s: tokens.revoked_file %.*s", file,
             SETTINGS_ERROR_SIZE - 240, what);
    return -1;
}

PluginSettings *plugin_settings_create(const char *file, char *error)
{
    Revocations *revocations = revocations_create();
    PluginValues *values = plugin_values_read(file, error);

    if (!values || load_revocations(revocations, values, file, error) < 0) {
        plugin_values_free(&values);
        revocations_destroy(&revocations);
        return NULL;
    }
    PluginSettings *settings = g_new0(PluginSettings, 1);
    settings->file = g_strdup(file);
    settings->first = values;
    settings->current = g_new0(Current, 1);
    settings->current->values = values;
    settings->current->revocations = revocations;
    pthread_mutex_init(&settings->current->reading, NULL);
    pthread_mutex_init(&settings->current->lock, NULL);
    return settings;
}

void plugin_settings_destroy(PluginSettings **settings)
{
    PluginSettings *gone = *settings;

    if (!gone)
        return;
    if (gone->current->values != gone->first)
        plugin_values_free(&gone->current->values);
    plugin_values_free(&gone->first);
    revocations_destroy(&gone->current->revocations);
    pthread_mutex_destroy(&gone->current->reading);
    pthread_mutex_destroy(&gone->current->lock);
    g_free(gone->current);
    g_free(gone->file);
    g_free(gone);
    *settings = NULL;
}

/* The values that hold now. Give them back at once. */
static const PluginValues *borrow(const PluginSettings *settings)
{
    pthread_mutex_lock(&settings->current->lock);
    return settings->current->values;
}

static void give_back(const PluginSettings *settings)
{
    pthread_mutex_unlock(&settings->current->lock);
}

int plugin_settings_reload(const PluginSettings *settings, char *text)
{
    Current *current = settings->current;

    pthread_mutex_lock(&current->reading);
    PluginValues *values = NULL, *before = NULL;
    if (access(settings->file, F_OK) != 0)
        snprintf(text, SETTINGS_ERROR_SIZE, "%s: there is no such file", settings->file);
    else
        values = plugin_values_read(settings->file, text);
    if (values && load_revocations(current->revocations, values, settings->file, text) < 0)
        plugin_values_free(&values);
    if (values) {
        plugin_values_name_fixed(settings->first, values, text);
        pthread_mutex_lock(&current->lock);
        before = current->values;
        current->values = values;
        pthread_mutex_unlock(&current->lock);
    }
    pthread_mutex_unlock(&current->reading);
    if (before != settings->first)
        plugin_values_free(&before);
    return values ? 0 : -1;
}

uint64_t plugin_settings_stamp(const PluginSettings *settings)
{
    uint64_t stamp = file_stamp(0, settings->file);
    char files[5][PLUGIN_URL_SIZE];
    const PluginValues *now = borrow(settings);

    g_strlcpy(files[0], now->token_file, PLUGIN_URL_SIZE);
    g_strlcpy(files[1], now->secret_file, PLUGIN_URL_SIZE);
    g_strlcpy(files[2], now->public_key_file, PLUGIN_URL_SIZE);
    g_strlcpy(files[3], now->jwks_file, PLUGIN_URL_SIZE);
    g_strlcpy(files[4], now->revoked_file, PLUGIN_URL_SIZE);
    give_back(settings);
    /* One that is not there is a change, too: the settings may name it no longer. */
    for (size_t i = 0; stamp && i < G_N_ELEMENTS(files); i++) {
        uint64_t with = files[i][0] ? file_stamp(stamp, files[i]) : stamp;
        stamp = with ? with : stamp + 1;
    }
    return stamp;
}

PublishTokens *plugin_settings_tokens(const PluginSettings *settings)
{
    PublishTokens *tokens = publish_tokens_ref(borrow(settings)->tokens);

    give_back(settings);
    return tokens;
}

Revocations *plugin_settings_revocations(const PluginSettings *settings)
{
    return settings->current->revocations;
}

KeyVerdict plugin_settings_key(const PluginSettings *settings, const char *stream, const char *key)
{
    const PluginValues *now = borrow(settings);
    StreamSettings of = *stream_settings_of(now->streams, stream);
    bool open = now->open;

    give_back(settings);
    /* always compared: the time must not tell which names there are */
    bool equal = stream_key_is(&of.key, key);
    if (of.has_key)
        return equal ? KEY_GOOD : KEY_WRONG;
    return open ? KEY_OPEN : KEY_UNKNOWN;
}

Access plugin_settings_access(const PluginSettings *settings, const char *stream)
{
    Access access = stream_settings_of(borrow(settings)->streams, stream)->access;

    give_back(settings);
    return access;
}

int64_t plugin_settings_tries(const PluginSettings *settings)
{
    int64_t tries = borrow(settings)->tries;

    give_back(settings);
    return tries;
}

CodecList plugin_settings_codecs(const PluginSettings *settings)
{
    CodecList codecs = borrow(settings)->codecs;

    give_back(settings);
    return codecs;
}

uint32_t plugin_settings_bitrate(const PluginSettings *settings)
{
    uint32_t bitrate = (uint32_t)borrow(settings)->bitrate;

    give_back(settings);
    return bitrate;
}

size_t plugin_settings_publishers(const PluginSettings *settings)
{
    size_t publishers = (size_t)borrow(settings)->publishers;

    give_back(settings);
    return publishers;
}

const char *plugin_settings_bridge(const PluginSettings *settings)
{
    return settings->first->bridge;
}

const char *plugin_settings_bridge_token(const PluginSettings *settings)
{
    return settings->first->token[0] ? settings->first->token : NULL;
}

size_t plugin_settings_workers(const PluginSettings *settings)
{
    return (size_t)settings->first->workers;
}

size_t plugin_settings_requests(const PluginSettings *settings)
{
    return (size_t)settings->first->requests;
}

bool plugin_settings_events(const PluginSettings *settings)
{
    return settings->first->events;
}

const HookSettings *plugin_settings_hook(const PluginSettings *settings)
{
    return settings->first->hook.url[0] ? &settings->first->hook : NULL;
}

const char *plugin_settings_audit(const PluginSettings *settings)
{
    return settings->first->audit[0] ? settings->first->audit : NULL;
}

int64_t plugin_settings_audit_bytes(const PluginSettings *settings)
{
    return settings->first->audit_bytes;
}

const char *plugin_settings_forward(const PluginSettings *settings)
{
    return settings->first->forward[0] ? settings->first->forward : NULL;
}

char *plugin_settings_live_url(const PluginSettings *settings, const char *stream, const char *file)
{
    char *url = g_strdup_printf("%s/live/%s/%s", borrow(settings)->playback, stream, file);

    give_back(settings);
    return url;
}

char *plugin_settings_watch_url(const PluginSettings *settings, const char *stream)
{
    char *url = g_strdup_printf("%s/watch.html?stream=%s", borrow(settings)->playback, stream);

    give_back(settings);
    return url;
}
