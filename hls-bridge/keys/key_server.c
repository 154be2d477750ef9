/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys/key_server.h"

#include <curl/curl.h>
#include <libxml/parser.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "base/media.h"
#include "curl_direct.h"
#include "doubling_pause.h"
#include "keys/cpix_request.h"
#include "keys/key_proof.h"
#include "stream_name.h"
#include "thread_name.h"

#define RUNNING_MAX 8  /* POSTs at a time */
#define PAUSE_MOST  30 /* seconds between two tries; as long as the server asks for, to */
#define AFTER_MOST  300
#define LOOK_US     US_PER_S

struct KeyTicket {
    KeyServer *server;
    KeyTicket *next;
    CpixRequest request;
    char stream[STREAM_NAME_MAX + 1];

    /* the thread's own, but `body` once it is done */
    CURL *easy; /* NULL: no POST is under way */
    struct curl_slist *head;
    char text[CPIX_REQUEST_SIZE];
    ByteBuffer body;
    int tries;
    int64_t not_before_us;

    bool done, dropped; /* under the lock */
};

struct KeyServer {
    KeyServerParams params;
    KeySource source;
    CURLM *multi;
    pthread_t thread;
    bool runs; /* there is a thread */
    int running;
    bool failing; /* said in the log */

    pthread_mutex_t lock; /* guards what follows */
    KeyTicket *tickets;
    int64_t periods[UINT8_MAX + 1]; /* of the newest key, by a hash of the stream's name */
    bool stopping;
};

/* ---- one POST ---- */

static void wipe(ByteBuffer *buffer)
{
    if (buffer->data)
        OPENSSL_cleanse(buffer->data, buffer->len);
    byte_buffer_free(buffer);
}

static size_t take_body(char *data, size_t size, size_t n, void *user)
{
    KeyTicket *t = user;

    if (size * n > CPIX_BYTES_MAX - t->body.len || byte_buffer_add(&t->body, data, size * n) < 0)
        return 0;
    return size * n;
}

static bool add_field(KeyTicket *t, const char *field)
{
    struct curl_slist *longer = curl_slist_append(t->head, field);

    if (longer)
        t->head = longer;
    return longer;
}

/* Adds what proves who asks. Returns false with a sentence if it cannot. */
static bool add_proof(KeyTicket *t, size_t len, char *why)
{
    const KeyServerParams *params = &t->server->params;
    KeyProof proof;
    bool good = key_proof_make(params->header_file, params->secret_file, t->request.id,
                               clock_unix_us(params->clock) / US_PER_S, t->text, len, &proof, why);

    for (size_t i = 0; good && i < proof.count; i++)
        good = add_field(t, proof.field[i]);
    OPENSSL_cleanse(&proof, sizeof(proof));
    return good;
}

/* Makes the POST. Returns false with a sentence if it cannot. */
static bool prepare(KeyTicket *t, char *why)
{
    const KeyServerParams *params = &t->server->params;
    size_t len = cpix_request_write(&t->request, t->text);

    snprintf(why, KEY_PROOF_WHY_SIZE, "there is no memory");
    t->easy = curl_easy_init();
    if (!t->easy || curl_easy_setopt(t->easy, CURLOPT_URL, params->url) != CURLE_OK ||
        !add_field(t, "Content-Type: application/xml") || !add_field(t, "X-Speke-Version: 2.0") ||
        !add_field(t, "X-Speke-User-Agent: janus-hls") || !add_proof(t, len, why))
        return false;
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->head);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)len);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->text);
    curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)(params->timeout_us / US_PER_MS));
    curl_direct(t->easy);
    return curl_multi_add_handle(t->server->multi, t->easy) == CURLM_OK;
}

/* Ends the POST, whatever has come of it. */
static void end(KeyTicket *t)
{
    if (t->easy) {
        curl_multi_remove_handle(t->server->multi, t->easy);
        curl_easy_cleanup(t->easy);
    }
    curl_slist_free_all(t->head);
    t->easy = NULL;
    t->head = NULL;
}

