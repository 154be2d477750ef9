/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hook/hook_client.h"

#include <glib.h>
#include <pthread.h>
#include <stdio.h>

#include "core/plugin_clock.h"
#include "hook/hook_http.h"
#include "sigpipe_block.h"
#include "thread_name.h"

#define PAUSE_US 250000 /* before the first repetition; the second waits twice as long */
#define IDLE_MS  60000  /* it is woken if there is something to do */

/* A question. Of the client's thread alone once it is not in `asked` any more. */
typedef struct HookCall {
    char id[WEBHOOK_ID_SIZE];
    char *body;
    HookDone *done;
    void *user;
    int64_t deadline_us, next_us;    /* next_us: when the next try begins, if none is under way */
    int64_t tries;                   /* that have begun */
    HookTry *attempt;                /* that is under way; NULL: none */
    char failure[HOOK_FAILURE_SIZE]; /* of the last try */
} HookCall;

struct HookClient {
    HookSettings settings;
    CURLM *multi;
    GPtrArray *calls; /* of the thread: all that were taken from `asked` */
    pthread_t thread;
    bool has_thread;

    pthread_mutex_t lock; /* guards what follows; nothing is called under it */
    GQueue asked;         /* calls that the thread has not seen yet */
    HookStats stats;
    bool stopping;
};

static void free_call(HookCall *call)
{
    g_free(call->body);
    g_free(call);
}

/* Tells what has become of a question, and ends it. */
static void finish(HookClient *client, HookCall *call, const HookAnswer *answer)
{
    pthread_mutex_lock(&client->lock);
    client->stats.waiting--;
    client->stats.verdict[answer->verdict]++;
    pthread_mutex_unlock(&client->lock);
    if (call->attempt)
        hook_http_end(client->multi, &call->attempt);
    call->done(call->user, answer);
    free_call(call);
}

/* ---- tries ---- */

static void begin_try(HookClient *client, HookCall *call, int64_t now_us)
{
    const HookPost question = {call->id, call->body, g_get_real_time() / G_USEC_PER_SEC};

    call->attempt = hook_http_begin(client->multi, &client->settings, &question);
    call->tries++;
    if (!call->attempt) {
        g_strlcpy(call->failure, "out of memory", sizeof(call->failure));
        call->next_us = now_us + PAUSE_US;
    }
    if (call->tries == 1)
        return;
    pthread_mutex_lock(&client->lock);
    client->stats.retried++;
    pthread_mutex_unlock(&client->lock);
}

/* A try has come to its end. Returns whether its question has one, too: `answer` says which. */
static bool end_try(HookClient *client, HookCall *call, CURLcode result, HookAnswer *answer)
{
    HookTryEnd end = hook_http_result(call->attempt, result, answer, call->failure);

    hook_http_end(client->multi, &call->attempt);
    call->next_us = monotonic_us() + (PAUSE_US << (call->tries - 1));
    return end == HOOK_TRY_ANSWERED;
}

/* What becomes of a question when its time is over. */
static HookAnswer answer_late(const HookCall *call)
{
    if (call->attempt && hook_http_is_sent(call->attempt))
        return hook_answer_without(ADMISSION_TIMEOUT, "no answer in time");
    return hook_answer_without(ADMISSION_UNREACHABLE,
                               call->failure[0] ? call->failure : "no connection in time");
}

/* Does what is due. Returns whether the question has come to its end: `answer` says which. */
static bool look_after(HookClient *client, HookCall *call, int64_t now_us, HookAnswer *answer)
{
    bool last = call->tries > client->settings.retries;

    if (now_us >= call->deadline_us || (!call->attempt && last)) {
        *answer = answer_late(call);
        return true;
    }
    if (!call->attempt && now_us >= call->next_us)
        begin_try(client, call, now_us);
    return false;
}

/* ---- the thread ---- */

static void take_asked(HookClient *client, bool *stopping)
{
    pthread_mutex_lock(&client->lock);
    for (void *call; (call = g_queue_pop_head(&client->asked));)
        g_ptr_array_add(client->calls, call);
    *stopping = client->stopping;
    pthread_mutex_unlock(&client->lock);
}

static HookCall *call_of(const HookClient *client, CURL *curl)
{
    for (guint i = 0; i < client->calls->len; i++) {
        HookCall *call = g_ptr_array_index(client->calls, i);
        if (call->attempt && hook_http_is(call->attempt, curl))
            return call;
    }
    return NULL;
}

