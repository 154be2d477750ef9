/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "publisher/admission_hook.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <janus/debug.h>

#include "core/plugin_clock.h"
#include "failure_telling.h"
#include "hook/hook_question.h"
#include "publisher/admission.h"
#include "publisher/publisher.h"

/* Why somebody was refused, as operators are told. */
typedef enum Cause {
    CAUSE_DENIED,
    CAUSE_ANSWER, /* one that cannot be used, or names a stream that cannot be given */
    CAUSE_TIMEOUT,
    CAUSE_UNREACHABLE,
    CAUSE_BUSY, /* too many questions wait */
    CAUSES
} Cause;

static const char *const cause_names[CAUSES] = {"hook-denied", "hook-answer", "hook-timeout",
                                                "hook-unreachable", "hook-busy"};

static struct {
    const PluginSettings *settings;
    HookClient *client;                   /* NULL: there is no webhook */
    atomic_uint_fast64_t refused[CAUSES]; /* since Janus began */
    atomic_uint_fast64_t unasked;         /* let in without an answer, by the settings */
    pthread_mutex_t lock;                 /* guards what follows; no other is taken under it */
    FailureTelling failures;              /* said in the log */
} self = {.lock = PTHREAD_MUTEX_INITIALIZER};

int admission_hook_open(const PluginSettings *settings)
{
    const HookSettings *hook = plugin_settings_hook(settings);

    self.settings = settings;
    self.failures = (FailureTelling){0};
    if (!hook)
        return 0;
    self.client = hook_client_create(hook);
    if (!self.client)
        JANUS_LOG(LOG_FATAL, "[hls] no thread for the admission webhook\n");
    return self.client ? 0 : -1;
}

void admission_hook_stop(void)
{
    if (self.client)
        hook_client_stop(self.client);
}

void admission_hook_close(void)
{
    hook_client_destroy(&self.client);
}

bool admission_hook_is_on(void)
{
    return self.client;
}

static int refuse(Session *session, const char *stream, const RequestError *error, Cause cause)
{
    atomic_fetch_add(&self.refused[cause], 1);
    return admission_refuse(session, stream, error, cause_names[cause]);
}

/* ---- asking ---- */

int admission_hook_ask(Session *session, const Request *request, const Permit *permit,
                       PublisherHook *hook, RequestError *error)
{
    uint32_t cap = publisher_cap(self.settings, permit);
    Session *before = session_find_publisher(permit->name);
    const HookQuestionParams params = {
        .request = request,
        .permit = permit,
        .bitrate = request->bitrate && request->bitrate < cap ? request->bitrate : cap,
        .takes_over = before,
        .now_s = wall_s(),
    };
    char *body = hook_question(&params);

    session_unref(before);
    hook->answered = false;
    hook->as_takeover = params.takes_over;
    int status = body ? hook_client_ask(self.client, body, hook->done, hook->user) : -1;
    free(body);
    if (status == 0)
        return 0;
    request_fail(error, HLS_ERROR_BUSY, "this server is busy: try again in some seconds");
    return refuse(session, permit->name, error, CAUSE_BUSY);
}

/* ---- obeying ---- */

/* Says in the log that it fails, and that it does so no more. */
static void say_whether_it_answers(const HookAnswer *answer)
{
    uint64_t untold = 0;

    if (answer->verdict == ADMISSION_STOPPED)
        return;
    pthread_mutex_lock(&self.lock);
    FailureWord word = failure_telling_note(&self.failures, answer->verdict >= ADMISSION_UNUSABLE,
                                            monotonic_us(), &untold);
    pthread_mutex_unlock(&self.lock);
    if (word == FAILURE_BEGINS)
        JANUS_LOG(LOG_WARN, "[hls] the admission webhook (admission.url) fails: %s\n",
                  answer->reason);
    else if (word == FAILURE_LASTS)
        JANUS_LOG(LOG_WARN,
                  "[hls] the admission webhook (admission.url) fails: %s (%llu questions since "
                  "it was last said)\n",
                  answer->reason, (unsigned long long)untold);
    else if (word == FAILURE_OVER)
        JANUS_LOG(LOG_INFO, "[hls] the admission webhook answers again\n");
}

