/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audience.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "births.h"
#include "shared_list.h"

#define RETRY_US      1000000 /* after something went wrong */
#define RENDITIONS    2
#define URI_SIZE      256
#define SEGMENTS_BACK 3 /* of the classic playlist's end, where a player begins: RFC 8216 6.3.3 */

static const PlayerPlace nowhere = {-1, 0};

typedef struct Rendition {
    char path[HTTP_PATH_SIZE]; /* of its playlist; empty: there is none */
    SharedList *list;
    Births *births;
} Rendition;

/* One rendition as one viewer plays it. */
typedef struct Track {
    struct Viewer *viewer;
    Rendition *rendition;
    HttpConnection *list, *media;
    bool started, over;
    bool by_parts;       /* low latency; otherwise by segments */
    int64_t list_at_us;  /* when to ask for the playlist; 0: that is under way, or not yet due */
    PlayerPlace asked;   /* that the playlist request waits for */
    bool skips;          /* and asks for without old segments */
    PlayerPlace told;    /* the end of the last playlist */
    PlayerPlace next;    /* media that comes next */
    PlayerPlace refused; /* a hinted part that there is not */
    bool hinted, is_map;
    char uri[URI_SIZE]; /* that is being fetched */
    char map[URI_SIZE]; /* the last one that was */
    int64_t got;
} Track;

typedef struct Viewer {
    Audience *audience;
    bool opened; /* has been given what the URL names */
    Track track[RENDITIONS];
} Viewer;

struct Audience {
    const ViewerOptions *options;
    HttpLoop *loop;
    ViewerTally *tally;
    bool measuring;
    SharedList *master;
    Rendition rendition[RENDITIONS];
    size_t admitted;
    Viewer viewer[];
};

static void trouble(Track *t, Trouble kind)
{
    t->viewer->audience->tally->trouble[kind]++;
}

/* `uri` beside the playlist that the URL names. Returns false if it is elsewhere, or too long.
 */
static bool resolve(const Audience *a, const char *uri, char *path)
{
    const char *base = http_loop_path(a->loop), *query = strchr(base, '?');
    size_t folder = query ? (size_t)(query - base) : strlen(base);

    if (strstr(uri, "://"))
        return false;
    while (*uri != '/' && folder > 0 && base[folder - 1] != '/')
        folder--;
    if (*uri == '/')
        folder = 0;
    return snprintf(path, HTTP_PATH_SIZE, "%.*s%s", (int)folder, base, uri) < HTTP_PATH_SIZE;
}

/* Counts an answer. Returns whether it is the expected one. */
static bool count(Track *t, const HttpReply *a)
{
    static const Trouble of_outcome[] = {[HTTP_NO_CONNECTION] = TROUBLE_CONNECT,
                                         [HTTP_BROKEN] = TROUBLE_BROKEN,
                                         [HTTP_MALFORMED] = TROUBLE_MALFORMED,
                                         [HTTP_NO_ANSWER] = TROUBLE_NO_ANSWER};
    ViewerTally *tally = t->viewer->audience->tally;

    tally->requests++;
    tally->bytes += (int64_t)a->len;
    if (a->outcome == HTTP_ANSWERED && a->status == 200)
        return true;
    if (a->outcome != HTTP_ANSWERED)
        trouble(t, of_outcome[a->outcome]);
    else if (a->status == 503)
        trouble(t, TROUBLE_UNAVAILABLE);
    else
        trouble(t, a->status >= 400 && a->status < 500 ? TROUBLE_REFUSED : TROUBLE_FAILED);
    return false;
}

/* A part that was waited for is measured from its birth, even if the viewer asked later: a viewer
 * is late only because the answer before was. */
static void measure(Audience *a, Wait wait, int64_t from_us, const HttpReply *answer)
{
    if (a->measuring)
        delays_add(a->tally->wait[wait], answer->done_us - from_us);
}

/* ---- media ---- */

