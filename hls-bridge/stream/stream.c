/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream_inner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ingest/rtp_source.h"

/* ---- create and destroy ---- */

static void free_stream(Stream *s)
{
    stream_close_folder(s);
    mailbox_destroy(&s->mail);
    pthread_cond_destroy(&s->opened);
    pthread_mutex_destroy(&s->owner);
    pthread_mutex_destroy(&s->lock);
    free(s->trouble);
    free(s);
}

/* A stream of which nothing is known but its name. */
static Stream *make(const StreamParams *params)
{
    Stream *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    clock_cond_init(&s->opened);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->owner, NULL);
    snprintf(s->name, sizeof(s->name), "%s", params->packager.stream);
    memcpy(s->status.name, s->name, sizeof(s->status.name));
    s->status.state = STREAM_HELD;
    s->params = *params;
    s->params.packager.stream = s->name;
    s->status.since_us = stream_time_us(s);
    atomic_init(&s->left_us, s->status.since_us);
    s->status.bitrate = -1;
    s->awaited = true;
    return s;
}

Stream *stream_create(const StreamParams *params, int64_t wait_us)
{
    Stream *s = make(params);

    if (!s)
        return NULL;
    s->mail = mailbox_create();
    s->trouble = params->shows_class ? calloc(1, sizeof(*s->trouble)) : NULL;
    if (s->mail && (s->trouble || !params->shows_class) && stream_start_thread(s) == 0 &&
        stream_wait_until_open(s, wait_us))
        return s;
    int error = errno;
    stream_join_thread(s);
    free_stream(s);
    errno = error;
    return NULL;
}

void stream_stop(Stream *s)
{
    mailbox_stop(s->mail);
}

void stream_destroy(Stream **stream)
{
    if (!*stream)
        return;
    stream_stop(*stream);
    stream_join_thread(*stream);
    free_stream(*stream);
    *stream = NULL;
}

/* ---- for other threads ---- */

/* Somebody has come who is to be read of. Returns 0, or -1 with errno. */
static int wake(Stream *s)
{
    stream_join_thread(s); /* it has ended, but for a last look */
    if (stream_start_thread(s) == 0)
        return 0;
    int error = errno;
    mailbox_unpublish(s->mail);
    mailbox_rest(s->mail);
    atomic_store(&s->phase, PHASE_RESTS);
    errno = error;
    return -1;
}

int stream_publish(Stream *s, const SourceSdp *sdp, bool fixed_ports, uint16_t *ports,
                   bool *replaced, uint16_t *failed_port)
{
    Ingest *source = stream_open_source(s, sdp, fixed_ports, failed_port);

    if (!source)
        return -1;
    rtp_source_ports(source, ports);
    atomic_store(&s->hurried, false);
    switch (mailbox_publish(s->mail, source, fixed_ports ? sdp : NULL, replaced)) {
    case MAILBOX_ENTERED:
        return 0;
    case MAILBOX_WAKES:
        return wake(s);
    case MAILBOX_CLOSED:
        break;
    }
    ingest_destroy(&source);
    errno = EAGAIN;
    return -1;
}

bool stream_hurry(Stream *s)
{
    if (atomic_exchange(&s->hurried, true))
        return false;
    mailbox_hurry(s->mail);
    return true;
}

void stream_trouble(Stream *s, const TroubleOrder *order)
{
    if (s->trouble)
        trouble_order(s->trouble, order, stream_time_us(s));
}

void stream_wake(Stream *s)
{
    mailbox_wake(s->mail);
}

int stream_unpublish(Stream *s)
{
    if (mailbox_is_taken(s->mail)) /* first, so that it is right whenever the stream is not taken */
        atomic_store(&s->left_us, stream_time_us(s));
    return mailbox_unpublish(s->mail);
}

bool stream_is_taken(Stream *s)
{
    return mailbox_is_taken(s->mail);
}

bool stream_is_barred(Stream *s)
{
    return mailbox_is_barred(s->mail, stream_time_us(s));
}

uint64_t stream_silent(const Stream *s)
{
    return atomic_load(&s->silent);
}

bool stream_is_opening(Stream *s)
{
    pthread_mutex_lock(&s->lock);
    bool opening = s->opening == OPENING;
    pthread_mutex_unlock(&s->lock);
    return opening && !stream_is_gone(s);
}

bool stream_is_gone(const Stream *s)
{
    return atomic_load(&s->phase) == PHASE_GONE;
}

bool stream_is_resting(const Stream *s)
{
    return atomic_load(&s->phase) == PHASE_RESTS;
}

const char *stream_name(const Stream *s)
{
    return s->name;
}

int64_t stream_left_us(const Stream *s)
{
    return atomic_load(&s->left_us);
}
