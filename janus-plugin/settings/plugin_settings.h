/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLUGIN_SETTINGS_H
#define PLUGIN_SETTINGS_H

/* janus.plugin.hls.jcfg as a struct; docs/operations.md explains every key. Most of it can be read
 * again while it is in use: keys, tokens and limits.
 *
 * Thread-safety: any thread, but for create and destroy. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access/permit.h"
#include "access/publish_tokens.h"
#include "access/revocations.h"
#include "hook/hook_settings.h"

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

/* Reads the file again, and those that it names. Returns 0: the new settings hold, and `text`
 * (SETTINGS_ERROR_SIZE bytes) names those that have changed and take a restart, with commas between
 * ("": none). Returns -1: all stays as it was, and `text` is a sentence that says why. */
int plugin_settings_reload(const PluginSettings *settings, char *text);

/* A number that changes if one of these files does, or comes or goes; 0: the first is not there. */
uint64_t plugin_settings_stamp(const PluginSettings *settings);

/* Publish tokens, with a reference for the caller; those that are revoked, borrowed. */
PublishTokens *plugin_settings_tokens(const PluginSettings *settings);
Revocations *plugin_settings_revocations(const PluginSettings *settings);

/* Judges a key. It takes as long for an unknown name as for a wrong key. */
KeyVerdict plugin_settings_key(const PluginSettings *settings, const char *stream, const char *key);

/* Who may watch a stream, if nothing else says so. */
Access plugin_settings_access(const PluginSettings *settings, const char *stream);

/* Wrong keys a minute, from one connection and for one name (key_tries.h). */
int64_t plugin_settings_tries(const PluginSettings *settings);

/* Where the bridge's control API is: a URL, or "unix:PATH". */
const char *plugin_settings_bridge(const PluginSettings *settings);
/* The token for it; NULL: none. */
const char *plugin_settings_bridge_token(const PluginSettings *settings);
/* The video codecs that are taken, the one liked best first; at least one. */
CodecList plugin_settings_codecs(const PluginSettings *settings);
uint32_t plugin_settings_bitrate(const PluginSettings *settings);  /* bit/s, the cap */
size_t plugin_settings_publishers(const PluginSettings *settings); /* at once; 0: any number */
size_t plugin_settings_workers(const PluginSettings *settings);    /* threads for requests */
size_t plugin_settings_requests(const PluginSettings *settings);   /* that may wait for them */
bool plugin_settings_events(const PluginSettings *settings);       /* notify event handlers */

/* The admission webhook; NULL: there is none. */
const HookSettings *plugin_settings_hook(const PluginSettings *settings);

/* Where the audit log goes; NULL: nowhere. */
const char *plugin_settings_audit(const PluginSettings *settings);
/* The bytes that its file may have; 0: any number. */
int64_t plugin_settings_audit_bytes(const PluginSettings *settings);

/* "IPV4:PORT" of a receiver that is no hls-bridge, for the video; audio goes two ports up. NULL:
 * there is a bridge. */
const char *plugin_settings_forward(const PluginSettings *settings);

/* The addresses at which viewers find a stream: its playlist and its page. The caller frees both
 * with g_free. */
char *plugin_settings_live_url(const PluginSettings *settings, const char *stream,
                               const char *file);
char *plugin_settings_watch_url(const PluginSettings *settings, const char *stream);

#endif
