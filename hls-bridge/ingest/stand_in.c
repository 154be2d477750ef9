/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/stand_in.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "thread_name.h"

/* Between two looks. What a socket holds if net.core.rmem_max is as Linux has it, 92 packets,
 * is that long of 40 Mbit/s. */
#define PERIOD_US (20 * US_PER_MS)

struct StandIn {
    const Clock *clock;
    pthread_t thread;
    pthread_mutex_t
        lock; /* guards what follows; held while it reads, so that none goes meanwhile */
    pthread_cond_t changed;
    bool stop;
    RtpIngest **ingest;
    size_t count, capacity;
};

/* Waits for the next look; for one to look after if there is none. The lock is held. */
static void wait_a_while(StandIn *s)
{
    struct timespec until = clock_wait_end(PERIOD_US);

    if (s->count == 0)
        pthread_cond_wait(&s->changed, &s->lock);
    else
        pthread_cond_clockwait(&s->changed, &s->lock, CLOCK_MONOTONIC, &until);
}

static void *run(void *data)
{
    StandIn *s = data;

    thread_name_set("stand-in");
    pthread_mutex_lock(&s->lock);
    while (!s->stop) {
        int64_t now_us = clock_monotonic_us(s->clock);
        for (size_t i = 0; i < s->count; i++)
            if (rtp_ingest_held_up_us(s->ingest[i], now_us) >= PERIOD_US)
                rtp_ingest_stand_in(s->ingest[i]);
        wait_a_while(s);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void free_stand_in(StandIn **stand_in)
{
    pthread_cond_destroy(&(*stand_in)->changed);
    pthread_mutex_destroy(&(*stand_in)->lock);
    free((*stand_in)->ingest);
    free(*stand_in);
    *stand_in = NULL;
}

StandIn *stand_in_create(const Clock *clock)
{
    StandIn *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->clock = clock;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    int error = pthread_create(&s->thread, NULL, run, s);
    if (error != 0) {
        free_stand_in(&s);
        errno = error;
    }
    return s;
}

void stand_in_destroy(StandIn **stand_in)
{
    StandIn *s = *stand_in;

    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    free_stand_in(stand_in);
}

/* The lock is held. Returns 0, or -1 with errno. */
static int reserve(StandIn *s)
{
    size_t capacity = s->capacity ? s->capacity * 2 : 16;

    if (s->count < s->capacity)
        return 0;
    RtpIngest **grown = realloc(s->ingest, capacity * sizeof(RtpIngest *));
    if (!grown)
        return -1;
    s->ingest = grown;
    s->capacity = capacity;
    return 0;
}

int stand_in_add(StandIn *s, RtpIngest *ingest)
{
    pthread_mutex_lock(&s->lock);
    int status = reserve(s);
    if (status == 0) {
        s->ingest[s->count++] = ingest;
        pthread_cond_signal(&s->changed);
    }
    pthread_mutex_unlock(&s->lock);
    return status;
}

void stand_in_remove(StandIn *s, RtpIngest *ingest)
{
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < s->count; i++) {
        if (s->ingest[i] != ingest)
            continue;
        s->ingest[i] = s->ingest[--s->count];
        break;
    }
    pthread_mutex_unlock(&s->lock);
}
