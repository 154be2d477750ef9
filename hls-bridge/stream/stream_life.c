/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream_inner.h"

#include <errno.h>

void stream_set_state(Stream *s, StreamState state, int64_t deadline_us)
{
    s->state = state;
    s->since_us = stream_time_us(s);
    s->deadline_us = deadline_us;
    s->next_status_us = 0;
}

/* Ends what is held open. */
static void end_held(Stream *s, int64_t now_us)
{
    if (packager_end(s->packager) < 0) {
        if (!s->end_refused)
            stream_emit(
                s, (Event){.kind = EVENT_DISK_TROUBLE, .disk = {.part = DISK_END, .error = errno}});
        s->end_refused = true;
        s->deadline_us = now_us + STREAM_RETRY_US;
        return;
    }
    if (s->end_refused)
        stream_emit(s, (Event){.kind = EVENT_DISK_WORKS, .disk = {.part = DISK_END}});
    s->end_refused = false;
    stream_emit(s, (Event){.kind = EVENT_ENDED,
                           .ended = {.listed = packager_listing(s->packager) == LISTING_ENDED}});
    stream_set_state(s, STREAM_ENDED, now_us + s->params.keep_us);
    s->broadcast = s->shown = false;
    if (s->source) /* one that came while it was held, and has not sent yet */
        stream_start_broadcast(s);
}

/* Removes what was kept, unless the disk refuses or a publisher comes. Returns whether nothing is
 * left. */
static bool stream_remove_all(Stream *s, int64_t now_us)
{
    if (packager_clear(s->packager) < 0) {
        s->deadline_us = now_us + STREAM_RETRY_US;
        return false;
    }
    if (!mailbox_close(s->mail))
        return false;
    if (stream_is_void(s)) /* else its folder stays, and what is known of it */
        packager_protect(s->packager, false);
    packager_discard(s->packager);
    stream_emit(s, (Event){.kind = EVENT_REMOVED});
    return true;
}

/* Does what is due of a stream that is not live, and says who goes on with it. */
Phase stream_run_deadline(Stream *s, int64_t now_us)
{
    if (s->state == STREAM_HELD && now_us >= s->deadline_us) {
        if (!stream_is_void(s))
            end_held(s, now_us);
        else if (s->source) /* somebody is expected */
            s->deadline_us = now_us + STREAM_RETRY_US;
        else if (stream_remove_all(s, now_us))
            return PHASE_GONE;
    }
    if (s->state == STREAM_ENDED && !s->source && mailbox_rest(s->mail))
        return PHASE_RESTS;
    return PHASE_RUNS;
}

void stream_tend(Stream *s, int64_t now_us, bool remove)
{
    bool gone = false;

    if (pthread_mutex_trylock(&s->owner) != 0)
        return; /* it is awake */
    if (stream_is_resting(s)) {
        if (remove || now_us >= s->deadline_us)
            gone = stream_remove_all(s, now_us);
        pipeline_expire(s->pipeline, now_us);
    }
    pthread_mutex_unlock(&s->owner);
    if (gone) /* the last that is done here: from now on the stream may be destroyed */
        atomic_store(&s->phase, PHASE_GONE);
}
