/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "viewer.h"

#include <stdio.h>
#include <string.h>

#define SEGMENTS_BACK 3 /* of the classic playlist's end, where a player begins: RFC 8216 6.3.3 */

PlayerPlace viewer_beginning(const PlayerList *list, bool by_parts)
{
    PlayerPlace at = list->end;

    if (!by_parts) {
        int64_t first = list->segments > 0 ? list->segment[0].at.msn : at.msn;
        return (PlayerPlace){at.msn - SEGMENTS_BACK > first ? at.msn - SEGMENTS_BACK : first, 0};
    }
    if (at.part == 0 && player_list_part(list, (PlayerPlace){at.msn - 1, 0}))
        at.msn--;
    return (PlayerPlace){at.msn, 0};
}

/* If a segment ended with the part before `next`, the next part is the first of the next segment.
 */
static bool step_over_end(Track *t, const PlayerList *list)
{
    PlayerPlace last = {t->next.msn, t->next.part - 1};

    if (t->next.msn >= t->told.msn || !player_list_part(list, last))
        return false;
    t->next = (PlayerPlace){t->next.msn + 1, 0};
    return true;
}

/* For a viewer that is late: the parts of a segment leave the playlist long before it does. */
static const PlayerItem *whole_item(const Track *t, const PlayerList *list)
{
    bool has_parts = player_list_part(list, (PlayerPlace){t->next.msn, 0});

    return has_parts ? NULL : player_list_segment(list, t->next.msn);
}

static void step(Track *t)
{
    bool by_parts = t->by_parts && !t->whole;

    t->next =
        by_parts ? (PlayerPlace){t->next.msn, t->next.part + 1} : (PlayerPlace){t->next.msn + 1, 0};
}

static const PlayerItem *hinted_item(const Track *t, const PlayerList *list)
{
    bool wanted = t->by_parts && t->viewer->audience->options->hints && list->hint.uri &&
                  player_place_compare(list->hint.at, t->next) == 0 &&
                  player_place_compare(t->refused, t->next) != 0;

    return wanted ? &list->hint : NULL;
}

/* NULL: there is none yet. */
static const PlayerItem *next_item(Track *t, const PlayerList *list)
{
    const PlayerItem *item;

    t->hinted = t->whole = false;
    while (player_place_compare(t->next, t->told) < 0) {
        item =
            t->by_parts ? player_list_part(list, t->next) : player_list_segment(list, t->next.msn);
        if (!item && t->by_parts && step_over_end(t, list))
            continue;
        if (!item && t->by_parts)
            t->whole = (item = whole_item(t, list));
        if (item && !item->gap)
            return item;
        if (item) {
            step(t);
            t->whole = false;
        } else {
            viewer_trouble(t, TROUBLE_BEHIND);
            t->next = viewer_beginning(list, t->by_parts);
            if (player_place_compare(t->next, list->end) >= 0)
                return NULL;
        }
    }
    item = hinted_item(t, list);
    t->hinted = item;
    return item;
}

static void fetch(Track *t, const char *uri, bool is_map)
{
    char path[HTTP_PATH_SIZE];

    t->is_map = is_map;
    snprintf(t->uri, sizeof(t->uri), "%s", uri);
    if (viewer_resolve(t->viewer->audience, uri, path))
        viewer_get(t, t->media, path, false);
    else
        viewer_trouble(t, TROUBLE_LIST);
}

void viewer_fetch_next(Track *t)
{
    const PlayerList *list = shared_list_latest(t->rendition->list);

    if (t->viewer->audience->options->lists_only || http_connection_busy(t->media))
        return;
    if (list->map && strcmp(list->map, t->map) != 0) {
        snprintf(t->map, sizeof(t->map), "%s", list->map);
        fetch(t, list->map, true);
        return;
    }
    const PlayerItem *item = next_item(t, list);
    if (item)
        fetch(t, item->uri, false);
}

static void check_media(Track *t, const HttpReply *a)
{
    Audience *audience = t->viewer->audience;
    PlayerPlace at = t->whole ? (PlayerPlace){t->next.msn, -1} : t->next;
    Birth *birth = births_of(t->rendition->births, at, t->uri, a->done_us);

    if (birth->size < 0)
        birth->size = (int64_t)a->len;
    if (birth->size != (int64_t)a->len)
        viewer_trouble(t, TROUBLE_SIZE);
    if (!t->hinted)
        viewer_measure(audience, WAIT_OTHER, a->asked_us, a);
    else if (birth->at_us < 0)
        audience->tally->unborn++;
    else
        viewer_measure(audience, WAIT_PART, birth->at_us, a);
}

void viewer_on_media(void *user, const HttpReply *a)
{
    Track *t = user;
    ViewerTally *tally = t->viewer->audience->tally;

    tally->media++;
    if (t->hinted && a->outcome == HTTP_ANSWERED && a->status == 404) {
        tally->requests++;
        tally->withdrawn++;
        t->refused = t->next;
        viewer_fetch_next(t);
        return;
    }
    if (!viewer_count(t, a)) { /* again with the next playlist */
        if (t->is_map)
            *t->map = '\0';
        return;
    }
    if (!t->is_map) {
        check_media(t, a);
        t->got++;
        tally->whole += t->whole;
        step(t);
    }
    viewer_fetch_next(t);
}
