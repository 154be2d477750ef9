/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admission.h"

#include <janus/debug.h>

#include "publisher_events.h"

/* Whether there may be a publisher more. */
static int check_room(const PluginSettings *settings, Session *session, const Request *request,
                      RequestError *error)
{
    size_t max = plugin_settings_publishers(settings);

    if (max == 0 || session_count_publishers() < max)
        return 0;
    request_fail(error, HLS_ERROR_FULL,
                 "this server is full: as many are live as it takes at a time (%zu): try again "
                 "later",
                 max);
    JANUS_LOG(LOG_WARN, "[hls] %s: refused, there are %zu publishers (general.publishers)\n",
              request->stream, max);
    publisher_notify(session, request->stream, "refused",
                     json_pack("{s:i, s:s}", "error_code", error->code, "reason", error->text));
    return -1;
}

/* Whether whoever comes with `key` is the publisher that is there, by the key that he gave. */
static bool is_same_person(Session *publisher, const char *key)
{
    if (!key)
        return false;
    pthread_mutex_lock(&publisher->lock);
    bool same = plugin_keys_equal(publisher->key, key);
    pthread_mutex_unlock(&publisher->lock);
    return same;
}

int admission_check(const PluginSettings *settings, Session *session, const Request *request,
                    RequestError *error)
{
    KeyVerdict verdict = plugin_settings_key(settings, request->stream, request->key);
    int status = 0;

    if (verdict == KEY_WRONG)
        return request_fail(error, HLS_ERROR_WRONG_KEY,
                            "the stream key for %s is %s: check it and try again", request->stream,
                            request->key ? "wrong" : "missing");
    if (verdict == KEY_UNKNOWN)
        return request_fail(error, HLS_ERROR_WRONG_KEY,
                            "this server knows no stream %s: choose one that its operator has set "
                            "up (streams in janus.plugin.hls.jcfg)",
                            request->stream);
    Session *before = session_find_publisher(request->stream);
    if (!before) /* who takes a name over makes no publisher more */
        status = check_room(settings, session, request, error);
    else if (before != session && verdict == KEY_OPEN && !is_same_person(before, request->key))
        status = request_fail(error, HLS_ERROR_NAME_TAKEN,
                              "somebody else is live as %s: choose another name", request->stream);
    session_unref(before);
    return status;
}
