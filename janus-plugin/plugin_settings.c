/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugin_settings.h"

#include <glib.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bearer_token.h"
#include "request.h"
#include "settings_reader.h"
#include "stream_name.h"

#define CODEC_NAMES_SIZE 64 /* bytes that hold all names */

#define DEFAULT_BITRATE    2500000 /* bit/s: 720p30 of a person before a table of goods */
#define DEFAULT_PUBLISHERS 200     /* as many as the bridge takes by default (sources.max) */
#define DEFAULT_TRIES      10      /* a minute: a person who tries to remember needs no more */
#define DEFAULT_WORKERS    8       /* threads that mostly wait */
#define DEFAULT_REQUESTS   500     /* so many pages come back at once after a restart of Janus */

struct PluginSettings {
    char bridge[PLUGIN_URL_SIZE];
    char token_file[PLUGIN_URL_SIZE];
    char token[BEARER_TOKEN_SIZE]; /* of that file; "": none */
    char forward[PLUGIN_URL_SIZE];
    char playback[PLUGIN_URL_SIZE];
    char codec_names[CODEC_NAMES_SIZE];
    CodecList codecs; /* of those names */
    bool open;
    bool events;
    int64_t bitrate;
    int64_t publishers;
    int64_t tries;
    int64_t workers;
    int64_t requests;
    GHashTable *streams; /* name -> StreamSettings */
};

/* The settings of one stream. */
typedef struct StreamSettings {
    char *key; /* NULL: none */
    bool unlisted;
} StreamSettings;

static void free_stream(gpointer stream)
{
    g_free(((StreamSettings *)stream)->key);
    g_free(stream);
}

static const char *read_stream(void *out, const char *name, const char *key, SettingValue value)
{
    PluginSettings *settings = out;

    if (!stream_name_valid(name))
        return STREAM_NAME_RULE;
    StreamSettings *stream = g_hash_table_lookup(settings->streams, name);
    if (!stream) {
        stream = g_new0(StreamSettings, 1);
        g_hash_table_insert(settings->streams, g_strdup(name), stream);
    }
    if (strcmp(key, "unlisted") == 0) {
        if (value.text)
            return "must be true or false";
        stream->unlisted = value.on;
        return NULL;
    }
    if (strcmp(key, "key") != 0)
        return "is not a key that is known here; a stream has \"key\" and \"unlisted\"";
    if (!value.text)
        return "must be a string in quotes";
    if (strlen(value.text) < REQUEST_KEY_MIN || strlen(value.text) > REQUEST_KEY_MAX)
        return "must have 8 to 128 characters that nobody can guess: openssl rand -hex 16 makes "
               "some";
    g_free(stream->key);
    stream->key = g_strdup(value.text);
    return NULL;
}

/* Whether each stream that is named can be published. */
static bool streams_have_keys(const PluginSettings *settings, const char *file, char *error)
{
    GHashTableIter all;
    gpointer name, stream;

    g_hash_table_iter_init(&all, settings->streams);
    while (!settings->open && g_hash_table_iter_next(&all, &name, &stream))
        if (!((StreamSettings *)stream)->key) {
            snprintf(
                error, SETTINGS_ERROR_SIZE,
                "%s: streams.%s.key is missing: without one nobody may publish that stream (set "
                "one, or general.open = true)",
                file, (char *)name);
            return false;
        }
    return true;
}

/* Where the value of a key goes, its type and its range. */
#define KEY(key_path, key_type, field, least, most)                                                \
    .path = key_path, .type = key_type, .offset = offsetof(PluginSettings, field),                 \
    .size = sizeof(((PluginSettings *)0)->field), .min = (least), .max = (most)

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
    {.path = "streams", .type = SETTING_GROUPS, .group = read_stream},
};

/* Checks what ranges cannot say, and reads the token. Returns 0, or -1 with a sentence. */
static int check(PluginSettings *settings, const char *file, char *error)
{
    char what[SETTINGS_ERROR_SIZE];

    if (!g_str_has_prefix(settings->bridge, "http://") &&
        !g_str_has_prefix(settings->bridge, "https://") &&
        !g_str_has_prefix(settings->bridge, "unix:/")) {
        snprintf(
            error, SETTINGS_ERROR_SIZE,
            "%s: general.bridge must be a URL, as \"http://127.0.0.1:8190\", or a Unix socket, "
            "as \"unix:/run/hls-bridge/control.sock\"",
            file);
        return -1;
    }
    if (!codec_list_read(settings->codec_names, &settings->codecs)) {
        snprintf(
            error, SETTINGS_ERROR_SIZE,
            "%s: general.video_codecs must be some of h264, vp8, vp9, av1 and h265 with commas "
            "between, each once, as \"h264, vp9\"",
            file);
        return -1;
    }
    if (settings->token_file[0] &&
        bearer_token_read(settings->token_file, settings->token, what) < 0) {
        snprintf(error, SETTINGS_ERROR_SIZE, "%.200s: general.bridge_token_file %.*s", file,
                 SETTINGS_ERROR_SIZE - 240, what);
        return -1;
    }
    return 0;
}

