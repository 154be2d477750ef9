/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge_client.h"

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bridge_http.h"

#define FIRST_RETRY_US  (250 * G_TIME_SPAN_MILLISECOND)
#define LAST_RETRY_US   (2 * G_TIME_SPAN_SECOND)
#define LOOK_MS         2000 /* between two looks whether the bridge still answers */
#define STOP_TIMEOUT_US G_TIME_SPAN_SECOND
#define HTTP_CONFLICT   409 /* the bridge is full */

/* What should be so with one stream, and the request that makes it so, if one is under way. */
typedef struct Entry {
    char *name;
    char *offer;     /* NULL: the stream has ended */
    void *user;      /* held; NULL once released */
    unsigned serial; /* the user's, of this announcement */
    guint version;   /* grows whenever what should be so changes */
    bool settled;    /* it is so, or never will be */
    bool unreachable_said;
    bool listened;          /* the bridge has taken what this user announced */
    gint64 retry_at, pause; /* monotonic microseconds */
    CURL *request;          /* under way, for `request_version`; NULL: none */
    guint request_version;
    GString *response;
} Entry;

struct BridgeClient {
    BridgeHttp http;
    BridgeEvents events;
    gint64 look_period; /* microseconds */
    CURLM *multi;
    CURL *look; /* a look whether the bridge still answers, under way; NULL: none */
    gint64 look_at;
    GString *look_response;
    GThread *thread;
    pthread_mutex_t lock; /* guards what follows, and all entries */
    GHashTable *entries;  /* name -> Entry */
    GSList *unheld;       /* users whose hold has ended, to be released on the client's thread */
    bool stopping;
};

/* What is to be told once the lock is released. */
typedef struct Outcome {
    enum { SAY_NOTHING, SAY_ANSWERED, SAY_REFUSED, SAY_UNREACHABLE, SAY_REACHABLE } what;
    void *user;
    unsigned serial;
    GString *response;
    char reason[BRIDGE_REASON_SIZE];
} Outcome;

static void start_request(BridgeClient *client, Entry *entry)
{
    char *path = g_strconcat("/streams/", entry->name, NULL);

    entry->request = bridge_http_request(&client->http, entry->offer ? "PUT" : "DELETE", path,
                                         entry->offer, entry->response);
    entry->request_version = entry->version;
    if (entry->request) {
        curl_easy_setopt(entry->request, CURLOPT_PRIVATE, entry);
        curl_multi_add_handle(client->multi, entry->request);
    }
    g_free(path);
}

static void end_request(BridgeClient *client, Entry *entry)
{
    curl_multi_remove_handle(client->multi, entry->request);
    curl_easy_cleanup(entry->request);
    entry->request = NULL;
}

static void free_entry(gpointer data)
{
    Entry *entry = data;

    g_free(entry->name);
    g_free(entry->offer);
    g_string_free(entry->response, TRUE);
    g_free(entry);
}

static void retry_later(Entry *entry, Outcome *outcome)
{
    entry->pause = entry->pause ? MIN(entry->pause * 2, LAST_RETRY_US) : FIRST_RETRY_US;
    entry->retry_at = g_get_monotonic_time() + entry->pause;
    if (!entry->unreachable_said)
        outcome->what = SAY_UNREACHABLE;
    entry->unreachable_said = true;
}

/* Settles a finished request; the lock is held. */
static void finish_request(BridgeClient *client, Entry *entry, CURLcode result, Outcome *outcome)
{
    long status = 0;
    bool current = entry->request_version == entry->version;

    curl_easy_getinfo(entry->request, CURLINFO_RESPONSE_CODE, &status);
    end_request(client, entry);
    if (!current)
        return; /* what should be so has changed meanwhile */
    if (!entry->offer) {
        /* a bridge that cannot be reached has no stream to end */
        g_hash_table_remove(client->entries, entry->name);
        return;
    }
    outcome->user = entry->user;
    outcome->serial = entry->serial;
    if (result != CURLE_OK) {
        snprintf(outcome->reason, BRIDGE_REASON_SIZE, "the bridge at %s cannot be reached: %s",
                 client->http.bridge, curl_easy_strerror(result));
        retry_later(entry, outcome);
    } else if (status >= 500 || (status == HTTP_CONFLICT && entry->listened)) {
        /* one that was live is not thrown out because the bridge, after a restart, has no room yet
         */
        bridge_http_problem(entry->response, status, outcome->reason);
        retry_later(entry, outcome);
    } else if (status >= 400) {
        bridge_http_problem(entry->response, status, outcome->reason);
        entry->settled = true;
        outcome->what = SAY_REFUSED;
    } else {
        entry->settled = entry->listened = true;
        entry->unreachable_said = false;
        entry->pause = 0;
        outcome->what = SAY_ANSWERED;
        outcome->response = g_string_new_len(entry->response->str, (gssize)entry->response->len);
    }
}