static void finish_tries(HookClient *client)
{
    CURLMsg *message;
    HookAnswer answer;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        CURLcode result = message->data.result; /* `message` does not outlive its try */
        HookCall *call =
            message->msg == CURLMSG_DONE ? call_of(client, message->easy_handle) : NULL;
        if (call && end_try(client, call, result, &answer)) {
            g_ptr_array_remove_fast(client->calls, call);
            finish(client, call, &answer);
        }
    }
}

/* Returns the milliseconds until something will be due. */
static int look_after_all(HookClient *client)
{
    int64_t now_us = monotonic_us(), wake_us = now_us + IDLE_MS * G_TIME_SPAN_MILLISECOND;
    HookAnswer answer;

    for (guint i = 0; i < client->calls->len;) {
        HookCall *call = g_ptr_array_index(client->calls, i);
        if (look_after(client, call, now_us, &answer)) {
            g_ptr_array_remove_index_fast(client->calls, i);
            finish(client, call, &answer);
            continue;
        }
        wake_us = MIN(wake_us, call->deadline_us);
        if (!call->attempt)
            wake_us = MIN(wake_us, call->next_us);
        i++;
    }
    return (int)(MAX(0, wake_us - now_us) / G_TIME_SPAN_MILLISECOND) + 1;
}

static void *run_client(void *data)
{
    HookClient *client = data;
    bool stopping;

    thread_name_set("hls-hook");
    sigpipe_block();
    for (;;) {
        int ignored;
        take_asked(client, &stopping);
        if (stopping)
            return NULL;
        int wait_ms = look_after_all(client);
        curl_multi_poll(client->multi, NULL, 0, wait_ms, NULL);
        curl_multi_perform(client->multi, &ignored);
        finish_tries(client);
    }
}

/* ---- start and stop ---- */

HookClient *hook_client_create(const HookSettings *settings)
{
    HookClient *client = g_new0(HookClient, 1);

    /* not undone: libcurl is in use elsewhere, too. Two threads must not be the first to use it */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    client->settings = *settings;
    client->calls = g_ptr_array_new();
    client->multi = curl_multi_init();
    pthread_mutex_init(&client->lock, NULL);
    client->has_thread =
        client->multi && pthread_create(&client->thread, NULL, run_client, client) == 0;
    if (!client->has_thread)
        hook_client_destroy(&client);
    return client;
}

void hook_client_stop(HookClient *client)
{
    const HookAnswer stopped = hook_answer_without(ADMISSION_STOPPED, "the server stops");
    bool ignored;

    pthread_mutex_lock(&client->lock);
    client->stopping = true;
    pthread_mutex_unlock(&client->lock);
    if (client->has_thread) {
        curl_multi_wakeup(client->multi);
        pthread_join(client->thread, NULL);
        client->has_thread = false;
    }
    take_asked(client, &ignored);
    for (guint i = 0; i < client->calls->len; i++)
        finish(client, g_ptr_array_index(client->calls, i), &stopped);
    g_ptr_array_set_size(client->calls, 0);
}

void hook_client_destroy(HookClient **client)
{
    HookClient *c = *client;

    if (!c)
        return;
    hook_client_stop(c);
    g_ptr_array_free(c->calls, TRUE);
    curl_multi_cleanup(c->multi);
    pthread_mutex_destroy(&c->lock);
    g_free(c);
    *client = NULL;
}

/* ---- from any thread ---- */

int hook_client_ask(HookClient *client, const char *body, HookDone *done, void *user)
{
    HookCall *call = g_new0(HookCall, 1);
    bool named = webhook_new_id(call->id) == 0;

    call->body = g_strdup(body);
    call->done = done;
    call->user = user;
    call->deadline_us = monotonic_us() + client->settings.timeout_us;
    pthread_mutex_lock(&client->lock);
    bool room = client->stats.waiting < (uint64_t)client->settings.waiting;
    bool taken = named && room && !client->stopping;
    if (taken) {
        client->stats.asked++;
        client->stats.waiting++;
        g_queue_push_tail(&client->asked, call);
    } else {
        client->stats.busy += !room;
    }
    pthread_mutex_unlock(&client->lock);
    if (!taken)
        free_call(call);
    else
        curl_multi_wakeup(client->multi);
    return taken ? 0 : -1;
}

HookStats hook_client_stats(HookClient *client)
{
    pthread_mutex_lock(&client->lock);
    HookStats stats = client->stats;
    pthread_mutex_unlock(&client->lock);
    return stats;
}
