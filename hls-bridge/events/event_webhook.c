/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_webhook.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "base/media.h"
#include "events/cloud_event.h"
#include "events/dead_letters.h"
#include "events/event_journal.h"
#include "events/http_post.h"
#include "thread_name.h"
#include "webhook_sign.h"

#define NAME_BEGINS "webhook:"
#define NAME_SIZE   (sizeof(NAME_BEGINS) + WEBHOOK_NAME_SIZE)
#define STOP_US     (200 * US_PER_MS) /* for what waits when the bridge stops; the rest stays */

/* What the queue's disk may refuse. */
typedef enum DiskFault { FAULT_READ, FAULT_MARK, FAULT_SYNC, FAULTS } DiskFault;

typedef struct EventWebhook {
    char name[NAME_SIZE]; /* "webhook:shop" */
    const Clock *clock;
    WebhookTarget target;
    WebhookLimits limits;
    char source[CLOUD_EVENT_SOURCE_SIZE], run[WEBHOOK_ID_SIZE];
    pthread_t thread;
    _Atomic int64_t stop_by_us; /* nothing is tried after that; 0: the bridge does not stop */

    /* the thread's own */
    HttpPost *post;
    WebhookSecrets secrets;  /* the last that could be read */
    uint64_t tried;          /* the number of the event that is tried */
    int64_t tries, refusals; /* of it */
    int64_t not_before_us;
    bool failing; /* said in the log */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t news;  /* on CLOCK_MONOTONIC */
    EventJournal *journal;
    DeadLetters dead_letters;
    bool faulty[FAULTS]; /* said in the log */
    bool stopping;
    uint64_t taken, failures, dead, lost;
    EventJournalStats journal_stats; /* a copy, for who may not wait for a disk */
    pthread_mutex_t stats_lock;      /* of the copy and the four counters; a leaf */
} EventWebhook;

/* ---- figures ---- */

/* Both locks guard the counters: what is counted under `lock` is seen under `stats_lock`. Says what
 * is lost of the queue. */
static void count(EventWebhook *w, uint64_t *counter)
{
    EventJournalStats now = event_journal_stats(w->journal);

    if (now.damaged > w->journal_stats.damaged)
        log_warn("%s: lines of its queue are lost, since they were damaged or cut off: %" PRIu64,
                 w->name, now.damaged - w->journal_stats.damaged);
    pthread_mutex_lock(&w->stats_lock);
    if (counter)
        ++*counter;
    w->journal_stats = now;
    pthread_mutex_unlock(&w->stats_lock);
}

static void stats(void *user, EventSinkStats *out)
{
    EventWebhook *w = user;

    pthread_mutex_lock(&w->stats_lock);
    out->taken = w->taken;
    out->failures += w->failures;
    out->waiting += w->journal_stats.waiting;
    out->dropped += w->lost + w->journal_stats.damaged;
    out->keeps = true;
    out->dead = w->dead;
    out->bytes = (uint64_t)w->journal_stats.bytes;
    out->oldest_us = w->journal_stats.oldest_us;
    pthread_mutex_unlock(&w->stats_lock);
}

/* ---- dead letters ---- */

/* The lock is held. */
static void bury(EventWebhook *w, const EventRecord *record, int64_t tries, const char *reason)
{
    bool good = dead_letters_add(&w->dead_letters, record, tries, reason,
                                 clock_unix_us(w->clock) / US_PER_S);

    count(w, good ? &w->dead : &w->lost);
}

/* The queue is full. */
static void give_up(void *user, const EventRecord *record)
{
    EventWebhook *w = user;

    bury(w, record, 0, "more than events.webhook_queue waited");
}

static void keep_given_up(void *user)
{
    EventWebhook *w = user;

    dead_letters_keep(&w->dead_letters);
}

/* ---- the thread ---- */

/* Says once that a receiver fails, and once that it is over. */
static void note(EventWebhook *w, bool good, const char *why)
{
    if (!good && !w->failing)
        log_warn("events cannot be delivered to %s: %s; they wait on disk, and it is tried again",
                 w->name, why);
    else if (good && w->failing)
        log_info("events are delivered to %s again", w->name);
    w->failing = !good;
}

/* Says once what the queue's disk refuses, with errno, and once that it is over; the lock is held.
 */
