/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "viewer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RETRY_US 1000000 /* after something went wrong */

void viewer_ask_for_list(Track *t)
{
    char path[VIEWER_PATH_SIZE];
    const Viewer *v = t->viewer;
    const char *base = v->opened ? t->rendition->path : http_loop_path(v->audience->loop);

    t->list_at_us = 0;
    snprintf(path, sizeof(path), "%s", base);
    if (t->by_parts && t->asked.msn >= 0)
        snprintf(path, sizeof(path), "%s%c_HLS_msn=%" PRId64 "&_HLS_part=%" PRId64 "%s", base,
                 strchr(base, '?') ? '&' : '?', t->asked.msn, t->asked.part,
                 t->skips ? "&_HLS_skip=YES" : "");
    viewer_get(t, t->list, path, true);
}

static void start(Track *t, const PlayerList *list)
{
    const ViewerOptions *o = t->viewer->audience->options;

    t->started = true;
    t->by_parts = list->can_block && list->part_target_us > 0 && !o->poll;
    t->told = list->end;
    t->next = viewer_beginning(list, t->by_parts);
}

/* The part that allowed the answer: the one that was asked for or, if its segment ended before it,
 * the first of the next. */
static const PlayerItem *answering_part(const PlayerList *list, PlayerPlace asked)
{
    const PlayerItem *part = player_list_part(list, asked);

    return part ? part : player_list_part(list, (PlayerPlace){asked.msn + 1, 0});
}

static void measure_list(Track *t, const PlayerList *list, const HttpReply *a)
{
    Audience *audience = t->viewer->audience;
    const PlayerItem *part = answering_part(list, t->asked);

    if (t->asked.msn < 0 || !part) { /* it was not held: the part had left the playlist */
        viewer_measure(audience, WAIT_OTHER, a->asked_us, a);
        return;
    }
    int64_t birth_us = births_of(t->rendition->births, part->at, part->uri, a->done_us)->at_us;
    if (birth_us < 0)
        audience->tally->unborn++;
    else
        viewer_measure(audience, WAIT_LIST, birth_us, a);
}

static void check_list(Track *t, const PlayerList *list)
{
    if (player_place_compare(list->end, t->told) < 0)
        viewer_trouble(t, TROUBLE_BACKWARD);
    if (t->asked.msn >= 0 && !list->ended && player_place_compare(list->end, t->asked) <= 0)
        viewer_trouble(t, TROUBLE_EARLY);
}

/* When to look again without low latency: RFC 8216, section 6.3.4. */
static int64_t look_after_us(const Track *t, const PlayerList *list)
{
    bool changed = player_place_compare(list->end, t->told) != 0;

    return changed ? list->target_us : list->target_us / 2;
}

static void take_list(Track *t, const PlayerList *list, const HttpReply *a)
{
    int64_t after_us = t->started ? look_after_us(t, list) : list->target_us;

    if (t->started)
        check_list(t, list);
    else
        start(t, list);
    measure_list(t, list, a);
    t->told = list->end;
    t->over = list->ended;
    t->asked = t->by_parts ? list->end : viewer_nowhere;
    t->skips = t->by_parts && list->can_skip;
    if (!t->over && t->by_parts)
        viewer_ask_for_list(t);
    else if (!t->over)
        t->list_at_us = a->done_us + after_us;
    viewer_fetch_next(t);
}

/* All viewers play the same renditions; the first viewer finds out which. Returns -1 if they cannot
 * be played. */
static int name_renditions(Audience *a, const PlayerList *list)
{
    if (*a->rendition[0].path)
        return 0;
    if (!list->multivariant) {
        snprintf(a->rendition[0].path, HTTP_PATH_SIZE, "%s", http_loop_path(a->loop));
        return 0;
    }
    if (!viewer_resolve(a, list->video, a->rendition[0].path) ||
        (list->audio && !viewer_resolve(a, list->audio, a->rendition[1].path))) {
        *a->rendition[0].path = '\0';
        return -1;
    }
    return 0;
}

/* What the URL names is asked for once by each viewer; a media playlist then again, as such. */
static void on_first_list(Track *t, const PlayerList *list, const HttpReply *a)
{
    Audience *audience = t->viewer->audience;

    if (name_renditions(audience, list) < 0) {
        viewer_trouble(t, TROUBLE_LIST);
        t->list_at_us = a->done_us + RETRY_US;
        return;
    }
    t->viewer->opened = true;
    for (size_t i = 0; i < RENDITIONS; i++)
        if (*audience->rendition[i].path)
            viewer_ask_for_list(&t->viewer->track[i]);
}

/* NULL: it is not one that was asked for. */
static const PlayerList *read_list(Track *t, SharedList *shared, const HttpReply *a)
{
    ViewerTally *tally = t->viewer->audience->tally;
    const char *wrong;
    const PlayerList *list = shared_list_read(shared, a->body, a->len, a->gzip, &wrong);

    tally->list_bytes += (int64_t)a->len;
    tally->compressed += a->gzip;
    if (!list || (list->multivariant && t->viewer->opened) || (list->skipped > 0 && !t->skips)) {
        viewer_trouble(t, TROUBLE_LIST);
        return NULL;
    }
    tally->deltas += list->skipped > 0;
    return list;
}

void viewer_on_list(void *user, const HttpReply *a)
{
    Track *t = user;
    Audience *audience = t->viewer->audience;
    bool first = !t->viewer->opened;
    const PlayerList *list = NULL;

    audience->tally->lists++;
    if (viewer_count(t, a))
        list = read_list(t, first ? audience->master : t->rendition->list, a);
    if (list && first)
        on_first_list(t, list, a);
    else if (list)
        take_list(t, list, a);
    else {
        t->asked = viewer_nowhere;
        t->skips = false;
        t->list_at_us = a->done_us + RETRY_US;
    }
}