/* Tells what came out of a request. Who hears it is still held: holds end only on this thread, in
 * release_users(). */
static void say_outcome(BridgeClient *client, Outcome *outcome)
{
    if (outcome->what == SAY_ANSWERED) {
        const char *wrong = client->events.answered(outcome->user, outcome->serial,
                                                    outcome->response->str, outcome->response->len);
        if (wrong)
            client->events.refused(outcome->user, outcome->serial, wrong);
    } else if (outcome->what == SAY_REFUSED) {
        client->events.refused(outcome->user, outcome->serial, outcome->reason);
    } else if (outcome->what == SAY_UNREACHABLE) {
        client->events.unreachable(outcome->user, outcome->serial, outcome->reason);
    } else if (outcome->what == SAY_REACHABLE) {
        client->events.reachable(outcome->user, outcome->serial);
    }
    if (outcome->response)
        g_string_free(outcome->response, TRUE);
}

/* ---- whether it still answers ---- */

/* Whether the bridge has taken an announcement, and nothing else is to be said to it. */
static bool is_listening(const Entry *entry)
{
    return entry->user && entry->settled && entry->listened;
}

static bool is_anybody_listening(BridgeClient *client)
{
    GHashTableIter all;
    gpointer value;

    g_hash_table_iter_init(&all, client->entries);
    while (g_hash_table_iter_next(&all, NULL, &value))
        if (is_listening(value))
            return true;
    return false;
}

/* A bridge that hangs takes packets without a word: the kernel does so for it. Whether it answers
 * is asked now and then, for as long as there is somebody to tell. The lock is held. */
static void look_if_due(BridgeClient *client, gint64 now, gint64 *next)
{
    if (client->look || !is_anybody_listening(client))
        return;
    if (client->look_at > now) {
        *next = MIN(*next, client->look_at);
        return;
    }
    client->look =
        bridge_http_request(&client->http, "GET", "/healthz", NULL, client->look_response);
    if (client->look)
        curl_multi_add_handle(client->multi, client->look);
}

static void end_look(BridgeClient *client)
{
    curl_multi_remove_handle(client->multi, client->look);
    curl_easy_cleanup(client->look);
    client->look = NULL;
}

/* What is to be told of those who have not been told that the bridge is away, or back; the lock is
 * held. */
static GArray *note_look(BridgeClient *client, CURLcode result)
{
    bool away = result != CURLE_OK; /* whatever it says, it answers */
    GArray *outcomes = g_array_new(FALSE, TRUE, sizeof(Outcome));
    GHashTableIter all;
    gpointer value;

    end_look(client);
    client->look_at = g_get_monotonic_time() + client->look_period;
    g_hash_table_iter_init(&all, client->entries);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        Entry *entry = value;
        if (!is_listening(entry) || entry->unreachable_said == away)
            continue;
        Outcome outcome = {.what = away ? SAY_UNREACHABLE : SAY_REACHABLE,
                           .user = entry->user,
                           .serial = entry->serial};
        snprintf(outcome.reason, BRIDGE_REASON_SIZE, "the bridge at %s does not answer: %s",
                 client->http.bridge, curl_easy_strerror(result));
        entry->unreachable_said = away;
        g_array_append_val(outcomes, outcome);
    }
    return outcomes;
}

static void finish_look(BridgeClient *client, CURLcode result)
{
    pthread_mutex_lock(&client->lock);
    GArray *outcomes = note_look(client, result);
    pthread_mutex_unlock(&client->lock);
    for (guint i = 0; i < outcomes->len; i++)
        say_outcome(client, &g_array_index(outcomes, Outcome, i));
    g_array_free(outcomes, TRUE);
}

/* ---- the thread ---- */

static void finish_requests(BridgeClient *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        Outcome outcome = {0};
        char *entry = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        if (message->easy_handle == client->look) {
            finish_look(client, result);
            continue;
        }
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &entry);
        pthread_mutex_lock(&client->lock);
        finish_request(client, (Entry *)(void *)entry, result, &outcome);
        pthread_mutex_unlock(&client->lock);
        say_outcome(client, &outcome);
    }
}

/* Starts what is due. Returns the milliseconds until something else will be, and whether requests
 * are under way; the lock is held. */
static int start_due_requests(BridgeClient *client, bool *under_way)
{
    gint64 now = g_get_monotonic_time(), next = now + G_TIME_SPAN_MINUTE;
    GHashTableIter all;
    gpointer value;

    g_hash_table_iter_init(&all, client->entries);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        Entry *entry = value;
        if (!entry->request && !entry->settled && entry->retry_at <= now)
            start_request(client, entry);
        if (entry->request)
            *under_way = true;
        else if (!entry->settled)
            next = MIN(next, entry->retry_at);
    }
    if (!client->stopping)
        look_if_due(client, now, &next);
    return (int)(MAX(next - now, 0) / G_TIME_SPAN_MILLISECOND) + 1;
}

