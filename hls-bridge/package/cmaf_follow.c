/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_output_inner.h"

/* A rendition that comes later than the others: media of its own, of which it is the best
 * rendition, makes the parts of its track. Segments that are to have what the best one has are
 * copies of that one's, and no media is made for them. */

#include <errno.h>
#include <stdlib.h>

typedef struct CmafFollow {
    CmafOutput *output; /* borrowed */
    size_t track;
    CmafMedia *media;
    const CmafTrack *of; /* that the open segment is a copy of; NULL: it is none */
} CmafFollow;

static int publish(void *user, size_t line, bool whole)
{
    CmafFollow *f = user;

    (void)line;
    return cmaf_output_publish(f->output, f->track, whole);
}

static int finished(void *user, size_t line)
{
    CmafFollow *f = user;

    (void)line;
    return cmaf_output_publish(f->output, f->track, true);
}

/* ---- copies ---- */

/* Has what there is of the open segment, if that is a copy. */
static int copy(CmafFollow *f, int64_t now_us)
{
    CmafTrack *track = f->output->track[f->track];
    const Window *window = &cmaf_track_playlist(track)->window;
    int64_t msn = window_next_msn(window);

    if (!f->of || cmaf_track_copy(track, f->of, now_us) == 0)
        return 0;
    if (window_next_msn(window) == msn)
        return cmaf_playlists_publish_later(f->output->playlists, f->track);
    return cmaf_output_publish(f->output, f->track, true);
}

/* A segment has begun. */
static int begin_segment(CmafFollow *f, const OutputSegment *segment, int64_t now_us)
{
    const CmafTrack *best = segment->copies ? cmaf_media_lead(f->output->media) : NULL;

    f->of = best && cmaf_track_can_copy(f->output->track[f->track], best) ? best : NULL;
    return copy(f, now_us);
}

/* ---- as output.h has these ---- */

static int start(void *self, const OutputSegment *first, int64_t now_us)
{
    CmafFollow *f = self;
    int status = cmaf_media_start(f->media, first, now_us);

    return status | begin_segment(f, first, now_us);
}

static bool needs_cut(const void *self, const AccessUnit *unit)
{
    return cmaf_media_needs_cut(((const CmafFollow *)self)->media, unit);
}

/* A copy may be out up to the newest picture when the first is told. */
static void settle(const void *self, const AccessUnit *unit, int64_t *pts_90k, int64_t *dts_90k)
{
    const CmafFollow *f = self;

    if (!f->of)
        cmaf_media_settle(f->media, unit, pts_90k, dts_90k);
}

static int picture(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us)
{
    CmafFollow *f = self;
    AccessUnit only = *unit;

    if (f->of)
        return copy(f, now_us);
    only.track = 0;
    return cmaf_media_picture(f->media, &only, pts_90k, dts_90k, now_us);
}

static int cut(void *self, const OutputSegment *next, int64_t now_us)
{
    CmafFollow *f = self;
    int status = copy(f, now_us);

    status |= cmaf_media_cut(f->media, next, now_us);
    return status | begin_segment(f, next, now_us);
}

/* It goes no further than the others: a segment may still end there. */
static int tick(void *self, int64_t known_90k, int64_t now_us)
{
    CmafFollow *f = self;

    if (f->of)
        return copy(f, now_us);
    return cmaf_media_tick(f->media, smaller(known_90k, cmaf_media_safe_90k(f->output->media)),
                           now_us);
}

static int finish(void *self, int64_t now_us)
{
    CmafFollow *f = self;
    int status = copy(f, now_us);

    f->of = NULL;
    return status | cmaf_media_finish(f->media, f->output->end_90k, now_us);
}

static void close_follow(void *self)
{
    CmafFollow *f = self;

    if (f->media && f->output->follows[f->track] == f->media)
        f->output->follows[f->track] = NULL;
    cmaf_media_destroy(&f->media);
    free(f);
}

static const OutputCalls calls = {
    .name = "cmaf",
    .start = start,
    .needs_cut = needs_cut,
    .settle = settle,
    .picture = picture,
    .cut = cut,
    .tick = tick,
    .finish = finish,
    .close = close_follow,
};

int cmaf_output_follow(void *self, size_t track, Output *out)
{
    static const size_t lines[1];
    const Renditions renditions = renditions_of(false, true);
    CmafOutput *o = self;

    if (o->track_of[track] == RENDITION_NONE)
        return 1;
    CmafFollow *f = calloc(1, sizeof(*f));
    if (!f)
        return -1;
    const CmafMediaParams media = {
        .window = o->window, .publish = publish, .finished = finished, .user = f};
    *f = (CmafFollow){o, o->track_of[track], cmaf_media_create(&media), NULL};
    if (!f->media) {
        close_follow(f);
        errno = ENOMEM;
        return -1;
    }
    o->follows[f->track] = f->media;
    cmaf_media_add(f->media, o->track[f->track]);
    cmaf_media_assign(f->media, lines, &renditions, NULL);
    *out = (Output){.calls = &calls, .self = f};
    return 0;
}
