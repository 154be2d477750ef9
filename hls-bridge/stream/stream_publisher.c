/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream_inner.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bridge_log.h"
#include "ingest/rtp_source.h"

/* For how long a publisher that sent too much is kept out. */
#define BAR_US (10 * US_PER_S)

/* The publisher's first packet makes the stream live, before the packets behind it are read: a held
 * stream may end at any look at the clock, and then it takes no more media. */
void stream_note_first(Stream *s)
{
    if (s->state == STREAM_LIVE || !s->source->heard)
        return;
    s->publishers++;
    s->live_since_unix_us = clock_unix_us(s->params.packager.clock);
    Event event = {.kind = s->shown ? EVENT_RESUMED : EVENT_LIVE,
                   .live = {.video = renditions_have(&s->source->renditions, TRACK_VIDEO),
                            .audio = renditions_have(&s->source->renditions, TRACK_AUDIO),
                            .publishers = s->publishers}};
    snprintf(event.live.title, sizeof(event.live.title), "%s", s->source->title);
    stream_emit(s, event);
    s->broadcast = s->shown = true;
    stream_set_state(s, STREAM_LIVE, NEVER_US);
}

/* The publisher goes, or has gone: writes out what there is. */
static void leave(Stream *s, int64_t now_us, EventHeldReason reason)
{
    if (!s->source)
        return;
    pipeline_finish(s->pipeline, now_us);
    stream_note_first(
        s); /* what it reads last may be all that ever came: an end is due behind that */
    stream_note_delay(s, stream_time_us(s));
    ingest_destroy(&s->source);
    bool was_live = s->state == STREAM_LIVE, empty = stream_is_void(s);
    s->live_since_unix_us = 0;
    if (was_live)
        stream_set_state(s, STREAM_HELD, stream_time_us(s) + s->params.hold_us);
    if (empty &&
        s->state == STREAM_HELD) /* as a bar is remembered by the stream, it stays as long */
        s->deadline_us = now_us < s->barred_until_us ? s->barred_until_us : now_us;
    if (was_live)
        stream_emit(s, (Event){.kind = EVENT_HELD,
                               .held = {.reason = reason,
                                        .empty = empty,
                                        .hold_us = empty ? 0 : s->params.hold_us}});
    else if (!s->shown && reason != HELD_TAKEN_OVER)
        s->broadcast = false;
}

/* Ends the publisher, though nobody has asked for it. */
static void end_publisher(Stream *s, int64_t now_us, EventHeldReason reason)
{
    leave(s, now_us, reason);
    atomic_store(&s->left_us, now_us);
    mailbox_leave(s->mail);
}

static void enter(Stream *s, Ingest *source)
{
    s->source = source;
    s->problem = PROBLEM_NONE;
    pipeline_begin(s->pipeline, source);
}

Ingest *stream_open_source(const Stream *s, const SourceSdp *sdp, bool fixed_ports,
                           uint16_t *failed_port)
{
    RtpSourceParams params = {
        .sdp = sdp,
        .fixed_ports = fixed_ports,
        .stand_in = s->params.stand_in,
        .backlog = s->params.backlog,
        .clock = s->params.packager.clock,
        .trouble = s->trouble,
    };

    return rtp_source_create(&params, stream_time_us(s), failed_port);
}

/* Listens again on the fixed ports, for the next publisher. */
static void listen_again(Stream *s)
{
    Ingest *source = stream_open_source(s, s->fixed, true, NULL);

    if (!source) {
        log_error("%s: the ports cannot be opened again: %s", s->name, strerror(errno));
        return;
    }
    mailbox_take(s->mail);
    enter(s, source);
}

/* Ends a publisher that sends far more than it may, at the expense of others. One on fixed ports
 * was configured by the operator and is never ended. Returns whether it was ended. */
static bool end_excess(Stream *s, int64_t now_us)
{
    int64_t bitrate;

    if (s->fixed || !mean_rate_get(&s->source->rate, &bitrate) ||
        bitrate <= STREAM_EXCESS_FACTOR * s->params.source_bitrate)
        return false;
    stream_emit(s, (Event){.kind = EVENT_TOO_MUCH,
                           .too_much = {.bitrate = bitrate, .most = s->params.source_bitrate}});
    s->excessive++;
    s->barred_until_us = now_us + BAR_US;
    mailbox_bar(s->mail, s->barred_until_us);
    end_publisher(s, now_us, HELD_TOO_MUCH);
    return true;
}

void stream_check_publisher(Stream *s, int64_t now_us)
{
    if (end_excess(s, now_us) ||
        now_us - s->source->does->last_heard_us(s->source) < s->params.source_timeout_us)
        return;
    if (s->fixed && s->state != STREAM_LIVE)
        return; /* it may wait for as long as it likes */
    if (!s->source->heard) {
        stream_emit(s, (Event){.kind = EVENT_SILENT});
        atomic_fetch_add(&s->silent, 1);
    }
    end_publisher(s, now_us, HELD_NO_PACKETS);
    if (s->fixed)
        listen_again(s);
}

/* A new broadcast begins, if none is under way. */
void stream_start_broadcast(Stream *s)
{
    if (s->broadcast)
        return;
    s->broadcast = true;
    stream_emit(s, (Event){.kind = EVENT_STARTED});
}

/* Takes over `source`. One that cannot be kept from those who may not watch it is turned away. */
static void let_in(Stream *s, Ingest *source, int64_t now_us)
{
    if (stream_set_access(s, source)) {
        enter(s, source);
        stream_start_broadcast(s);
        return;
    }
    ingest_destroy(&source);
    atomic_store(&s->left_us, now_us);
    mailbox_leave(s->mail);
}

/* Does what the mail asks for. Returns false if the thread is to stop. */
bool stream_read_mail(Stream *s, int64_t now_us)
{
    Mail mail = mailbox_read(s->mail);

    s->stopping = mail.stop;
    if (mail.unpublish)
        leave(s, now_us, HELD_GONE);
    if (mail.source) {
        s->fixed = mail.fixed;
        if (mail.replaced)
            stream_emit(s, (Event){.kind = EVENT_TAKEN_OVER});
        leave(s, now_us, HELD_TAKEN_OVER);
        let_in(s, mail.source, now_us);
    }
    bool unwanted = mail.hurry || (mail.unpublish && stream_is_void(s));
    if (unwanted && !s->source && s->state == STREAM_HELD)
        s->deadline_us = now_us;
    if (s->stopping)
        leave(s, now_us, HELD_STOPPING);
    return !s->stopping;
}
