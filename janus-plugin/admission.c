/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "admission.h"

#include <janus/debug.h>

#include "key_tries.h"
#include "plugin_clock.h"
#include "publisher_events.h"

/* Why somebody was refused. Operators are told; strangers are not always. */
typedef enum Cause {
    CAUSE_WRONG_KEY,
    CAUSE_UNKNOWN_NAME,
    CAUSE_TOO_MANY_TRIES,
    CAUSE_NAME_TAKEN,
    CAUSE_FULL,
    CAUSES
} Cause;

static const char *const cause_names[CAUSES] = {"wrong-key", "unknown-name", "too-many-tries",
                                                "name-taken", "full"};

/* The lock is held briefly, and no other is taken under it. */
static struct {
    pthread_mutex_t lock;
    KeyTries tries;
    uint64_t refused[CAUSES];
} self = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Tells operators of a refusal that `error` tells the publisher. Returns -1. */
static int refuse(Session *session, const Request *request, const RequestError *error, Cause cause)
{
    uint64_t untold = 0;

    pthread_mutex_lock(&self.lock);
    self.refused[cause]++;
    bool told = key_tries_tell(&self.tries, monotonic_us(), &untold);
    pthread_mutex_unlock(&self.lock);
    if (!told)
        return -1;
    JANUS_LOG(LOG_WARN, "[hls] %s: refused, %s (and %llu before, not logged)\n", request->stream,
              cause_names[cause], (unsigned long long)untold);
    publisher_notify(session, request->stream, "refused",
                     json_pack("{s:i, s:s, s:s, s:I}", "error_code", error->code, "reason",
                               error->text, "cause", cause_names[cause], "untold",
                               (json_int_t)untold));
    return -1;
}

/* Whether there may be one more publisher. */
static int check_room(const PluginSettings *settings, Session *session, const Request *request,
                      RequestError *error)
{
    size_t max = plugin_settings_publishers(settings);

    if (max == 0 || session_count_publishers() < max)
        return 0;
    request_fail(
        error, HLS_ERROR_FULL,
        "this server is full: %zu publishers are live, and it takes no more: try again later", max);
    return refuse(session, request, error, CAUSE_FULL);
}

/* Whether `key` is the one that `publisher` gave. */
static bool is_same_person(Session *publisher, const char *key)
{
    if (!key)
        return false;
    pthread_mutex_lock(&publisher->lock);
    bool same = plugin_keys_equal(publisher->key, key);
    pthread_mutex_unlock(&publisher->lock);
    return same;
}

/* Whether the key lets `session` in. `open`: whether the name has no key of its own. */
static int check_key(const PluginSettings *settings, Session *session, const Request *request,
                     RequestError *error, bool *open)
{
    int64_t wait_us;

    pthread_mutex_lock(&self.lock);
    KeyVerdict verdict = key_tries_judge(&self.tries, &session->tries, settings, request->stream,
                                         request->key, monotonic_us(), &wait_us);
    pthread_mutex_unlock(&self.lock);
    *open = verdict == KEY_OPEN;
    if (verdict == KEY_GOOD || verdict == KEY_OPEN)
        return 0;
    if (verdict == KEY_LATER) {
        request_fail(error, HLS_ERROR_TOO_MANY_TRIES,
                     "too many wrong keys have been tried: wait %d seconds, and try again",
                     (int)(wait_us / 1000000 + 1));
        return refuse(session, request, error, CAUSE_TOO_MANY_TRIES);
    }
    /* the same for an unknown name: strangers are not told which names there are */
    request_fail(error, HLS_ERROR_WRONG_KEY,
                 "the stream name %s or its key is %s: check both and try again", request->stream,
                 request->key ? "wrong" : "missing");
    return refuse(session, request, error,
                  verdict == KEY_UNKNOWN ? CAUSE_UNKNOWN_NAME : CAUSE_WRONG_KEY);
}

/* Somebody else is live under a name that has no key of its own. */
static int refuse_taken(const PluginSettings *settings, Session *session, const Request *request,
                        RequestError *error)
{
    pthread_mutex_lock(&self.lock);
    key_tries_wrong(&self.tries, &session->tries, settings, request->stream, monotonic_us());
    pthread_mutex_unlock(&self.lock);
    request_fail(error, HLS_ERROR_NAME_TAKEN, "somebody else is live as %s: choose another name",
                 request->stream);
    return refuse(session, request, error, CAUSE_NAME_TAKEN);
}

int admission_check(const PluginSettings *settings, Session *session, const Request *request,
                    RequestError *error)
{
    bool open;
    int status = 0;

    if (check_key(settings, session, request, error, &open) < 0)
        return -1;
    Session *before = session_find_publisher(request->stream);
    if (!before) /* a takeover adds no publisher */
        status = check_room(settings, session, request, error);
    else if (before != session && open && !is_same_person(before, request->key))
        status = refuse_taken(settings, session, request, error);
    session_unref(before);
    return status;
}

json_t *admission_refusals(void)
{
    json_t *object = json_object();

    pthread_mutex_lock(&self.lock);
    for (size_t i = 0; i < CAUSES; i++)
        json_object_set_new(object, cause_names[i], json_integer((json_int_t)self.refused[i]));
    pthread_mutex_unlock(&self.lock);
    return object;
}
