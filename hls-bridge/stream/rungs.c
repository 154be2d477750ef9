/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/rungs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "codec/annex_b.h"
#include "transcode/named_ladders.h"
#include "transcode/rung_demand.h"

/* For what is still to come when a publisher goes. What does not come in that time is filled. */
#define FLUSH_US      (300 * US_PER_MS)
#define FLUSH_LOOK_MS 20
#define FLUSH_LOOKS   100 /* in any case: a test's clock may stand still */

#define LOOK_US (200 * US_PER_MS) /* between two looks at what viewers ask for */

/* A rung that is asked for comes with the next key picture, this long after it at the latest. */
#define HOPE_US US_PER_S

#define NALS_MAX 64 /* of an encoder's picture: delimiter, parameter sets, SEI, some slices */

struct Rungs {
    Segmenter *segmenter;
    Transcoder *transcoder;
    int64_t now_us;          /* of the last look: pictures go out in between */
    size_t count;            /* rungs */
    size_t track[RUNGS_MAX]; /* of each in what the publisher sends; RENDITION_NONE: left out */
    bool runs[RUNGS_MAX];    /* as the segmenter was told */
    Codec codec;             /* that they are made of */
    size_t best;      /* of them, the best that viewers get; RUNGS_MAX: that is none of them */
    uint64_t started; /* processes, as of the last look, */
    uint64_t decoded; /* and what those before the newest had decoded */

    Audience *audience; /* NULL: all rungs are always made */
    int64_t idle_us, look_us;
    uint32_t all, wanted; /* rungs that there are; that are to be made now */
    RungDemand demand[RUNGS_MAX];
    int64_t hope_us[RUNGS_MAX]; /* it may still come until then, though nothing says so */
};

/* ---- which rungs ---- */

static void name_of(const Rung *rung, char name[RENDITION_NAME_SIZE])
{
    snprintf(name, RENDITION_NAME_SIZE, "%dp", rung->side);
}

/* The index of a rendition of video; RENDITION_NONE: there is none. */
static size_t find(const Renditions *renditions, const char *name, bool follows)
{
    for (size_t i = 0; i < renditions->count; i++) {
        const Rendition *r = &renditions->item[i];
        if (r->kind == TRACK_VIDEO && (r->follows || !follows) && strcmp(r->name, name) == 0)
            return i;
    }
    return RENDITION_NONE;
}

/* Whether rungs are made for viewers alone: until then they are filled, which pictures of H.264
 * alone can. */
static bool are_on_demand(const RungsParams *params, const Renditions *renditions)
{
    size_t best = renditions_first(renditions, TRACK_VIDEO);

    return params->idle_us > 0 && best != RENDITION_NONE &&
           renditions->item[best].codec == CODEC_H264;
}

RungsParams rungs_params_for(const RungsParams *params, const char *stream, const char *own)
{
    RungsParams of_it = *params;
    char error[RUNG_LADDER_ERROR_SIZE];
    RungLadder ladder;

    if (params->ladders && named_ladders_find(params->ladders, stream, &ladder))
        of_it.config.ladder = ladder;
    if (!own)
        return of_it;
    if (rung_ladder_read_pictures(own, &ladder, error) == 0)
        of_it.config.ladder = ladder;
    else
        log_error("%s: a=ladder of the publisher: %s", stream, error);
    return of_it;
}

/* The first rung that is made of this codec. */
static size_t first_of(const RungsParams *params, Codec codec)
{
    size_t count = params->config.ladder.count, most = params->encoders;

    /* one that is not made of H.264 shows what is sent */
    return codec == CODEC_H264 || most == 0 || count <= most ? 0 : count - most;
}

void rungs_describe(const RungsParams *params, bool taken, Renditions *renditions)
{
    const RungLadder *ladder = &params->config.ladder;
    size_t best = renditions_first(renditions, TRACK_VIDEO);

    if (best == RENDITION_NONE)
        return;
    size_t first = first_of(params, renditions->item[best].codec);
    bool on_demand = are_on_demand(params, renditions);
    /* a second rendition of sound has the last place */
    for (size_t i = first; i < ladder->count && renditions->count < STREAM_TRACKS_MAX; i++) {
        Rendition r = {.kind = TRACK_VIDEO,
                       .codec = CODEC_H264,
                       .bitrate = ladder->rung[i].bitrate,
                       .follows = true};
        bool is_best = !taken && i == first;

        if (on_demand)
            r.side = ladder->rung[i].side;
        if (!is_best)
            name_of(&ladder->rung[i], r.name);
        if (is_best || find(renditions, r.name, false) == RENDITION_NONE)
            renditions->item[renditions->count++] = r;
    }
}

