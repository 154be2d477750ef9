/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream_inner.h"

#include <errno.h>

#include "thread_name.h"

#define LIVE_PERIOD_US (50 * US_PER_MS) /* between two looks at the clock with a publisher */
#define IDLE_PERIOD_US US_PER_S         /* and without */

/* Returns whether there is more to take in. */
static bool run_source(Stream *s, int64_t now_us)
{
    bool more = pipeline_run(s->pipeline, now_us);

    stream_note_delay(s, now_us);
    stream_note_first(s);
    if (!more)
        stream_check_publisher(s, now_us);
    return more;
}

/* When there is something to do though nothing comes. */
static int64_t next_look_us(const Stream *s, int64_t now_us, int64_t expire_us)
{
    int64_t at_us = now_us + (s->source ? LIVE_PERIOD_US : IDLE_PERIOD_US);

    if (s->state == STREAM_HELD)
        at_us = smaller(at_us, s->deadline_us);
    return smaller(at_us, expire_us);
}

/* Returns who goes on when the thread has ended. */
static Phase work(Stream *s)
{
    int64_t now_us = stream_time_us(s);
    bool mail = true; /* there may be */

    while (!mail || stream_read_mail(s, now_us)) {
        bool more = s->source && run_source(s, now_us);
        Phase phase = stream_run_deadline(s, now_us);
        if (phase != PHASE_RUNS)
            return phase;
        int64_t expire_us = pipeline_expire(s->pipeline, now_us);
        stream_update_status(s, now_us);
        mail = more || pipeline_rest(s->pipeline, now_us, next_look_us(s, now_us, expire_us),
                                     mailbox_fd(s->mail));
        now_us = stream_time_us(s);
    }
    return PHASE_GONE;
}

static void *run(void *data)
{
    Stream *s = data;

    thread_name_set(s->name);
    pthread_mutex_lock(&s->owner);
    Phase phase = stream_open(s) ? work(s) : s->packager ? PHASE_RESTS : PHASE_GONE;
    if (phase == PHASE_RESTS) {
        packager_rest(s->packager);
        s->next_status_us = 0;
        stream_update_status(s, stream_time_us(s));
    } else {
        stream_close_folder(s); /* nobody need come by for it */
    }
    pthread_mutex_unlock(&s->owner);
    atomic_store(&s->phase, phase);
    return NULL;
}

/* Returns 0, or -1 with errno. */
int stream_start_thread(Stream *s)
{
    atomic_store(&s->phase, PHASE_RUNS);
    errno = pthread_create(&s->thread, NULL, run, s);
    s->has_thread = errno == 0;
    return s->has_thread ? 0 : -1;
}

void stream_join_thread(Stream *s)
{
    if (s->has_thread)
        pthread_join(s->thread, NULL);
    s->has_thread = false;
}
