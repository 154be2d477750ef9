/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/segmenter_inner.h"

#include <stdlib.h>

#include "codec/picture_config.h"

/* Whether EXT-X-DISCONTINUITY stands where a rendition is fed by another layer than before, in all
 * renditions, as when a publisher changes the size of its picture. Timestamps go on either way,
 * and there is another EXT-X-MAP. */
#define SWITCH_PARTS true

/* Between two requests for an IDR picture, for a layer that has fallen silent. */
#define ASK_AGAIN_90K (TICKS_PER_S * 250 / 1000)

/* Reports may put a layer's first pictures before where its publisher begins, but not by more. */
#define EARLY_90K (TICKS_PER_S / 10)

/* Of 30 a second: pictures of one moment are no further apart once reports place them. */
#define HALF_FRAME_90K (TICKS_PER_S / 60)

static const LadderLayer *leader(const Segmenter *o)
{
    return &o->ladder.layer[o->layers.lead];
}

/* ---- what goes to viewers ---- */

/* Hands a picture to all renditions but the best that its layer feeds. One that it feeds since a
 * cut begins with the IDR picture there. One whose layer has changed its pictures waits for a cut
 * behind a discontinuity. */
static void hand_on(Segmenter *o, size_t layer, const HeldPicture *p)
{
    AccessUnit unit = p->unit;

    for (size_t i = 1; i < o->ladder.renditions; i++) {
        bool *begins = &o->layers.begins[i];
        int64_t *last_90k = &o->layers.last_dts_90k[i];
        if (o->ladder.rendition[i].feeds != layer || (*begins && !unit.idr))
            continue;
        unit.track = segmenter_first_video(o) + i;
        /* what was put with a picture of the layer that leads may have been moved far */
        int64_t dts_90k = p->dts_90k > *last_90k ? p->dts_90k : *last_90k + 1;
        int64_t pts_90k = larger(p->pts_90k, dts_90k);
        if (unit.idr) {
            *begins = !picture_formats_allow(&o->formats, i, &unit, pts_90k, *last_90k);
            o->layers.refused = o->layers.refused || *begins;
        }
        if (*begins)
            continue;
        if (unit.idr)
            picture_formats_note(&o->formats, i, &unit);
        outputs_picture(o->params.outputs, &unit, pts_90k, dts_90k, o->now_us);
        *last_90k = dts_90k;
    }
}

/* ---- cuts ---- */

/* The IDR picture of this moment that a layer has, which waits; NULL: it has none. */
static const HeldPicture *ready_of(const HeldPictures *held, int64_t pts_90k)
{
    for (size_t i = held->first; i < held->count; i++)
        if (held->item[i].unit.idr && ladder_same_moment(held->item[i].pts_90k, pts_90k))
            return &held->item[i];
    return NULL;
}

/* What would feed which rendition, if a segment began with this picture of the layer that leads. */
static LadderPlan plan_cut(const Segmenter *o, const HeldPicture *p, bool *ready)
{
    const HeldPicture *idr[VIDEO_TRACKS_MAX];
    const Layers *l = &o->layers;

    for (size_t i = 0; i < o->ladder.layers; i++) {
        idr[i] = i == l->lead ? p : ready_of(&l->held[i], p->pts_90k);
        ready[i] = idr[i] != NULL;
    }
    LadderPlan plan = ladder_plan(&o->ladder, l->lead, ready);
    for (size_t i = 1; i < o->ladder.renditions && !plan.changes; i++)
        plan.changes = picture_formats_differ(&o->formats, i, &idr[plan.feeds[i]]->unit);
    return plan;
}

/* A segment begins with a picture of the layer that leads. A rendition that has not had its IDR
 * picture of the cut before still needs one, though the same layer goes on to feed it. */
