/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge/bridge_client.h"

#include <glib.h>
#include <pthread.h>

#include "bridge/bridge_http.h"
#include "bridge/bridge_registry.h"
#include "core/plugin_clock.h"
#include "sigpipe_block.h"

#define LOOK_MS         2000
#define PATIENCE_MS     3000
#define STOP_TIMEOUT_US 1000000
#define STOP_LOOK_MS    50 /* between two looks whether the last request has ended */

struct BridgeClient {
    BridgeHttp http;
    BridgeEvents events;
    CURLM *multi;
    GHashTable *calls; /* that are under way: BridgeCall -> itself */
    GThread *thread;
    pthread_mutex_t lock;     /* guards what follows; no event runs under it */
    BridgeRegistry *registry; /* what is to be said to the bridge */
    GSList *unheld;           /* users whose hold has ended, released on the client's thread */
    bool stopping;
};

/* A request that is under way. Of the client's thread alone. */
typedef struct BridgeCall {
    CURL *curl;
    BridgeEntry *entry; /* NULL: a look whether the bridge still answers */
    GString *response;
} BridgeCall;

/* ---- calls ---- */

static void free_call(gpointer data)
{
    BridgeCall *call = data;

    curl_easy_cleanup(call->curl);
    g_string_free(call->response, TRUE);
    g_free(call);
}

/* Returns whether there was the memory for it. */
static bool start_call(BridgeClient *client, BridgeEntry *entry, const BridgeHttpCall *what)
{
    BridgeCall *call = g_new0(BridgeCall, 1);

    call->entry = entry;
    call->response = g_string_new(NULL);
    call->curl = bridge_http_request(&client->http, what, call->response);
    if (!call->curl) {
        free_call(call);
        return false;
    }
    curl_easy_setopt(call->curl, CURLOPT_PRIVATE, call);
    curl_multi_add_handle(client->multi, call->curl);
    g_hash_table_add(client->calls, call);
    return true;
}

static void end_call(BridgeClient *client, BridgeCall *call)
{
    curl_multi_remove_handle(client->multi, call->curl);
    g_hash_table_remove(client->calls, call);
}

/* The lock is held. */
static bool start_request(void *data, BridgeEntry *entry, const BridgeRequest *request)
{
    char *path =
        g_strconcat("/streams/", request->name, request->kicked ? "?reason=kicked" : "", NULL);
    bool started = start_call(data, entry,
                              &(BridgeHttpCall){.method = request->offer ? "PUT" : "DELETE",
                                                .path = path,
                                                .offer = request->offer,
                                                .timeout_ms = BRIDGE_HTTP_LONG_MS});

    g_free(path);
    return started;
}

/* ---- what the users are told ---- */

/* `response` is that of an answer. Whoever hears this is still held: holds end on this thread
 * alone, in release_users(). */
static void say(BridgeClient *client, const BridgeOutcome *outcome, const GString *response)
{
    const BridgeEvents *events = &client->events;
    const char *wrong;

    switch (outcome->what) {
    case BRIDGE_SAYS_NOTHING:
        break;
    case BRIDGE_SAYS_ANSWERED:
        wrong = events->answered(outcome->user, outcome->serial, response->str, response->len);
        if (wrong)
            events->refused(outcome->user, outcome->serial, wrong);
        break;
    case BRIDGE_SAYS_REFUSED:
        events->refused(outcome->user, outcome->serial, outcome->reason);
        break;
    case BRIDGE_SAYS_UNREACHABLE:
        events->unreachable(outcome->user, outcome->serial, outcome->reason);
        break;
    case BRIDGE_SAYS_REACHABLE:
        events->reachable(outcome->user, outcome->serial);
        break;
    }
}

/* Takes over `outcomes`. */
static void say_all(BridgeClient *client, GArray *outcomes)
{
    for (guint i = 0; i < outcomes->len; i++)
        say(client, &g_array_index(outcomes, BridgeOutcome, i), NULL);
    g_array_free(outcomes, TRUE);
}

static void release_users(BridgeClient *client)
{
    pthread_mutex_lock(&client->lock);
    GSList *unheld = client->unheld;
    client->unheld = NULL;
    pthread_mutex_unlock(&client->lock);
    g_slist_free_full(unheld, client->events.released);
}

/* ---- the thread ---- */

static void finish_look(BridgeClient *client, const char *failure)
{
    GArray *outcomes = g_array_new(FALSE, TRUE, sizeof(BridgeOutcome));

    pthread_mutex_lock(&client->lock);
    bridge_registry_end_look(client->registry, failure, monotonic_us(), outcomes);
    pthread_mutex_unlock(&client->lock);
    say_all(client, outcomes);
}

static void finish_request(BridgeClient *client, const BridgeCall *call, const char *failure)
{
    char problem[BRIDGE_REASON_SIZE] = "";
    BridgeResult result = {.failure = failure, .problem = problem};

    curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &result.status);
    if (!failure && result.status >= 400)
        bridge_http_problem(call->response, result.status, problem);
    pthread_mutex_lock(&client->lock);
    BridgeOutcome outcome =
        bridge_registry_finish(client->registry, call->entry, &result, monotonic_us());
    pthread_mutex_unlock(&client->lock);
    say(client, &outcome, call->response);
}

static void finish_calls(BridgeClient *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        char *private = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result; /* `message` does not outlive its call */
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        BridgeCall *call = (BridgeCall *)(void *)private;
        const char *failure = result == CURLE_OK ? NULL : curl_easy_strerror(result);
        if (call->entry)
            finish_request(client, call, failure);
        else
            finish_look(client, failure);
        end_call(client, call);
    }
}

