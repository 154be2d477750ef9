/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_track_inner.h"

/* Segments that are copies of what another track has. */

#include <string.h>

bool cmaf_track_can_copy(const CmafTrack *t, const CmafTrack *of)
{
    const LlSegment *other = ll_playlist_find(&of->list, window_next_msn(&t->list.window));

    return t->list.window.open && other && other->start == t->start &&
           of->per_second == t->per_second;
}

/* Puts a file that is another one. */
static bool put_copy(CmafTrack *t, const char *name, const char *of)
{
    return cmaf_track_note_write(t, name,
                                 store_put_copy(t->params.folder, name, of, STORE_MEDIA) == 0);
}

/* Whether an initialisation segment of this configuration is in use. */
static bool has_config(const CmafTrack *t, const PictureConfig *config)
{
    uint8_t own[PICTURE_CONFIG_ROOM], other[PICTURE_CONFIG_ROOM];
    size_t len = picture_config_write(config, other);

    return t->mux && t->config.format.codec == config->format.codec &&
           picture_config_write(&t->config, own) == len && memcmp(own, other, len) == 0;
}

/* The initialisation segment of the other track's segment, which has a newer one already, for this
 * segment alone. What comes next needs another one, whatever it is. */
static void copy_init(CmafTrack *t, const CmafTrack *of, const LlSegment *other)
{
    LlSegment *s = ll_playlist_open_segment(&t->list);
    char name[STORE_NAME_SIZE], of_name[STORE_NAME_SIZE];

    s->init_msn = window_next_msn(&t->list.window);
    ll_init_name(&t->list, s->init_msn, name);
    ll_init_name(&of->list, other->init_msn, of_name);
    s->lacks_init = other->lacks_init || !put_copy(t, name, of_name);
    cmaf_track_note_init(t, cmaf_track_format_of(of, other->init_msn));
    cmaf_track_forget_sets(t);
}

/* Takes over the configuration of the other track's segment. */
static void take_config(CmafTrack *t, const CmafTrack *of, const LlSegment *other)
{
    if (t->copies_init && t->copied_msn == other->init_msn)
        return;
    if (other->init_msn != of->init_msn) {
        copy_init(t, of, other);
        return;
    }
    if (of->config.format.width == 0) {
        ll_playlist_open_segment(&t->list)->lacks_init = true;
        return;
    }
    if (!has_config(t, &of->config))
        cmaf_track_adopt(t, &of->config);
    else
        cmaf_track_use_key(t);
    t->copies_init = true;
    t->copied_msn = other->init_msn;
}

static void copy_part(CmafTrack *t, const CmafTrack *of, const LlSegment *other)
{
    LlSegment *s = ll_playlist_open_segment(&t->list);
    int64_t msn = window_next_msn(&t->list.window);
    const LlPart *there = ll_playlist_part(&of->list, other, s->parts);
    LlPart part = there ? *there : (LlPart){.gap = true};
    char name[STORE_NAME_SIZE], of_name[STORE_NAME_SIZE];

    if (s->lacks_init) {
        cmaf_track_write_init(t); /* for the next segment */
        part.gap = true;
    }
    ll_part_name(&t->list, msn, s->parts, name);
    ll_part_name(&of->list, msn, s->parts, of_name);
    part.gap = part.gap || !put_copy(t, name, of_name);
    if (!part.gap)
        ll_board_keep_same(t->params.board, t->params.rendition, of->params.rendition, msn,
                           (int64_t)s->parts);
    t->gap = t->gap || part.gap;
    t->cutter.start += part.duration_90k;
    t->stats.parts++;
    t->stats.gaps += part.gap;
    ll_playlist_add(&t->list, &part);
}

static void complete_copy(CmafTrack *t, const CmafTrack *of, const LlSegment *other, int64_t now_us)
{
    CmafWhole whole = {other->len, other->common.duration_90k, other->samples, true};
    int64_t msn = window_next_msn(&t->list.window);
    char name[STORE_NAME_SIZE], of_name[STORE_NAME_SIZE];

    ll_segment_name(&t->list, msn, name);
    ll_segment_name(&of->list, msn, of_name);
    whole.gap = t->gap || other->gap || !put_copy(t, name, of_name);
    t->cutter.start = t->start + whole.duration_90k;
    cmaf_track_list_whole(t, &whole, now_us);
}

int cmaf_track_copy(CmafTrack *t, const CmafTrack *of, int64_t now_us)
{
    const LlSegment *other = ll_playlist_find(&of->list, window_next_msn(&t->list.window));
    LlSegment *s = ll_playlist_open_segment(&t->list);
    int n = 0;

    if (!t->list.window.open)
        return 0;
    if (!other || other->start != t->start) { /* it has ended without a part there */
        if (s->parts == 0)
            ll_playlist_abandon(&t->list);
        return s->parts == 0;
    }
    if (s->parts == 0)
        take_config(t, of, other);
    for (; s->parts < other->parts; n++)
        copy_part(t, of, other);
    s->key_len = other->key_len;
    if (n > 0)
        picture_repeat_copy(&t->repeat, &of->repeat, &t->config);
    if (other < &of->list.segment[of->list.window.count]) {
        complete_copy(t, of, other, now_us);
        n++;
    }
    return n;
}
