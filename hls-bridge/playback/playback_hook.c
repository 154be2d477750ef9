/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "playback/playback_hook.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byte_buffer.h"
#include "base/media.h"
#include "curl_direct.h"
#include "settings_reader.h"
#include "thread_name.h"
#include "webhook_sign.h"

#define PAUSE_US     (US_PER_S / 4) /* before the first repetition; the second waits twice as long */
#define HEADERS_MAX  65536          /* bytes of an answer's header that are read */
#define FAILURE_SIZE (ADMISSION_REASON_MAX + 1)
#define LOOK_US      US_PER_S

/* A question. Of the thread alone once it is not in `asked` any more. */
typedef struct Call {
    struct Call *next;
    char id[WEBHOOK_ID_SIZE];
    char *body;
    void *question;
    int64_t deadline_us, next_us; /* next_us: when the next try begins, if none is under way */
    int64_t tries;                /* that have begun */
    CURL *easy;                   /* of the try that is under way; NULL: none */
    struct curl_slist *head;
    ByteBuffer text;
    size_t header_bytes;
    bool too_long;
    char failure[FAILURE_SIZE]; /* of the last try */
} Call;

struct PlaybackHook {
    PlaybackHookParams params;
    CURLM *multi;
    Call *calls; /* of the thread: all that were taken from `asked` */
    pthread_t thread;
    bool runs; /* there is a thread, to be joined */
    atomic_uint_fast64_t retried;

    pthread_mutex_t lock; /* guards what follows */
    Call *asked;          /* that the thread has not seen yet, the newest first */
    size_t waiting;
    bool stopping;
};

/* ---- one try ---- */

static size_t take_body(char *data, size_t size, size_t n, void *user)
{
    Call *c = user;

    c->too_long = c->too_long || size * n > ADMISSION_ANSWER_MAX - c->text.len;
    return c->too_long || byte_buffer_add(&c->text, data, size * n) < 0 ? 0 : size * n;
}

static size_t count_header(char *data, size_t size, size_t n, void *user)
{
    Call *c = user;

    (void)data;
    c->header_bytes += size * n;
    c->too_long = c->too_long || c->header_bytes > HEADERS_MAX;
    return c->too_long ? 0 : size * n;
}

static bool add_field(Call *c, const char *field)
{
    struct curl_slist *longer = curl_slist_append(c->head, field);

    if (longer)
        c->head = longer;
    return longer;
}

/* Returns false with a sentence. */
static bool sign(const PlaybackHook *h, Call *c)
{
    char error[SETTINGS_ERROR_SIZE];
    WebhookSecrets secrets;
    WebhookFields fields;

    if (webhook_secrets_read(h->params.secret_file, &secrets, error) < 0) {
        snprintf(c->failure, sizeof(c->failure), "playback.secret_file %.*s", FAILURE_SIZE - 32,
                 error);
        return false;
    }
    bool good = webhook_sign_fields(&secrets, c->id, clock_unix_us(h->params.clock) / US_PER_S,
                                    c->body, strlen(c->body), &fields) == 0;
    OPENSSL_cleanse(&secrets, sizeof(secrets));
    for (size_t i = 0; good && i < WEBHOOK_FIELDS; i++)
        good = add_field(c, fields.field[i]);
    if (!good)
        snprintf(c->failure, sizeof(c->failure), "the question cannot be signed");
    return good;
}

/* Returns false with a sentence. */
static bool prepare(const PlaybackHook *h, Call *c)
{
    const PlaybackHookParams *params = &h->params;

    snprintf(c->failure, sizeof(c->failure), "there is no memory");
    c->easy = curl_easy_init();
    if (!c->easy || curl_easy_setopt(c->easy, CURLOPT_URL, params->url) != CURLE_OK ||
        !add_field(c, "Content-Type: application/json") || !sign(h, c))
        return false;
    curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->head);
    curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->body);
    curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, count_header);
    curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
    curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
    /* an address that does not answer leaves time for the next try */
    curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)(params->timeout_us / US_PER_MS / (params->retries + 1)));
    curl_direct(c->easy);
    curl_easy_setopt(c->easy, CURLOPT_USERAGENT, "janus-hls/" PACKAGE_VERSION);
    return curl_multi_add_handle(h->multi, c->easy) == CURLM_OK;
}