static void look_if_due(BridgeClient *client)
{
    pthread_mutex_lock(&client->lock);
    bool due = !client->stopping && bridge_registry_begin_look(client->registry, monotonic_us());
    pthread_mutex_unlock(&client->lock);
    if (due &&
        !start_call(client, NULL,
                    &(BridgeHttpCall){
                        .method = "GET", .path = "/healthz", .timeout_ms = BRIDGE_HTTP_SHORT_MS}))
        finish_look(client, "out of memory");
}

static void tell_late(BridgeClient *client)
{
    GArray *outcomes = g_array_new(FALSE, TRUE, sizeof(BridgeOutcome));

    pthread_mutex_lock(&client->lock);
    bridge_registry_tell_late(client->registry, monotonic_us(), outcomes);
    pthread_mutex_unlock(&client->lock);
    say_all(client, outcomes);
}

/* Returns the milliseconds until something will be due. */
static int start_requests(BridgeClient *client, bool *busy, bool *stopping)
{
    pthread_mutex_lock(&client->lock);
    int64_t now_us = monotonic_us();
    bridge_registry_start_due(client->registry, now_us, start_request, client);
    int64_t wait_us = bridge_registry_wake_us(client->registry, now_us) - now_us;
    *busy = bridge_registry_is_busy(client->registry);
    *stopping = client->stopping;
    pthread_mutex_unlock(&client->lock);
    return (int)(wait_us / G_TIME_SPAN_MILLISECOND) + 1;
}

static void *run_client(void *data)
{
    BridgeClient *client = data;
    int64_t stop_us = 0;

    sigpipe_block();
    for (;;) {
        bool busy, stopping;
        int ignored;
        curl_multi_perform(client->multi, &ignored);
        finish_calls(client);
        tell_late(client);
        release_users(client);
        look_if_due(client);
        /* last, so that what has just failed counts in how long to wait; curl_multi_poll() returns
         * at once if a request has been added */
        int wait_ms = start_requests(client, &busy, &stopping);
        if (stopping) {
            int64_t now_us = monotonic_us();
            stop_us = stop_us ? stop_us : now_us + STOP_TIMEOUT_US;
            if (!busy || now_us >= stop_us)
                return NULL;
            wait_ms = MIN(wait_ms, STOP_LOOK_MS);
        }
        curl_multi_poll(client->multi, NULL, 0, wait_ms, NULL);
    }
}

/* ---- start and stop ---- */

static int64_t ms_or(unsigned ms, unsigned otherwise)
{
    return (ms ? ms : otherwise) * G_TIME_SPAN_MILLISECOND;
}

BridgeClient *bridge_client_create(const BridgeClientParams *params)
{
    BridgeClient *client = g_new0(BridgeClient, 1);

    bridge_http_init(&client->http, params->bridge, params->token);
    client->events = params->events;
    client->registry = bridge_registry_create(
        &(BridgeRegistryParams){.bridge = params->bridge,
                                .patience_us = ms_or(params->patience_ms, PATIENCE_MS),
                                .look_us = ms_or(params->look_ms, LOOK_MS)});
    client->calls = g_hash_table_new_full(NULL, NULL, free_call, NULL);
    client->multi = curl_multi_init();
    pthread_mutex_init(&client->lock, NULL);
    if (client->multi)
        client->thread = g_thread_try_new("hls bridge", run_client, client, NULL);
    if (!client->thread)
        bridge_client_destroy(&client);
    return client;
}

static void stop_thread(BridgeClient *client)
{
    pthread_mutex_lock(&client->lock);
    client->stopping = true;
    pthread_mutex_unlock(&client->lock);
    curl_multi_wakeup(client->multi);
    g_thread_join(client->thread);
}

void bridge_client_destroy(BridgeClient **client)
{
    BridgeClient *c = *client;
    GHashTableIter all;
    gpointer value;

    if (!c)
        return;
    if (c->thread)
        stop_thread(c);
    g_hash_table_iter_init(&all, c->calls);
    while (g_hash_table_iter_next(&all, &value, NULL))
        curl_multi_remove_handle(c->multi, ((BridgeCall *)value)->curl);
    g_hash_table_destroy(c->calls);
    for (void *user; (user = bridge_registry_next_user(c->registry));)
        c->events.released(user);
    release_users(c);
    bridge_registry_destroy(&c->registry);
    curl_multi_cleanup(c->multi);
    bridge_http_clear(&c->http);
    pthread_mutex_destroy(&c->lock);
    g_free(c);
    *client = NULL;
}

/* ---- from any thread ---- */

/* The hold of `user` has ended, if there is one. Gives the lock back. */
static void leave(BridgeClient *client, void *user)
{
    if (user)
        client->unheld = g_slist_prepend(client->unheld, user);
    pthread_mutex_unlock(&client->lock);
    curl_multi_wakeup(client->multi);
}

void bridge_client_announce(BridgeClient *client, const char *name, const char *offer, void *user,
                            unsigned serial)
{
    pthread_mutex_lock(&client->lock);
    leave(client,
          bridge_registry_announce(client->registry, name, offer, user, serial, monotonic_us()));
}

void bridge_client_again(BridgeClient *client, const void *user)
{
    pthread_mutex_lock(&client->lock);
    bridge_registry_again(client->registry, user, monotonic_us());
    leave(client, NULL);
}

void bridge_client_withdraw(BridgeClient *client, const char *name, const void *user, bool kicked)
{
    pthread_mutex_lock(&client->lock);
    leave(client, bridge_registry_withdraw(client->registry, name, user, kicked, monotonic_us()));
}
