/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "settings/stream_settings.h"

#include <string.h>

#include "core/request.h"
#include "stream_name.h"

GHashTable *stream_settings_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static const char *read_key(StreamSettings *stream, const char *key)
{
    if (strlen(key) < REQUEST_KEY_MIN || strlen(key) > REQUEST_KEY_MAX)
        return "must have 8 to 128 characters that nobody can guess: openssl rand -hex 16 makes "
               "some";
    stream->has_key = stream_key_make(key, &stream->key) == 0;
    return stream->has_key ? NULL : "cannot be kept: this system has no random numbers";
}

static const char *read_hash(StreamSettings *stream, const char *text)
{
    stream->has_key = stream_key_read(text, &stream->key);
    return stream->has_key ? NULL : "must be what \"janus-hls-token key\" prints: \"sha256:…:…\"";
}

static const char *read_access(StreamSettings *stream, const char *text)
{
    return access_read(text, &stream->access) ? NULL : "must be public, unlisted or protected";
}

static const char *read_unlisted(StreamSettings *stream, bool on)
{
    if (on && stream->access == ACCESS_PUBLIC)
        stream->access = ACCESS_UNLISTED;
    return NULL;
}

const char *stream_settings_read(GHashTable *streams, const char *name, const char *key,
                                 SettingValue value)
{
    static const struct {
        const char *key;
        const char *(*read)(StreamSettings *, const char *);
    } texts[] = {{"key", read_key}, {"key_hash", read_hash}, {"access", read_access}};

    if (!stream_name_valid(name))
        return STREAM_NAME_RULE;
    StreamSettings *stream = g_hash_table_lookup(streams, name);
    if (!stream) {
        stream = g_new0(StreamSettings, 1);
        g_hash_table_insert(streams, g_strdup(name), stream);
    }
    if (strcmp(key, "unlisted") == 0)
        return value.text ? "must be true or false" : read_unlisted(stream, value.on);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (strcmp(key, texts[i].key) == 0)
            return value.text ? texts[i].read(stream, value.text) : "must be a string in quotes";
    return "is not a key that is known here; a stream has \"key\", \"key_hash\", \"access\" and "
           "\"unlisted\"";
}

const StreamSettings *stream_settings_of(GHashTable *streams, const char *name)
{
    static const StreamSettings none;
    const StreamSettings *stream = g_hash_table_lookup(streams, name);

    return stream ? stream : &none;
}

const char *stream_settings_keyless(GHashTable *streams)
{
    GHashTableIter all;
    gpointer name, stream;

    g_hash_table_iter_init(&all, streams);
    while (g_hash_table_iter_next(&all, &name, &stream))
        if (!((StreamSettings *)stream)->has_key)
            return name;
    return NULL;
}
