/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher/admission.h"

#include <glib.h>

#include <janus/debug.h>

#include "audit/audit.h"
#include "core/plugin_clock.h"
#include "publisher/admission_hook.h"
#include "publisher/key_tries.h"
#include "publisher/publisher_events.h"

/* Why somebody was refused. Operators are told; strangers are not always. */
typedef enum Cause {
    CAUSE_WRONG_KEY,
    CAUSE_UNKNOWN_NAME,
    CAUSE_TOO_MANY_TRIES,
    CAUSE_NAME_TAKEN,
    CAUSE_FULL,
    CAUSE_TOKEN, /* and a TokenFault more */
    CAUSES = CAUSE_TOKEN + TOKEN_FAULTS
} Cause;

#define CAUSE_NAME_SIZE 32 /* bytes that hold any */

static void name_cause(Cause cause, char name[CAUSE_NAME_SIZE])
{
    static const char *const names[CAUSE_TOKEN] = {"wrong-key", "unknown-name", "too-many-tries",
                                                   "name-taken", "full"};

    if (cause < CAUSE_TOKEN)
        g_strlcpy(name, names[cause], CAUSE_NAME_SIZE);
    else
        g_snprintf(name, CAUSE_NAME_SIZE, "token-%s",
                   token_fault_name((TokenFault)(cause - CAUSE_TOKEN)));
}

/* The lock is held briefly, and no other is taken under it. */
static struct {
    pthread_mutex_t lock;
    KeyTries tries;
    uint64_t refused[CAUSES];
} self = {.lock = PTHREAD_MUTEX_INITIALIZER};

int admission_refuse(Session *session, const char *stream, const RequestError *error,
                     const char *cause)
{
    uint64_t untold = 0;

    pthread_mutex_lock(&self.lock);
    bool told = key_tries_tell(&self.tries, monotonic_us(), &untold);
    pthread_mutex_unlock(&self.lock);
    if (!told)
        return -1;
    JANUS_LOG(LOG_WARN, "[hls] %s: refused, %s (and %llu before, not logged)\n", stream, cause,
              (unsigned long long)untold);
    json_t *details = json_pack("{s:i, s:s, s:s, s:I}", "error_code", error->code, "reason",
                                error->text, "cause", cause, "untold", (json_int_t)untold);
    audit_note("refused", stream, json_copy(details));
    publisher_notify(session, stream, "refused", details);
    return -1;
}

static int refuse(Session *session, const char *stream, const RequestError *error, Cause cause)
{
    char name[CAUSE_NAME_SIZE];

    name_cause(cause, name);
    pthread_mutex_lock(&self.lock);
    self.refused[cause]++;
    pthread_mutex_unlock(&self.lock);
    return admission_refuse(session, stream, error, name);
}

/* Whether there may be one more publisher. */
static int check_room(const PluginSettings *settings, Session *session, const char *stream,
                      RequestError *error)
{
    size_t max = plugin_settings_publishers(settings);

    if (max == 0 || session_count_publishers() < max)
        return 0;
    request_fail(
        error, HLS_ERROR_FULL,
        "this server is full: %zu publishers are live, and it takes no more: try again later", max);
    return refuse(session, stream, error, CAUSE_FULL);
}

/* The permit of whoever has this name's key, or publishes an open name. */
static void permit_by_key(const PluginSettings *settings, const Request *request, bool open,
                          Permit *permit)
{
    *permit = (Permit){
        .rights = PERMIT_PUBLISH | PERMIT_TAKE_OVER | PERMIT_RECORD | PERMIT_CUE,
        .access = plugin_settings_access(settings, request->stream),
        .open = open,
    };
    g_strlcpy(permit->name, request->stream, sizeof(permit->name));
    permit_set_proof(permit, request->key);
}

static int refuse_hasty(Session *session, const char *stream, int64_t wait_us, RequestError *error)
{
    request_fail(error, HLS_ERROR_TOO_MANY_TRIES,
                 "too many wrong keys have been tried: wait %d seconds, and try again",
                 (int)(wait_us / 1000000 + 1));
    return refuse(session, stream, error, CAUSE_TOO_MANY_TRIES);
}

/* What the token of a request says of a right. */
static TokenFault judge_token(const PluginSettings *settings, const Request *request,
                              PermitRight right, Permit *permit)
{
    PublishTokens *tokens = plugin_settings_tokens(settings);
    Access access = plugin_settings_access(settings, request->stream);
    TokenFault fault = publish_tokens_judge(tokens, request->token, request->stream, right, access,
                                            wall_s(), permit);

    publish_tokens_unref(tokens);
    if (fault == TOKEN_GOOD && revocations_has(plugin_settings_revocations(settings), permit))
        return TOKEN_REVOKED;
    return fault;
}

