/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "playback/playback_gate.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bridge_log.h"
#include "base/media.h"
#include "failure_telling.h"
#include "playback/session_table.h"
#include "serve/ll_listener.h"

#define IDLE_TIMEOUT_S  75u             /* longer than nginx keeps idle connections */
#define DENIED_KEPT_US  (10 * US_PER_S) /* players ask again, each second perhaps */
#define UNKNOWN_KEPT_US (2 * US_PER_S)
#define RETRY_AFTER     "2" /* the same, in seconds */

#define REASON_FIELD "Janus-Hls-Reason"
#define NOT_NOW      "this server cannot find out now whether you may watch: try again in some seconds"

/* A request. Of the server's thread, but while its connection is suspended of the gate's lock. */
typedef struct Waiter {
    struct Waiter *next;
    struct MHD_Connection *connection;
    bool answered;
    SessionState state;
    int64_t until_us;
    char sentence[ADMISSION_REASON_MAX + 1];
} Waiter;

struct PlaybackGate {
    PlaybackGateParams params;
    PlaybackHook *hook;
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock; /* guards what follows */
    SessionTable *table;
    PlaybackStats stats;
    FailureTelling failures; /* said in the log */
};

static int64_t now_of(const PlaybackGate *g)
{
    return clock_monotonic_us(g->params.hook.clock);
}

/* ---- what a webhook has said ---- */

/* Says that it fails, and that it does so no more; the lock is held. */
static void note(PlaybackGate *g, const PlaybackAnswer *answer)
{
    uint64_t untold;

    if (answer->verdict == ADMISSION_STOPPED)
        return;
    switch (failure_telling_note(&g->failures, answer->verdict >= ADMISSION_UNUSABLE, now_of(g),
                                 &untold)) {
    case FAILURE_BEGINS:
        log_warn("the webhook for viewers (playback.url) fails: %s", answer->reason);
        break;
    case FAILURE_LASTS:
        log_warn(
            "the webhook for viewers (playback.url) fails: %s (%llu questions since it was last "
            "said)",
            answer->reason, (unsigned long long)untold);
        break;
    case FAILURE_OVER:
        log_info("the webhook for viewers answers again");
        break;
    case FAILURE_UNSAID:
        break;
    }
}

/* It allows, perhaps up to an end. */
static void settle_allowed(const PlaybackGate *g, Session *s, int64_t end_s, int64_t now_us)
{
    int64_t left_us = g->params.keep_us;

    if (end_s > 0)
        left_us = smaller(left_us, end_s * US_PER_S - clock_unix_us(g->params.hook.clock));
    if (left_us > 0)
        session_table_settle(s, SESSION_ALLOWED, now_us + left_us, "");
    else
        session_table_settle(s, SESSION_DENIED, now_us + DENIED_KEPT_US,
                             "your time to watch this is over");
}

/* The lock is held. */
static void settle(PlaybackGate *g, Session *s, const PlaybackAnswer *answer)
{
    int64_t now_us = now_of(g);
    bool lets_in = answer->verdict == ADMISSION_TIMEOUT       ? g->params.allows_on_timeout
                   : answer->verdict == ADMISSION_UNREACHABLE ? g->params.allows_on_unreachable
                                                              : false;

    if (answer->verdict == ADMISSION_ALLOWS)
        settle_allowed(g, s, answer->end, now_us);
    else if (answer->verdict == ADMISSION_DENIES)
        session_table_settle(s, SESSION_DENIED, now_us + DENIED_KEPT_US,
                             *answer->reason ? answer->reason : "you may not watch this now");
    else if (answer->verdict == ADMISSION_UNUSABLE)
        session_table_settle(s, SESSION_DENIED, now_us + DENIED_KEPT_US,
                             "this server cannot find out whether you may watch: its operator must "
                             "see to it");
    else if (lets_in)
        session_table_settle(s, SESSION_ALLOWED, now_us + g->params.keep_us, "");
    else
        session_table_settle(s, SESSION_UNKNOWN, now_us + UNKNOWN_KEPT_US, NOT_NOW);
    g->stats.unasked += lets_in;
}

static void copy_answer(Waiter *w, const Session *s)
{
    w->answered = true;
    w->state = s->state;
    w->until_us = s->until_us;
    snprintf(w->sentence, sizeof(w->sentence), "%s", s->sentence ? s->sentence : "");
}

static void on_answer(void *user, void *question, const PlaybackAnswer *answer)
{
    PlaybackGate *g = user;
    Session *s = question;

    pthread_mutex_lock(&g->lock);
    g->stats.verdicts[answer->verdict]++;
    note(g, answer);
    Waiter *w = s->waiters;
    s->waiters = NULL;
    settle(g, s, answer);
    for (Waiter *next; w; w = next) {
        next = w->next;
        copy_answer(w, s);
        MHD_resume_connection(w->connection);
    }
    pthread_mutex_unlock(&g->lock);
}

/* ---- requests ---- */

/* Asks about a session that nothing is known of. Returns NULL if that cannot be done now: the table
 * stays as it is then, since those who may watch are not to make room for those who come in too
 * great a number. The lock is held. */
static Session *ask_about(PlaybackGate *g, const PlaybackAsk *ask)
{
    Session *s = playback_hook_is_full(g->hook) ? NULL : session_table_add(g->table, ask->session);

    if (!s)
        return NULL;
    char *body = playback_ask_question(ask, clock_unix_us(g->params.hook.clock));
    if (playback_hook_ask(g->hook, body, s) < 0) { /* no memory, or it stops */
        session_table_settle(s, SESSION_UNKNOWN, 0, "");
        return NULL;
    }
    g->stats.asked++;
    return s;
}

