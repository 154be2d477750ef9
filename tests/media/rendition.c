/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rendition.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "file_store.h"

#define US_PER_S     1000000ll
#define TIMEOUT_US   (10 * US_PER_S)
#define HOLD_TARGETS 3            /* section 6.2.5.2 */
#define POLL_US      (300 * 1000) /* where a request cannot block */
#define HELD_US      (20 * 1000)  /* an answer that took so long waited for something */
#define DELTA_EACH   5            /* of so many requests one is for a delta update */
#define REFUSALS_AT  10           /* versions; then the server is asked what it must refuse */
#define FAR_SEGMENTS 50
#define FAR_PARTS    20
#define ROUNDING_US  1000

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
    const char *what; /* of a request that is to be refused: a static string */
} Reload;

struct Rendition {
    RenditionWorld *world;
    size_t index;
    char uri[M3U8_URI_SIZE], url[URL_SIZE];
    RenditionNews *news;
    void *user;
    PlaylistRules *playlist;
    PartRules *parts;
    M3u8 *whole; /* a whole list that waits for its delta update */
    FileStore files;
    uint64_t next_segment; /* the next one to take apart */
    int64_t poll_us;       /* ask at this time; 0: a request is under way */
    size_t reloads, versions;
    bool refusals_asked;
    RenditionMoment moment;
    RenditionStats stats;
};

void resolve_uri(const char *base, const char *uri, char *out)
{
    const char *host = strstr(base, "://"), *path = host ? strchr(host + 3, '/') : NULL;
    size_t query = strcspn(base, "?"), keep = query;

    if (strstr(uri, "://"))
        keep = 0;
    else if (*uri == '/')
        keep = path ? (size_t)(path - base) : query;
    else
        while (keep > 0 && base[keep - 1] != '/')
            keep--;
    snprintf(out, URL_SIZE, "%.*s%s", (int)keep, base, uri);
}

Rendition *rendition_create(RenditionWorld *world, const char *base, const char *uri, size_t index,
                            RenditionNews *news, void *user)
{
    Rendition *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    *r = (Rendition){.world = world, .index = index, .news = news, .user = user};
    snprintf(r->uri, sizeof(r->uri), "%s", uri);
    resolve_uri(base, uri, r->url);
    r->playlist = playlist_rules_create(world->findings);
    r->parts = part_rules_create(world->findings, r->uri);
    if (!r->playlist || !r->parts || media_worker_add(world->worker, r->uri) < 0)
        rendition_destroy(&r);
    return r;
}