PluginSettings *plugin_settings_create(const char *file, char *error)
{
    PluginSettings *settings = g_new0(PluginSettings, 1);

    *settings = (PluginSettings){
        .bridge = "http://127.0.0.1:8190",
        .events = true,
        .codec_names = "h264",
        .codecs = {1, {CODEC_H264}},
        .bitrate = DEFAULT_BITRATE,
        .publishers = DEFAULT_PUBLISHERS,
        .tries = DEFAULT_TRIES,
        .workers = DEFAULT_WORKERS,
        .requests = DEFAULT_REQUESTS,
        .streams = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_stream),
    };
    if (access(file, F_OK) == 0 &&
        (settings_read(file, rules, sizeof(rules) / sizeof(rules[0]), settings, error) < 0 ||
         check(settings, file, error) < 0 || !streams_have_keys(settings, file, error)))
        plugin_settings_destroy(&settings);
    return settings;
}

void plugin_settings_destroy(PluginSettings **settings)
{
    if (!*settings)
        return;
    g_hash_table_destroy((*settings)->streams);
    g_free(*settings);
    *settings = NULL;
}

bool plugin_keys_equal(const char *a, const char *b)
{
    unsigned char difference = 0;

    if (!a || !b)
        return false;
    size_t len_a = strlen(a), len_b = strlen(b);
    for (size_t i = 0; i < REQUEST_KEY_MAX; i++)
        difference |= (unsigned char)((i < len_a ? a[i] : 0) ^ (i < len_b ? b[i] : 0));
    return difference == 0 && len_a == len_b && len_a <= REQUEST_KEY_MAX;
}

KeyVerdict plugin_settings_key(const PluginSettings *settings, const char *stream, const char *key)
{
    const StreamSettings *configured = g_hash_table_lookup(settings->streams, stream);
    bool has_key = configured && configured->key;
    /* always compared: the time must not tell which names there are */
    bool equal = plugin_keys_equal(has_key ? configured->key : "", key);

    if (has_key)
        return equal ? KEY_GOOD : KEY_WRONG;
    return settings->open ? KEY_OPEN : KEY_UNKNOWN;
}

bool plugin_settings_unlisted(const PluginSettings *settings, const char *stream)
{
    const StreamSettings *configured = g_hash_table_lookup(settings->streams, stream);

    return configured && configured->unlisted;
}

int64_t plugin_settings_tries(const PluginSettings *settings)
{
    return settings->tries;
}

const char *plugin_settings_bridge(const PluginSettings *settings)
{
    return settings->bridge;
}

const char *plugin_settings_bridge_token(const PluginSettings *settings)
{
    return settings->token[0] ? settings->token : NULL;
}

const CodecList *plugin_settings_codecs(const PluginSettings *settings)
{
    return &settings->codecs;
}

uint32_t plugin_settings_bitrate(const PluginSettings *settings)
{
    return (uint32_t)settings->bitrate;
}

size_t plugin_settings_publishers(const PluginSettings *settings)
{
    return (size_t)settings->publishers;
}

size_t plugin_settings_workers(const PluginSettings *settings)
{
    return (size_t)settings->workers;
}

size_t plugin_settings_requests(const PluginSettings *settings)
{
    return (size_t)settings->requests;
}

bool plugin_settings_events(const PluginSettings *settings)
{
    return settings->events;
}

const char *plugin_settings_forward(const PluginSettings *settings)
{
    return settings->forward[0] ? settings->forward : NULL;
}

char *plugin_settings_live_url(const PluginSettings *settings, const char *stream, const char *file)
{
    return g_strdup_printf("%s/live/%s/%s", settings->playback, stream, file);
}

char *plugin_settings_watch_url(const PluginSettings *settings, const char *stream)
{
    return g_strdup_printf("%s/watch.html?stream=%s", settings->playback, stream);
}
