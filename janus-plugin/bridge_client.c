/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge_client.h"

#include <curl/curl.h>
#include <glib.h>
#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define UNIX "unix:"

#define FIRST_RETRY_US     (250 * G_TIME_SPAN_MILLISECOND)
#define LAST_RETRY_US      (2 * G_TIME_SPAN_SECOND)
#define REQUEST_TIMEOUT_MS 3000L /* the bridge is on this machine and answers in milliseconds */
#define STOP_TIMEOUT_US    G_TIME_SPAN_SECOND
#define ANSWER_MAX         65536 /* bytes of a response that are kept */
#define REASON_SIZE        256
#define HTTP_CONFLICT      409 /* the bridge is full */

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
    char *bridge; /* as configured, for sentences */
    char *url;    /* what requests begin with */
    char *socket; /* path of a Unix socket through which they go; NULL: none */
    BridgeEvents events;
    CURLM *multi;
    struct curl_slist *offer_headers, *headers; /* with an offer, and without; NULL: none */
    GThread *thread;
    pthread_mutex_t lock; /* guards what follows, and all entries */
    GHashTable *entries;  /* name -> Entry */
    GSList *unheld;       /* users whose hold has ended, to be released on the client's thread */
    bool stopping;
};

/* What is to be told once the lock is released. */
typedef struct Outcome {
    enum { SAY_NOTHING, SAY_ANSWERED, SAY_REFUSED, SAY_UNREACHABLE } what;
    void *user;
    unsigned serial;
    GString *response;
    char reason[REASON_SIZE];
} Outcome;

static size_t keep_response(char *data, size_t size, size_t count, void *user)
{
    GString *response = user;

    if (response->len + size * count > ANSWER_MAX)
        return 0; /* makes the request fail */
    g_string_append_len(response, data, (gssize)(size * count));
    return size * count;
}

static void start_request(BridgeClient *client, Entry *entry)
{
    char *url = g_strdup_printf("%s/streams/%s", client->url, entry->name);
    CURL *request = curl_easy_init();

    if (!request) {
        g_free(url);
        return;
    }
    entry->request = request;
    entry->request_version = entry->version;
    g_string_truncate(entry->response, 0);
    curl_easy_setopt(request, CURLOPT_URL, url);
    if (client->socket)
        curl_easy_setopt(request, CURLOPT_UNIX_SOCKET_PATH, client->socket);
    curl_easy_setopt(request, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(request, CURLOPT_NOPROXY, "*"); /* whatever the environment says */
    curl_easy_setopt(request, CURLOPT_TIMEOUT_MS, REQUEST_TIMEOUT_MS);
    curl_easy_setopt(request, CURLOPT_WRITEFUNCTION, keep_response);
    curl_easy_setopt(request, CURLOPT_WRITEDATA, entry->response);
    curl_easy_setopt(request, CURLOPT_PRIVATE, entry);
    if (entry->offer) {
        curl_easy_setopt(request, CURLOPT_HTTPHEADER, client->offer_headers);
        curl_easy_setopt(request, CURLOPT_COPYPOSTFIELDS, entry->offer);
        curl_easy_setopt(request, CURLOPT_CUSTOMREQUEST, "PUT");
    } else {
        curl_easy_setopt(request, CURLOPT_HTTPHEADER, client->headers);
        curl_easy_setopt(request, CURLOPT_CUSTOMREQUEST, "DELETE");
    }
    curl_multi_add_handle(client->multi, request);
    g_free(url);
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

/* The sentence of a problem+json body, RFC 9457. */
static void read_problem(const GString *response, long status, char *reason)
{
    json_t *problem = json_loadb(response->str, response->len, 0, NULL);
    const char *detail = json_string_value(json_object_get(problem, "detail"));

    if (detail)
        snprintf(reason, REASON_SIZE, "the bridge answers: %s", detail);
    else
        snprintf(reason, REASON_SIZE, "the bridge answers with HTTP status %ld", status);
    json_decref(problem);
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
        snprintf(outcome->reason, REASON_SIZE, "the bridge at %s cannot be reached: %s",
                 client->bridge, curl_easy_strerror(result));
        retry_later(entry, outcome);
    } else if (status >= 500 || (status == HTTP_CONFLICT && entry->listened)) {
        /* one that was live is not thrown out because the bridge, after a restart, has no room yet
         */
        read_problem(entry->response, status, outcome->reason);
        retry_later(entry, outcome);
    } else if (status >= 400) {
        read_problem(entry->response, status, outcome->reason);
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
    }
    if (outcome->response)
        g_string_free(outcome->response, TRUE);
}

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

/* What every request says of itself. */
static void make_headers(BridgeClient *client, const char *token)
{
    client->offer_headers = curl_slist_append(NULL, "Content-Type: application/sdp");
    client->offer_headers = curl_slist_append(client->offer_headers, "Expect:");
    if (!token)
        return;
    char *header = g_strdup_printf("Authorization: Bearer %s", token);
    client->offer_headers = curl_slist_append(client->offer_headers, header);
    client->headers = curl_slist_append(NULL, header);
    g_free(header);
}

BridgeClient *bridge_client_create(const BridgeClientParams *params)
{
    BridgeClient *client = g_new0(BridgeClient, 1);
    bool socket = g_str_has_prefix(params->bridge, UNIX);

    client->bridge = g_strdup(params->bridge);
    client->url = g_strdup(socket ? "http://localhost" : params->bridge);
    client->socket = socket ? g_strdup(params->bridge + strlen(UNIX)) : NULL;
    client->events = params->events;
    client->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_entry);
    make_headers(client, params->token);
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
    curl_slist_free_all(c->offer_headers);
    curl_slist_free_all(c->headers);
    pthread_mutex_destroy(&c->lock);
    g_free(c->bridge);
    g_free(c->url);
    g_free(c->socket);
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