/* Ends the try, whatever has come of it. */
static void end(const PlaybackHook *h, Call *c)
{
    if (c->easy) {
        curl_multi_remove_handle(h->multi, c->easy);
        curl_easy_cleanup(c->easy);
    }
    curl_slist_free_all(c->head);
    byte_buffer_free(&c->text);
    c->easy = NULL;
    c->head = NULL;
    c->header_bytes = 0;
}

static void begin(PlaybackHook *h, Call *c)
{
    atomic_fetch_add(&h->retried, c->tries > 0);
    c->next_us = clock_monotonic_us(h->params.clock) + (PAUSE_US << c->tries);
    c->tries++;
    if (!prepare(h, c))
        end(h, c);
}

/* ---- what becomes of a question ---- */

static void finish(PlaybackHook *h, Call *c, const PlaybackAnswer *answer)
{
    end(h, c);
    pthread_mutex_lock(&h->lock);
    h->waiting--;
    pthread_mutex_unlock(&h->lock);
    h->params.done(h->params.user, c->question, answer);
    free(c->body);
    free(c);
}

/* A try has come to its end. Returns whether the question has one, too: `answer` says which. */
static bool settle(const PlaybackHook *h, Call *c, CURLcode result, PlaybackAnswer *answer)
{
    long status = 0;
    bool answered = true;

    curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    if (c->too_long) {
        *answer = playback_answer_without(ADMISSION_UNUSABLE, "it is too long");
    } else if (result != CURLE_OK) {
        snprintf(c->failure, sizeof(c->failure), "%s", curl_easy_strerror(result));
        answered = false;
    } else if (admission_status_is_failure(status)) {
        snprintf(c->failure, sizeof(c->failure), "HTTP status %ld", status);
        answered = false;
    } else {
        playback_answer_read(status, c->text.data ? (const char *)c->text.data : "", c->text.len,
                             answer);
    }
    c->next_us = clock_monotonic_us(h->params.clock) + (PAUSE_US << (c->tries - 1));
    end(h, c);
    return answered;
}

/* Whether there is a connection over which the question goes. */
static bool is_sent(const Call *c)
{
    curl_off_t ready_us = 0;

    return c->easy &&
           curl_easy_getinfo(c->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us) == CURLE_OK &&
           ready_us > 0;
}

/* Does what is due. Returns whether the question has come to its end: `answer` says which. */
static bool look_after(PlaybackHook *h, Call *c, int64_t now_us, PlaybackAnswer *answer)
{
    bool over = now_us >= c->deadline_us;

    if (over && is_sent(c)) {
        *answer = playback_answer_without(ADMISSION_TIMEOUT, "no answer in time");
        return true;
    }
    if (over || (!c->easy && c->tries > h->params.retries)) {
        *answer = playback_answer_without(ADMISSION_UNREACHABLE,
                                          *c->failure ? c->failure : "no connection in time");
        return true;
    }
    if (!c->easy && now_us >= c->next_us)
        begin(h, c);
    return false;
}

/* ---- the thread ---- */

static bool take_asked(PlaybackHook *h)
{
    pthread_mutex_lock(&h->lock);
    while (h->asked) {
        Call *c = h->asked;
        h->asked = c->next;
        c->next = h->calls;
        h->calls = c;
    }
    bool stopping = h->stopping;
    pthread_mutex_unlock(&h->lock);
    return !stopping;
}

/* Takes a call off the thread's list. */
static void take_off(PlaybackHook *h, const Call *c)
{
    Call **at = &h->calls;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
}

