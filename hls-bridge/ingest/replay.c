/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/replay.h"

#include <stdlib.h>
#include <string.h>

#include "ingest/intake.h"

typedef struct Replay {
    Ingest base;
    ReplayParams params; /* without `sdp` */
    Intake *intake;
    IntakeSink sink;     /* that media are handed on to */
    ReplayPacket packet; /* the next one */
    bool over;           /* there is none */
    int64_t now_us;      /* what arrives before has come */
    int64_t last_heard_us;
    int64_t next_samples; /* where the next AAC frame is to be; 0: none yet */
    ReplaySound sound;
} Replay;

/* It is the first member. */
static Replay *of(Ingest *ingest)
{
    return (Replay *)ingest;
}

static const Replay *of_const(const Ingest *ingest)
{
    return (const Replay *)ingest;
}

static void on_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    const Replay *r = user;

    r->sink.picture(r->sink.user, unit, pts_90k, dts_90k);
}

static void on_broken(void *user, size_t track, int64_t at_90k)
{
    const Replay *r = user;

    if (r->sink.broken)
        r->sink.broken(r->sink.user, track, at_90k);
}

static void on_audio(void *user, const AacFrame *frame)
{
    Replay *r = user;

    r->sound.frames++;
    r->sound.breaks += r->next_samples != 0 && frame->pts_samples != r->next_samples;
    r->next_samples = frame->pts_samples + AAC_FRAME_SAMPLES;
    r->sink.audio(r->sink.user, frame);
}

/* ---- media ---- */

static void replay_start(Ingest *ingest, const IntakeSink *sink, OpusToAac *audio,
                         int64_t starts_90k)
{
    Replay *r = of(ingest);
    const IntakeSink counting = {r, on_picture, on_audio, on_broken};

    r->sink = *sink;
    intake_start(r->intake, &counting, audio, starts_90k);
}

static void replay_read(Ingest *ingest, int64_t now_us)
{
    of(ingest)->now_us = now_us;
}

static void replay_rest(Ingest *ingest)
{
    (void)ingest; /* nobody else reads */
}

static bool replay_has_more(Ingest *ingest)
{
    const Replay *r = of(ingest);

    return !r->over && r->packet.arrival_us < r->now_us;
}

static IngestNews replay_receive(Ingest *ingest, int64_t *read_us)
{
    Replay *r = of(ingest);
    IngestNews news = INGEST_NOTHING;

    for (; replay_has_more(ingest); r->over = !r->params.next(r->params.user, &r->packet)) {
        const ReplayPacket *p = &r->packet;
        if (!r->base.heard)
            r->base.rate = mean_rate(p->arrival_us);
        r->base.heard = true;
        mean_rate_add(&r->base.rate, p->len, p->arrival_us);
        r->last_heard_us = p->arrival_us;
        intake_datagram(r->intake, p->track, p->data, p->len, p->arrival_us);
        news = INGEST_MEDIA;
    }
    *read_us = r->now_us;
    return news;
}

static void replay_begin_again(Ingest *ingest)
{
    (void)ingest; /* nothing that waits is ever too much: receive never tells of a gap */
}

static void replay_finish(Ingest *ingest, int64_t pictures_end_90k)
{
    intake_finish(of(ingest)->intake, pictures_end_90k);
}

/* ---- time ---- */

static void replay_tick(Ingest *ingest, int64_t now_us)
{
    intake_tick(of(ingest)->intake, now_us);
}

static int64_t replay_deadline_us(const Ingest *ingest)
{
    return intake_deadline_us(of_const(ingest)->intake);
}

static size_t replay_poll_fds(const Ingest *ingest, struct pollfd *fds)
{
    (void)ingest, (void)fds;
    return 0;
}

static void replay_ask_for_idr(Ingest *ingest, int64_t now_us)
{
    (void)ingest, (void)now_us; /* a recording answers no request */
}

static void replay_keep_asking(Ingest *ingest, int64_t at_us, int64_t every_us)
{
    (void)ingest, (void)at_us, (void)every_us;
}

/* ---- questions ---- */

static bool replay_clock(const Ingest *ingest, int64_t now_us, int64_t *at_90k)
{
    return intake_clock(of_const(ingest)->intake, now_us, at_90k);
}

static int64_t replay_arrival_of(const Ingest *ingest, int64_t at_90k)
{
    return intake_arrival_of(of_const(ingest)->intake, at_90k);
}

static int64_t replay_last_heard_us(const Ingest *ingest)
{
    return of_const(ingest)->last_heard_us;
}

static IngestStats replay_stats(const Ingest *ingest)
{
    return (IngestStats){.media = intake_stats(of_const(ingest)->intake)};
}

bool replay_is_over(const Ingest *replay)
{
    return of_const(replay)->over;
}

ReplaySound replay_sound(const Ingest *replay)
{
    return of_const(replay)->sound;
}

/* ---- create and destroy ---- */

static void replay_destroy(Ingest *ingest)
{
    intake_destroy(&of(ingest)->intake);
    free(ingest);
}

static const IngestTable replay = {
    .start = replay_start,
    .read = replay_read,
    .rest = replay_rest,
    .receive = replay_receive,
    .has_more = replay_has_more,
    .begin_again = replay_begin_again,
    .tick = replay_tick,
    .deadline_us = replay_deadline_us,
    .poll_fds = replay_poll_fds,
    .ask_for_idr = replay_ask_for_idr,
    .keep_asking = replay_keep_asking,
    .finish = replay_finish,
    .stream_clock = replay_clock,
    .arrival_of = replay_arrival_of,
    .last_heard_us = replay_last_heard_us,
    .stats = replay_stats,
    .destroy = replay_destroy,
};

Ingest *replay_create(const ReplayParams *params)
{
    Replay *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->base.does = &replay;
    source_sdp_describe(params->sdp, &r->base);
    r->params = *params;
    r->params.sdp = NULL;
    r->intake = intake_create(params->sdp);
    if (!r->intake) {
        free(r);
        return NULL;
    }
    r->over = !r->params.next(r->params.user, &r->packet);
    return &r->base;
}
