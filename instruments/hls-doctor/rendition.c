/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rendition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define US_PER_S     1000000ll
#define HOLD_TARGETS 3            /* section 6.2.5.2 */
#define POLL_US      (300 * 1000) /* if requests cannot block */
#define HELD_US      (20 * 1000) /* an answer that came sooner was there before; it proves no more */
#define DELTA_EACH   5           /* of so many requests one is for a delta update */
#define REFUSALS_AT  10          /* versions; then the server is asked what it must refuse */
#define FAR_SEGMENTS 50
#define FAR_PARTS    20

/* What is done with an answer. */
typedef enum Purpose {
    RELOAD, /* it is the next version */
    WHOLE,  /* it is held against a delta update */
    ASIDE,  /* only the rules count */
    REFUSE, /* it is to be 400 */
} Purpose;

typedef struct Reload {
    Rendition *rendition;
    Purpose purpose;
    int64_t msn, part;
    bool skip;
    bool must;        /* be refused */
    bool missing;     /* it names what is not there: to be 404 */
    const char *path; /* beside the playlist, in its place; NULL: none; static where `missing` */
    const char *what; /* of a request that is to be refused: a static string */
} Reload;

struct Rendition {
    RenditionWorld *world;
    char uri[M3U8_URI_SIZE], url[HTTP_URL_SIZE];
    RenditionNews *news;
    void *user;
    PlaylistRules *playlist;
    PartRules *parts;
    M3u8 *whole; /* a whole list that waits for its delta update */
    RenditionFiles *files;
    int64_t poll_us; /* ask at this time; 0: a request is under way */
    size_t reloads, versions;
    bool refusals_asked;
    RenditionMoment moment;
    RenditionStats stats;
};

Rendition *rendition_create(RenditionWorld *world, const char *base, const char *uri, size_t index,
                            RenditionNews *news, void *user)
{
    Rendition *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    *r = (Rendition){.world = world, .news = news, .user = user};
    snprintf(r->uri, sizeof(r->uri), "%s", uri);
    resolve_uri(base, uri, r->url);
    r->playlist = playlist_rules_create(world->findings);
    r->parts = part_rules_create(world->findings, r->uri);
    r->files = rendition_files_create(world, r->url, index);
    if (!r->playlist || !r->parts || !r->files || media_worker_add(world->worker, r->uri) < 0)
        rendition_destroy(&r);
    return r;
}

void rendition_destroy(Rendition **rendition)
{
    Rendition *r = *rendition;

    if (!r)
        return;
    rendition_files_destroy(&r->files);
    m3u8_destroy(&r->whole);
    part_rules_destroy(&r->parts);
    playlist_rules_destroy(&r->playlist);
    free(r);
    *rendition = NULL;
}

const M3u8 *rendition_list(const Rendition *r)
{
    return playlist_rules_last(r->playlist);
}

static int64_t target_us(const Rendition *r)
{
    const M3u8 *m = rendition_list(r);

    return m ? m->target_s * US_PER_S : 0;
}

/* ---- the playlist ---- */

static void on_playlist(void *user, HttpAnswer *answer);

static void ask_playlist(Rendition *r, const Reload *request)
{
    char url[HTTP_URL_SIZE + 128], *end = url + snprintf(url, sizeof(url), "%s", r->url);
    int64_t hold = HOLD_TARGETS * target_us(r);
    char mark = strchr(url, '?') ? '&' : '?';
    Reload *q = malloc(sizeof(*q));

    if (!q || r->world->over) {
        free(q);
        return;
    }
    *q = *request;
    q->rendition = r;
    if (q->path)
        resolve_uri(r->url, q->path, url);
    if (q->msn >= 0)
        end += sprintf(end, "%c_HLS_msn=%" PRId64, mark, q->msn), mark = '&';
    if (q->part >= 0)
        end += sprintf(end, "%c_HLS_part=%" PRId64, mark, q->part), mark = '&';
    if (q->skip)
        sprintf(end, "%c_HLS_skip=YES", mark);
    if (http_client_get(r->world->http, url, HTTP_TIMEOUT_US + hold, on_playlist, q) < 0)
        free(q);
}

/* Asks for the next version. */
static void reload(Rendition *r, bool blocking)
{
    const M3u8 *m = rendition_list(r);
    Reload q = {.purpose = RELOAD, .msn = -1, .part = -1};

    r->poll_us = 0;
    if (blocking && m) {
        q.msn = (int64_t)m3u8_next_sequence(m);
        q.part = m->has_part_inf ? (int64_t)m3u8_open_parts(m) : -1;
        q.skip = m->can_skip_until_us >= 0 && r->reloads % DELTA_EACH == 0;
        r->stats.blocking++;
    }
    r->reloads++;
    ask_playlist(r, &q);
    if (q.skip) {
        q.skip = false;
        q.purpose = WHOLE;
        ask_playlist(r, &q);
    }
}

