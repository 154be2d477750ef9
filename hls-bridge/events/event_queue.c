/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/bridge_log.h"
#include "base/media.h"
#include "events/event_ring.h"
#include "thread_name.h"

/* What serves a sink that waits. */
typedef struct Server {
    struct EventQueue *queue;
    size_t reader; /* of the ring; the sink's place in the queue */
    pthread_t thread;
    bool failing; /* said in the log; the thread's own */
} Server;

struct EventQueue {
    const Clock *clock;
    EventSink sink[EVENT_SINKS_MAX]; /* those that wait, as the ring's readers; then the others */
    size_t waiting, count;           /* sinks that wait, and all of them */
    Server server[EVENT_SINKS_MAX];  /* of those that wait */
    size_t running;                  /* servers that have a thread */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t news;  /* on CLOCK_MONOTONIC */
    EventRing ring;
    bool stopping;
};

/* ---- the threads ---- */

/* Says once that a sink fails, and once that it is over. */
static void note(Server *s, bool good, const char *why)
{
    const char *name = s->queue->sink[s->reader].name;

    if (!good && !s->failing)
        log_warn("events cannot be delivered to %s: %s; they wait, and it is tried again", name,
                 why);
    else if (good && s->failing)
        log_info("events are delivered to %s again", name);
    s->failing = !good;
}

/* Offers the sink one event, if one is due; the lock is held, but not meanwhile. Returns whether
 * there was one. */
static bool serve(Server *s)
{
    EventQueue *q = s->queue;
    size_t reader = s->reader;
    bool last_chance = q->stopping;
    const Event *due =
        event_ring_next(&q->ring, reader, last_chance ? INT64_MAX : clock_monotonic_us(q->clock));

    if (!due)
        return false;
    Event event = *due;
    char why[EVENT_WHY_SIZE] = "";
    pthread_mutex_unlock(&q->lock);
    bool good = q->sink[reader].offer(q->sink[reader].user, &event, why);
    note(s, good, why);
    pthread_mutex_lock(&q->lock);
    if (good)
        event_ring_taken(&q->ring, reader, event.sequence);
    else
        event_ring_failed(&q->ring, reader, clock_monotonic_us(q->clock));
    if (!good && last_chance)
        event_ring_give_up(&q->ring, reader);
    return true;
}

/* What was kept open for more events is given back; the lock is held, but not meanwhile. */
static void flush(EventQueue *q, const EventSink *sink)
{
    if (!sink->flush)
        return;
    pthread_mutex_unlock(&q->lock);
    sink->flush(sink->user);
    pthread_mutex_lock(&q->lock);
}

/* Waits for news, or until the sink may be tried again; the lock is held. */
static void wait_for_news(EventQueue *q, size_t reader)
{
    int64_t due_us = event_ring_due_us(&q->ring, reader);

    if (due_us == INT64_MAX) {
        pthread_cond_wait(&q->news, &q->lock);
        return;
    }
    const struct timespec until = clock_wait_end(due_us - clock_monotonic_us(q->clock));
    pthread_cond_timedwait(&q->news, &q->lock, &until);
}

static void *run(void *data)
{
    Server *s = data;
    EventQueue *q = s->queue;

    thread_name_set("events");
    pthread_mutex_lock(&q->lock);
    for (;;) {
        if (serve(s))
            continue;
        uint64_t seen = q->ring.written;
        flush(q, &q->sink[s->reader]);
        if (q->stopping && event_ring_due_us(&q->ring, s->reader) == INT64_MAX)
            break;
        if (!q->stopping && seen == q->ring.written)
            wait_for_news(q, s->reader);
    }
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

/* ---- create and destroy ---- */

/* Those that wait first. */
static void take_sinks(EventQueue *q, const EventQueueParams *params)
{
    for (int waits = 1; waits >= 0; waits--)
        for (size_t i = 0; i < params->count && q->count < EVENT_SINKS_MAX; i++)
            if (params->sinks[i].waits == (bool)waits) {
                q->sink[q->count++] = params->sinks[i];
                q->waiting += params->sinks[i].waits;
            }
}

/* Starts a thread for each sink that waits. Returns 0, or an error number. */
static int start_servers(EventQueue *q)
{
    int error = 0;

    for (size_t i = 0; i < q->waiting && error == 0; i++) {
        q->server[i] = (Server){.queue = q, .reader = i};
        error = pthread_create(&q->server[i].thread, NULL, run, &q->server[i]);
        q->running += error == 0;
    }
    return error;
}

static void stop_servers(EventQueue *q)
{
    pthread_mutex_lock(&q->lock);
    q->stopping = true;
    pthread_cond_broadcast(&q->news);
    pthread_mutex_unlock(&q->lock);
    for (size_t i = 0; i < q->running; i++)
        pthread_join(q->server[i].thread, NULL);
}

static void free_queue(EventQueue *q)
{
    event_ring_free(&q->ring);
    pthread_cond_destroy(&q->news);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

EventQueue *event_queue_create(const EventQueueParams *params)
{
    EventQueue *q = calloc(1, sizeof(*q));

    if (!q)
        return NULL;
    q->clock = params->clock;
    take_sinks(q, params);
    pthread_mutex_init(&q->lock, NULL);
    clock_cond_init(&q->news);
    errno = event_ring_init(&q->ring, params->room, q->waiting) ? 0 : ENOMEM;
    if (errno == 0)
        errno = start_servers(q);
    if (errno == 0)
        return q;
    int error = errno;
    stop_servers(q);
    free_queue(q);
    errno = error;
    return NULL;
}

void event_queue_destroy(EventQueue **queue)
{
    EventQueue *q = *queue;

    if (!q)
        return;
    for (size_t i = 0; i < q->waiting; i++)
        if (q->sink[i].hurry)
            q->sink[i].hurry(q->sink[i].user);
    stop_servers(q);
    for (size_t i = 0; i < q->count; i++)
        if (q->sink[i].close)
            q->sink[i].close(q->sink[i].user);
    free_queue(q);
    *queue = NULL;
}

/* ---- for all threads ---- */

void event_queue_emit(EventQueue *q, const Event *event)
{
    Event numbered = *event;

    if (!q)
        return;
    pthread_mutex_lock(&q->lock);
    numbered.unix_us = clock_unix_us(q->clock);
    event_ring_put(&q->ring, &numbered);
    pthread_cond_broadcast(&q->news);
    pthread_mutex_unlock(&q->lock);
    for (size_t i = q->waiting; i < q->count; i++)
        q->sink[i].offer(q->sink[i].user, &numbered, NULL);
}

EventStats event_queue_stats(EventQueue *q)
{
    EventStats stats = {0};

    if (!q)
        return stats;
    pthread_mutex_lock(&q->lock);
    stats.emitted = q->ring.written;
    stats.sinks = q->waiting;
    for (size_t i = 0; i < q->waiting; i++)
        stats.sink[i] = (EventSinkStats){
            .name = q->sink[i].name,
            .taken = q->ring.reader[i].taken,
            .dropped = q->ring.reader[i].dropped,
            .failures = q->ring.reader[i].failures,
            .waiting = event_ring_waiting(&q->ring, i),
        };
    pthread_mutex_unlock(&q->lock);
    for (size_t i = 0; i < q->waiting; i++)
        if (q->sink[i].stats)
            q->sink[i].stats(q->sink[i].user, &stats.sink[i]);
    return stats;
}
