/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "desk/settings_care.h"

#include <glib.h>
#include <pthread.h>

#include <janus/debug.h>

#include "audit/audit.h"
#include "core/file_stamp.h"
#include "core/plugin_clock.h"
#include "core/utf8_trim.h"
#include "settings_reader.h"

/* The lock guards `watch`, and is taken alone. */
static struct {
    const PluginSettings *settings;
    pthread_mutex_t lock;
    StampWatch watch;
} self = {.lock = PTHREAD_MUTEX_INITIALIZER};

void settings_care_init(const PluginSettings *settings)
{
    self.settings = settings;
    stamp_watch_read(&self.watch, plugin_settings_stamp(settings));
}

/* Returns as plugin_settings_reload() does, and says in the log what came of it. */
static int reload(char *text)
{
    uint64_t stamp = plugin_settings_stamp(self.settings); /* of before: a change since is seen */
    int status = plugin_settings_reload(self.settings, text);

    audit_note(status < 0 ? "reload-failed" : "reloaded", NULL,
               text[0] ? json_pack("{s:s}", status < 0 ? "reason" : "restart", text) : NULL);
    if (status < 0)
        JANUS_LOG(LOG_ERR, "[hls] the settings stay as they were: %s\n", text);
    else if (text[0])
        JANUS_LOG(LOG_WARN, "[hls] the settings have been read again; restart Janus for %s\n",
                  text);
    else
        JANUS_LOG(LOG_INFO, "[hls] the settings have been read again\n");
    pthread_mutex_lock(&self.lock);
    if (stamp)
        stamp_watch_read(&self.watch, stamp);
    pthread_mutex_unlock(&self.lock);
    return status;
}

void settings_care_look(void)
{
    char text[SETTINGS_ERROR_SIZE];
    uint64_t stamp = plugin_settings_stamp(self.settings);

    pthread_mutex_lock(&self.lock);
    bool due = stamp_watch_due(&self.watch, stamp);
    pthread_mutex_unlock(&self.lock);
    if (due)
        reload(text);
}

json_t *settings_care_reload(RequestError *error)
{
    char text[SETTINGS_ERROR_SIZE];
    json_t *reply;

    if (reload(text) < 0) {
        request_fail(error, HLS_ERROR_SETTINGS, "the settings stay as they were: %s", text);
        utf8_trim(error->text);
        return NULL;
    }
    reply = reply_new("reloaded");
    if (text[0])
        json_object_set_new(reply, "restart", json_string(text));
    return reply;
}

json_t *settings_care_revoke(const Request *request, RequestError *error)
{
    Revocations *revocations = plugin_settings_revocations(self.settings);
    int64_t before = request->before ? request->before : wall_s();
    char text[SETTINGS_ERROR_SIZE];

    if (!request->jti == !request->stream) {
        request_fail(error, HLS_ERROR_INVALID_JSON,
                     "revoke either the \"jti\" of a token, or all of a \"stream\"");
        return NULL;
    }
    if ((request->jti ? revocations_add_id(revocations, request->jti)
                      : revocations_add_stream(revocations, request->stream, before)) < 0) {
        request_fail(error, HLS_ERROR_INVALID_JSON,
                     "a \"jti\" has visible characters of ASCII alone, and no #; or there are too "
                     "many rules: take old ones out of tokens.revoked_file");
        return NULL;
    }
    audit_note("revoked", request->stream,
               request->jti ? json_pack("{s:s}", "jti", request->jti)
                            : json_pack("{s:I}", "before", (json_int_t)before));
    json_t *reply = reply_new("revoked");
    bool kept =
        (request->jti ? revocations_note_id(revocations, request->jti, text)
                      : revocations_note_stream(revocations, request->stream, before, text)) == 0;
    json_object_set_new(reply, "kept", json_boolean(kept));
    if (!kept) {
        JANUS_LOG(LOG_WARN, "[hls] a revocation holds until Janus ends: %s\n", text);
        json_object_set_new(reply, "text", json_string(text));
    }
    return reply;
}
