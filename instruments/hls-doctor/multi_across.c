/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "multi_rules.h"

#include <inttypes.h>
#include <stdlib.h>

#define US_PER_S 1000000ll
#define NEWEST   250 /* segments; each is compared with each */

/* The renditions against each other. */

static bool dated(const M3u8 *m)
{
    for (size_t i = 0; i < m->count; i++)
        if (m->segments[i].time_unix_us != M3U8_NO_TIME)
            return true;
    return false;
}

static void check_heads(Findings *f, const RenditionView *a, const RenditionView *b)
{
    const M3u8 *x = a->list, *y = b->list;

    if (x->target_s != y->target_s)
        findings_add(f, "renditions differ in TARGETDURATION (6.2.4)",
                     "%s: %" PRId64 " s, %s: %" PRId64 " s", a->uri, x->target_s, b->uri,
                     y->target_s);
    if (x->has_control != y->has_control || x->can_block != y->can_block ||
        x->hold_back_us != y->hold_back_us || x->part_hold_back_us != y->part_hold_back_us ||
        x->can_skip_until_us != y->can_skip_until_us)
        findings_add(f, "renditions differ in EXT-X-SERVER-CONTROL (6.2.4)", "%s, %s", a->uri,
                     b->uri);
    if (x->count > 0 && y->count > 0 && dated(x) != dated(y))
        findings_add(f, "some renditions have EXT-X-PROGRAM-DATE-TIME, some none (6.2.4)", "%s, %s",
                     a->uri, b->uri);
}

/* Whether two segments begin at one time: nearer to each other than to what is behind the shorter.
 */
static bool coincide(const M3u8Segment *s, const M3u8Segment *t)
{
    int64_t shorter_us = s->duration_us < t->duration_us ? s->duration_us : t->duration_us;

    return s->time_unix_us != M3U8_NO_TIME && t->time_unix_us != M3U8_NO_TIME &&
           llabs(s->time_unix_us - t->time_unix_us) <= shorter_us / 4;
}

/* Where the newest of a list begin: a number that is wrong is so in all that follow. */
static size_t newest(const M3u8 *m)
{
    return m->count > NEWEST ? m->count - NEWEST : 0;
}

/* What is at one time has one discontinuity number. */
static void check_numbers(Findings *f, const RenditionView *a, const RenditionView *b)
{
    for (size_t i = newest(a->list); i < a->list->count; i++) {
        const M3u8Segment *s = &a->list->segments[i];
        for (size_t k = newest(b->list); k < b->list->count; k++) {
            const M3u8Segment *t = &b->list->segments[k];
            if (coincide(s, t) && s->discontinuity != t->discontinuity)
                findings_add(
                    f, "renditions differ in their discontinuity numbers (6.2.4)",
                    "%s segment %" PRIu64 ": %" PRIu64 ", %s segment %" PRIu64 ": %" PRIu64, a->uri,
                    s->sequence, s->discontinuity, b->uri, t->sequence, t->discontinuity);
        }
    }
}

/* When a list begins and ends. An oldest segment that `other` has no longer, and a newest that it
 * does not have yet, are left out: there may be a hole beside them, of a publisher who was away,
 * and then they are far from the others. Returns false if the list does not say. */
static bool extent(const M3u8 *m, const M3u8 *other, int64_t *start_us, int64_t *end_us)
{
    size_t first = 0, n = m->count;

    if (n > 1 && other->count > 0) {
        if (m->segments[n - 1].sequence == other->segments[other->count - 1].sequence + 1)
            n--;
        if (n > 1 && m->segments[0].sequence + 1 == other->segments[0].sequence)
            first = 1;
    }
    const M3u8Segment *last = n > 0 ? &m->segments[n - 1] : NULL;
    if (!last || m->segments[first].time_unix_us == M3U8_NO_TIME ||
        last->time_unix_us == M3U8_NO_TIME)
        return false;
    *start_us = m->segments[first].time_unix_us;
    *end_us = last->time_unix_us + last->duration_us;
    return true;
}

/* Whether two lists are of about one moment. What was asked for while this program was busy may be
 * much older than what came since: then each has what the other lacks. */
static bool are_of_one_moment(const RenditionView *a, const RenditionView *b)
{
    int64_t apart_us = a->list->target_s * US_PER_S;

    if (a->list->ended && b->list->ended)
        return true;
    return a->came_us - b->asked_us <= apart_us && b->came_us - a->asked_us <= apart_us;
}

/* Whether `a` was asked for when `b` had come, and so is the later one of two live lists. */
static bool is_later(const RenditionView *a, const RenditionView *b)
{
    return !a->list->ended && b->came_us <= a->asked_us && b->asked_us < a->came_us;
}

/* By how much they lack something, if `a` is `ahead_us` of `b`. The later one may be ahead by
 * anything: a server that stood still writes several segments at once, and there may be a hole
 * among them, or among those that they replace. Each is the later one again and again, so what is
 * lacking shows then. */
static int64_t lack_us(const RenditionView *a, const RenditionView *b, int64_t ahead_us)
{
    if (ahead_us > 0 ? is_later(a, b) : is_later(b, a))
        return 0;
    return llabs(ahead_us);
}

/* One may have more than the other at its beginning and its end, but less than a target. The lists
 * were not fetched at one moment: one may have a segment more, and a cache may have kept one for
 * longer. That one ends earlier, and begins as much earlier, in whole segments. */
static void check_extent(Findings *f, const RenditionView *a, const RenditionView *b)
{
    int64_t target_us = a->list->target_s * US_PER_S, start[2], end[2];

    if (!are_of_one_moment(a, b) || !extent(a->list, b->list, &start[0], &end[0]) ||
        !extent(b->list, a->list, &start[1], &end[1]))
        return;
    bool live = !a->list->ended && !b->list->ended;
    int64_t apart_us = llabs(end[0] - end[1]);
    int64_t older_us = live && apart_us > target_us / 2 ? target_us + apart_us : 0;
    if (lack_us(a, b, start[0] - start[1]) > target_us * 3 / 2 + older_us ||
        (live && lack_us(a, b, end[0] - end[1]) > target_us * 2))
        findings_add(f, "one rendition has content that another lacks (6.2.4)",
                     "%s, %s: %.2f s at the beginning, %.2f s at the end", a->uri, b->uri,
                     (double)(start[0] - start[1]) / US_PER_S,
                     (double)(end[0] - end[1]) / US_PER_S);
}

static void check_hold_back(Findings *f, const RenditionView *view, size_t count)
{
    int64_t longest = 0;

    for (size_t i = 0; i < count; i++)
        if (view[i].list->part_target_us > longest)
            longest = view[i].list->part_target_us;
    for (size_t i = 0; i < count; i++) {
        const M3u8 *m = view[i].list;
        if (m->part_target_us > 0 && m->part_target_us < longest &&
            m->part_hold_back_us < 3 * longest)
            findings_remark(f, "PART-HOLD-BACK below three times the longest PART-TARGET (4.4.3.8)",
                            "%s", view[i].uri);
    }
}

void multi_rules_renditions(Findings *f, const RenditionView *view, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        check_heads(f, &view[0], &view[i]);
        check_numbers(f, &view[0], &view[i]);
        check_extent(f, &view[0], &view[i]);
    }
    check_hold_back(f, view, count);
}
