/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_LIST_WATCH_H
#define UNIT_LIST_WATCH_H

/* Watches a media playlist as viewers see it, by its text, and holds it against RFC 8216, sections
 * 6.2.1 and 6.2.2: numbers only grow, what is listed does not change, three target durations stay,
 * and a file stays as long as it must once it has left the list. After harness.h. */

#include <inttypes.h>

#include "hls-bridge/base/media.h"
#include "hls-bridge/store/store.h"

#define WATCH_LISTED_MAX 128
#define WATCH_LEFT_MAX   1024

typedef struct WatchedSegment {
    char name[STORE_NAME_SIZE];
    int64_t duration_90k, number; /* number: of its discontinuity */
    int64_t longest_90k;          /* list that has named it */
    bool gap;
} WatchedSegment;

typedef struct WatchedList {
    bool there, ended;
    int64_t msn, target_s;
    size_t count;
    WatchedSegment segment[WATCH_LISTED_MAX];
} WatchedList;

/* A file that has left the list, and how long it must stay. */
typedef struct WatchedFile {
    char name[STORE_NAME_SIZE];
    int64_t until_us;
} WatchedFile;

/* Set `title`, `target_s`, `room`, `is_there`, and `step_us` if there is any. */
typedef struct ListWatch {
    const char *title;
    int64_t target_s;
    size_t room; /* with so many segments the list may be too short */
    bool (*is_there)(const char *name);
    int64_t step_us; /* so long before a look the list may have changed */
    bool broken;     /* by the test: the list may begin again, once */

    WatchedList list;
    WatchedFile left[WATCH_LEFT_MAX];
    size_t lefts;
    int64_t newest; /* number of a discontinuity that was listed */
    size_t updates, removals, restarts;
} ListWatch;

static inline int64_t watched_total_90k(const WatchedList *l)
{
    int64_t sum = 0;

    for (size_t i = 0; i < l->count; i++)
        sum += l->segment[i].duration_90k;
    return sum;
}

/* Reads the text as a viewer does, and not as the bridge reads it back. */
static inline void watched_list_read(const ListWatch *w, const char *text, WatchedList *out)
{
    int64_t number = 0, duration_90k = -1;
    char line[256];
    double seconds;
    bool gap = false;

    *out = (WatchedList){.there = true, .target_s = -1};
    for (const char *at = text, *end; (end = strchr(at, '\n')); at = end + 1) {
        snprintf(line, sizeof(line), "%.*s", (int)(end - at), at);
        if (read_tag(line, "#EXT-X-MEDIA-SEQUENCE:", "%" SCNd64, &out->msn) ||
            read_tag(line, "#EXT-X-DISCONTINUITY-SEQUENCE:", "%" SCNd64, &number) ||
            read_tag(line, "#EXT-X-TARGETDURATION:", "%" SCNd64, &out->target_s))
            continue;
        number += strcmp(line, "#EXT-X-DISCONTINUITY") == 0;
        gap = gap || strcmp(line, "#EXT-X-GAP") == 0;
        out->ended = out->ended || strcmp(line, "#EXT-X-ENDLIST") == 0;
        if (read_tag(line, "#EXTINF:", "%lf,", &seconds))
            duration_90k = (int64_t)(seconds * TICKS_PER_S + 0.5);
        if (*line == '#')
            continue;
        assert_row(duration_90k > 0 && out->count < WATCH_LISTED_MAX, w->title, "%s", text);
        WatchedSegment *s = &out->segment[out->count++];
        *s = (WatchedSegment){.duration_90k = duration_90k, .number = number, .gap = gap};
        snprintf(s->name, sizeof(s->name), "%s", line);
        duration_90k = -1;
        gap = false;
    }
}

/* What `after` does not list any more has left. */
static inline void list_watch_note_left(ListWatch *w, const WatchedList *after, int64_t now_us)
{
    for (size_t i = 0; i < w->list.count; i++) {
        const WatchedSegment *s = &w->list.segment[i];
        int64_t msn = w->list.msn + (int64_t)i;
        if (s->gap || (msn >= after->msn && msn < after->msn + (int64_t)after->count))
            continue;
        assert_row(w->lefts < WATCH_LEFT_MAX, w->title, "more have left than there is room for");
        WatchedFile *left = &w->left[w->lefts++];
        snprintf(left->name, sizeof(left->name), "%s", s->name);
        left->until_us = now_us - w->step_us + ticks_to_us(s->duration_90k + s->longest_90k);
    }
}

