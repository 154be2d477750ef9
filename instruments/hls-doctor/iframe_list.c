/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "iframe_list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "left_files.h"
#include "m3u8_multi.h"
#include "media_opener.h"
#include "playlist_rules.h"

#define POLL_US (500 * 1000) /* nobody waits for an I-frame */
#define AHEAD   32           /* segments that are asked for at once */

struct IframeList {
    RenditionWorld *world;
    char uri[M3U8_URI_SIZE], url[HTTP_URL_SIZE];
    size_t index;
    PlaylistRules *rules;
    int64_t poll_us;  /* ask at this time; INT64_MAX: a request is under way */
    int64_t asked_us; /* when the list was asked for */
    uint64_t next;    /* segment to fetch */
    size_t fetching;  /* segments that wait for their bytes */
    size_t plain;     /* answers that were not compressed */
};

/* One segment, until its bytes are here. */
typedef struct Fetching {
    IframeList *list;
    MediaJob *job;
    int64_t until_us; /* it must be there, by the version that it was taken from (monotonic) */
    int waits;        /* for so many answers */
    bool failed;
} Fetching;

IframeList *iframe_list_create(RenditionWorld *world, const char *base, const char *uri)
{
    IframeList *l = calloc(1, sizeof(*l));
    int index;

    if (!l)
        return NULL;
    l->world = world;
    snprintf(l->uri, sizeof(l->uri), "%s", uri);
    resolve_uri(base, uri, l->url);
    l->rules = playlist_rules_create(world->findings);
    index = media_worker_add_iframes(world->worker, l->uri);
    if (!l->rules || index < 0)
        iframe_list_destroy(&l);
    else
        l->index = (size_t)index;
    return l;
}

void iframe_list_destroy(IframeList **list)
{
    if (!*list)
        return;
    playlist_rules_destroy(&(*list)->rules);
    free(*list);
    *list = NULL;
}

bool iframe_list_waits(const IframeList *l)
{
    return l->fetching > 0 || l->poll_us == INT64_MAX;
}

const char *iframe_list_uri(const IframeList *l)
{
    return l->uri;
}

const M3u8 *iframe_list_last(const IframeList *l)
{
    return playlist_rules_last(l->rules);
}

size_t iframe_list_plain(const IframeList *l)
{
    return l->plain;
}

uint64_t iframe_list_first(const IframeList *l)
{
    return playlist_rules_history(l->rules).first_sequence;
}

/* ---- segments ---- */

static void fetch_segments(IframeList *l);

static void finish(Fetching *f)
{
    IframeList *l = f->list;

    if (--f->waits > 0)
        return;
    if (f->failed || f->list->world->over)
        media_job_free(f->job);
    else
        media_worker_do(f->list->world->worker, f->job);
    free(f);
    l->fetching--;
    fetch_segments(l);
}

/* Until when a segment must be there, by the newest list. */
static int64_t until_us(const IframeList *l, const M3u8Segment *s)
{
    return l->asked_us + left_files_stay_us(s, iframe_list_last(l)->duration_us);
}

/* Whether what is not there may be gone by the time of its answer. */
static bool may_be_gone(const Fetching *f, const HttpAnswer *a)
{
    const IframeList *l = f->list;
    const M3u8Segment *s = m3u8_segment(iframe_list_last(l), f->job->segment.sequence);

    return is_http(l->url) && a->done_us > (s ? until_us(l, s) : f->until_us);
}

/* An answer with the bytes of `range` in full. */
static void take(Fetching *f, HttpAnswer *a, const char *uri, M3u8Range range, MediaBytes *out)
{
    Findings *findings = f->list->world->findings;
    bool http = is_http(f->list->url), ranged = range.len >= 0;
    bool good = a->status == (http && ranged ? 206 : 200);

    if (f->list->world->over)
        f->failed = true;
    else if (!good && a->status == 200)
        findings_add(findings, "a request for a range of bytes is answered with the whole file (4)",
                     "%s: %s", f->list->uri, uri);
    else if (!good && may_be_gone(f, a))
        left_files_too_late(findings, uri, a->status);
    else if (!good)
        findings_add(findings, "a range of an I-frame playlist cannot be fetched (6.2.1)",
                     "%s: %s, %" PRId64 " bytes from %" PRId64 " on: HTTP status %ld", f->list->uri,
                     uri, range.len, range.offset, a->status);
    else if (ranged && (int64_t)a->len != range.len)
        findings_add(findings, "a range of an I-frame playlist reaches beyond its file (4.4.4.2)",
                     "%s: %s, %" PRId64 " bytes from %" PRId64 " on: there are %zu", f->list->uri,
                     uri, range.len, range.offset, a->len);
    f->failed = f->failed || !good || (ranged && (int64_t)a->len != range.len);
    *out = (MediaBytes){a->data, a->len};
    a->data = NULL;
    finish(f);
}