/* It has not answered. Returns 0 if the publisher is let in all the same. */
static int go_by_policy(Session *session, AdmissionVerdict verdict, const Permit *permit,
                        RequestError *error)
{
    const HookSettings *hook = plugin_settings_hook(self.settings);
    bool late = verdict == ADMISSION_TIMEOUT;

    if (late ? hook->allows_on_timeout : hook->allows_on_unreachable) {
        atomic_fetch_add(&self.unasked, 1);
        return 0;
    }
    request_fail(error, HLS_ERROR_BUSY,
                 "this server cannot find out now whether you may publish: try again in some "
                 "seconds");
    return refuse(session, permit->name, error, late ? CAUSE_TIMEOUT : CAUSE_UNREACHABLE);
}

/* The name that it gives: one that has a key is given to whoever has shown that key alone; and one
 * that is protected stays so, unless the answer says who may watch. */
static int take_name(Session *session, const Request *request, const HookAnswer *answer,
                     Permit *permit, RequestError *error)
{
    KeyVerdict verdict = plugin_settings_key(self.settings, permit->name, request->key);
    Access access = plugin_settings_access(self.settings, permit->name);

    permit->open = verdict != KEY_GOOD;
    if (!answer->has_access && access > permit->access)
        permit->access = access;
    if (verdict != KEY_WRONG)
        return 0;
    request_fail(error, HLS_ERROR_DENIED,
                 "this server would have you publish as %s, which has another key", permit->name);
    return refuse(session, permit->name, error, CAUSE_ANSWER);
}

/* Changes the permit as an answer that allows wants it. */
static int take_changes(Session *session, const Request *request, const HookAnswer *answer,
                        Permit *permit, RequestError *error)
{
    hook_answer_apply(answer, permit);
    if (permit->end && wall_s() >= permit->end) { /* it must not take a name and end at once */
        request_fail(error, HLS_ERROR_DENIED, "your time to publish as %s is over", permit->name);
        return refuse(session, permit->name, error, CAUSE_DENIED);
    }
    return answer->name[0] && strcmp(answer->name, request->stream) != 0
               ? take_name(session, request, answer, permit, error)
               : 0;
}

static int obey(Session *session, const Request *request, const HookAnswer *answer, Permit *permit,
                RequestError *error)
{
    if (answer->verdict == ADMISSION_ALLOWS)
        return take_changes(session, request, answer, permit, error);
    if (answer->verdict == ADMISSION_DENIES) {
        request_fail(error, HLS_ERROR_DENIED, "%s",
                     answer->reason[0] ? answer->reason
                                       : "this server does not let you publish this stream now");
        return refuse(session, permit->name, error, CAUSE_DENIED);
    }
    if (answer->verdict == ADMISSION_UNUSABLE) {
        request_fail(
            error, HLS_ERROR_DENIED,
            "this server cannot find out whether you may publish: its operator must see to "
            "it");
        return refuse(session, permit->name, error, CAUSE_ANSWER);
    }
    if (answer->verdict == ADMISSION_STOPPED)
        return request_fail(error, HLS_ERROR_BUSY, "this server stops: try again in some seconds");
    return go_by_policy(session, answer->verdict, permit, error);
}

int admission_hook_obey(Session *session, const Request *request, const HookAnswer *answer,
                        Permit *permit, RequestError *error)
{
    say_whether_it_answers(answer);
    return obey(session, request, answer, permit, error);
}

/* ---- for operators ---- */

void admission_hook_add_refusals(json_t *object)
{
    for (size_t i = 0; i < CAUSES; i++)
        json_object_set_new(object, cause_names[i],
                            json_integer((json_int_t)atomic_load(&self.refused[i])));
}

json_t *admission_hook_figures(void)
{
    if (!self.client)
        return NULL;
    HookStats stats = hook_client_stats(self.client);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "asked",
                     (json_int_t)stats.asked, "retried", (json_int_t)stats.retried, "waiting",
                     (json_int_t)stats.waiting, "allowed",
                     (json_int_t)stats.verdict[ADMISSION_ALLOWS], "denied",
                     (json_int_t)stats.verdict[ADMISSION_DENIES], "unusable",
                     (json_int_t)stats.verdict[ADMISSION_UNUSABLE], "timeouts",
                     (json_int_t)stats.verdict[ADMISSION_TIMEOUT], "unreachable",
                     (json_int_t)stats.verdict[ADMISSION_UNREACHABLE], "let_in_unasked",
                     (json_int_t)atomic_load(&self.unasked));
}
