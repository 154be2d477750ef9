/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream_inner.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/bridge_log.h"

#define OPEN_RETRY_US (200 * US_PER_MS)

/* A new stream stays for this long, since its publisher is about to come. */
#define STAY_LEAST_US (2 * US_PER_S)

/* An earlier run may have left it held, or ended. */
static void take_up(Stream *s, int64_t now_us)
{
    const TsOutputStats ts = packager_stats(s->packager).ts;
    bool ended = packager_listing(s->packager) == LISTING_ENDED;
    int64_t stay_us = ended ? s->params.keep_us : s->params.hold_us;

    if (stay_us < STAY_LEAST_US || stream_is_void(s))
        stay_us = STAY_LEAST_US;
    stream_set_state(s, ended ? STREAM_ENDED : STREAM_HELD, now_us + stay_us);
    s->broadcast = s->shown = s->state == STREAM_HELD && !stream_is_void(s);
    if (packager_listing(s->packager) == LISTING_NONE && !stream_is_void(s))
        log_warn("%s: what an earlier run has listed is lost, or may be; only its numbers go on",
                 s->name);
    if (ts.listed > 0 && s->state == STREAM_HELD)
        log_info("%s: taken up from an earlier run at segment %llu", s->name,
                 (unsigned long long)(ts.media_sequence + ts.listed));
    stream_update_status(s, now_us);
}

/* Returns whether a thread waits for the result. */
static bool end_opening(Stream *s, Opening opening, int error)
{
    pthread_mutex_lock(&s->lock);
    bool awaited = s->awaited;
    if (awaited || opening == OPENED)
        s->opening = opening;
    s->open_error = error;
    pthread_cond_signal(&s->opened);
    pthread_mutex_unlock(&s->lock);
    return awaited;
}

/* Returns false with errno. */
static bool open_folder(Stream *s)
{
    if (s->packager) /* the stream has rested */
        return packager_wake(s->packager) == 0;
    s->packager = packager_open(&s->params.packager, stream_time_us(s));
    s->pipeline = s->packager ? pipeline_create(s->name, s->packager, &s->params.rungs,
                                                s->params.packager.clock)
                              : NULL;
    if (s->pipeline)
        return true;
    int error = errno;
    packager_close(&s->packager);
    errno = error;
    return false;
}

/* Gives up if there is no publisher: then nothing needs the folder. Returns false if there is one.
 */
static bool give_up(Stream *s)
{
    return s->packager ? mailbox_rest(s->mail) : mailbox_close(s->mail);
}

/* Opens the folder. If that fails, a thread that waits for the result gets it; if none waits any
 * more, opening is tried again as long as there is a publisher. Returns false if it is given up. */
bool stream_open(Stream *s)
{
    const struct timespec pause = {.tv_nsec = OPEN_RETRY_US * 1000};

    bool failed = false;

    while (!open_folder(s)) {
        int error = errno;
        if (end_opening(s, OPEN_FAILED, error))
            return false;
        if (!failed)
            stream_emit(s, (Event){.kind = EVENT_DISK_TROUBLE,
                                   .disk = {.part = DISK_FOLDER, .error = error}});
        failed = true;
        if (mailbox_is_stopped(s->mail) || give_up(s))
            return false;
        nanosleep(&pause, NULL);
    }
    if (failed)
        stream_emit(s, (Event){.kind = EVENT_DISK_WORKS, .disk = {.part = DISK_FOLDER}});
    if (!s->taken_up)
        take_up(s, stream_time_us(s));
    s->taken_up = true;
    end_opening(s, OPENED, 0);
    return true;
}

void stream_close_folder(Stream *s)
{
    ingest_destroy(&s->source);
    pipeline_destroy(&s->pipeline);
    packager_close(&s->packager);
}

/* Waits for the folder, `wait_us` at most. Returns false with errno if it cannot be opened. */
bool stream_wait_until_open(Stream *s, int64_t wait_us)
{
    const struct timespec until = clock_wait_end(wait_us);
    int waited = 0;

    pthread_mutex_lock(&s->lock);
    while (s->opening == OPENING && waited == 0)
        waited = pthread_cond_timedwait(&s->opened, &s->lock, &until);
    Opening opening = s->opening;
    s->awaited = false;
    errno = s->open_error;
    pthread_mutex_unlock(&s->lock);
    if (opening == OPENING && wait_us > 0)
        log_warn("%s: its folder takes long to open; what comes meanwhile waits", s->name);
    return opening != OPEN_FAILED;
}