static void carry_out(Segmenter *o, const LadderPlan *plan, const bool *ready, int64_t cut_90k,
                      int64_t from_90k)
{
    Layers *l = &o->layers;

    for (size_t i = 0; i < o->ladder.renditions; i++)
        l->begins[i] = l->begins[i] || o->ladder.rendition[i].feeds != plan->feeds[i];
    for (size_t i = 0; i < o->ladder.layers; i++)
        l->due[i] = ready[i] && i != l->lead;
    ladder_cut(&o->ladder, plan);
    l->cut_90k = cut_90k;
    l->cut_from_90k = from_90k;
    l->cut_soon = l->refused = false;
}

/* The segment that begins has its first picture, which came for `from_90k`. */
static void begin_at(Segmenter *o, int64_t first_90k, int64_t from_90k, int64_t within_90k)
{
    Layers *l = &o->layers;

    l->cuts = o->cuts;
    l->first_90k = first_90k;
    l->first_from_90k = from_90k;
    l->first_within_90k = within_90k;
    for (size_t i = 0; i < o->ladder.layers; i++)
        l->behind[i] = true;
}

/* A picture of the layer that leads has gone out: it may be the first of a segment. */
static void note_first(Segmenter *o, int64_t came_90k, int64_t pts_90k)
{
    const Layers *l = &o->layers;
    int64_t start_90k = o->cut_90k != 0 ? o->cut_90k : o->start_90k;

    if (l->cuts != o->cuts && pts_90k >= start_90k)
        begin_at(o, pts_90k, came_90k, HALF_FRAME_90K);
}

void segmenter_layers_cut(Segmenter *o)
{
    if (o->layers.used) /* a picture stands there in the best rendition, even if none comes */
        begin_at(o, o->cut_90k, o->cut_90k, 2 * HALF_FRAME_90K + HALF_FRAME_90K / 2);
}

/* A segment may have to begin without an IDR picture. The pictures of one moment that begin it are
 * put at one time in all renditions. */
static void put_with_first(Layers *l, size_t layer, HeldPicture *p)
{
    int64_t off_90k = p->pts_90k - l->first_from_90k;

    if (!l->behind[layer] || p->unit.idr || off_90k < -HALF_FRAME_90K)
        return;
    l->behind[layer] = false;
    if (off_90k <= l->first_within_90k)
        p->pts_90k = p->dts_90k = l->first_90k;
}

/* Whether a segment is likely to begin with an IDR picture of the layer that leads. */
static bool may_begin(const Segmenter *o, const HeldPicture *p, bool comes)
{
    if (!p->unit.idr)
        return false;
    return comes || o->layers.cut_soon || o->layers.refused || o->state != SEGMENTER_OPEN ||
           (o->cutter.starved && !o->cutter.begun) ||
           (o->cut_90k == 0 && segment_cutter_takes(&o->cutter, p->pts_90k));
}

static void place_lead(Segmenter *o, size_t layer, const HeldPicture *p, bool comes)
{
    Layers *l = &o->layers;
    HeldPicture out = *p;
    bool ready[VIDEO_TRACKS_MAX] = {0};
    LadderPlan plan = {0};
    bool begins = may_begin(o, p, comes);

    if (p->unit.idr) /* no segment is planned from another picture */
        plan = plan_cut(o, p, ready);
    if (p->unit.idr && !plan.changes)
        l->refused = false; /* they are like those before again: no cut would help */
    out.unit.track = segmenter_first_video(o);
    out.unit.restart = p->unit.restart || (begins && plan.changes && SWITCH_PARTS);
    SegmenterLed led =
        segmenter_lead(o, &out.unit, p->pts_90k, p->dts_90k,
                       (SegmenterTurn){.must_cut = begins && (comes || l->cut_soon || l->refused),
                                       .parts = plan.changes && SWITCH_PARTS});
    l->passed_90k = p->pts_90k > l->passed_90k ? p->pts_90k : l->passed_90k;
    l->idr_90k = p->unit.idr ? p->pts_90k : l->idr_90k;
    if (!led.out)
        return;
    note_first(o, p->pts_90k, led.pts_90k);
    out.pts_90k = led.pts_90k;
    out.dts_90k = led.dts_90k;
    if (led.begins)
        carry_out(o, &plan, ready, led.cut_90k, p->pts_90k);
    hand_on(o, layer, &out);
}

