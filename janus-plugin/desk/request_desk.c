/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "desk/request_desk.h"

#include <glib.h>
#include <stdatomic.h>
#include <string.h>

#include <janus/debug.h>

#include "access/permit_json.h"
#include "audit/audit.h"
#include "core/plugin_clock.h"
#include "core/request.h"
#include "core/work_pool.h"
#include "desk/settings_care.h"
#include "publisher/admission.h"
#include "publisher/admission_hook.h"
#include "publisher/publisher.h"
#include "stream_name.h"

#define SESSION_REQUESTS 16 /* of one session that may wait; a page has one or two */

/* Between two lines in the log that say that it is busy: strangers can make it busy at any time. */
#define BUSY_PERIOD_US 60000000

/* A request that waits for a thread. */
typedef struct Message {
    Session *session; /* with a reference */
    char *transaction;
    json_t *body, *jsep;
    PublisherHook hook;
} Message;

static struct {
    janus_callbacks *gateway;
    janus_plugin *plugin;
    const PluginSettings *settings;
    WorkPool *pool;
    _Atomic int64_t busy_said_us; /* in the log; 0: not yet */
} self;

static void free_message(void *data)
{
    Message *message = data;

    session_unref(message->session);
    g_free(message->transaction);
    json_decref(message->body);
    json_decref(message->jsep);
    g_free(message);
}

/* ---- offers ---- */

/* Reads a JSEP object. Returns 0, or -1 with `error` if it is not an offer. */
static int read_offer(const json_t *jsep, PublisherOffer *offer, RequestError *error)
{
    const char *type = json_string_value(json_object_get(jsep, "type"));
    const char *sdp = json_string_value(json_object_get(jsep, "sdp"));

    *offer = (PublisherOffer){sdp, json_object_get(jsep, "simulcast")};
    if (type && sdp && strcmp(type, "offer") == 0)
        return 0;
    return request_fail(error, HLS_ERROR_INVALID_SDP,
                        "publish needs a JSEP offer: send one with the message");
}

/* Refuses an offer beside a request that does not negotiate: Janus would hold a port for it.
 * Returns 0, or -1 with `error`. */
static int refuse_offer(const json_t *jsep, RequestError *error)
{
    if (!jsep)
        return 0;
    return request_fail(error, HLS_ERROR_INVALID_SDP,
                        "a JSEP offer belongs to publish alone: send this request without one");
}

/* Janus has begun a connection for the offer before we saw it, and keeps a port until it is closed.
 * If the offer was not answered, this closes it: nobody who may not publish holds ports, and a
 * publisher may try again on the same handle. A live one goes on as it was. */
static void forget_offer(Session *session, const json_t *jsep)
{
    if (jsep && !publisher_is_live(session))
        self.gateway->close_pc(session->handle);
}

/* Whether nothing is published or asked on the handle, neither now nor at the last look. */
static bool is_left_over(Session *session)
{
    bool busy = work_pool_is_busy(self.pool, &session->lane);

    pthread_mutex_lock(&session->lock);
    bool idle = !busy && session->state == SESSION_IDLE && !session->detached;
    bool left = idle && session->was_idle;
    session->was_idle = idle;
    pthread_mutex_unlock(&session->lock);
    return left;
}

void request_desk_close_leftovers(void)
{
    Session **sessions = session_all();

    for (size_t i = 0; sessions[i]; i++) {
        if (is_left_over(sessions[i]))
            self.gateway->close_pc(sessions[i]->handle);
        session_unref(sessions[i]);
    }
    g_free(sessions);
}

/* ---- what waits for a thread ---- */

/* Ends the publisher of a stream for somebody whose token allows that. */
static json_t *kick_by_token(Session *session, const Request *request, RequestError *error)
{
    Permit permit;

    if (!request->token) {
        request_fail(error, HLS_ERROR_UNKNOWN_REQUEST,
                     "kick takes a \"token\" that allows it, or the Admin API: use message_plugin "
                     "there");
        return NULL;
    }
    if (admission_token(self.settings, session, request, PERMIT_KICK, &permit, error) < 0 ||
        publisher_kick(request->stream, error) < 0)
        return NULL;
    audit_note("kicked", request->stream, permit_owner(&permit));
    return json_pack("{s:s, s:s}", "hls", "kicked", "stream", request->stream);
}