static void on_init(void *user, HttpAnswer *a)
{
    Fetching *f = user;

    take(f, a, f->job->segment.map, f->job->segment.map_range, &f->job->init);
}

static void on_bytes(void *user, HttpAnswer *a)
{
    Fetching *f = user;

    take(f, a, f->job->segment.uri, media_opener_range(&f->job->segment), &f->job->bytes);
}

/* Without the key media goes on to the worker, which says so. */
static void on_key(void *user, HttpAnswer *a)
{
    Fetching *f = user;
    MediaJob *j = f->job;
    const RenditionWorld *w = f->list->world;
    char uri[M3U8_URI_SIZE];

    j->has_key = !w->over && media_opener_wants_key(w->keys, &j->segment, uri) &&
                 media_opener_take_key(w->findings, uri, a->status, a->data, a->len, j->key);
    finish(f);
}

static void ask(Fetching *f, const char *uri, M3u8Range range, HttpDone *done)
{
    char url[HTTP_URL_SIZE];
    HttpClient *http = f->list->world->http;
    int status;

    resolve_uri(f->list->url, uri, url);
    if (range.len > 0)
        status =
            http_client_get_range(http, url, range.offset, range.len, HTTP_TIMEOUT_US, done, f);
    else
        status = http_client_get(http, url, HTTP_TIMEOUT_US, done, f);
    f->failed = f->failed || status < 0;
    f->waits += status == 0;
}

static void fetch_segment(IframeList *l, const M3u8Segment *s)
{
    Fetching *f = calloc(1, sizeof(*f));
    MediaJob *j = calloc(1, sizeof(*j));
    char key[M3U8_URI_SIZE];

    if (!f || !j) {
        free(f);
        free(j);
        return;
    }
    *j = (MediaJob){.is_iframe = true,
                    .rendition = l->index,
                    .multi_version = l->world->multi_versions,
                    .segment = m3u8_segment_copy(s)};
    *f = (Fetching){.list = l, .job = j, .until_us = until_us(l, s), .waits = 1};
    l->fetching++;
    if (media_opener_wants_key(l->world->keys, s, key))
        ask(f, key, M3U8_WHOLE, on_key);
    if (s->map)
        ask(f, s->map, s->map_range, on_init);
    ask(f, s->uri, media_opener_range(s), on_bytes);
    finish(f); /* unless it waits for an answer */
}

/* Those that are new, but not too many at once. */
static void fetch_segments(IframeList *l)
{
    const M3u8 *m = iframe_list_last(l);
    const M3u8Segment *s;

    while (m && !l->world->over && l->fetching < AHEAD && (s = m3u8_segment(m, l->next))) {
        l->next++;
        if (!s->gap)
            fetch_segment(l, s);
    }
}

/* ---- the list ---- */

static void on_list(void *user, HttpAnswer *a)
{
    IframeList *l = user;
    const M3u8 *before = iframe_list_last(l);
    const char *wrong = "it cannot be fetched";

    if (l->world->over)
        return;
    l->poll_us = clock_us(CLOCK_MONOTONIC) + POLL_US;
    l->plain += a->status == 200 && strcmp(a->encoding, "gzip") != 0;
    M3u8 *m = a->status == 200 ? m3u8_read((const char *)a->data, a->len, &wrong) : NULL;
    if (!m || m->is_multivariant) {
        findings_add(l->world->findings, "an I-frame playlist cannot be read", "%s: %s", l->uri,
                     m ? "it is a multivariant playlist" : wrong);
        m3u8_destroy(&m);
        return;
    }
    l->asked_us = a->asked_us;
    if (before && before->count == m->count && before->media_sequence == m->media_sequence &&
        before->ended == m->ended) {
        m3u8_destroy(&m);
        playlist_rules_same(l->rules, a->asked_us);
        return;
    }
    iframe_rules_list(l->world->findings, l->uri, m);
    playlist_rules_version(l->rules, m, a->asked_us, a->asked_us);
    if (l->next < m->media_sequence)
        l->next = m->media_sequence;
    fetch_segments(l);
}

void iframe_list_tick(IframeList *l, int64_t now_us)
{
    if (l->world->over || now_us < l->poll_us)
        return;
    l->poll_us = INT64_MAX;
    if (http_client_get(l->world->http, l->url, HTTP_TIMEOUT_US, on_list, l) < 0)
        l->poll_us = now_us + POLL_US;
}
