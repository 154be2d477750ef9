/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/segmenter_inner.h"

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

int64_t segmenter_deadline_90k(const Segmenter *o)
{
    int64_t cut_90k = smaller(segmenter_layers_deadline_90k(o), segment_deadline_90k(o));

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