static PlayerPlace beginning(const PlayerList *list, bool by_parts)
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

    t->hinted = false;
    while (player_place_compare(t->next, t->told) < 0) {
        item =
            t->by_parts ? player_list_part(list, t->next) : player_list_segment(list, t->next.msn);
        if (item && !item->gap)
            return item;
        if (item)
            t->next = t->by_parts ? (PlayerPlace){t->next.msn, t->next.part + 1}
                                  : (PlayerPlace){t->next.msn + 1, 0};
        else if (!t->by_parts || !step_over_end(t, list)) {
            trouble(t, TROUBLE_BEHIND);
            t->next = beginning(list, t->by_parts);
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
    if (resolve(t->viewer->audience, uri, path))
        http_connection_get(t->media, path, false);
    else
        trouble(t, TROUBLE_LIST);
}

static void fetch_next(Track *t)
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
    Birth *birth = births_of(t->rendition->births, t->next, t->uri, a->done_us);

    if (birth->size < 0)
        birth->size = (int64_t)a->len;
    if (birth->size != (int64_t)a->len)
        trouble(t, TROUBLE_SIZE);
    if (!t->hinted)
        measure(audience, WAIT_OTHER, a->asked_us, a);
    else if (birth->at_us < 0)
        audience->tally->unborn++;
    else
        measure(audience, WAIT_PART, birth->at_us, a);
}

static void on_media(void *user, const HttpReply *a)
{
    Track *t = user;
    ViewerTally *tally = t->viewer->audience->tally;

    tally->media++;
    if (t->hinted && a->outcome == HTTP_ANSWERED && a->status == 404) {
        tally->requests++;
        tally->withdrawn++;
        t->refused = t->next;
        fetch_next(t);
        return;
    }
    if (!count(t, a)) { /* again with the next playlist */
        if (t->is_map)
            *t->map = '\0';
        return;
    }
    if (!t->is_map) {
        check_media(t, a);
        t->got++;
        t->next = t->by_parts ? (PlayerPlace){t->next.msn, t->next.part + 1}
                              : (PlayerPlace){t->next.msn + 1, 0};
    }
    fetch_next(t);
}

/* ---- playlists ---- */

static void ask_for_list(Track *t)
{
    char path[HTTP_PATH_SIZE + 96];
    const Viewer *v = t->viewer;
    const char *base = v->opened ? t->rendition->path : http_loop_path(v->audience->loop);

    t->list_at_us = 0;
    snprintf(path, sizeof(path), "%s", base);
    if (t->by_parts && t->asked.msn >= 0)
        snprintf(path, sizeof(path), "%s%c_HLS_msn=%" PRId64 "&_HLS_part=%" PRId64 "%s", base,
                 strchr(base, '?') ? '&' : '?', t->asked.msn, t->asked.part,
                 t->skips ? "&_HLS_skip=YES" : "");
    http_connection_get(t->list, path, true);
}

static void start(Track *t, const PlayerList *list)
{
    const ViewerOptions *o = t->viewer->audience->options;

    t->started = true;
    t->by_parts = list->can_block && list->part_target_us > 0 && !o->poll;
    t->told = list->end;
    t->next = beginning(list, t->by_parts);
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

    if (t->asked.msn < 0) {
        measure(audience, WAIT_OTHER, a->asked_us, a);
        return;
    }
    int64_t birth_us =
        part ? births_of(t->rendition->births, part->at, part->uri, a->done_us)->at_us : -1;
    if (birth_us < 0)
        audience->tally->unborn++;
    else
        measure(audience, WAIT_LIST, birth_us, a);
}

static void check_list(Track *t, const PlayerList *list)
{
    if (player_place_compare(list->end, t->told) < 0)
        trouble(t, TROUBLE_BACKWARD);
    if (t->asked.msn >= 0 && !list->ended && player_place_compare(list->end, t->asked) <= 0)
        trouble(t, TROUBLE_EARLY);
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
    t->asked = t->by_parts ? list->end : nowhere;
    t->skips = t->by_parts && list->can_skip;
    if (!t->over && t->by_parts)
        ask_for_list(t);
    else if (!t->over)
        t->list_at_us = a->done_us + after_us;
    fetch_next(t);
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
    if (!resolve(a, list->video, a->rendition[0].path) ||
        (list->audio && !resolve(a, list->audio, a->rendition[1].path))) {
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
        trouble(t, TROUBLE_LIST);
        t->list_at_us = a->done_us + RETRY_US;
        return;
    }
    t->viewer->opened = true;
    for (size_t i = 0; i < RENDITIONS; i++)
        if (*audience->rendition[i].path)
            ask_for_list(&t->viewer->track[i]);
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
        trouble(t, TROUBLE_LIST);
        return NULL;
    }
    tally->deltas += list->skipped > 0;
    return list;
}