static void note_disk(EventWebhook *w, DiskFault fault, bool good)
{
    static const struct {
        const char *begins, *then, *over;
    } texts[FAULTS] = {
        [FAULT_READ] = {"its queue cannot be read", "; it is tried again",
                        "its queue is read again"},
        [FAULT_MARK] = {"the queue's mark cannot be written", "; after a crash events come twice",
                        "the queue's mark is written again"},
        [FAULT_SYNC] = {"its queue cannot be written through", "; a power cut may lose events",
                        "its queue is written through again"},
    };

    if (!good && !w->faulty[fault])
        log_warn("%s: %s: %s%s", w->name, texts[fault].begins, strerror(errno), texts[fault].then);
    else if (good && w->faulty[fault])
        log_info("%s: %s", w->name, texts[fault].over);
    w->faulty[fault] = !good;
}

/* Reads the secrets again. Those that cannot be read leave the ones that there are. */
static bool read_secrets(EventWebhook *w, char *why)
{
    WebhookSecrets secrets;
    char error[SETTINGS_ERROR_SIZE];

    if (webhook_secrets_read(w->target.secret_file, &secrets, error) == 0)
        w->secrets = secrets;
    else if (w->secrets.count == 0)
        snprintf(why, EVENT_WHY_SIZE, "secret_file %.*s", EVENT_WHY_SIZE - 32, error);
    explicit_bzero(&secrets, sizeof(secrets));
    return w->secrets.count > 0;
}

static HttpAnswer send_event(EventWebhook *w, const EventRecord *record, char *why)
{
    int64_t now_s = clock_unix_us(w->clock) / US_PER_S;
    WebhookFields of = {0};
    const char *const fields[] = {"Content-Type: " CLOUD_EVENT_MEDIA_TYPE, of.field[0], of.field[1],
                                  of.field[2], NULL};

    if (!read_secrets(w, why))
        return (HttpAnswer){0};
    if (webhook_sign_fields(&w->secrets, record->id, now_s, record->body, record->len, &of) < 0) {
        snprintf(why, EVENT_WHY_SIZE, "it cannot be signed");
        return (HttpAnswer){0};
    }
    return http_post_send(w->post, fields, record->body, record->len, why);
}

/* What came of it; the lock is held. */
static void settle(EventWebhook *w, const EventRecord *record, const HttpAnswer *answer,
                   const char *why)
{
    WebhookVerdict verdict = webhook_verdict(answer->status);
    const char *reason = NULL;

    w->tries++;
    w->refusals += verdict == WEBHOOK_REFUSED;
    if (verdict == WEBHOOK_TAKEN) {
        dead_letters_over(&w->dead_letters);
    } else if (verdict == WEBHOOK_NEVER) {
        reason = why;
    } else {
        reason =
            webhook_given_up(&w->limits, w->refusals, record->unix_us, clock_unix_us(w->clock));
        w->not_before_us = clock_monotonic_us(w->clock) +
                           webhook_pause_us(w->tries, answer->retry_after_us, w->limits.pause_us);
    }
    if (verdict != WEBHOOK_TAKEN)
        count(w, &w->failures);
    if (verdict != WEBHOOK_TAKEN && !reason)
        return;
    if (reason) {
        bury(w, record, w->tries, reason);
        dead_letters_keep(&w->dead_letters);
    }
    note_disk(w, FAULT_MARK, event_journal_done(w->journal, w->tried) == 0);
    count(w, verdict == WEBHOOK_TAKEN ? &w->taken : NULL);
}

/* Tries the event once; the lock is held, but not meanwhile. */
static void try_event(EventWebhook *w, const EventRecord *record, uint64_t number)
{
    char why[EVENT_WHY_SIZE] = "";

    if (number != w->tried)
        w->tries = w->refusals = 0;
    w->tried = number;
    pthread_mutex_unlock(&w->lock);
    HttpAnswer answer = send_event(w, record, why);
    WebhookVerdict verdict = webhook_verdict(answer.status);
    note(w, verdict == WEBHOOK_TAKEN || verdict == WEBHOOK_NEVER, why);
    pthread_mutex_lock(&w->lock);
    settle(w, record, &answer, why);
}

/* Waits for news, or until the next try; the lock is held. */
static void wait_for_news(EventWebhook *w, bool waits_for_try)
{
    if (!waits_for_try) {
        pthread_cond_wait(&w->news, &w->lock);
        return;
    }
    const struct timespec until = clock_wait_end(w->not_before_us - clock_monotonic_us(w->clock));
    pthread_cond_timedwait(&w->news, &w->lock, &until);
}

/* The bridge stops, and there is no time or no use to try what waits; the lock is held. */
static bool must_end(EventWebhook *w)
{
    int64_t stop_by_us = atomic_load(&w->stop_by_us);

    return stop_by_us &&
           (w->failing || w->faulty[FAULT_READ] || clock_monotonic_us(w->clock) >= stop_by_us);
}