/* ---- what comes of it ---- */

/* Says once that the server fails, and once that it is over. */
static void note(KeyServer *s, const char *why)
{
    if (why && !s->failing)
        log_warn("the key server gives no keys: %s; it is asked again", why);
    else if (!why && s->failing)
        log_info("the key server gives keys again");
    s->failing = why;
}

static void try_later(KeyTicket *t, int64_t after_s, const char *why)
{
    int64_t pause_s = doubling_pause(1, t->tries, PAUSE_MOST);

    t->tries++;
    if (after_s > pause_s)
        pause_s = after_s < AFTER_MOST ? after_s : AFTER_MOST;
    t->not_before_us = clock_monotonic_us(t->server->params.clock) + pause_s * US_PER_S;
    wipe(&t->body);
    note(t->server, why);
}

/* Returns NULL, or a sentence that says why this is no answer. */
static const char *look_at_answer(const KeyTicket *t, CURLcode result, long status, char *why)
{
    CpixKey key;

    snprintf(why, KEY_PROOF_WHY_SIZE, "HTTP %ld", status);
    if (result == CURLE_WRITE_ERROR)
        return "its answer is too long";
    if (result != CURLE_OK)
        return curl_easy_strerror(result);
    if (status < 200 || status > 299)
        return why;
    const char *wrong =
        cpix_document_read((const char *)t->body.data, t->body.len, t->request.id, &key);
    OPENSSL_cleanse(&key, sizeof(key));
    if (wrong)
        snprintf(why, KEY_PROOF_WHY_SIZE, "its answer cannot be used: %s", wrong);
    return wrong ? why : NULL;
}

static void settle(KeyTicket *t, CURLcode result)
{
    char why[KEY_PROOF_WHY_SIZE];
    long status = 0;
    curl_off_t after_s = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after_s);
    const char *wrong = look_at_answer(t, result, status, why);
    end(t);
    t->server->running--;
    if (wrong) {
        try_later(t, after_s, wrong);
        return;
    }
    note(t->server, NULL);
    pthread_mutex_lock(&t->server->lock);
    t->done = true;
    pthread_mutex_unlock(&t->server->lock);
}

/* ---- the thread ---- */

static void free_ticket(KeyTicket *t)
{
    t->server->running -= t->easy != NULL;
    end(t);
    wipe(&t->body);
    free(t);
}

/* Finds a ticket that there is something to do about: one that was dropped is taken off the list
 * (`gone`), one that waits is to be tried. Else NULL, and when the next is to be. */