/* ---- to the transcoder ---- */

static void take_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    Rungs *r = user;

    (void)dts_90k;
    if (r->wanted == 0)
        return;
    for (size_t i = 0; unit->idr && i < r->count; i++)
        r->hope_us[i] = smaller(r->hope_us[i], r->now_us + HOPE_US);
    transcoder_picture(r->transcoder,
                       &(TranscoderPicture){pts_90k, unit->idr, unit->data, unit->len}, r->now_us);
}

/* Without it, rungs are made whether they are watched or not. */
static void look_for_viewers(Rungs *r, const RungsParams *params, const char *stream)
{
    char text[RUNGS_MAX][RENDITION_NAME_SIZE];
    const char *names[RUNGS_MAX];

    r->idle_us = params->idle_us;
    for (size_t i = 0; i < r->count; i++) {
        name_of(&params->config.ladder.rung[i], text[i]);
        names[i] = text[i];
    }
    r->audience = audience_create(&params->audience, stream, names, r->count);
    if (!r->audience)
        log_warn("%s: nobody can tell who watches (%s), so all rungs are made", stream,
                 strerror(errno));
}

/* The rungs of these bits are to be made. */
static void want(Rungs *r, uint32_t rungs, int64_t now_us)
{
    for (size_t i = 0; i < r->count; i++)
        if ((rungs & ~r->wanted) >> i & 1)
            r->hope_us[i] = NEVER_US;
    r->wanted = rungs;
    transcoder_want(r->transcoder, rungs, now_us);
}

/* Which rungs are asked for. */
static void look_at_viewers(Rungs *r, int64_t now_us)
{
    int64_t asked_us[AUDIENCE_MAX];
    uint32_t rungs = 0;

    if (!r->audience || now_us < r->look_us)
        return;
    r->look_us = now_us + LOOK_US;
    audience_look(r->audience, now_us, asked_us);
    for (size_t i = 0; i < r->count; i++)
        if (rung_demand_look(&r->demand[i], r->idle_us, asked_us[i], now_us))
            rungs |= 1u << i & r->all;
    if (rungs != r->wanted)
        want(r, rungs, now_us);
}

/* Notes which rendition each rung is, and which rungs are one. */
static void find_tracks(Rungs *r, const RungsParams *params, const Renditions *renditions)
{
    size_t best = find(renditions, "", true);
    char name[RENDITION_NAME_SIZE];

    r->count = params->config.ladder.count;
    r->best = RUNGS_MAX;
    for (size_t i = 0; i < r->count; i++) {
        name_of(&params->config.ladder.rung[i], name);
        r->track[i] = find(renditions, name, true);
        if (best != RENDITION_NONE && i == first_of(params, r->codec)) {
            r->track[i] = best;
            r->best = i;
        }
        r->all |= r->track[i] == RENDITION_NONE ? 0 : 1u << i;
    }
}

Rungs *rungs_create(const RungsParams *params, const char *stream, Segmenter *segmenter,
                    const Renditions *renditions)
{
    TranscoderParams wanted = {.program = params->program,
                               .name = stream,
                               .config = params->config,
                               .budget = params->budget,
                               .encoders = params->encoders};
    size_t best = renditions_first(renditions, TRACK_VIDEO);
    Rungs *r = best != RENDITION_NONE ? calloc(1, sizeof(*r)) : NULL;

    if (!r)
        return NULL;
    r->segmenter = segmenter;
    r->codec = wanted.config.codec = renditions->item[best].codec;
    find_tracks(r, params, renditions);
    r->transcoder = r->all ? transcoder_create(&wanted) : NULL;
    if (!r->transcoder) {
        if (r->all)
            log_error("%s: there is no memory for a transcoder", stream);
        free(r);
        return NULL;
    }
    if (are_on_demand(params, renditions))
        look_for_viewers(r, params, stream);
    want(r, r->audience ? 0 : r->all, 0);
    segmenter_set_tap(segmenter, &(SegmenterTap){take_picture, r});
    return r;
}

