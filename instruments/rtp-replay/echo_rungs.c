/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "echo_rungs.h"

#include <stdlib.h>
#include <string.h>

#include "hls-bridge/package/held_pictures.h"

/* A rung takes pictures from an IDR picture on. */
typedef struct EchoRung {
    HeldPictures held;
    int64_t due_us[HELD_PICTURES_MAX]; /* of each that is held, in the order in which they came */
    size_t first, count;
    bool decodes;
} EchoRung;

_Static_assert(VIDEO_LABEL_SIZE == RENDITION_NAME_SIZE, "a label names a rendition");

struct EchoRungs {
    const EchoRungsParams *params;
    Segmenter *segmenter;
    size_t track; /* of the first, in what is sent */
    int64_t start_us, now_us;
    bool runs;
    EchoRung rung[ECHO_RUNGS_MAX];
};

void echo_rungs_describe(const EchoRungsParams *params, Renditions *renditions)
{
    for (size_t i = 0; i < params->count && renditions->count < RENDITIONS_MAX; i++) {
        Rendition *r = &renditions->item[renditions->count++];
        *r = (Rendition){
            .kind = TRACK_VIDEO, .codec = CODEC_H264, .follows = true, .side = (int)params->side};
        memcpy(r->name, params->name[i], sizeof(r->name));
    }
}

/* What keeps them from their work now; NULL: nothing does. */
static const EchoStop *stop_now(const EchoRungs *e)
{
    for (size_t i = 0; i < e->params->stops; i++) {
        const EchoStop *stop = &e->params->stop[i];
        if (e->now_us - e->start_us >= stop->from_us && e->now_us - e->start_us < stop->to_us)
            return stop;
    }
    return NULL;
}

static void drop(EchoRung *r)
{
    held_pictures_drop(&r->held);
    r->first = (r->first + 1) % HELD_PICTURES_MAX;
    r->count--;
}

static void take(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    EchoRungs *e = user;

    (void)dts_90k;
    for (size_t i = 0; i < e->params->count; i++) {
        EchoRung *r = &e->rung[i];
        const EchoStop *stop = stop_now(e);
        r->decodes = !(stop && stop->gone) && (r->decodes || unit->idr);
        if (!r->decodes || r->count == HELD_PICTURES_MAX ||
            held_pictures_add(&r->held, unit, pts_90k, pts_90k) < 0)
            continue;
        r->due_us[(r->first + r->count++) % HELD_PICTURES_MAX] = e->now_us + e->params->lag_us[i];
    }
}

EchoRungs *echo_rungs_create(const EchoRungsParams *params, Segmenter *segmenter,
                             const Renditions *renditions, int64_t start_us)
{
    EchoRungs *e = calloc(1, sizeof(*e));

    if (!e)
        return NULL;
    *e = (EchoRungs){.params = params,
                     .segmenter = segmenter,
                     .track = renditions->count - params->count,
                     .start_us = start_us,
                     .now_us = start_us};
    segmenter_set_tap(segmenter, &(SegmenterTap){take, e});
    echo_rungs_work(e, start_us);
    return e;
}

/* A maker that is gone takes what it has with it. */
static void set_runs(EchoRungs *e, bool runs)
{
    for (size_t i = 0; i < e->params->count; i++) {
        while (!runs && e->rung[i].count > 0)
            drop(&e->rung[i]);
        segmenter_set_running(e->segmenter, e->track + i, runs);
    }
    e->runs = runs;
}

void echo_rungs_work(EchoRungs *e, int64_t now_us)
{
    e->now_us = now_us;
    const EchoStop *stop = stop_now(e);
    bool runs = !(stop && stop->gone);

    if (runs != e->runs)
        set_runs(e, runs);
    if (stop)
        return;
    for (size_t i = 0; i < e->params->count; i++) {
        EchoRung *r = &e->rung[i];
        while (r->count > 0 && r->due_us[r->first] <= now_us) {
            HeldPicture p = *held_pictures_oldest(&r->held);
            p.unit.track = e->track + i;
            segmenter_picture(e->segmenter, &p.unit, p.pts_90k, p.pts_90k);
            drop(r);
        }
    }
}

void echo_rungs_destroy(EchoRungs **echo)
{
    EchoRungs *e = *echo;

    if (!e)
        return;
    segmenter_set_tap(e->segmenter, NULL);
    for (size_t i = 0; i < ECHO_RUNGS_MAX; i++)
        held_pictures_clear(&e->rung[i].held);
    free(e);
    *echo = NULL;
}