/* A picture of a layer whose IDR picture at the newest cut is due. Returns whether it is to be
 * handed on: what lies behind the cut and hangs on what is before it is left out. */
static bool comes_to_cut(Layers *l, size_t layer, HeldPicture *p)
{
    if (!p->unit.idr || !ladder_same_moment(p->pts_90k, l->cut_from_90k))
        return p->pts_90k < l->cut_from_90k;
    l->due[layer] = l->behind[layer] = false;
    p->pts_90k = p->dts_90k = l->cut_90k;
    return true;
}

/* Whether segments are to be cut by this layer from this picture on. With the IDR picture that it
 * owes to the newest cut, its renditions begin. */
static bool comes_to_lead(const Segmenter *o, size_t layer, const HeldPicture *p)
{
    if (!p->unit.idr || layer == o->layers.lead ||
        (o->layers.due[layer] && ladder_same_moment(p->pts_90k, o->layers.cut_from_90k)))
        return false;
    bool due = o->cut_90k == 0 && segment_cutter_takes(&o->cutter, p->pts_90k);
    if (!leader(o)->live || (leader(o)->broken && due))
        return ladder_best(&o->ladder) == layer;
    return due && o->ladder.layer[layer].rank < leader(o)->rank;
}

static void place(Segmenter *o, size_t layer, const HeldPicture *held)
{
    Layers *l = &o->layers;
    HeldPicture p = *held;
    bool comes = comes_to_lead(o, layer, held);

    if (comes)
        l->lead = layer;
    if (layer == l->lead) {
        l->skips[layer] = false;
        place_lead(o, layer, held, comes);
        return;
    }
    l->skips[layer] = (l->skips[layer] && !p.unit.idr) ||
                      !output_bound_takes_picture(o->params.bound, p.unit.len);
    if (l->skips[layer])
        return;
    if (!l->due[layer])
        put_with_first(l, layer, &p);
    else
        l->skips[layer] = !comes_to_cut(l, layer, &p);
    if (!l->skips[layer])
        hand_on(o, layer, &p);
}

/* ---- what waits ---- */

/* Whether it is known what becomes of a picture. */
static bool may_go(const Segmenter *o, size_t layer, const HeldPicture *p)
{
    const Layers *l = &o->layers;
    /* what waits of the layer that leads goes first */
    bool late = l->known_90k >= p->pts_90k &&
                (layer == l->lead || held_pictures_are_empty(&l->held[l->lead]));
    bool comes = comes_to_lead(o, layer, p);
    bool waited = late && l->clock_90k >= l->came_90k[layer] + LAYERS_TOGETHER_90K;

    if (comes && (!leader(o)->live || leader(o)->broken))
        return waited &&
               o->cut_90k == 0; /* the one that led may still come, and one cut at a time */
    if (comes || layer == l->lead)
        return !p->unit.idr || waited || !ladder_awaits_others(&o->ladder, layer, p->pts_90k);
    if (p->unit.idr)
        return late || l->passed_90k > p->pts_90k + LADDER_APART_90K ||
               ladder_same_moment(p->pts_90k, l->idr_90k);
    return late || l->passed_90k >= p->pts_90k - HALF_FRAME_90K;
}

/* When the earliest of the pictures that need not wait is decoded; INT64_MAX: all wait. */
static int64_t earliest_90k(const Segmenter *o)
{
    int64_t first_90k = INT64_MAX;

    for (size_t i = 0; i < o->ladder.layers; i++) {
        const HeldPictures *held = &o->layers.held[i];
        if (!held_pictures_are_empty(held) && held_pictures_oldest(held)->dts_90k < first_90k &&
            may_go(o, i, held_pictures_oldest(held)))
            first_90k = held_pictures_oldest(held)->dts_90k;
    }
    return first_90k;
}

