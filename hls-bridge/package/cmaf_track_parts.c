/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_track_inner.h"

/* The parts of a track, and where its segments end. */

#include "base/bridge_log.h"
#include "base/sample_bytes.h"

/* Notes the newest picture that is out, for one that repeats it. */
static void follow(PictureRepeat *repeat, const CmafTrack *t, SampleBytes *bytes, bool key)
{
    const AccessUnit unit = sample_bytes_unit(bytes, t->config.format.codec, key);

    picture_repeat_follow(repeat, &t->config, &unit);
}

/* Makes the part at the end of its segment; if no picture came for it, of one that repeats the
 * last. Others may wait, which are shown later. */
static int make(CmafTrack *t, const PartCut *cut, CmafFragment *out)
{
    PictureRoom room;
    AccessUnit unit;
    int status = cmaf_mux_cut(t->mux, cut, &t->segment, out);

    if (status == 0 && t->params.kind == TRACK_VIDEO)
        follow(&t->repeat, t, out->last, out->last_key);
    if (status <= 0 || t->params.kind != TRACK_VIDEO)
        return status;
    if (!picture_repeat_make(&t->repeat, &room, &unit) ||
        cmaf_mux_picture_first(t->mux, &unit, cut->start) < 0)
        return -1;
    t->stats.repeated++;
    t->samples++;
    return cmaf_mux_cut(t->mux, &(PartCut){cut->start, cut->end, cut->end, cut->last}, &t->segment,
                        out);
}

/* Has a part in memory too, for those who wait for it. */
static void keep(CmafTrack *t, CmafBytes bytes)
{
    int64_t part = (int64_t)ll_playlist_open_segment(&t->list)->parts;

    if (ll_board_keep(t->params.board, t->params.rendition, window_next_msn(&t->list.window), part,
                      bytes.data, bytes.len) < 0)
        log_error("%s: there is no memory for a part", t->params.stream);
}

static void add_part(CmafTrack *t, const PartCut *cut)
{
    LlPart part = {.duration_90k = (int32_t)cmaf_track_to_90k(t, cut->end - cut->start)};
    char name[STORE_NAME_SIZE];
    CmafFragment fragment = {0};

    ll_part_name(&t->list, window_next_msn(&t->list.window),
                 ll_playlist_open_segment(&t->list)->parts, name);
    if (ll_playlist_open_segment(&t->list)->parts == 0)
        cmaf_track_use_key(t);
    bool made = t->mux && make(t, cut, &fragment) == 0;
    part.independent = fragment.independent;
    if (ll_playlist_open_segment(&t->list)->parts == 0 && fragment.independent)
        ll_playlist_open_segment(&t->list)->key_len = (uint32_t)fragment.first_len;
    if (ll_playlist_open_segment(&t->list)->lacks_init) {
        cmaf_track_write_init(
            t); /* for the next segment: what a list says of this one cannot change */
        made = false;
    }
    part.gap = !made || t->lacks_key || !cmaf_track_encrypt_part(t, &fragment.bytes) ||
               !cmaf_track_store(t, name, fragment.bytes.data, fragment.bytes.len);
    if (!part.gap)
        keep(t, fragment.bytes);
    t->gap = t->gap || part.gap;
    t->stats.parts++;
    t->stats.gaps += part.gap;
    ll_playlist_add(&t->list, &part);
}

/* The segment ends where its last part has ended, or has none. */
static void close_where_it_stands(CmafTrack *t, int64_t now_us)
{
    if (ll_playlist_open_segment(&t->list)->parts > 0)
        cmaf_track_complete(t, now_us);
    else
        ll_playlist_abandon(&t->list);
}

/* Whether a part can have a picture though none comes for it behind those that wait and are decoded
 * before `before`. */
static bool can_fill(const CmafTrack *t, int64_t before)
{
    const QueuedSample *last = cmaf_mux_waiting(t->mux, before, 0);
    PictureRepeat after = t->repeat;
    PictureRoom room;
    AccessUnit unit;

    if (t->params.kind != TRACK_VIDEO)
        return false;
    if (!last)
        return picture_repeat_make(&t->repeat, &room, &unit);
    after.key = NULL; /* which is held once */
    follow(&after, t, last->bytes, last->key);
    bool can = picture_repeat_make(&after, &room, &unit);
    picture_repeat_clear(&after);
    return can;
}

/* When the sample before `before` is decoded that waits and has so many newer ones. */
static int64_t waiting(const CmafTrack *t, int64_t before, size_t newer)
{
    const QueuedSample *sample = t->mux ? cmaf_mux_waiting(t->mux, before, newer) : NULL;

    return sample ? sample->dts : INT64_MIN;
}

/* The first of the samples that the next part leaves to those behind it, if they can get none else.
 */
static int64_t first_left(const CmafTrack *t, int64_t before)
{
    size_t left = part_cutter_rest(&t->cutter);

    while (left > 0 && waiting(t, before, left) == INT64_MIN)
        left--; /* it needs one itself */
    return left > 0 ? waiting(t, before, left - 1) : INT64_MIN;
}

/* How long a part of Opus is that is not the last: what there is room for of whole packets. */
static int64_t opus_part_length(const CmafTrack *t)
{
    PartCutterParams params = part_cutter_params(t->params.part_us, t->per_second);
    int64_t fit = t->mux ? cmaf_mux_fit(t->mux, t->cutter.start, params.target) : params.step;

    if (fit == 0 && !t->cutter.ends)
        fit = 2 * params.target; /* what there is is no part yet */
    return fit > 0 ? fit : params.step;
}

int cmaf_track_cut(CmafTrack *t, int64_t known, int64_t now_us)
{
    PartCut cut;
    int n = 0;

    while (t->list.window.open) {
        int64_t before = t->cutter.ends ? t->cutter.end : INT64_MAX;
        if (t->params.opus)
            t->cutter.params.step = opus_part_length(t);
        t->cutter.moves_far = t->cutter.ends && t->mux && !can_fill(t, before);
        int64_t left = t->cutter.moves_far ? first_left(t, before) : waiting(t, before, 0);
        if (!part_cutter_next(&t->cutter, known, left, &cut))
            break;
        add_part(t, &cut);
        n++;
        if (cut.last)
            cmaf_track_complete(t, now_us);
    }
    if (t->list.window.open && t->cutter.ends && t->cutter.start >= t->cutter.end) {
        close_where_it_stands(t, now_us);
        n++;
    }
    return n;
}

int64_t cmaf_track_reach(const CmafTrack *t, int64_t end)
{
    size_t spare = 0;

    if (!t->list.window.open || !t->mux || t->gap || t->samples == 0 || can_fill(t, end))
        return end;
    int64_t newest = waiting(t, end, 0);
    if (newest < t->cutter.start)
        return t->cutter.start;
    int64_t start = part_cutter_start_of(&t->cutter, newest);
    while (waiting(t, end, spare + 1) >= start)
        spare++;
    return part_cutter_reach(&t->cutter, end, start, spare);
}

void cmaf_track_finish(CmafTrack *t, int64_t end, int64_t now_us)
{
    if (!t->list.window.open)
        return;
    cmaf_track_end(t, end > t->cutter.start ? end : t->cutter.start);
    cmaf_track_cut(t, INT64_MAX, now_us);
    cmaf_mux_destroy(&t->mux);
}
