/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "playlist_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "left_files.h"

#define US_PER_S 1000000ll

/* The last moment at which a retained segment is tried: this much before it may go. */
#define RETAINED_MARGIN_US (1 * US_PER_S)

/* Two looks at the playlist are closer together than this, if this program is not busy. */
#define LOOK_US (US_PER_S * 2 / 5)

struct PlaylistRules {
    Findings *findings;
    M3u8 *last;
    int64_t seen_us;     /* when the last version was last asked for */
    int64_t looked_us;   /* when it last came, or was last asked for again */
    int64_t last_new_us; /* when a new segment was last seen; 0: never */
    int64_t longest_us;  /* longest playlist so far */
    LeftFiles left;
    PlaylistHistory history;
};

PlaylistRules *playlist_rules_create(Findings *findings)
{
    PlaylistRules *r = calloc(1, sizeof(*r));

    if (r) {
        r->findings = findings;
        r->left.margin_us = RETAINED_MARGIN_US;
    }
    return r;
}

void playlist_rules_destroy(PlaylistRules **rules)
{
    PlaylistRules *r = *rules;

    if (!r)
        return;
    left_files_clear(&r->left);
    m3u8_destroy(&r->last);
    free(r);
    *rules = NULL;
}

/* ---- one version ---- */

static void check_version(PlaylistRules *r, const M3u8 *m)
{
    for (size_t i = 0; i < m->count; i++) {
        const M3u8Segment *s = &m->segments[i];
        if ((s->duration_us + US_PER_S / 2) / US_PER_S > m->target_s)
            findings_add(r->findings, "EXTINF, rounded, exceeds TARGETDURATION (4.3.3.1)",
                         "segment %" PRIu64 ": %.3f s, target %" PRId64 " s", s->sequence,
                         (double)s->duration_us / US_PER_S, m->target_s);
        /* what stood in the version before was looked at then */
        for (size_t k = 0; s->sequence >= r->history.next_sequence && k < i; k++)
            if (strcmp(m->segments[k].uri, s->uri) == 0 &&
                m->segments[k].range.offset == s->range.offset)
                findings_add(r->findings, "one URI is listed twice (3)", "%s", s->uri);
    }
    if (m->has_type && !m->ended)
        findings_add(r->findings, "EXT-X-PLAYLIST-TYPE in a live playlist (6.2.2)", "version %zu",
                     r->history.versions);
    if (m->version < 3)
        findings_add(r->findings, "EXT-X-VERSION below 3 with decimal EXTINF (4.3.2.1)", "%u",
                     m->version);
}

/* ---- two versions ---- */

static void check_numbers(PlaylistRules *r, const M3u8 *before, const M3u8 *now)
{
    if (now->target_s != before->target_s)
        findings_add(r->findings, "TARGETDURATION changes (6.2.1)",
                     "%" PRId64 " s, then %" PRId64 " s", before->target_s, now->target_s);
    if (now->media_sequence < before->media_sequence)
        findings_add(r->findings, "MEDIA-SEQUENCE decreases (6.2.2)", "%" PRIu64 ", then %" PRIu64,
                     before->media_sequence, now->media_sequence);
    if (now->discontinuity_sequence < before->discontinuity_sequence)
        findings_add(r->findings, "DISCONTINUITY-SEQUENCE decreases (6.2.2)",
                     "%" PRIu64 ", then %" PRIu64, before->discontinuity_sequence,
                     now->discontinuity_sequence);
    if (now->media_sequence > before->media_sequence && before->has_discontinuity &&
        !before->has_discontinuity_sequence)
        findings_add(r->findings,
                     "a list with EXT-X-DISCONTINUITY loses segments without "
                     "EXT-X-DISCONTINUITY-SEQUENCE (6.2.2)",
                     "MEDIA-SEQUENCE %" PRIu64, before->media_sequence);
    if (before->ended && !now->ended &&
        now->media_sequence < before->media_sequence + before->count)
        findings_add(r->findings, "segments of an ended playlist go on (4.3.3.4)",
                     "MEDIA-SEQUENCE %" PRIu64, now->media_sequence);
    if (now->media_sequence + now->count < before->media_sequence + before->count)
        findings_add(r->findings, "segments vanish from the end (6.2.1)",
                     "the last was %" PRIu64 ", then it is %" PRIu64,
                     before->media_sequence + before->count, now->media_sequence + now->count);
}

/* What both list must be the same. */
static void check_common(PlaylistRules *r, const M3u8 *before, const M3u8 *now)
{
    for (size_t i = 0; i < before->count; i++) {
        const M3u8Segment *old = &before->segments[i];
        const M3u8Segment *new = m3u8_segment(now, old->sequence);
        if (!new)
            continue;
        if (strcmp(old->uri, new->uri) != 0 || old->duration_us != new->duration_us ||
            old->range.offset != new->range.offset || old->range.len != new->range.len)
            findings_add(r->findings, "a listed segment changes (6.2.1)",
                         "segment %" PRIu64 ": %s, then %s", old->sequence, old->uri, new->uri);
        if (old->discontinuity != new->discontinuity)
            findings_add(r->findings, "the discontinuity number of a segment changes (6.2.2)",
                         "segment %" PRIu64 ": %" PRIu64 ", then %" PRIu64, old->sequence,
                         old->discontinuity, new->discontinuity);
    }
}