static void release_users(BridgeClient *client)
{
    pthread_mutex_lock(&client->lock);
    GSList *unheld = client->unheld;
    client->unheld = NULL;
    pthread_mutex_unlock(&client->lock);
    g_slist_free_full(unheld, client->events.released);
}

static void *run_client(void *data)
{
    BridgeClient *client = data;
    gint64 stop_at = 0;

    for (;;) {
        bool under_way = false;
        int ignored;
        curl_multi_perform(client->multi, &ignored);
        finish_requests(client);
        release_users(client);
        /* last, so that what has just failed counts in how long to wait; curl_multi_poll() returns
         * at once where a request has been added */
        pthread_mutex_lock(&client->lock);
        int wait_ms = start_due_requests(client, &under_way);
        bool stopping = client->stopping;
        pthread_mutex_unlock(&client->lock);
        if (stopping) {
            gint64 now = g_get_monotonic_time();
            stop_at = stop_at ? stop_at : now + STOP_TIMEOUT_US;
            if (!under_way || now >= stop_at)
                return NULL;
            wait_ms = MIN(wait_ms, 50);
        }
        curl_multi_poll(client->multi, NULL, 0, wait_ms, NULL);
    }
}

BridgeClient *bridge_client_create(const BridgeClientParams *params)
{
    BridgeClient *client = g_new0(BridgeClient, 1);

    bridge_http_init(&client->http, params->bridge, params->token);
    client->look_period = (params->look_ms ? params->look_ms : LOOK_MS) * G_TIME_SPAN_MILLISECOND;
    client->look_response = g_string_new(NULL);
    client->events = params->events;
    client->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_entry);
    client->multi = curl_multi_init();
    pthread_mutex_init(&client->lock, NULL);
    if (client->multi)
        client->thread = g_thread_try_new("hls bridge", run_client, client, NULL);
    if (!client->thread)
        bridge_client_destroy(&client);
    return client;
}

void bridge_client_destroy(BridgeClient **client)
{
    BridgeClient *c = *client;
    GHashTableIter all;
    gpointer value;

    if (!c)
        return;
    if (c->thread) {
        pthread_mutex_lock(&c->lock);
        c->stopping = true;
        pthread_mutex_unlock(&c->lock);
        curl_multi_wakeup(c->multi);
        g_thread_join(c->thread);
    }
    if (c->look)
        end_look(c);
    g_hash_table_iter_init(&all, c->entries);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        Entry *entry = value;
        if (entry->request)
            end_request(c, entry);
        if (entry->user)
            c->events.released(entry->user);
    }
    release_users(c);
    g_hash_table_destroy(c->entries);
    curl_multi_cleanup(c->multi);
    bridge_http_clear(&c->http);
    g_string_free(c->look_response, TRUE);
    pthread_mutex_destroy(&c->lock);
    g_free(c);
    *client = NULL;
}

/* Something else should be so with `entry` from now on; the lock is held. */
static void change(BridgeClient *client, Entry *entry, const char *offer, void *user)
{
    if (entry->user)
        client->unheld = g_slist_prepend(client->unheld, entry->user);
    entry->listened = entry->listened && entry->user == user;
    g_free(entry->offer);
    entry->offer = g_strdup(offer);
    entry->user = user;
    entry->version++;
    entry->settled = false;
    entry->unreachable_said = false;
    entry->retry_at = entry->pause = 0;
}

void bridge_client_announce(BridgeClient *client, const char *name, const char *offer, void *user,
                            unsigned serial)
{
    pthread_mutex_lock(&client->lock);
    Entry *entry = g_hash_table_lookup(client->entries, name);
    if (!entry) {
        entry = g_new0(Entry, 1);
        entry->name = g_strdup(name);
        entry->response = g_string_new(NULL);
        g_hash_table_insert(client->entries, entry->name, entry);
    }
    change(client, entry, offer, user);
    entry->serial = serial;
    pthread_mutex_unlock(&client->lock);
    curl_multi_wakeup(client->multi);
}

void bridge_client_again(BridgeClient *client, const void *user)
{
    GHashTableIter all;
    gpointer value;

    pthread_mutex_lock(&client->lock);
    g_hash_table_iter_init(&all, client->entries);
    while (g_hash_table_iter_next(&all, NULL, &value)) {
        Entry *entry = value;
        if (entry->user == user && entry->settled) {
            entry->version++;
            entry->settled = false;
            entry->retry_at = 0;
        }
    }
    pthread_mutex_unlock(&client->lock);
    curl_multi_wakeup(client->multi);
}

void bridge_client_withdraw(BridgeClient *client, const char *name, const void *user)
{
    pthread_mutex_lock(&client->lock);
    Entry *entry = g_hash_table_lookup(client->entries, name);
    if (entry && entry->user == user)
        change(client, entry, NULL, NULL);
    pthread_mutex_unlock(&client->lock);
    curl_multi_wakeup(client->multi);
}