static void finish_tries(PlaybackHook *h)
{
    const CURLMsg *message;
    PlaybackAnswer answer;
    int left;

    while ((message = curl_multi_info_read(h->multi, &left))) {
        Call *c = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&c);
        if (settle(h, c, message->data.result, &answer)) {
            take_off(h, c);
            finish(h, c, &answer);
        }
    }
}

/* Returns the milliseconds until something will be due. */
static int look_after_all(PlaybackHook *h)
{
    int64_t now_us = clock_monotonic_us(h->params.clock), wake_us = now_us + LOOK_US;
    PlaybackAnswer answer;

    for (Call *c = h->calls, *next; c; c = next) {
        next = c->next;
        if (look_after(h, c, now_us, &answer)) {
            take_off(h, c);
            finish(h, c, &answer);
            continue;
        }
        wake_us = smaller(wake_us, c->deadline_us);
        if (!c->easy)
            wake_us = smaller(wake_us, c->next_us);
    }
    return (int)(larger(0, wake_us - now_us) / US_PER_MS) + 1;
}

static void *run(void *user)
{
    PlaybackHook *h = user;
    int ignored;

    thread_name_set("playback-hook");
    while (take_asked(h)) {
        int wait_ms = look_after_all(h);
        curl_multi_poll(h->multi, NULL, 0, wait_ms, NULL);
        curl_multi_perform(h->multi, &ignored);
        finish_tries(h);
    }
    return NULL;
}

/* ---- what others call ---- */

int playback_hook_ask(PlaybackHook *h, char *body, void *question)
{
    Call *c = body ? calloc(1, sizeof(*c)) : NULL;
    bool taken = false;

    if (c && webhook_new_id(c->id) == 0) {
        c->body = body;
        c->question = question;
        c->next_us = clock_monotonic_us(h->params.clock);
        c->deadline_us = c->next_us + h->params.timeout_us;
        pthread_mutex_lock(&h->lock);
        taken = !h->stopping && h->waiting < h->params.waiting;
        if (taken) {
            h->waiting++;
            c->next = h->asked;
            h->asked = c;
        }
        pthread_mutex_unlock(&h->lock);
    }
    if (!taken) {
        free(body);
        free(c);
        return -1;
    }
    curl_multi_wakeup(h->multi);
    return 0;
}

bool playback_hook_is_full(PlaybackHook *h)
{
    pthread_mutex_lock(&h->lock);
    bool is_full = h->waiting >= h->params.waiting;
    pthread_mutex_unlock(&h->lock);
    return is_full;
}

uint64_t playback_hook_retried(PlaybackHook *h)
{
    return atomic_load(&h->retried);
}

PlaybackHook *playback_hook_create(const PlaybackHookParams *params)
{
    PlaybackHook *h = calloc(1, sizeof(*h));

    if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(h);
        return NULL;
    }
    h->params = *params;
    pthread_mutex_init(&h->lock, NULL);
    h->multi = curl_multi_init();
    h->runs = h->multi && pthread_create(&h->thread, NULL, run, h) == 0;
    if (!h->runs)
        playback_hook_destroy(&h);
    return h;
}

void playback_hook_stop(PlaybackHook *h)
{
    const PlaybackAnswer stopped = playback_answer_without(ADMISSION_STOPPED, "the bridge stops");

    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_mutex_unlock(&h->lock);
    if (h->runs) {
        curl_multi_wakeup(h->multi);
        pthread_join(h->thread, NULL);
    }
    h->runs = false;
    take_asked(h);
    for (Call *c; (c = h->calls);) {
        h->calls = c->next;
        finish(h, c, &stopped);
    }
}

void playback_hook_destroy(PlaybackHook **hook)
{
    PlaybackHook *h = *hook;

    if (!h)
        return;
    playback_hook_stop(h);
    if (h->multi)
        curl_multi_cleanup(h->multi);
    pthread_mutex_destroy(&h->lock);
    curl_global_cleanup();
    free(h);
    *hook = NULL;
}