/* No layer goes far ahead of another: a cut would come before pictures of the segment before it. */
void segmenter_layers_release(Segmenter *o)
{
    int64_t first_90k;

    while (o->layers.used && !o->layers.gathering && (first_90k = earliest_90k(o)) < INT64_MAX)
        for (size_t i = 0; i < o->ladder.layers; i++) {
            HeldPictures *held = &o->layers.held[i];
            while (!held_pictures_are_empty(held) &&
                   held_pictures_oldest(held)->dts_90k <= first_90k + LADDER_APART_90K &&
                   may_go(o, i, held_pictures_oldest(held))) {
                place(o, i, held_pictures_oldest(held));
                held_pictures_drop(held);
            }
        }
}

/* Before the beginning, the newest IDR picture is kept, and what follows it. */
static void hold(Segmenter *o, size_t layer, const AccessUnit *unit, int64_t pts_90k,
                 int64_t dts_90k)
{
    HeldPictures *held = &o->layers.held[layer];

    if (o->state != SEGMENTER_OPEN && pts_90k < o->end_90k - EARLY_90K)
        return;
    if (o->layers.gathering && unit->idr)
        held_pictures_clear(held);
    if (o->layers.gathering && !unit->idr && held_pictures_are_empty(held))
        return;
    if (held_pictures_add(held, unit, pts_90k, dts_90k) == 0)
        return;
    held_pictures_clear(held); /* it waits for too long, or there is no memory */
    o->layers.skips[layer] = true;
}

void segmenter_layers_picture(Segmenter *o, const AccessUnit *unit, int64_t pts_90k,
                              int64_t dts_90k)
{
    Layers *l = &o->layers;
    size_t layer = unit->track - segmenter_first_video(o);
    VideoFormat format = {0};

    if (unit->idr)
        picture_format(unit, &format);
    if (ladder_picture(&o->ladder, layer, unit->idr, format.width, format.height, pts_90k))
        l->cut_soon = true;
    if (unit->idr)
        l->came_90k[layer] = l->clock_90k;
    hold(o, layer, unit, pts_90k, dts_90k);
    if (l->gathering) {
        l->gathered_90k = l->gathered_90k == 0 && unit->idr ? pts_90k : l->gathered_90k;
        segmenter_layers_gather(o, pts_90k);
    }
    segmenter_layers_release(o);
}

void segmenter_broken(Segmenter *o, size_t track, int64_t at_90k)
{
    if (o->state != SEGMENTER_IDLE && track < o->sent.count && o->layers.used)
        ladder_broken(&o->ladder, track - segmenter_first_video(o), at_90k);
}

/* ---- time ---- */

void segmenter_layers_tick(Segmenter *o, int64_t clock_90k, int64_t known_90k)
{
    Layers *l = &o->layers;

    if (!l->used)
        return;
    if (l->gathering)
        segmenter_layers_gather(o, clock_90k);
    l->known_90k = known_90k > l->known_90k ? known_90k : l->known_90k;
    l->clock_90k = clock_90k;
    segmenter_layers_release(o);
}

bool segmenter_layers_ask(Segmenter *o, int64_t clock_90k)
{
    Layers *l = &o->layers;

    if (!l->used || l->gathering || (!l->cut_soon && !l->refused && leader(o)->live)) {
        l->asked_90k = 0;
        return false;
    }
    if (l->asked_90k != 0 && clock_90k < l->asked_90k + ASK_AGAIN_90K)
        return false;
    l->asked_90k = clock_90k;
    return true;
}

void segmenter_layers_finish(Segmenter *o)
{
    if (!o->layers.used)
        return;
    if (o->layers.gathering)
        segmenter_layers_gather(o, INT64_MAX);
    o->layers.known_90k = o->layers.clock_90k = INT64_MAX;
    segmenter_layers_release(o);
    segmenter_layers_clear(o);
}

/* ---- status ---- */

size_t segmenter_best(const Segmenter *o)
{
    size_t first = segmenter_first_video(o);

    return o->layers.used && !o->layers.gathering ? first + o->layers.lead : first;
}