static void on_list(void *user, const HttpReply *a)
{
    Track *t = user;
    Audience *audience = t->viewer->audience;
    bool first = !t->viewer->opened;
    const PlayerList *list = NULL;

    audience->tally->lists++;
    if (count(t, a))
        list = read_list(t, first ? audience->master : t->rendition->list, a);
    if (list && first)
        on_first_list(t, list, a);
    else if (list)
        take_list(t, list, a);
    else {
        t->asked = nowhere;
        t->skips = false;
        t->list_at_us = a->done_us + RETRY_US;
    }
}

/* ---- the audience ---- */

static int open_viewer(Audience *a, Viewer *v)
{
    v->audience = a;
    for (size_t i = 0; i < RENDITIONS; i++) {
        Track *t = &v->track[i];
        t->viewer = v;
        t->rendition = &a->rendition[i];
        t->asked = t->refused = nowhere;
        t->list = http_connection_create(a->loop, on_list, t);
        t->media = http_connection_create(a->loop, on_media, t);
        if (!t->list || !t->media)
            return -1;
    }
    return 0;
}

Audience *audience_create(const ViewerOptions *options, HttpLoop *loop, ViewerTally *tally)
{
    Audience *a = calloc(1, sizeof(*a) + options->viewers * sizeof(Viewer));

    if (!a)
        return NULL;
    a->options = options;
    a->loop = loop;
    a->tally = tally;
    a->master = shared_list_create();
    bool good = a->master;
    for (size_t i = 0; i < RENDITIONS; i++) {
        Rendition *r = &a->rendition[i];
        r->list = shared_list_create();
        r->births = births_create(options->files);
        good = good && r->list && r->births;
    }
    for (size_t i = 0; good && i < options->viewers; i++)
        good = open_viewer(a, &a->viewer[i]) == 0;
    if (!good)
        audience_destroy(&a);
    return a;
}

void audience_destroy(Audience **audience)
{
    Audience *a = *audience;

    if (!a)
        return;
    for (size_t v = 0; v < a->options->viewers; v++)
        for (size_t i = 0; i < RENDITIONS; i++) {
            http_connection_destroy(&a->viewer[v].track[i].list);
            http_connection_destroy(&a->viewer[v].track[i].media);
        }
    for (size_t i = 0; i < RENDITIONS; i++) {
        shared_list_destroy(&a->rendition[i].list);
        births_destroy(&a->rendition[i].births);
    }
    shared_list_destroy(&a->master);
    free(a);
    *audience = NULL;
}

void audience_admit(Audience *a, size_t viewers)
{
    for (; a->admitted < viewers; a->admitted++)
        ask_for_list(&a->viewer[a->admitted].track[0]);
}

void audience_tick(Audience *a, int64_t now_us)
{
    for (size_t v = 0; v < a->admitted; v++)
        for (size_t i = 0; i < RENDITIONS; i++) {
            Track *t = &a->viewer[v].track[i];
            if (t->list_at_us > 0 && t->list_at_us <= now_us)
                ask_for_list(t);
        }
}

void audience_measure(Audience *a)
{
    ViewerTally *t = a->tally;

    a->measuring = true;
    t->requests = t->bytes = t->lists = t->media = t->withdrawn = t->unborn = 0;
    t->list_bytes = t->compressed = t->deltas = 0;
    for (size_t v = 0; v < a->admitted; v++)
        for (size_t i = 0; i < RENDITIONS; i++)
            a->viewer[v].track[i].got = 0;
}

void audience_summarise(const Audience *a, ViewerSummary *s)
{
    s->joined = s->most = 0;
    s->fewest = INT64_MAX;
    for (size_t v = 0; v < a->admitted; v++) {
        bool joined = true;
        for (size_t i = 0; i < RENDITIONS && (i == 0 || *a->rendition[i].path); i++) {
            const Track *t = &a->viewer[v].track[i];
            joined = joined && t->started;
            s->fewest = t->got < s->fewest ? t->got : s->fewest;
            s->most = t->got > s->most ? t->got : s->most;
        }
        s->joined += joined;
    }
    if (a->admitted == 0)
        s->fewest = 0;
}
