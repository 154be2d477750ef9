/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Copies of segments, delta updates of a playlist (rfc8216bis, section 6.2.5.1), and what two
 * playlists differ in. */

#include "m3u8.h"

#include <stdlib.h>
#include <string.h>

static char *copy_of(const char *text)
{
    return text ? strdup(text) : NULL;
}

M3u8Segment m3u8_segment_copy(const M3u8Segment *s)
{
    M3u8Segment copy = *s;

    copy.uri = copy_of(s->uri);
    copy.map = copy_of(s->map);
    copy.key = copy_of(s->key);
    copy.parts = NULL;
    copy.part_count = 0;
    return copy;
}

/* Segments after the skipped ones count their discontinuities from those on, and have the
 * initialisation segment and the key of the last skipped one until another is named. */
static void carry_on(M3u8Segment *s, const M3u8Segment *last, uint64_t discontinuities)
{
    s->discontinuity += discontinuities;
    if (!s->map && last)
        s->map = copy_of(last->map);
    if (!s->key && last)
        s->key = copy_of(last->key);
}

int m3u8_complete(M3u8 *m, const M3u8 *before, const char **wrong)
{
    size_t skipped = (size_t)m->skipped;
    const M3u8Segment *first = m3u8_segment(before, m->media_sequence), *last = NULL;

    *wrong = NULL;
    if (skipped == 0)
        return 0;
    if (!first || !(last = m3u8_segment(before, m->media_sequence + skipped - 1))) {
        *wrong = "it leaves out what was never listed";
        return -1;
    }
    M3u8Segment *all = calloc(skipped + m->count, sizeof(*all));
    if (!all) {
        *wrong = "there is no memory";
        return -1;
    }
    for (size_t i = 0; i < skipped; i++) {
        all[i] = m3u8_segment_copy(&first[i]); /* too old for parts to be listed */
        m->duration_us += all[i].duration_us;
    }
    for (size_t i = 0; i < m->count; i++) {
        all[skipped + i] = m->segments[i];
        carry_on(&all[skipped + i], last, last->discontinuity - m->discontinuity_sequence);
    }
    if (m->open)
        carry_on(m->open, last, last->discontinuity - m->discontinuity_sequence);
    free(m->segments);
    m->segments = all;
    m->count += skipped;
    m->skipped = 0;
    return 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_parts(const M3u8Segment *a, const M3u8Segment *b)
{
    if (a->part_count != b->part_count)
        return false;
    for (size_t i = 0; i < a->part_count; i++) {
        const M3u8Part *p = &a->parts[i], *q = &b->parts[i];
        if (!same_text(p->uri, q->uri) || p->duration_us != q->duration_us ||
            p->independent != q->independent || p->gap != q->gap)
            return false;
    }
    return true;
}

static const char *segment_difference(const M3u8Segment *a, const M3u8Segment *b)
{
    if (!same_text(a->uri, b->uri))
        return "a segment's URI";
    if (a->duration_us != b->duration_us)
        return "EXTINF";
    if (a->discontinuity != b->discontinuity)
        return "a discontinuity number";
    if (a->time_unix_us != b->time_unix_us)
        return "EXT-X-PROGRAM-DATE-TIME";
    if (a->gap != b->gap)
        return "EXT-X-GAP";
    if (!same_text(a->map, b->map))
        return "EXT-X-MAP";
    if (!same_text(a->key ? a->key : "", b->key ? b->key : ""))
        return "EXT-X-KEY";
    return same_parts(a, b) ? NULL : "EXT-X-PART";
}

const char *m3u8_difference(const M3u8 *a, const M3u8 *b)
{
    const char *difference = NULL;

    if (a->media_sequence != b->media_sequence)
        return "MEDIA-SEQUENCE";
    if (a->discontinuity_sequence != b->discontinuity_sequence)
        return "DISCONTINUITY-SEQUENCE";
    if (a->count != b->count || m3u8_open_parts(a) != m3u8_open_parts(b))
        return "how many segments and parts there are";
    for (size_t i = 0; i < a->count && !difference; i++)
        difference = segment_difference(&a->segments[i], &b->segments[i]);
    if (a->open && !difference)
        difference = segment_difference(a->open, b->open);
    if (!difference && (a->hint_count != b->hint_count ||
                        (a->hint_count > 0 && !same_text(a->hints[0].uri, b->hints[0].uri))))
        difference = "EXT-X-PRELOAD-HINT";
    if (!difference && (a->target_s != b->target_s || a->part_target_us != b->part_target_us ||
                        a->part_hold_back_us != b->part_hold_back_us ||
                        a->can_skip_until_us != b->can_skip_until_us))
        difference = "EXT-X-TARGETDURATION, EXT-X-PART-INF or EXT-X-SERVER-CONTROL";
    return difference;
}