/* The test has taken all off the list. */
static inline void list_watch_empty(ListWatch *w)
{
    w->list.msn += (int64_t)w->list.count;
    w->list.count = 0;
}

/* Whether a file must still stay, though it has left the list. */
static inline bool list_watch_is_owed(const ListWatch *w, int64_t now_us)
{
    for (size_t i = 0; i < w->lefts; i++)
        if (w->left[i].until_us > now_us)
            return true;
    return false;
}

/* What both list is the same in both. */
static inline void list_watch_compare(const ListWatch *w, const WatchedList *after)
{
    for (size_t i = 0; i < w->list.count; i++) {
        int64_t at = w->list.msn + (int64_t)i - after->msn;
        if (at < 0 || at >= (int64_t)after->count)
            continue;
        const WatchedSegment *old = &w->list.segment[i], *new = &after->segment[at];
        assert_row(strcmp(old->name, new->name) == 0, w->title, "%s was %s", new->name, old->name);
        assert_row(old->duration_90k == new->duration_90k, w->title, "%s", new->name);
        assert_row(old->number == new->number, w->title, "%s: number %d was %d", new->name,
                   (int)new->number, (int)old->number);
    }
}

static inline void list_watch_check(ListWatch *w, const WatchedList *after)
{
    const WatchedList *before = &w->list;
    int64_t next = before->msn + (int64_t)before->count;
    bool again = before->ended || w->broken;

    assert_row(after->msn >= before->msn, w->title, "%d after %d", (int)after->msn,
               (int)before->msn);
    assert_row(after->msn + (int64_t)after->count >= next, w->title, "it has lost its end");
    list_watch_compare(w, after);
    if (after->msn >= next && after->count > 0 && next > 0) {
        assert_row(again, w->title, "it begins again for no reason, at %d", (int)after->msn);
        assert_row(after->segment[0].number > w->newest, w->title, "%d after %d",
                   (int)after->segment[0].number, (int)w->newest);
        w->restarts++;
    } else if (after->msn > before->msn && !again) {
        assert_row(watched_total_90k(after) >= 3 * w->target_s * TICKS_PER_S ||
                       before->count + 1 >= w->room,
                   w->title, "%d ticks are left", (int)watched_total_90k(after));
    }
}

/* Looks at the text that is published now; NULL: there is none. */
static inline void list_watch_look(ListWatch *w, const char *text, int64_t now_us)
{
    static WatchedList now;

    for (size_t i = 0; i < w->lefts; i++)
        assert_row(w->left[i].until_us <= now_us || w->is_there(w->left[i].name), w->title,
                   "%s went %d ms too soon", w->left[i].name,
                   (int)((w->left[i].until_us - now_us) / US_PER_MS));
    if (!text)
        return;
    watched_list_read(w, text, &now);
    assert_row(now.target_s == w->target_s, w->title, "%d", (int)now.target_s);
    for (size_t i = 0; i < now.count; i++) {
        const WatchedSegment *s = &now.segment[i];
        assert_row(s->gap || w->is_there(s->name), w->title, "%s is not there", s->name);
        assert_row((s->duration_90k + TICKS_PER_S / 2) / TICKS_PER_S <= w->target_s, w->title,
                   "%s lasts %d ticks", s->name, (int)s->duration_90k);
    }
    if (w->list.there)
        list_watch_check(w, &now);
    list_watch_note_left(w, &now, now_us);
    for (size_t i = 0; i < now.count; i++) {
        int64_t at = now.msn + (int64_t)i - w->list.msn, longest = watched_total_90k(&now);
        if (at >= 0 && at < (int64_t)w->list.count && w->list.segment[at].longest_90k > longest)
            longest = w->list.segment[at].longest_90k;
        now.segment[i].longest_90k = longest;
    }
    if (now.count > 0)
        w->newest = now.segment[now.count - 1].number;
    w->updates++;
    w->removals += now.msn > w->list.msn;
    w->broken = w->broken && now.msn == w->list.msn && now.count == w->list.count;
    w->list = now;
}

#endif
