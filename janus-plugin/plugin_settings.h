/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLUGIN_SETTINGS_H
#define PLUGIN_SETTINGS_H

/* janus.plugin.hls.jcfg as a struct; docs/operations.md explains every key.
 *
 * Thread-safety: read-only once it is created. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "video_codec.h"

#define PLUGIN_URL_SIZE 256

typedef struct PluginSettings PluginSettings;

/* What a key is for a name. */
typedef enum KeyVerdict {
    KEY_GOOD,    /* the name has a key in the configuration, and this is it */
    KEY_WRONG,   /* it has one, and this is not it */
    KEY_OPEN,    /* it has none, and anybody may publish it */
    KEY_UNKNOWN, /* it has none, and only configured names may be published */
    KEY_LATER,   /* not looked at: too many were wrong before (key_tries.h) */
} KeyVerdict;

/* Reads `file`. If it does not exist, these are the defaults. Returns NULL with a sentence in
 * `error` (SETTINGS_ERROR_SIZE bytes) if it cannot be used. */
PluginSettings *plugin_settings_create(const char *file, char *error);

/* Accepts NULL, leaves NULL. */
void plugin_settings_destroy(PluginSettings **settings);

/* Judges a key. It takes as long for an unknown name as for a wrong key. */
KeyVerdict plugin_settings_key(const PluginSettings *settings, const char *stream, const char *key);

/* Whether a stream is to be in no public list. */
bool plugin_settings_unlisted(const PluginSettings *settings, const char *stream);

/* Wrong keys a minute, from one connection and for one name (key_tries.h). */
int64_t plugin_settings_tries(const PluginSettings *settings);

/* Whether two keys are the same. The time that it takes does not tell where they differ. NULL is no
 * key, nor is anything longer than REQUEST_KEY_MAX. */
bool plugin_keys_equal(const char *a, const char *b);

/* Where the bridge's control API is: a URL, or "unix:PATH". */
const char *plugin_settings_bridge(const PluginSettings *settings);
/* The token for it; NULL: none. */
const char *plugin_settings_bridge_token(const PluginSettings *settings);
/* The video codecs that are taken, the one liked best first; at least one. */
const CodecList *plugin_settings_codecs(const PluginSettings *settings);
uint32_t plugin_settings_bitrate(const PluginSettings *settings);  /* bit/s, the cap */
size_t plugin_settings_publishers(const PluginSettings *settings); /* at once; 0: any number */
size_t plugin_settings_workers(const PluginSettings *settings);    /* threads for requests */
size_t plugin_settings_requests(const PluginSettings *settings);   /* that may wait for them */
bool plugin_settings_events(const PluginSettings *settings);       /* notify event handlers */

/* "IPV4:PORT" of a receiver that is no hls-bridge, for the video; audio goes two ports up. NULL:
 * there is a bridge. */
const char *plugin_settings_forward(const PluginSettings *settings);

/* The addresses at which viewers find a stream: its playlist and its page. The caller frees both
 * with g_free. */
char *plugin_settings_live_url(const PluginSettings *settings, const char *stream,
                               const char *file);
char *plugin_settings_watch_url(const PluginSettings *settings, const char *stream);

#endif
