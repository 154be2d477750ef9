/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/bridge_log.h"
#include "base/media.h"
#include "events/event_ring.h"
#include "thread_name.h"

struct EventQueue {
    const Clock *clock;
    EventSink sink[EVENT_SINKS_MAX]; /* those that wait, as the ring's readers; then the others */
    size_t waiting, count;           /* sinks that wait, and all of them */
    pthread_t thread;                /* there is one if there are sinks that wait */
    bool failing[EVENT_SINKS_MAX];   /* said in the log; the thread's own */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t news;  /* on CLOCK_MONOTONIC */
    EventRing ring;
    bool stopping;
};

/* ---- the thread ---- */

/* Says once that a sink fails, and once that it is over. */
static void note(EventQueue *q, size_t reader, bool good, const char *why)
{
    const char *name = q->sink[reader].name;

    if (!good && !q->failing[reader])
        log_warn("events cannot be delivered to %s: %s; they wait, and it is tried again", name,
                 why);
    else if (good && q->failing[reader])
        log_info("events are delivered to %s again", name);
    q->failing[reader] = !good;
}

/* Offers one event to one sink, if one is due; the lock is held, but not meanwhile. Returns whether
 * there was one. */
static bool serve(EventQueue *q, size_t reader)
{
    bool last_chance = q->stopping;
    const Event *due =
        event_ring_next(&q->ring, reader, last_chance ? INT64_MAX : clock_monotonic_us(q->clock));

    if (!due)
        return false;
    Event event = *due;
    char why[EVENT_WHY_SIZE] = "";
    pthread_mutex_unlock(&q->lock);
    bool good = q->sink[reader].offer(q->sink[reader].user, &event, why);
    note(q, reader, good, why);
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
static void flush_all(EventQueue *q)
{
    pthread_mutex_unlock(&q->lock);
    for (size_t i = 0; i < q->waiting; i++)
        if (q->sink[i].flush)
            q->sink[i].flush(q->sink[i].user);
    pthread_mutex_lock(&q->lock);
}

/* Waits for news, or until a sink may be tried again; the lock is held. */
static void wait_for_news(EventQueue *q)
{
    int64_t due_us = event_ring_due_us(&q->ring);

    if (due_us == INT64_MAX) {
        pthread_cond_wait(&q->news, &q->lock);
        return;
    }
    const struct timespec until = clock_wait_end(due_us - clock_monotonic_us(q->clock));
    pthread_cond_timedwait(&q->news, &q->lock, &until);
}

static void *run(void *data)
{
    EventQueue *q = data;

    thread_name_set("events");
    pthread_mutex_lock(&q->lock);
    for (;;) {
        bool served = false;
        for (size_t i = 0; i < q->waiting; i++)
            served |= serve(q, i);
        if (served)
            continue;
        uint64_t seen = q->ring.written;
        flush_all(q);
        if (q->stopping && event_ring_due_us(&q->ring) == INT64_MAX)
            break;
        if (!q->stopping && seen == q->ring.written)
            wait_for_news(q);
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
    pthread_condattr_t monotonic;

    if (!q)
        return NULL;
    q->clock = params->clock;
    take_sinks(q, params);
    pthread_mutex_init(&q->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&q->news, &monotonic);
    pthread_condattr_destroy(&monotonic);
    errno = event_ring_init(&q->ring, params->room, q->waiting) ? 0 : ENOMEM;
    if (errno == 0 && q->waiting > 0)
        errno = pthread_create(&q->thread, NULL, run, q);
    if (errno == 0)
        return q;
    int error = errno;
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
    pthread_mutex_lock(&q->lock);
    q->stopping = true;
    pthread_cond_signal(&q->news);
    pthread_mutex_unlock(&q->lock);
    if (q->waiting > 0)
        pthread_join(q->thread, NULL);
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
    pthread_cond_signal(&q->news);
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
    return stats;
}