static void *run(void *data)
{
    EventWebhook *w = data;
    char line[EVENT_LINE_MAX];
    EventRecord record;
    uint64_t number;

    thread_name_set("webhook");
    pthread_mutex_lock(&w->lock);
    while (!must_end(w)) {
        bool due = clock_monotonic_us(w->clock) >= w->not_before_us;
        int there = due ? event_journal_next(w->journal, line, &record, &number) : 0;
        if (due)
            note_disk(w, FAULT_READ, there >= 0);
        count(w, NULL);
        if (there < 0)
            w->not_before_us = clock_monotonic_us(w->clock) + webhook_pause_us(1, 0, US_PER_S);
        if (there > 0)
            try_event(w, &record, number);
        else if (w->stopping)
            break;
        else
            wait_for_news(w, !due || there < 0);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* ---- the sink ---- */

static bool offer(void *user, const Event *event, char *why)
{
    EventWebhook *w = user;
    char id[EVENT_ID_SIZE];

    if (!event_filter_takes(&w->target.filter, event))
        return true;
    snprintf(id, sizeof(id), "%s-%" PRIu64, w->run, event->sequence);
    char *text = cloud_event_text(event, w->source, id);
    pthread_mutex_lock(&w->lock);
    bool good = text && event_journal_add(w->journal, event->unix_us, id, text) == 0;
    if (!good)
        snprintf(why, EVENT_WHY_SIZE, "its queue on disk: %s", strerror(text ? errno : ENOMEM));
    dead_letters_keep(&w->dead_letters);
    count(w, NULL);
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->lock);
    free(text);
    return good;
}

static void flush(void *user)
{
    EventWebhook *w = user;

    pthread_mutex_lock(&w->lock);
    note_disk(w, FAULT_SYNC, event_journal_sync(w->journal) == 0);
    pthread_mutex_unlock(&w->lock);
}

static void hurry(void *user)
{
    EventWebhook *w = user;

    /* of all webhooks together: they stop beside each other */
    atomic_store(&w->stop_by_us, clock_monotonic_us(w->clock) + STOP_US);
    http_post_hurry(w->post);
}

static void free_webhook(EventWebhook *w)
{
    http_post_destroy(&w->post);
    event_journal_destroy(&w->journal);
    dead_letters_free(&w->dead_letters);
    pthread_cond_destroy(&w->news);
    pthread_mutex_destroy(&w->lock);
    pthread_mutex_destroy(&w->stats_lock);
    explicit_bzero(&w->secrets, sizeof(w->secrets));
    free(w);
}

static void close_webhook(void *user)
{
    EventWebhook *w = user;

    pthread_mutex_lock(&w->lock);
    w->stopping = true;
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    free_webhook(w);
}

/* Opens what it uses. Returns false if it cannot. */
static bool set_up(EventWebhook *w, const EventWebhookParams *params)
{
    char path[PATH_MAX], dead[PATH_MAX];
    const EventJournalParams journal = {.path = path,
                                        .bytes = params->limits.bytes,
                                        .give_up = give_up,
                                        .keep = keep_given_up,
                                        .user = w};

    snprintf(path, sizeof(path), "%s/%s", params->directory, params->target->name);
    snprintf(dead, sizeof(dead), "%s/%s.dead", params->directory, params->target->name);
    w->journal = event_journal_create(&journal);
    w->post = http_post_create(params->target->url, params->limits.timeout_us);
    return dead_letters_init(&w->dead_letters, w->name, dead, params->limits.bytes) && w->journal &&
           w->post;
}

EventSink event_webhook_sink(const EventWebhookParams *params)
{
    EventWebhook *w = calloc(1, sizeof(*w));

    if (!w)
        return (EventSink){0};
    w->clock = params->clock;
    w->target = *params->target;
    w->limits = params->limits;
    snprintf(w->name, sizeof(w->name), NAME_BEGINS "%s", params->target->name);
    snprintf(w->run, sizeof(w->run), "%s", params->run);
    cloud_event_source(params->emitter, w->source);
    pthread_mutex_init(&w->lock, NULL);
    pthread_mutex_init(&w->stats_lock, NULL);
    clock_cond_init(&w->news);
    if (!set_up(w, params) || pthread_create(&w->thread, NULL, run, w) != 0) {
        free_webhook(w);
        return (EventSink){0};
    }
    return (EventSink){.name = w->name,
                       .user = w,
                       .waits = true,
                       .offer = offer,
                       .flush = flush,
                       .hurry = hurry,
                       .stats = stats,
                       .close = close_webhook};
}