/* The admission webhook has answered, or will not. */
static void on_hook(void *user, const HookAnswer *answer)
{
    Message *message = user;

    message->hook.answer = *answer;
    message->hook.answered = true;
    work_pool_resume(self.pool, &message->session->lane); /* it may be gone after this */
}

/* Handles one request. Returns the event to send, or NULL if it has been sent, or the request
 * `waits` for the admission webhook. */
static json_t *handle(Message *message, bool *waits)
{
    RequestError error = {0};
    Request request;
    json_t *event = NULL;

    if (request_parse(message->body, &request, &error) < 0)
        return reply_error(&error);
    if (request.kind == REQUEST_PUBLISH) {
        PublisherOffer offer;
        int status = read_offer(message->jsep, &offer, &error);
        if (status == 0)
            status = publisher_publish(message->session, message->transaction, &request, &offer,
                                       &message->hook, &error);
        *waits = status == PUBLISHER_WAITS;
        if (status >= 0)
            return NULL;
    } else if (refuse_offer(message->jsep, &error) < 0) {
        return reply_error(&error);
    } else if (request.kind == REQUEST_CONFIGURE) {
        event = publisher_configure(message->session, &request, &error);
    } else if (request.kind == REQUEST_UNPUBLISH) {
        event = publisher_unpublish(message->session, &error);
    } else if (request.kind == REQUEST_REPORT) {
        event = publisher_report(message->session, &request, &error);
    } else if (request.kind == REQUEST_KICK) {
        event = kick_by_token(message->session, &request, &error);
    } else {
        request_fail(&error, HLS_ERROR_UNKNOWN_REQUEST,
                     "reload and revoke are for the Admin API alone: use message_plugin there");
    }
    return event ? event : reply_error(&error);
}

static bool handle_message(void *data)
{
    Message *message = data;
    bool waits = false;
    json_t *event = handle(message, &waits);

    if (!event)
        return !waits;
    self.gateway->push_event(message->session->handle, self.plugin, message->transaction, event,
                             NULL);
    json_decref(event);
    forget_offer(message->session, message->jsep);
    return true;
}

static void say_busy(void)
{
    int64_t now_us = monotonic_us(), said_us = atomic_load(&self.busy_said_us);

    if ((said_us != 0 && now_us - said_us < BUSY_PERIOD_US) ||
        !atomic_compare_exchange_strong(&self.busy_said_us, &said_us, now_us))
        return;
    JANUS_LOG(
        LOG_WARN,
        "[hls] busy: %zu requests wait (general.requests, general.workers), of one connection "
        "%d at the most\n",
        work_pool_stats(self.pool).waiting, SESSION_REQUESTS);
}

/* Returns 0, or -1 with `error` if too many wait: then nothing is taken over. */
static int queue_message(Session *session, char *transaction, json_t *body, json_t *jsep,
                         RequestError *error)
{
    Message *message = g_new0(Message, 1);

    *message = (Message){.session = session_ref(session),
                         .transaction = transaction,
                         .body = body,
                         .jsep = jsep,
                         .hook = {.done = on_hook, .user = message}};
    if (work_pool_push(self.pool, &session->lane, message) == 0)
        return 0;
    session_unref(session);
    g_free(message);
    say_busy();
    return request_fail(error, HLS_ERROR_BUSY, "this server is busy: try again in some seconds");
}

/* ---- what is answered at once ---- */

/* Who was not let in, and why, for operators. */
static void describe_admission(json_t *reply)
{
    json_t *hook = admission_hook_figures(), *audit = audit_figures();

    json_object_set_new(reply, "refused", admission_refusals());
    if (hook)
        json_object_set_new(reply, "webhook", hook);
    if (audit)
        json_object_set_new(reply, "audit", audit);
}

/* The answer to list or info, which anybody may ask at any time. Operators are told more. */
static json_t *answer_question(const json_t *body, bool by_operator)
{
    RequestError error = {0};
    Request request;
    json_t *reply;

    if (request_parse(body, &request, &error) < 0)
        return reply_error(&error);
    if (request.kind == REQUEST_LIST) {
        reply = reply_new("list");
        json_object_set_new(reply, "streams", publisher_list(by_operator));
        if (by_operator)
            describe_admission(reply);
        return reply;
    }
    Session *session = session_find_publisher(request.stream);
    if (!session) {
        request_fail(&error, HLS_ERROR_NO_SUCH_STREAM,
                     "nobody is live as %s: list tells which streams are live", request.stream);
        return reply_error(&error);
    }
    reply = reply_new("info");
    json_object_update_new(reply, publisher_describe(session));
    session_unref(session);
    return reply;
}