int admission_token(const PluginSettings *settings, Session *session, const Request *request,
                    PermitRight right, Permit *permit, RequestError *error)
{
    pthread_mutex_lock(&self.lock);
    int64_t wait_us = key_tries_token_wait_us(&session->tries, settings, monotonic_us());
    pthread_mutex_unlock(&self.lock);
    if (wait_us > 0)
        return refuse_hasty(session, request->stream, wait_us, error);
    TokenFault fault = judge_token(settings, request, right, permit);
    if (fault == TOKEN_GOOD)
        return 0;
    pthread_mutex_lock(&self.lock);
    key_tries_wrong_token(&session->tries, settings, monotonic_us());
    pthread_mutex_unlock(&self.lock);
    /* the same whatever is wrong with it: strangers are not told how to make a better one */
    request_fail(error, HLS_ERROR_TOKEN, "this token does not allow that for %s: ask for a new one",
                 request->stream);
    return refuse(session, request->stream, error, (Cause)(CAUSE_TOKEN + fault));
}

int admission_permit(const PluginSettings *settings, Session *session, const Request *request,
                     Permit *permit, RequestError *error)
{
    int64_t wait_us;

    if (request->token)
        return admission_token(settings, session, request, PERMIT_PUBLISH, permit, error);
    pthread_mutex_lock(&self.lock);
    KeyVerdict verdict = key_tries_judge(&self.tries, &session->tries, settings, request->stream,
                                         request->key, monotonic_us(), &wait_us);
    pthread_mutex_unlock(&self.lock);
    if (verdict == KEY_GOOD || verdict == KEY_OPEN) {
        permit_by_key(settings, request, verdict == KEY_OPEN, permit);
        return 0;
    }
    if (verdict == KEY_LATER)
        return refuse_hasty(session, request->stream, wait_us, error);
    /* the same for an unknown name: strangers are not told which names there are */
    request_fail(error, HLS_ERROR_WRONG_KEY,
                 "the stream name %s or its key is %s: check both and try again", request->stream,
                 request->key ? "wrong" : "missing");
    return refuse(session, request->stream, error,
                  verdict == KEY_UNKNOWN ? CAUSE_UNKNOWN_NAME : CAUSE_WRONG_KEY);
}

/* Whether `permit` is enough to take the name from `publisher`. */
static bool may_take_over(Session *publisher, const Permit *permit)
{
    if (!permit->open && (permit->rights & PERMIT_TAKE_OVER))
        return true;
    pthread_mutex_lock(&publisher->lock);
    bool same = permit_same_person(&publisher->permit, permit);
    pthread_mutex_unlock(&publisher->lock);
    return same;
}

/* Somebody else is live under this name. If it has no key of its own, keys are guessed that way. */
static int refuse_taken(const PluginSettings *settings, Session *session, const Permit *permit,
                        RequestError *error)
{
    pthread_mutex_lock(&self.lock);
    if (permit->open)
        key_tries_wrong(&self.tries, &session->tries, settings, permit->name, monotonic_us());
    pthread_mutex_unlock(&self.lock);
    request_fail(error, HLS_ERROR_NAME_TAKEN, "somebody else is live as %s: choose another name",
                 permit->name);
    return refuse(session, permit->name, error, CAUSE_NAME_TAKEN);
}

int admission_check(const PluginSettings *settings, Session *session, const Permit *permit,
                    RequestError *error)
{
    int status = 0;
    Session *before = session_find_publisher(permit->name);

    if (!before) /* a takeover adds no publisher */
        status = check_room(settings, session, permit->name, error);
    else if (before != session && !may_take_over(before, permit))
        status = refuse_taken(settings, session, permit, error);
    session_unref(before);
    return status;
}

json_t *admission_refusals(void)
{
    json_t *object = json_object();

    pthread_mutex_lock(&self.lock);
    for (size_t i = 0; i < CAUSES; i++) {
        char name[CAUSE_NAME_SIZE];
        name_cause((Cause)i, name);
        if (i != CAUSE_TOKEN + TOKEN_GOOD)
            json_object_set_new(object, name, json_integer((json_int_t)self.refused[i]));
    }
    pthread_mutex_unlock(&self.lock);
    admission_hook_add_refusals(object);
    return object;
}