static KeyTicket *pick(KeyServer *s, int64_t now_us, int64_t *next_us, bool *gone)
{
    KeyTicket *found = NULL;

    *gone = false;
    *next_us = now_us + LOOK_US;
    pthread_mutex_lock(&s->lock);
    for (KeyTicket **at = &s->tickets; *at && !found; at = &(*at)->next) {
        KeyTicket *t = *at;
        if (t->dropped) {
            *at = t->next;
            *gone = true;
            found = t;
            break;
        }
        if (t->done || t->easy || s->running == RUNNING_MAX)
            continue;
        if (t->not_before_us <= now_us)
            found = t;
        else if (t->not_before_us < *next_us)
            *next_us = t->not_before_us;
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

static void begin(KeyTicket *t)
{
    char why[KEY_PROOF_WHY_SIZE];

    if (prepare(t, why)) {
        t->server->running++;
        return;
    }
    end(t);
    try_later(t, 0, why);
}

static bool must_stop(KeyServer *s)
{
    pthread_mutex_lock(&s->lock);
    bool stopping = s->stopping;
    pthread_mutex_unlock(&s->lock);
    return stopping;
}

static void *run(void *data)
{
    KeyServer *s = data;
    const CURLMsg *message;
    int64_t next_us;
    bool gone;
    int n;

    thread_name_set("keys");
    while (!must_stop(s)) {
        for (KeyTicket *t; (t = pick(s, clock_monotonic_us(s->params.clock), &next_us, &gone));)
            if (gone)
                free_ticket(t);
            else
                begin(t);
        curl_multi_perform(s->multi, &n);
        while ((message = curl_multi_info_read(s->multi, &n))) {
            KeyTicket *t = NULL;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&t);
            settle(t, message->data.result);
        }
        int64_t wait_us = next_us - clock_monotonic_us(s->params.clock);
        curl_multi_poll(s->multi, NULL, 0, wait_us > 0 ? (int)(wait_us / US_PER_MS) + 1 : 0, NULL);
    }
    return NULL;
}

/* ---- what streams call ---- */

/* In this run it is larger than all before it of this stream, whatever the clock does; streams of
 * the same hash share the count. It is larger over a restart, too, unless the clock was set back,
 * or more than one key a second was asked for, which takes it ahead of the clock. The lock is held.
 */
static int64_t next_period(KeyServer *s, const char *stream)
{
    uint8_t hash = 0;

    for (; *stream; stream++)
        hash = (uint8_t)(hash * 31 + *stream);
    s->periods[hash] = larger(s->periods[hash] + 1, clock_unix_us(s->params.clock) / US_PER_S);
    return s->periods[hash];
}

static KeyTicket *ask(void *user, const char *stream, const uint8_t id[CPIX_KEY_SIZE])
{
    KeyServer *s = user;
    KeyTicket *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->server = s;
    snprintf(t->stream, sizeof(t->stream), "%s", stream);
    t->request = (CpixRequest){.stream = t->stream, .systems = s->params.systems};
    memcpy(t->request.id, id, sizeof(t->request.id));
    pthread_mutex_lock(&s->lock);
    t->request.period = next_period(s, stream);
    t->next = s->tickets;
    s->tickets = t;
    pthread_mutex_unlock(&s->lock);
    curl_multi_wakeup(s->multi);
    return t;
}

static bool take(KeyTicket *t, ByteBuffer *document)
{
    pthread_mutex_lock(&t->server->lock);
    bool done = t->done && t->body.len > 0;
    if (done) {
        *document = t->body;
        t->body = (ByteBuffer){0};
    }
    pthread_mutex_unlock(&t->server->lock);
    return done;
}

static void drop(KeyTicket **ticket)
{
    KeyTicket *t = *ticket;

    if (!t)
        return;
    *ticket = NULL;
    KeyServer *s = t->server;
    pthread_mutex_lock(&s->lock);
    t->dropped = true;
    curl_multi_wakeup(s->multi); /* the thread frees the ticket, but not before the lock is free */
    pthread_mutex_unlock(&s->lock);
}

/* ---- create and destroy ---- */

KeyServer *key_server_create(const KeyServerParams *params)
{
    KeyServer *s = calloc(1, sizeof(*s));

    if (!s || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(s);
        return NULL;
    }
    xmlInitParser();
    s->params = *params;
    s->source = (KeySource){s, ask, take, drop};
    pthread_mutex_init(&s->lock, NULL);
    s->multi = curl_multi_init();
    s->runs = s->multi && pthread_create(&s->thread, NULL, run, s) == 0;
    if (!s->runs)
        key_server_destroy(&s);
    return s;
}

void key_server_destroy(KeyServer **server)
{
    KeyServer *s = *server;

    if (!s)
        return;
    if (s->runs) {
        pthread_mutex_lock(&s->lock);
        s->stopping = true;
        curl_multi_wakeup(s->multi);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
    }
    while (s->tickets) {
        KeyTicket *t = s->tickets;
        s->tickets = t->next;
        free_ticket(t);
    }
    if (s->multi)
        curl_multi_cleanup(s->multi);
    pthread_mutex_destroy(&s->lock);
    curl_global_cleanup();
    free(s);
    *server = NULL;
}

const KeySource *key_server_source(const KeyServer *s)
{
    return &s->source;
}
