/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_SETTINGS_H
#define STREAM_SETTINGS_H

/* The group "streams" of the plugin's settings: which names have a key, and who may watch them.
 *
 * Thread-safety: read-only once it is filled. */

#include <glib.h>

#include "access/permit.h"
#include "access/stream_key.h"
#include "settings_reader.h"

/* The settings of one stream. */
typedef struct StreamSettings {
    StreamKey key;
    bool has_key;
    Access access;
} StreamSettings;

/* An empty table of names and StreamSettings. Free it with g_hash_table_destroy(). */
GHashTable *stream_settings_new(void);

/* Takes a key of one stream's group, as a SettingGroupReader does. */
const char *stream_settings_read(GHashTable *streams, const char *name, const char *key,
                                 SettingValue value);

/* The settings of a name; if it has none, the defaults, whose key nobody has. */
const StreamSettings *stream_settings_of(GHashTable *streams, const char *name);

/* A name that nobody may publish, since it has no key; NULL: there is none. */
const char *stream_settings_keyless(GHashTable *streams);

#endif
