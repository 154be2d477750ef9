/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLUGIN_VALUES_H
#define PLUGIN_VALUES_H

/* What janus.plugin.hls.jcfg says, and the files that it names: the part of plugin_settings.h that
 * reads.
 *
 * Thread-safety: none needed, there is no state. */

#include <glib.h>

#include "bearer_token.h"
#include "hook/hook_settings.h"
#include "settings/plugin_settings.h"

#define CODEC_NAMES_SIZE 64 /* bytes that hold all names */

/* What a file says. */
typedef struct PluginValues {
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
    GHashTable *streams; /* stream_settings.h */
    char secret_file[PLUGIN_URL_SIZE];
    char public_key_file[PLUGIN_URL_SIZE];
    char jwks_file[PLUGIN_URL_SIZE];
    char revoked_file[PLUGIN_URL_SIZE];
    char issuer[PLUGIN_URL_SIZE];
    char audience[PLUGIN_URL_SIZE];
    int64_t leeway_us;
    bool ends_at_expiry;
    PublishTokens *tokens; /* by these */
    HookSettings hook;
    char audit[PLUGIN_URL_SIZE];
    int64_t audit_bytes;
} PluginValues;

/* Reads `file`; if it does not exist, these are the defaults. Returns NULL with a sentence in
 * `error` (SETTINGS_ERROR_SIZE bytes) if it cannot be used. */
PluginValues *plugin_values_read(const char *file, char *error);

/* Accepts NULL, leaves NULL. */
void plugin_values_free(PluginValues **values);

/* Names the settings that are read at the start alone, and differ, in `text` (SETTINGS_ERROR_SIZE
 * bytes), with commas between; "": none does. */
void plugin_values_name_fixed(const PluginValues *first, const PluginValues *now, char *text);

#endif