/* Looks for the answer. Returns false if there is none yet: then the connection is suspended until
 * there is, and the waiter is the lock's. */
static bool look(PlaybackGate *g, const PlaybackAsk *ask, Waiter *w)
{
    pthread_mutex_lock(&g->lock);
    Session *s = session_table_find(g->table, ask->session, now_of(g));
    if (!s)
        s = ask_about(g, ask);
    bool waits = s && s->state == SESSION_WAITS;
    if (waits) {
        w->next = s->waiters;
        s->waiters = w;
        MHD_suspend_connection(w->connection);
    } else if (s) {
        copy_answer(w, s);
    } else {
        g->stats.busy++;
        w->answered = true;
        w->state = SESSION_UNKNOWN;
        snprintf(w->sentence, sizeof(w->sentence), NOT_NOW);
    }
    pthread_mutex_unlock(&g->lock);
    return !waits;
}

static enum MHD_Result send_status(struct MHD_Connection *connection, unsigned status,
                                   const char *field, const char *value, const char *sentence)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, field, value);
    if (sentence)
        MHD_add_response_header(response, REASON_FIELD, sentence);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_answer(const PlaybackGate *g, const Waiter *w)
{
    char lifetime[32];

    if (w->state == SESSION_ALLOWED) {
        int64_t left_us = larger(0, w->until_us - now_of(g));
        snprintf(lifetime, sizeof(lifetime), "max-age=%lld", (long long)(left_us / US_PER_S));
        return send_status(w->connection, MHD_HTTP_NO_CONTENT, MHD_HTTP_HEADER_CACHE_CONTROL,
                           lifetime, NULL);
    }
    if (w->state == SESSION_DENIED)
        return send_status(w->connection, MHD_HTTP_FORBIDDEN, MHD_HTTP_HEADER_CACHE_CONTROL,
                           "no-store", w->sentence);
    return send_status(w->connection, MHD_HTTP_FORBIDDEN, MHD_HTTP_HEADER_RETRY_AFTER, RETRY_AFTER,
                       w->sentence);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **state)
{
    PlaybackGate *g = user;
    Waiter *w = *state;
    PlaybackAsk ask;

    (void)version;
    (void)data;
    if (!w) { /* the head has come; a connection may be suspended only once that is over */
        *state = w = calloc(1, sizeof(*w));
        if (w)
            w->connection = connection;
        return w ? MHD_YES : MHD_NO;
    }
    if (*data_len > 0) {
        *data_len = 0;
        return MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 || !playback_ask_read(url, &ask))
        return send_status(connection, MHD_HTTP_NOT_FOUND, MHD_HTTP_HEADER_CACHE_CONTROL,
                           "no-store", NULL);
    return w->answered || look(g, &ask, w) ? send_answer(g, w) : MHD_YES;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)user;
    (void)connection;
    (void)code;
    free(*state);
    *state = NULL;
}

/* ---- create and destroy ---- */

/* Returns false with errno. */
static bool serve(PlaybackGate *g)
{
    int listener = ll_listener_tcp(g->params.address, g->params.port);

    if (listener < 0)
        return false;
    errno = 0;
    g->daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD |
                                     MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
                                 0, NULL, NULL, on_request, g, MHD_OPTION_EXTERNAL_LOGGER,
                                 log_debug_of, "sessions", MHD_OPTION_NOTIFY_COMPLETED,
                                 on_completed, NULL, MHD_OPTION_LISTEN_SOCKET, listener,
                                 MHD_OPTION_CONNECTION_LIMIT, (unsigned)g->params.connections,
                                 MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT_S, MHD_OPTION_END);
    errno = errno ? errno : ENOMEM;
    if (!g->daemon)
        close(listener);
    return g->daemon;
}

PlaybackGate *playback_gate_create(const PlaybackGateParams *params)
{
    PlaybackGate *g = calloc(1, sizeof(*g));

    if (!g)
        return NULL;
    g->params = *params;
    g->params.hook.done = on_answer;
    g->params.hook.user = g;
    pthread_mutex_init(&g->lock, NULL);
    errno = ENOMEM; /* of what says nothing else */
    g->table = session_table_create(params->sessions);
    g->hook = g->table ? playback_hook_create(&g->params.hook) : NULL;
    if (g->hook && serve(g))
        return g;
    int error = errno;
    playback_gate_destroy(&g);
    errno = error;
    return NULL;
}

void playback_gate_destroy(PlaybackGate **gate)
{
    PlaybackGate *g = *gate;

    if (!g)
        return;
    if (g->hook)
        playback_hook_stop(g->hook); /* from now on no connection is suspended */
    if (g->daemon)
        MHD_stop_daemon(g->daemon);
    playback_hook_destroy(&g->hook);
    session_table_destroy(&g->table);
    pthread_mutex_destroy(&g->lock);
    free(g);
    *gate = NULL;
}

PlaybackStats playback_gate_stats(PlaybackGate *g)
{
    pthread_mutex_lock(&g->lock);
    PlaybackStats stats = g->stats;
    stats.sessions = session_table_count(g->table);
    stats.evicted = session_table_evicted(g->table);
    pthread_mutex_unlock(&g->lock);
    stats.retried = playback_hook_retried(g->hook);
    return stats;
}