void rendition_destroy(Rendition **rendition)
{
    Rendition *r = *rendition;

    if (!r)
        return;
    file_store_clear(&r->files);
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

static Exchange exchange_of(const Rendition *r, const char *name, const HttpAnswer *a)
{
    return (Exchange){
        .name = name,
        .msn = -1,
        .part = -1,
        .target_us = target_us(r),
        .secure = strncmp(r->url, "https:", 6) == 0,
        .status = a->status,
        .type = a->type,
        .encoding = a->encoding,
        .cache_control = a->cache_control,
        .len = a->len,
        .held_us = a->first_byte_us - a->asked_us,
        .transfer_us = a->done_us - a->first_byte_us,
        .http2 = a->http2,
    };
}

static bool by_http(const Rendition *r)
{
    return strncmp(r->url, "http", 4) == 0;
}

/* ---- files ---- */

static void take_apart(Rendition *r);

static bool is_hint(const Rendition *r, const char *uri)
{
    const M3u8 *m = rendition_list(r);

    for (size_t i = 0; m && i < m->hint_count; i++)
        if (m->hints[i].uri && strcmp(m->hints[i].uri, uri) == 0)
            return true;
    return false;
}

static void on_file(void *user, HttpAnswer *a)
{
    StoredFile *file = user;
    Rendition *r = file->owner;
    Exchange e = exchange_of(r, file->uri, a);
    bool good = a->status == 200;

    file->state = good ? FILE_HERE : FILE_FAILED;
    if (r->world->over)
        return;
    if (file->hinted && !good) {
        /* it need not come where something else comes; if it does, it is asked for again */
        if (is_hint(r, file->uri) && a->status != 503)
            reload_rules_media(r->world->findings, &e, true, 0);
        file_store_drop(&r->files, file);
        return;
    }
    if (by_http(r))
        reload_rules_media(r->world->findings, &e, file->hinted, rendition_list(r)->part_target_us);
    if (!good)
        return;
    r->stats.hints += file->hinted;
    if (!names_hold(r->world->names, file->uri, a->data, a->len))
        findings_add(r->world->findings, "one name has had two contents (6.2.1)", "%s", file->uri);
    file->bytes = (MediaBytes){a->data, a->len};
    a->data = NULL;
    take_apart(r);
}

static void ask_file(Rendition *r, const char *uri, bool hinted)
{
    int64_t timeout = TIMEOUT_US + HOLD_TARGETS * target_us(r);
    char url[URL_SIZE];

    if (r->world->over || file_store_find(&r->files, uri))
        return;
    StoredFile *file = file_store_add(&r->files, uri, r);
    if (!file)
        return;
    file->hinted = hinted;
    resolve_uri(r->url, uri, url);
    if (http_client_get(r->world->http, url, timeout, on_file, file) < 0)
        file->state = FILE_FAILED;
}

static void ask_files_of(Rendition *r, const M3u8Segment *s)
{
    if (s->map)
        ask_file(r, s->map, false);
    for (size_t i = 0; i < s->part_count; i++)
        if (s->parts[i].uri && !s->parts[i].gap && !s->parts[i].ranged)
            ask_file(r, s->parts[i].uri, false);
    if (s->uri && !s->gap)
        ask_file(r, s->uri, false);
}

static void ask_files(Rendition *r)
{
    const M3u8 *m = rendition_list(r);

    if (r->next_segment < m->media_sequence)
        r->next_segment = m->media_sequence;
    for (uint64_t n = r->next_segment; n < m3u8_next_sequence(m); n++)
        ask_files_of(r, m3u8_segment(m, n));
    if (m->open)
        ask_files_of(r, m->open);
    for (size_t i = 0; i < m->hint_count; i++)
        if (m->hints[i].uri && by_http(r))
            ask_file(r, m->hints[i].uri, true);
}

/* ---- whole segments, for the worker ---- */

static FileState state_of(const Rendition *r, const char *uri)
{
    const StoredFile *file = file_store_find(&r->files, uri);

    return file ? file->state : FILE_FAILED;
}

/* Whether its parts are all listed: those of an old segment go one by one. */
static bool has_all_parts(const M3u8Segment *s)
{
    int64_t sum = 0;

    for (size_t i = 0; i < s->part_count; i++) {
        if (!s->parts[i].uri || s->parts[i].gap || s->parts[i].ranged)
            return false;
        sum += s->parts[i].duration_us;
    }
    return s->part_count > 0 && llabs(sum - s->duration_us) <= ROUNDING_US;
}

/* Whether what a segment needs is here, still asked for, or will not come. */
static FileState state_of_segment(const Rendition *r, const M3u8Segment *s)
{
    FileState state = state_of(r, s->uri);

    if (s->map && state_of(r, s->map) != FILE_HERE)
        state = state == FILE_FAILED ? state : state_of(r, s->map);
    for (size_t i = 0; has_all_parts(s) && i < s->part_count && state == FILE_HERE; i++)
        state = state_of(r, s->parts[i].uri);
    return state;
}

static MediaBytes copy_of(const FileStore *files, const char *uri)
{
    const StoredFile *f = file_store_find(files, uri);
    MediaBytes copy = {malloc(f->bytes.len + 1), f->bytes.len};

    if (!copy.data)
        return (MediaBytes){0};
    memcpy(copy.data, f->bytes.data, f->bytes.len);
    return copy;
}

static MediaJob *new_job(const Rendition *r, const M3u8Segment *s)
{
    MediaJob *j = calloc(1, sizeof(*j));
    bool all = has_all_parts(s);

    if (!j)
        return NULL;
    j->rendition = r->index;
    j->target_us = target_us(r);
    j->segment = *s;
    j->segment.uri = strdup(s->uri);
    j->segment.map = s->map ? strdup(s->map) : NULL;
    j->segment.part_count = all ? s->part_count : 0;
    j->segment.parts = calloc(s->part_count + 1, sizeof(*j->segment.parts));
    j->part = all ? calloc(s->part_count, sizeof(*j->part)) : NULL;
    j->bytes = copy_of(&r->files, s->uri);
    if (s->map)
        j->init = copy_of(&r->files, s->map);
    for (size_t i = 0; all && i < s->part_count; i++) {
        j->segment.parts[i] = s->parts[i];
        j->segment.parts[i].uri = strdup(s->parts[i].uri);
        j->part[i] = copy_of(&r->files, s->parts[i].uri);
    }
    return j;
}

static void drop_files(Rendition *r, const M3u8Segment *s)
{
    for (size_t i = 0; i < s->part_count; i++)
        if (s->parts[i].uri)
            file_store_drop(&r->files, file_store_find(&r->files, s->parts[i].uri));
    file_store_drop(&r->files, file_store_find(&r->files, s->uri));
}

static void take_apart(Rendition *r)
{
    const M3u8Segment *s;

    while ((s = m3u8_segment(rendition_list(r), r->next_segment))) {
        FileState state = s->gap ? FILE_FAILED : state_of_segment(r, s);
        if (state == FILE_ASKED)
            return;
        MediaJob *job = state == FILE_HERE ? new_job(r, s) : NULL;
        if (job)
            media_worker_do(r->world->worker, job);
        drop_files(r, s);
        r->next_segment++;
    }
}

/* ---- the playlist ---- */

static void on_playlist(void *user, HttpAnswer *answer);

static void ask_playlist(Rendition *r, const Reload *request)
{
    char url[URL_SIZE + 128], *end = url + snprintf(url, sizeof(url), "%s", r->url);
    int64_t hold = HOLD_TARGETS * target_us(r);
    char mark = strchr(url, '?') ? '&' : '?';
    Reload *q = malloc(sizeof(*q));

    if (!q || r->world->over) {
        free(q);
        return;
    }
    *q = *request;
    q->rendition = r;
    if (q->msn >= 0)
        end += sprintf(end, "%c_HLS_msn=%" PRId64, mark, q->msn), mark = '&';
    if (q->part >= 0)
        end += sprintf(end, "%c_HLS_part=%" PRId64, mark, q->part), mark = '&';
    if (q->skip)
        sprintf(end, "%c_HLS_skip=YES", mark);
    if (http_client_get(r->world->http, url, TIMEOUT_US + hold, on_playlist, q) < 0)
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

/* Holds a completed delta update and a whole list against each other where they are of one moment.
 */
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

/* The next version. Takes `m` over. */
static void accept(Rendition *r, M3u8 *m, const HttpAnswer *a, bool blocking, bool is_delta)
{
    const M3u8 *before = rendition_list(r);

    r->moment =
        (RenditionMoment){a->asked_us, a->first_byte_us, a->first_byte_us - a->asked_us > HELD_US};
    r->stats.held += blocking && r->moment.was_held;
    if (blocking && a->first_byte_us - a->asked_us > r->stats.longest_hold_us)
        r->stats.longest_hold_us = a->first_byte_us - a->asked_us;
    if (before && !m3u8_difference(before, m) && before->ended == m->ended) {
        m3u8_destroy(&m);
        playlist_rules_same(r->playlist, a->asked_us);
    } else {
        part_rules_version(r->parts, before, m, a->first_byte_us);
        check_names(r, m);
        playlist_rules_version(r->playlist, m, a->first_byte_us);
        r->versions++;
    }
    m = (M3u8 *)rendition_list(r);
    if (is_delta && r->whole)
        compare_delta(r, m, r->whole);
    m3u8_destroy(&r->whole);
    r->news(r->user, r);
    ask_files(r);
    take_apart(r);
    if (m->ended || !m->can_block || !by_http(r))
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

static void fail(Rendition *r, const Reload *q, long status)
{
    if (q->purpose != RELOAD)
        return;
    if (status != 503 && rendition_list(r))
        findings_add(r->world->findings, "the playlist cannot be fetched", "%s: HTTP status %ld",
                     r->uri, status);
    reload_later(r, POLL_US);
}

/* Reads the answer, and fills in what a delta update leaves out. Returns NULL where there is none,
 * and has said why. */
static M3u8 *read_answer(Rendition *r, const Reload *q, const HttpAnswer *a, bool *is_delta)
{
    const M3u8 *before = rendition_list(r);
    Exchange e = exchange_of(r, r->uri, a);
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
    if (by_http(r))
        reload_rules_playlist(r->world->findings, &e, m);
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
        reload_rules_refusal(r->world->findings, r->uri, q.what, q.must, a->status);
        r->stats.refusals++;
        return;
    }
    M3u8 *m = read_answer(r, &q, a, &is_delta);
    if (!m)
        fail(r, &q, a->status);
    else if (q.purpose == RELOAD)
        accept(r, m, a, q.msn >= 0, is_delta);
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
    const Reload asked[] = {
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

    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
        ask_playlist(r, &asked[i]);
    r->refusals_asked = true;
}

static void on_retained(void *user, HttpAnswer *a)
{
    StoredFile *file = user;
    Rendition *r = file->owner;

    r->stats.retained += !r->world->over;
    if (r->world->over)
        ; /* it was not waited for */
    else if (a->status != 200)
        findings_add(r->world->findings,
                     "a segment or part that left the playlist went too soon (6.2.2)",
                     "%s: HTTP status %ld", file->uri, a->status);
    else if (!names_hold(r->world->names, file->uri, a->data, a->len))
        findings_add(r->world->findings, "one name has had two contents (6.2.1)", "%s", file->uri);
    free(file->uri);
    free(file);
}

static void try_retained(Rendition *r, const char *uri)
{
    char url[URL_SIZE];
    StoredFile *file = calloc(1, sizeof(*file));

    if (!file)
        return;
    file->uri = strdup(uri);
    file->owner = r;
    resolve_uri(r->url, uri, url);
    if (http_client_get(r->world->http, url, TIMEOUT_US, on_retained, file) < 0) {
        free(file->uri);
        free(file);
    }
}

void rendition_start(Rendition *r)
{
    reload(r, false);
}

void rendition_tick(Rendition *r, int64_t now_us)
{
    const M3u8 *m = rendition_list(r);
    const char *uri;

    if (r->world->over)
        return;
    if (r->poll_us != 0 && now_us >= r->poll_us)
        reload(r, false);
    while ((uri = playlist_rules_retained(r->playlist, now_us)))
        try_retained(r, uri);
    while ((uri = part_rules_retained(r->parts, now_us)))
        try_retained(r, uri);
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
    return r->stats;
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