void rungs_destroy(Rungs **rungs)
{
    Rungs *r = *rungs;

    if (!r)
        return;
    segmenter_set_tap(r->segmenter, NULL);
    audience_destroy(&r->audience);
    transcoder_destroy(&r->transcoder);
    free(r);
    *rungs = NULL;
}

/* ---- from it ---- */

static void hand_on(Rungs *r, const WireUnit *unit)
{
    NalUnit nal[NALS_MAX];
    size_t nals = annex_b_read(unit->data, unit->len, nal, NALS_MAX);
    AccessUnit a = {.data = unit->data,
                    .len = unit->len,
                    .nal = nal,
                    .nals = nals,
                    .codec = CODEC_H264,
                    .track = r->track[unit->rung],
                    .idr = unit->idr};

    if (a.track != RENDITION_NONE && nals > 0 && nals <= NALS_MAX)
        segmenter_picture(r->segmenter, &a, unit->pts_90k, unit->pts_90k);
}

/* Tells the segmenter which rungs are made: of a process that has just been started all that are
 * wanted, so that none misses the cut that it could begin with, then those of which something
 * comes: a source may be smaller than a rung. */
static void tell_which_run(Rungs *r)
{
    TranscoderStats s = transcoder_stats(r->transcoder);

    if (s.started != r->started) {
        r->started = s.started;
        r->decoded = s.decoded;
    }
    for (size_t i = 0; i < r->count; i++) {
        bool hopes =
            s.starts || s.decoded == r->decoded || (r->audience && r->now_us < r->hope_us[i]);
        bool wanted = s.rung[i].state != RUNG_UNWATCHED && s.rung[i].state != RUNG_CROWDED;
        bool runs = (s.runs || s.starts) && wanted && (s.rung[i].width > 0 || hopes);

        if (runs == r->runs[i] || r->track[i] == RENDITION_NONE)
            continue;
        r->runs[i] = runs;
        segmenter_set_running(r->segmenter, r->track[i], runs);
    }
}

void rungs_work(Rungs *r, int64_t now_us)
{
    TranscoderNews news;

    if (!r)
        return;
    r->now_us = now_us;
    look_at_viewers(r, now_us);
    transcoder_work(r->transcoder, now_us);
    while ((news = transcoder_take(r->transcoder, now_us)).says != TRANSCODER_NOTHING) {
        tell_which_run(r);
        if (news.says == TRANSCODER_UNIT)
            hand_on(r, &news.unit);
    }
    tell_which_run(r);
}

void rungs_flush(Rungs *r, const Clock *clock)
{
    int64_t from_us = clock_monotonic_us(clock), now_us = from_us;

    rungs_work(r, now_us);
    for (int looks = 0; looks < FLUSH_LOOKS && rungs_stats(r).runs && rungs_stats(r).waiting > 0 &&
                        now_us - from_us < FLUSH_US;
         looks++) {
        struct pollfd fd;
        size_t fds = rungs_poll_fd(r, &fd);
        poll(&fd, fds, FLUSH_LOOK_MS);
        now_us = clock_monotonic_us(clock);
        rungs_work(r, now_us);
    }
}

size_t rungs_poll_fd(const Rungs *r, struct pollfd *fd)
{
    bool writes = false;
    int is = r ? transcoder_fd(r->transcoder, &writes) : -1;

    if (is < 0)
        return 0;
    *fd = (struct pollfd){.fd = is, .events = writes ? POLLIN | POLLOUT : POLLIN};
    return 1;
}

int64_t rungs_deadline_us(const Rungs *r)
{
    int64_t at_us = r ? transcoder_deadline_us(r->transcoder) : NEVER_US;

    return at_us < 0 ? 0 : at_us; /* at once */
}

TranscoderStats rungs_stats(const Rungs *r)
{
    TranscoderStats stats = {0};

    if (!r)
        return stats;
    stats = transcoder_stats(r->transcoder);
    if (r->best < RUNGS_MAX)
        stats.rung[r->best].best = true;
    return stats;
}