/* RFC 8216 section 6.2.2: a segment may not be removed if less than three target durations would be
 * left. */
static void check_length(PlaylistRules *r, const M3u8 *before, const M3u8 *now)
{
    if (now->ended || now->media_sequence == before->media_sequence || before->ended)
        return;
    if (now->duration_us < 3 * now->target_s * US_PER_S)
        findings_add(r->findings, "a live playlist falls below three target durations (6.2.2)",
                     "%.3f s at MEDIA-SEQUENCE %" PRIu64, (double)now->duration_us / US_PER_S,
                     now->media_sequence);
}

/* They were listed at some time after `before` was last asked for, at `seen_us`. For a gap there is
 * no file. */
static void note_leavers(PlaylistRules *r, const M3u8 *before, const M3u8 *now, int64_t seen_us)
{
    for (size_t i = 0; i < before->count; i++)
        if (before->segments[i].sequence < now->media_sequence && !before->segments[i].gap)
            left_files_add(&r->left, before->segments[i].uri,
                           seen_us + left_files_stay_us(&before->segments[i], r->longest_us));
}

/* RFC 8216 section 6.2.2: a new segment within 1.5 target durations of the last. If this program
 * was busy decoding and did not look, the segment is taken to have come in time. */
static void check_pace(PlaylistRules *r, const M3u8 *now, uint64_t fresh, int64_t now_us)
{
    int64_t came_us = now_us < r->looked_us + LOOK_US ? now_us : r->looked_us + LOOK_US;
    int64_t gap = came_us - r->last_new_us;

    if (fresh == 0)
        return;
    if (r->last_new_us != 0 && !now->has_part_inf) { /* else part_rules.c does it */
        if (gap > r->history.longest_gap_us)
            r->history.longest_gap_us = gap;
        if (gap > now->target_s * US_PER_S * 3 / 2)
            findings_add(r->findings, "no new segment for 1.5 target durations (6.2.2)",
                         "%.2f s before segment %" PRIu64, (double)gap / US_PER_S,
                         now->media_sequence + now->count - 1);
    }
    r->last_new_us = now_us;
}

/* Dates follow durations, unless there is a discontinuity. */
static void check_dates(PlaylistRules *r, const M3u8 *m)
{
    for (size_t i = 1; i < m->count; i++) {
        const M3u8Segment *a = &m->segments[i - 1], *b = &m->segments[i];
        if (a->time_unix_us == M3U8_NO_TIME || b->time_unix_us == M3U8_NO_TIME ||
            a->discontinuity != b->discontinuity)
            continue;
        int64_t off = b->time_unix_us - a->time_unix_us - a->duration_us;
        if (llabs(off) > US_PER_S / 20)
            findings_add(r->findings, "PROGRAM-DATE-TIME does not follow EXTINF (4.3.2.6)",
                         "%.0f ms off at segment %" PRIu64, (double)off / 1000, b->sequence);
    }
}

void playlist_rules_version(PlaylistRules *r, M3u8 *now, int64_t asked_us, int64_t came_us)
{
    M3u8 *before = r->last;
    uint64_t end = now->media_sequence + now->count;
    uint64_t end_before = before ? before->media_sequence + before->count : now->media_sequence;

    check_version(r, now);
    check_dates(r, now);
    if (before) {
        check_numbers(r, before, now);
        check_common(r, before, now);
        check_length(r, before, now);
        note_leavers(r, before, now, r->seen_us);
    } else {
        r->history.first_sequence = now->media_sequence;
    }
    check_pace(r, now, end > end_before ? end - end_before : 0, came_us);
    if (now->duration_us > r->longest_us)
        r->longest_us = now->duration_us;
    if (now->count > 0 && before && before->count > 0)
        r->history.discontinuities += now->segments[now->count - 1].discontinuity -
                                      before->segments[before->count - 1].discontinuity;
    r->history.versions++;
    r->history.next_sequence = end;
    r->history.ended = now->ended;
    m3u8_destroy(&r->last);
    r->last = now;
    r->seen_us = asked_us;
    r->looked_us = came_us;
}

void playlist_rules_same(PlaylistRules *r, int64_t asked_us)
{
    r->seen_us = r->looked_us = asked_us;
}

int64_t playlist_rules_seen_us(const PlaylistRules *r)
{
    return r->seen_us;
}

const M3u8 *playlist_rules_last(const PlaylistRules *r)
{
    return r->last;
}

const char *playlist_rules_retained(PlaylistRules *r, int64_t now_us, int64_t *until_us)
{
    return left_files_due(&r->left, now_us, until_us);
}

PlaylistHistory playlist_rules_history(const PlaylistRules *r)
{
    return r->history;
}