static void reload_later(Rendition *r, int64_t us)
{
    r->poll_us = clock_us(CLOCK_MONOTONIC) + us;
}

/* What is new in a version stands for what nothing stood for before. */
static void check_names(Rendition *r, const M3u8 *m)
{
    bool good = true;

    for (size_t i = 0; i <= m->count; i++) {
        const M3u8Segment *s = i < m->count ? &m->segments[i] : m->open;
        if (!s)
            break;
        if (s->uri)
            good = names_stand_for(r->world->names, s->uri, s->sequence, -1) && good;
        for (size_t k = 0; k < s->part_count; k++)
            if (s->parts[k].uri && !s->parts[k].ranged && i + 1 >= m->count)
                good = names_stand_for(r->world->names, s->parts[k].uri, s->sequence, (int64_t)k) &&
                       good;
    }
    if (!good)
        findings_add(r->world->findings, "a name is used for something else (6.2.1)", "%s", r->uri);
}

/* Compares a completed delta update with a whole list, if they are of the same moment. */
static void compare_delta(Rendition *r, const M3u8 *delta, const M3u8 *whole)
{
    ListEdge a = list_edge(delta), b = list_edge(whole);

    if (a.msn != b.msn || a.part != b.part || delta->ended != whole->ended)
        return;
    const char *difference = m3u8_difference(delta, whole);
    if (difference)
        findings_add(r->world->findings, "a delta update comes to another playlist (6.2.5.1)",
                     "%s at %" PRId64 ".%" PRId64 ": %s", r->uri, a.msn, a.part, difference);
    r->stats.deltas++;
}

/* The server has said that there is a version, or that there is none but the last. A file of this
 * machine is what it is however long it takes to be read. */
static void note_moment(Rendition *r, const HttpAnswer *a, bool blocking)
{
    if (is_http(r->url))
        r->moment = (RenditionMoment){a->asked_us, a->first_byte_us,
                                      blocking && a->first_byte_us - a->asked_us > HELD_US};
}

/* The next version. Takes `m` over. */
static void take_version(Rendition *r, M3u8 *m, const HttpAnswer *a, bool blocking, bool is_delta)
{
    const M3u8 *before = rendition_list(r);

    /* what does not block is late only if the machine is busy */
    note_moment(r, a, blocking);
    r->stats.held += r->moment.was_held;
    if (blocking && a->first_byte_us - a->asked_us > r->stats.longest_hold_us)
        r->stats.longest_hold_us = a->first_byte_us - a->asked_us;
    if (before && !m3u8_difference(before, m) && before->ended == m->ended) {
        m3u8_destroy(&m);
        playlist_rules_same(r->playlist, a->asked_us);
    } else {
        part_rules_version(r->parts, before, m, blocking, playlist_rules_seen_us(r->playlist),
                           a->first_byte_us);
        check_names(r, m);
        playlist_rules_version(r->playlist, m, a->asked_us, a->first_byte_us);
        r->versions++;
    }
    const M3u8 *now = rendition_list(r);
    if (is_delta && r->whole)
        compare_delta(r, now, r->whole);
    m3u8_destroy(&r->whole);
    r->news(r->user, r);
    rendition_files_version(r->files, now, a->asked_us);
    if (now->ended || !now->can_block || !is_http(r->url))
        reload_later(r, POLL_US);
    else
        reload(r, true);
}

static void compare_whole(Rendition *r, M3u8 *whole)
{
    const M3u8 *m = rendition_list(r);
    ListEdge a = list_edge(m), b = list_edge(whole);

    if (list_edge_before(a, b)) {
        m3u8_destroy(&r->whole);
        r->whole = whole; /* its delta update is still to come */
        return;
    }
    compare_delta(r, m, whole);
    m3u8_destroy(&whole);
}

static void fail(Rendition *r, const Reload *q, const HttpAnswer *a)
{
    long status = a->status;

    if (q->purpose != RELOAD)
        return;
    if (status == 503)
        note_moment(r, a, q->msn >= 0);
    r->stats.failures += status != 200 && !rendition_list(r);
    if (status != 503 && rendition_list(r))
        findings_add(r->world->findings, "the playlist cannot be fetched", "%s: HTTP status %ld",
                     r->uri, status);
    reload_later(r, POLL_US);
}

/* Parses the answer, and completes a delta update. Returns NULL if there is no list; then it has
 * added a fault that says why. */
