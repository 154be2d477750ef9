/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "segment/segmenter_inner.h"

/* ---- a publisher ---- */

/* Viewers are to have all renditions of the ladder. */
static void set_out(Segmenter *o)
{
    o->out = renditions_of(o->has_audio, false);
    for (size_t i = 0; i < o->ladder.renditions; i++) {
        Rendition *r = &o->out.item[o->out.count++];
        *r = (Rendition){.kind = TRACK_VIDEO, .codec = o->sent.item[o->has_audio].codec};
        memcpy(r->name, o->ladder.rendition[i].name, sizeof(r->name));
    }
}

void segmenter_layers_clear(Segmenter *o)
{
    for (size_t i = 0; i < VIDEO_TRACKS_MAX; i++)
        held_pictures_clear(&o->layers.held[i]);
    early_sound_destroy(&o->layers.sound);
}

void segmenter_layers_begin(Segmenter *o, const Renditions *sent)
{
    Renditions listed = outputs_renditions(o->params.outputs);
    Ladder *ladder = &o->ladder;

    segmenter_layers_clear(o);
    segmenter_followers_leave_out(o, &listed);
    ladder_begin(ladder, sent, &listed);
    o->layers = (Layers){.lead = LADDER_NONE,
                         .passed_90k = INT64_MIN,
                         .idr_90k = INT64_MIN / 2,
                         .known_90k = INT64_MIN};
    o->layers.used = ladder->layers > 1 || (ladder->layers > 0 && ladder->renditions > 1);
    o->layers.gathering = o->layers.used;
    if (o->layers.used) {
        set_out(o);
        return;
    }
    o->out = *sent; /* all of it */
    if (ladder->layers > 0) {
        o->out.item[renditions_first(sent, TRACK_VIDEO)].name[0] = '\0';
        ladder_map(ladder);
        ladder_cut(ladder, &(LadderPlan){{0}, false});
    }
}

void segmenter_layers_keep_sound(Segmenter *o, const AacFrame *frame)
{
    early_sound_keep(&o->layers.sound, frame);
}

/* Outputs begin, and are given the sound that has come so far. */
static void begin_outputs(Segmenter *o)
{
    AacFrame frame;

    segmenter_begin_outputs(o, true);
    while (early_sound_take(o->layers.sound, &frame))
        outputs_sound(o->params.outputs, &frame, o->now_us);
    early_sound_destroy(&o->layers.sound);
}

void segmenter_layers_gather(Segmenter *o, int64_t at_90k)
{
    Layers *l = &o->layers;
    size_t lead = ladder_best(&o->ladder);

    if (l->gathered_90k == 0 || lead == LADDER_NONE)
        return;
    if (!ladder_is_complete(&o->ladder) && at_90k < l->gathered_90k + LADDER_WAIT_90K)
        return;
    ladder_map(&o->ladder);
    set_out(o);
    l->lead = ladder_best(&o->ladder);
    l->gathering = false;
    if (o->state == SEGMENTER_WAITING)
        begin_outputs(o);
}
