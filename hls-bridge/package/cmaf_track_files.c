/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cmaf_track_inner.h"

/* Whether the files of a track can be written, and when they go. */

#include <errno.h>
#include <string.h>

#include "base/bridge_log.h"

bool cmaf_track_note_write(CmafTrack *t, const char *name, bool good)
{
    if (!good && !t->failing)
        log_error("%s: %s cannot be written: %s; viewers lack it, the next is tried",
                  t->params.stream, name, strerror(errno));
    if (good && t->failing)
        log_info("%s: %s can be written again", t->params.stream, t->list.kind);
    t->failing = !good;
    t->stats.failed_writes += !good;
    return good;
}

/* Encrypts bytes of the open segment to t->encrypted; NULL: the segment itself, in place. */
static bool encrypt(CmafTrack *t, const CmafBytes *part)
{
    const MediaKey *key = ll_playlist_open_segment(&t->list)->key;
    uint8_t iv[SEGMENT_IV_SIZE];

    if (!key)
        return false;
    segment_cipher_iv(window_next_msn(&t->list.window), iv);
    int status =
        part ? segment_cipher_encrypt(t->cipher, key->key, iv, part->data, part->len, &t->encrypted)
             : segment_cipher_encrypt_in_place(t->cipher, key->key, iv, &t->segment);
    if (status < 0)
        log_error("%s: %s cannot be encrypted: %s", t->params.stream, t->list.kind,
                  strerror(errno));
    return status == 0;
}

bool cmaf_track_encrypt_part(CmafTrack *t, CmafBytes *part)
{
    if (!t->cipher)
        return true;
    if (!encrypt(t, part))
        return false;
    *part = (CmafBytes){t->encrypted.data, t->encrypted.len};
    return true;
}

bool cmaf_track_encrypt_whole(CmafTrack *t)
{
    return !t->cipher || encrypt(t, NULL);
}

/* Removes the parts of a segment, unless that is noted. */
static void outdate_parts(CmafTrack *t, const LlSegment *s, int64_t msn, int64_t at_us)
{
    char name[STORE_NAME_SIZE];

    if (msn < t->parts_msn)
        return;
    for (size_t i = 0; i < s->parts; i++) {
        ll_part_name(&t->list, msn, i, name);
        store_remove_at(t->params.folder, name, at_us);
    }
    t->parts_msn = msn + 1;
}

/* Removes the file of a segment that has left the playlist, and its initialisation segment if
 * `next`, which follows it, has another one. */
static void outdate(CmafTrack *t, const LlSegment *s, int64_t msn, const LlSegment *next,
                    int64_t at_us)
{
    char name[STORE_NAME_SIZE];

    outdate_parts(t, s, msn, at_us);
    ll_segment_name(&t->list, msn, name);
    store_remove_at(t->params.folder, name, at_us);
    if (next && next->init_msn == s->init_msn)
        return;
    ll_init_name(&t->list, s->init_msn, name);
    store_remove_at(t->params.folder, name, at_us);
}

void cmaf_track_drop_old(CmafTrack *t, int64_t now_us)
{
    const WindowView view = ll_playlist_view(&t->list);
    const Window *w = view.window;
    int64_t parts_at_us = now_us + window_stay_us(w, t->list.part_target_90k);
    size_t without_parts = ll_playlist_without_parts(&t->list);
    int64_t dropped_msn;
    LlSegment dropped;

    for (size_t i = 0; i < without_parts; i++)
        outdate_parts(t, &t->list.segment[i], w->media_sequence + (int64_t)i, parts_at_us);
    while (window_drop(&view, &dropped, &dropped_msn))
        outdate(t, &dropped, dropped_msn, &t->list.segment[0],
                now_us + window_stay_us(w, dropped.common.duration_90k));
    window_note_length(&view);
}

void cmaf_track_clear(CmafTrack *t, int64_t remove_at_us)
{
    const WindowView view = ll_playlist_view(&t->list);
    const Window *w = view.window;
    const LlSegment *segment = t->list.segment;

    for (size_t i = 0; i < w->count; i++)
        outdate(t, &segment[i], w->media_sequence + (int64_t)i,
                i + 1 < w->count ? &segment[i + 1] : NULL, remove_at_us);
    window_restart(&view);
}