static M3u8 *read_answer(Rendition *r, const Reload *q, const HttpAnswer *a, bool *is_delta)
{
    const M3u8 *before = rendition_list(r);
    Exchange e = exchange_of(r->url, r->uri, target_us(r), a);
    const char *wrong = NULL;
    M3u8 *m = a->status == 200 ? m3u8_read((const char *)a->data, a->len, &wrong) : NULL;

    e.msn = q->msn;
    e.part = q->part;
    e.skip = q->skip;
    if (wrong || (m && m->is_multivariant)) {
        findings_add(r->world->findings, "the playlist cannot be read", "%s: %s", r->uri,
                     wrong ? wrong : "it is a multivariant playlist");
        m3u8_destroy(&m);
    }
    if (is_http(r->url))
        reload_rules_playlist(r->world->findings, &e, m);
    r->stats.plain += m && strcmp(a->encoding, "gzip") != 0;
    *is_delta = m && m->is_delta;
    if (m && before)
        reload_rules_delta(r->world->findings, &e, m, before);
    if (*is_delta && (!before || m3u8_complete(m, before, &wrong) < 0)) {
        findings_add(r->world->findings, "a delta update cannot be completed (6.2.5.1)", "%s: %s",
                     r->uri, before ? wrong : "there is nothing before it");
        m3u8_destroy(&m);
    }
    return m;
}

static void on_playlist(void *user, HttpAnswer *a)
{
    Reload q = *(Reload *)user;
    Rendition *r = q.rendition;
    bool is_delta;

    free(user);
    if (r->world->over)
        return;
    if (q.purpose == REFUSE) {
        if (q.missing)
            reload_rules_missing(r->world->findings, q.path, a->status);
        else
            reload_rules_refusal(r->world->findings, r->uri, q.what, q.must, a->status);
        r->stats.refusals++;
        return;
    }
    M3u8 *m = read_answer(r, &q, a, &is_delta);
    if (!m)
        fail(r, &q, a);
    else if (q.purpose == RELOAD)
        take_version(r, m, a, q.msn >= 0, is_delta);
    else if (q.purpose == WHOLE && rendition_list(r))
        compare_whole(r, m);
    else
        m3u8_destroy(&m);
}

/* ---- what is due by time ---- */

/* What must be refused, and what must not: once. */
static void ask_refusals(Rendition *r)
{
    const M3u8 *m = rendition_list(r);
    int64_t next = (int64_t)m3u8_next_sequence(m), open = (int64_t)m3u8_open_parts(m);
    int64_t limit = m->part_target_us < US_PER_S ? 3 * US_PER_S / m->part_target_us + 1 : 3;
    char nonsense[HTTP_URL_SIZE + 16];
    const Reload asked[] = {
        {.purpose = REFUSE, .path = nonsense, .msn = -1, .part = -1, .what = "_HLS_msn=x"},
        {.purpose = REFUSE, .path = "no-such-part.m4s", .missing = true, .msn = -1, .part = -1},
        {.purpose = REFUSE, .msn = -1, .part = 0, .must = true, .what = "_HLS_part alone"},
        {.purpose = REFUSE, .msn = next + FAR_SEGMENTS, .part = -1, .what = "_HLS_msn far ahead"},
        {.purpose = REFUSE,
         .msn = next,
         .part = open + limit + FAR_PARTS,
         .what = "_HLS_part far ahead"},
        {.purpose = ASIDE, .msn = (int64_t)m->media_sequence, .part = -1},
        {.purpose = ASIDE, .msn = (int64_t)m->media_sequence, .part = 0},
        {.purpose = ASIDE, .msn = next, .part = -1},
        {.purpose = ASIDE, .msn = next - 1, .part = (int64_t)m->segments[m->count - 1].part_count},
    };

    snprintf(nonsense, sizeof(nonsense), "%s%c_HLS_msn=x", strrchr(r->url, '/') + 1,
             strchr(r->url, '?') ? '&' : '?');
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
        ask_playlist(r, &asked[i]);
    r->refusals_asked = true;
}

void rendition_start(Rendition *r)
{
    reload(r, false);
}

void rendition_tick(Rendition *r, int64_t now_us)
{
    const M3u8 *m = rendition_list(r);
    const char *uri;
    int64_t until_us;

    if (r->world->over)
        return;
    if (r->poll_us != 0 && now_us >= r->poll_us)
        reload(r, false);
    while ((uri = playlist_rules_retained(r->playlist, now_us, &until_us)))
        rendition_files_try(r->files, uri, until_us);
    while ((uri = part_rules_retained(r->parts, now_us, &until_us)))
        rendition_files_try(r->files, uri, until_us);
    if (!r->refusals_asked && r->versions >= REFUSALS_AT && m->can_block && !m->ended &&
        m->count > 0 && m->part_target_us > 0)
        ask_refusals(r);
}

const char *rendition_uri(const Rendition *r)
{
    return r->uri;
}

RenditionStats rendition_stats(const Rendition *r)
{
    RenditionStats stats = r->stats;

    stats.files = rendition_files_stats(r->files);
    return stats;
}

PlaylistHistory rendition_playlist_history(const Rendition *r)
{
    return playlist_rules_history(r->playlist);
}

PartHistory rendition_part_history(const Rendition *r)
{
    return part_rules_history(r->parts);
}

RenditionMoment rendition_moment(const Rendition *r)
{
    return r->moment;
}
