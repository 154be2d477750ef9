/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/segmenter_inner.h"

bool segmenter_wants_idr(Segmenter *o, int64_t clock_90k)
{
    if (o->skips && o->cut_90k == 0)
        return clock_90k + o->delay.ahead_90k >= o->skips_until_90k;
    return segmenter_has_pictures(o) && (o->cut_90k == 0 || o->cutter.starved) &&
           segment_cutter_ask(&o->cutter, clock_90k + o->delay.ahead_90k);
}

/* When it does something about the segment that is open. */
static int64_t segment_deadline_90k(const Segmenter *o)
{
    if (o->state != SEGMENTER_OPEN || o->cut_90k != 0)
        return INT64_MAX; /* media moves it on */
    int64_t end_90k = segment_cutter_end_90k(&o->cutter, segmenter_has_pictures(o)) +
                      (segmenter_has_pictures(o) ? picture_delay_wait_90k(&o->delay) : 0);
    int64_t ask_90k = segment_cutter_ask_at_90k(&o->cutter) - o->delay.ahead_90k;
    return segmenter_has_pictures(o) ? smaller(ask_90k, end_90k) : end_90k;
}

/* When the oldest picture of a layer that waits goes on, whatever else comes. */
static int64_t goes_at_90k(const Segmenter *o, size_t layer)
{
    const HeldPicture *p = held_pictures_oldest(&o->layers.held[layer]);
    int64_t late_90k = p->pts_90k + picture_delay_wait_90k(&o->delay);
    int64_t waited_90k = o->layers.came_90k[layer] + LAYERS_TOGETHER_90K;

    return p->unit.idr && waited_90k > late_90k ? waited_90k : late_90k;
}

/* When a tick may have something to do about what waits; INT64_MAX: nothing does. */
static int64_t layers_deadline_90k(const Segmenter *o)
{
    const Layers *l = &o->layers;
    int64_t first_90k = INT64_MAX;

    if (!l->used || (l->gathering && l->gathered_90k == 0))
        return INT64_MAX;
    if (l->gathering)
        return ladder_best(&o->ladder) == LADDER_NONE ? INT64_MAX
                                                      : l->gathered_90k + LADDER_WAIT_90K;
    if (!held_pictures_are_empty(&l->held[l->lead]))
        return goes_at_90k(o, l->lead);
    for (size_t i = 0; i < o->ladder.layers && o->cut_90k == 0; i++)
        if (!held_pictures_are_empty(&l->held[i]))
            first_90k = smaller(first_90k, goes_at_90k(o, i));
    return first_90k;
}

int64_t segmenter_deadline_90k(const Segmenter *o)
{
    int64_t cut_90k = smaller(layers_deadline_90k(o), segment_deadline_90k(o));

    return smaller(cut_90k, segmenter_followers_deadline_90k(o));
}

bool segmenter_next_idr(const Segmenter *o, int64_t *at_90k, int64_t *every_90k)
{
    if (o->state != SEGMENTER_OPEN || !segmenter_has_pictures(o))
        return false;
    *every_90k =
        o->cutter.starved ? segment_cutter_ask_pause_90k(&o->cutter) : o->cutter.params.target_90k;
    *at_90k = segment_cutter_ask_at_90k(&o->cutter) - o->delay.ahead_90k;
    if (o->cut_90k != 0 && !o->cutter.starved) /* of the segment after it */
        *at_90k = o->cut_90k + *every_90k - o->cutter.lead_90k - o->delay.ahead_90k;
    return true;
}

int64_t segmenter_pictures_end_90k(const Segmenter *o)
{
    if (!segmenter_has_pictures(o) || o->cut_90k == 0)
        return o->video_end_90k;
    /* the last one may stand up to the cut; a frame of sound more would be a segment of its own */
    return larger(o->video_end_90k, o->cut_90k - samples_to_90k(AAC_FRAME_SAMPLES));
}

int64_t segmenter_end_90k(const Segmenter *o)
{
    return o->end_90k;
}
