/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_EVENT_EAR_H
#define UNIT_EVENT_EAR_H

/* A sink of events that remembers them in words, for tests of who tells them:
 * "live", "held gone", "disk-trouble end". */

#include <pthread.h>

#include "harness.h"

#include "hls-bridge/events/event_queue.h"

typedef struct EventEar {
    pthread_mutex_t lock; /* guards what follows */
    char words[2048];     /* with a semicolon behind each */
    Event last;
} EventEar;

static inline bool event_ear_hear(void *user, const Event *e, char *why)
{
    EventEar *ear = user;
    const char *more = e->kind == EVENT_HELD      ? event_held_reason(e->held.reason)
                       : e->kind == EVENT_REFUSED ? e->refused.reason
                       : e->kind == EVENT_DISK_TROUBLE || e->kind == EVENT_DISK_WORKS
                           ? event_disk_part(e->disk.part)
                           : "";

    (void)why;
    pthread_mutex_lock(&ear->lock);
    size_t len = strlen(ear->words);
    snprintf(ear->words + len, sizeof(ear->words) - len, "%s%s%s;", event_name(e->kind),
             *more ? " " : "", more);
    ear->last = *e;
    pthread_mutex_unlock(&ear->lock);
    return true;
}

/* A queue that has this ear alone, which must outlive it. */
static inline EventQueue *event_ear_queue(EventEar *ear, const Clock *clock)
{
    const EventSink sink = {.name = "ear", .user = ear, .offer = event_ear_hear};
    const EventQueueParams params = {.clock = clock, .sinks = &sink, .count = 1, .room = 1};

    *ear = (EventEar){.words = ""};
    pthread_mutex_init(&ear->lock, NULL);
    EventQueue *queue = event_queue_create(&params);
    assert_non_null(queue);
    return queue;
}

/* Whether all that was heard so far is `words`. */
static inline bool event_ear_has(EventEar *ear, const char *words)
{
    pthread_mutex_lock(&ear->lock);
    bool has = strcmp(ear->words, words) == 0;
    pthread_mutex_unlock(&ear->lock);
    return has;
}

/* Whether it has heard these words among others. */
static inline bool event_ear_heard(EventEar *ear, const char *words)
{
    pthread_mutex_lock(&ear->lock);
    bool heard = strstr(ear->words, words);
    pthread_mutex_unlock(&ear->lock);
    return heard;
}

/* The last event. */
static inline Event event_ear_last(EventEar *ear)
{
    pthread_mutex_lock(&ear->lock);
    Event last = ear->last;
    pthread_mutex_unlock(&ear->lock);
    return last;
}

/* Forgets what was heard. */
static inline void event_ear_clear(EventEar *ear)
{
    pthread_mutex_lock(&ear->lock);
    ear->words[0] = '\0';
    pthread_mutex_unlock(&ear->lock);
}

#endif