/* Returns the reply, or NULL if the request waits for a thread: then all of it is taken over. */
static json_t *take(Session *session, char *transaction, json_t *body, json_t *jsep)
{
    RequestError error = {0};

    if (!session)
        request_fail(&error, HLS_ERROR_INTERNAL,
                     "this handle is no longer attached: attach a new one");
    else if (!request_is_question(body))
        return queue_message(session, transaction, body, jsep, &error) < 0 ? reply_error(&error)
                                                                           : NULL;
    else if (refuse_offer(jsep, &error) == 0)
        return answer_question(body, false);
    return reply_error(&error);
}

struct janus_plugin_result *request_desk_take(Session *session, char *transaction, json_t *body,
                                              json_t *jsep)
{
    json_t *reply = take(session, transaction, body, jsep);

    if (!reply)
        return janus_plugin_result_new(JANUS_PLUGIN_OK_WAIT, NULL, NULL);
    if (session)
        forget_offer(session, jsep);
    g_free(transaction);
    json_decref(body);
    json_decref(jsep);
    return janus_plugin_result_new(JANUS_PLUGIN_OK, NULL, reply);
}

/* How busy it is, for operators. */
static json_t *describe_load(void)
{
    WorkPoolStats stats = work_pool_stats(self.pool);

    return json_pack("{s:I, s:I, s:I}", "waiting", (json_int_t)stats.waiting, "max",
                     (json_int_t)plugin_settings_requests(self.settings), "refused",
                     (json_int_t)stats.refused);
}

/* What an operator may do to a stream. Returns the reply, or NULL with `error`. */
static json_t *operate(const Request *request, RequestError *error)
{
    if (request->kind == REQUEST_KICK)
        return publisher_kick(request->stream, error) == 0
                   ? json_pack("{s:s, s:s}", "hls", "kicked", "stream", request->stream)
                   : NULL;
    if (request->kind == REQUEST_RELOAD)
        return settings_care_reload(error);
    if (request->kind == REQUEST_REVOKE)
        return settings_care_revoke(request, error);
    if (request->kind == REQUEST_CONFIGURE && request->stream)
        return publisher_configure_named(request, error);
    if (request->kind == REQUEST_CONFIGURE)
        request_fail(error, HLS_ERROR_INVALID_NAME, "\"stream\": %s", STREAM_NAME_RULE);
    else
        request_fail(
            error, HLS_ERROR_UNKNOWN_REQUEST,
            "there is no such request: the Admin API takes list, info, kick, configure, reload and "
            "revoke");
    return NULL;
}

json_t *request_desk_admin(const json_t *body)
{
    RequestError error = {0};
    Request request;

    if (request_is_question(body)) {
        json_t *reply = answer_question(body, true);
        json_object_set_new(reply, "requests", describe_load());
        return reply;
    }
    if (request_parse(body, &request, &error) < 0)
        return reply_error(&error);
    json_t *reply = operate(&request, &error);
    return reply ? reply : reply_error(&error);
}

/* ---- start and stop ---- */

int request_desk_open(janus_callbacks *gateway, janus_plugin *plugin,
                      const PluginSettings *settings)
{
    const WorkPoolParams params = {
        .threads = plugin_settings_workers(settings),
        .max_jobs = plugin_settings_requests(settings),
        .max_lane = SESSION_REQUESTS,
        .run = handle_message,
        .release = free_message,
    };

    self.gateway = gateway;
    self.plugin = plugin;
    self.settings = settings;
    atomic_store(&self.busy_said_us, 0);
    self.pool = work_pool_create(&params);
    if (!self.pool)
        JANUS_LOG(LOG_FATAL, "[hls] no thread for requests\n");
    if (self.pool && admission_hook_open(settings) == 0)
        return 0;
    request_desk_close();
    return -1;
}

void request_desk_close(void)
{
    admission_hook_stop(); /* nobody waits for it any more when the pool goes */
    work_pool_destroy(&self.pool);
    admission_hook_close();
}
