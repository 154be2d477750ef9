/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rendition_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file_store.h"
#include "left_files.h"
#include "m3u8_multi.h"
#include "media_opener.h"
#include "reload_rules.h"

#define US_PER_S     1000000ll
#define HOLD_TARGETS 3 /* section 6.2.5.2 */
#define KEEP_TARGETS 3 /* of a part that is listed no more; section 6.2.2 */
#define ROUNDING_US  1000
#define AHEAD        32 /* segments that are asked for at once */

struct RenditionFiles {
    RenditionWorld *world;
    size_t index;
    const char *url;
    const M3u8 *list;
    int64_t asked_us; /* when the list was asked for */
    FileStore store;
    uint64_t next_segment;           /* the next one to take apart */
    char failed_hint[M3U8_URI_SIZE]; /* what was hinted at and not given; "": nothing */
    long failed_status;              /* of the answer to that; 0: there was none */
    int64_t failed_us;               /* when that came */
    FilesStats stats;
};

RenditionFiles *rendition_files_create(RenditionWorld *world, const char *url, size_t index)
{
    RenditionFiles *r = calloc(1, sizeof(*r));

    if (r)
        *r = (RenditionFiles){.world = world, .url = url, .index = index};
    return r;
}

void rendition_files_destroy(RenditionFiles **files)
{
    if (!*files)
        return;
    file_store_clear(&(*files)->store);
    free(*files);
    *files = NULL;
}

static int64_t target_us(const RenditionFiles *r)
{
    return r->list ? r->list->target_s * US_PER_S : 0;
}

Exchange exchange_of(const char *url, const char *name, int64_t target, const HttpAnswer *a)
{
    return (Exchange){
        .name = name,
        .msn = -1,
        .part = -1,
        .target_us = target,
        .secure = strncmp(url, "https:", 6) == 0,
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

bool is_http(const char *url)
{
    return strncmp(url, "http", 4) == 0;
}

static void take_apart(RenditionFiles *r);

static bool is_named(const M3u8 *m, const char *uri)
{
    for (size_t i = 0; i < m->hint_count; i++)
        if (m->hints[i].uri && strcmp(m->hints[i].uri, uri) == 0)
            return true;
    for (size_t i = 0; i <= m->count; i++) {
        const M3u8Segment *s = i < m->count ? &m->segments[i] : m->open;
        for (size_t k = 0; s && k < s->part_count; k++)
            if (s->parts[k].uri && !s->parts[k].gap && strcmp(s->parts[k].uri, uri) == 0)
                return true;
    }
    return false;
}

/* A hint that was not given, though what it names is still hinted at, or listed, in a version that
 * was asked for after that: one that was on its way may be older. If it is listed as a gap, it is
 * not there. */
static void check_failed_hint(RenditionFiles *r)
{
    if (r->failed_hint[0] == '\0' || r->asked_us <= r->failed_us)
        return;
    if (is_named(r->list, r->failed_hint))
        findings_add(r->world->findings, "a hinted part cannot be fetched (6.2.6)",
                     "%s: HTTP status %ld", r->failed_hint, r->failed_status);
    r->failed_hint[0] = '\0';
}

/* Without the key media goes on to the worker, which says so. */
static void on_key(void *user, HttpAnswer *a)
{
    StoredFile *file = user;
    RenditionFiles *r = file->owner;
    uint8_t key[AES_BYTES];

    file->state = FILE_HERE;
    if (r->world->over)
        return;
    if (media_opener_take_key(r->world->findings, file->uri, a->status, a->data, a->len, key)) {
        file->bytes = (MediaBytes){a->data, a->len};
        a->data = NULL;
    }
    take_apart(r);
}

static void on_file(void *user, HttpAnswer *a)
{
    StoredFile *file = user;
    RenditionFiles *r = file->owner;
    Exchange e = exchange_of(r->url, file->uri, target_us(r), a);
    bool good = a->status == 200;

    file->state = good ? FILE_HERE : FILE_FAILED;
    if (r->world->over)
        return;
    if (file->hinted && !good) {
        /* it need not come if something else comes: a version tells that is asked for now */
        if (a->status != 503 && r->failed_hint[0] == '\0') {
            snprintf(r->failed_hint, sizeof(r->failed_hint), "%s", file->uri);
            r->failed_status = a->status;
            r->failed_us = a->done_us;
        }
        file_store_drop(&r->store, file);
        return;
    }
    if (is_http(r->url) && !good && a->done_us > file->until_us)
        left_files_too_late(r->world->findings, file->uri, a->status);
    else if (is_http(r->url))
        reload_rules_media(r->world->findings, &e, file->hinted, r->list->part_target_us);
    else if (!good)
        findings_add(r->world->findings, "a listed segment or part cannot be fetched (6.2.1)", "%s",
                     file->uri);
    if (!good)
        return;
    r->stats.hints += file->hinted;
    if (!names_hold(r->world->names, file->uri, a->data, a->len))
        findings_add(r->world->findings, "one name has had two contents (6.2.1)", "%s", file->uri);
    file->bytes = (MediaBytes){a->data, a->len};
    a->data = NULL;
    take_apart(r);
}

/* It is there for `keep_us` after the list was asked for that names it. */
static void ask_file(RenditionFiles *r, const char *uri, bool hinted, int64_t keep_us)
{
    int64_t timeout = HTTP_TIMEOUT_US + HOLD_TARGETS * target_us(r);
    StoredFile *file = file_store_find(&r->store, uri);
    char url[HTTP_URL_SIZE];

    if (file)
        file->until_us = r->asked_us + keep_us;
    if (r->world->over || file)
        return;
    file = file_store_add(&r->store, uri, r);
    if (!file)
        return;
    file->hinted = hinted;
    file->until_us = r->asked_us + keep_us;
    file->multi_version = r->world->multi_versions;
    resolve_uri(r->url, uri, url);
    if (http_client_get(r->world->http, url, timeout, on_file, file) < 0)
        file->state = FILE_FAILED;
}

static void ask_key(RenditionFiles *r, const M3u8Segment *s)
{
    char uri[M3U8_URI_SIZE], url[HTTP_URL_SIZE];

    if (r->world->over || !media_opener_wants_key(r->world->keys, s, uri) ||
        file_store_find(&r->store, uri))
        return;
    StoredFile *file = file_store_add(&r->store, uri, r);
    if (!file)
        return;
    resolve_uri(r->url, uri, url);
    if (http_client_get(r->world->http, url, HTTP_TIMEOUT_US, on_key, file) < 0)
        file->state = FILE_HERE;
}

static void ask_files_of(RenditionFiles *r, const M3u8Segment *s)
{
    int64_t keep_us = left_files_stay_us(s, r->list->duration_us);

    ask_key(r, s);
    if (s->map)
        ask_file(r, s->map, false, keep_us);
    for (size_t i = 0; i < s->part_count; i++)
        if (s->parts[i].uri && !s->parts[i].gap && !s->parts[i].ranged)
            ask_file(r, s->parts[i].uri, false, KEEP_TARGETS * target_us(r));
    if (s->uri && !s->gap)
        ask_file(r, s->uri, false, keep_us);
}

static void ask_files(RenditionFiles *r)
{
    const M3u8 *m = r->list;

    if (r->next_segment < m->media_sequence)
        r->next_segment = m->media_sequence;
    for (uint64_t n = r->next_segment; n < m3u8_next_sequence(m) && n - r->next_segment < AHEAD;
         n++)
        ask_files_of(r, m3u8_segment(m, n));
    if (m->open)
        ask_files_of(r, m->open);
    for (size_t i = 0; i < m->hint_count; i++)
        if (m->hints[i].uri && is_http(r->url))
            ask_file(r, m->hints[i].uri, true, 0);
}

/* ---- whole segments, for the worker ---- */

static FileState state_of(const RenditionFiles *r, const char *uri)
{
    const StoredFile *file = file_store_find(&r->store, uri);

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

/* The key that was asked for to open a segment, or NULL. */
static const StoredFile *key_of(const RenditionFiles *r, const M3u8Segment *s)
{
    char uri[M3U8_URI_SIZE];

    return media_opener_wants_key(r->world->keys, s, uri) ? file_store_find(&r->store, uri) : NULL;
}

/* Whether what a segment needs is here, still asked for, or will not come. */
static FileState state_of_segment(const RenditionFiles *r, const M3u8Segment *s)
{
    FileState state = state_of(r, s->uri);

    if (s->map && state_of(r, s->map) != FILE_HERE)
        state = state == FILE_FAILED ? state : state_of(r, s->map);
    for (size_t i = 0; has_all_parts(s) && i < s->part_count && state == FILE_HERE; i++)
        state = state_of(r, s->parts[i].uri);
    const StoredFile *key = key_of(r, s);
    return state == FILE_HERE && key ? key->state : state;
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

static MediaJob *new_job(const RenditionFiles *r, const M3u8Segment *s)
{
    MediaJob *j = calloc(1, sizeof(*j));
    bool all = has_all_parts(s);

    if (!j)
        return NULL;
    j->rendition = r->index;
    j->target_us = target_us(r);
    j->multi_version = file_store_find(&r->store, s->uri)->multi_version;
    j->segment = m3u8_segment_copy(s);
    j->segment.part_count = all ? s->part_count : 0;
    j->segment.parts = calloc(s->part_count + 1, sizeof(*j->segment.parts));
    j->part = all ? calloc(s->part_count, sizeof(*j->part)) : NULL;
    j->bytes = copy_of(&r->store, s->uri);
    if (s->map)
        j->init = copy_of(&r->store, s->map);
    const StoredFile *key = key_of(r, s);
    j->has_key = key && key->bytes.data;
    if (j->has_key)
        memcpy(j->key, key->bytes.data, sizeof(j->key));
    for (size_t i = 0; all && i < s->part_count; i++) {
        j->segment.parts[i] = s->parts[i];
        j->segment.parts[i].uri = strdup(s->parts[i].uri);
        j->part[i] = copy_of(&r->store, s->parts[i].uri);
    }
    return j;
}

static void drop_files(RenditionFiles *r, const M3u8Segment *s)
{
    for (size_t i = 0; i < s->part_count; i++)
        if (s->parts[i].uri)
            file_store_drop(&r->store, file_store_find(&r->store, s->parts[i].uri));
    file_store_drop(&r->store, file_store_find(&r->store, s->uri));
}

static void take_apart(RenditionFiles *r)
{
    const uint64_t before = r->next_segment;
    const M3u8Segment *s;

    while ((s = m3u8_segment(r->list, r->next_segment))) {
        FileState state = s->gap ? FILE_FAILED : state_of_segment(r, s);
        if (state == FILE_ASKED)
            break;
        MediaJob *job = state == FILE_HERE ? new_job(r, s) : NULL;
        if (job)
            media_worker_do(r->world->worker, job);
        drop_files(r, s);
        r->next_segment++;
    }
    if (r->next_segment != before)
        ask_files(r);
}

/* A file that has left the list. */
typedef struct TriedFile {
    RenditionFiles *owner;
    char *uri;
    int64_t until_us; /* it must be there */
} TriedFile;

static void tried_file_free(TriedFile *file)
{
    free(file->uri);
    free(file);
}

static void on_retained(void *user, HttpAnswer *a)
{
    TriedFile *file = user;
    RenditionFiles *r = file->owner;

    r->stats.retained += !r->world->over;
    if (r->world->over)
        ; /* it was not waited for */
    else if (a->status != 200 && a->done_us < file->until_us)
        left_files_missing(r->world->findings, file->uri, a->status);
    else if (a->status == 200 && !names_hold(r->world->names, file->uri, a->data, a->len))
        findings_add(r->world->findings, "one name has had two contents (6.2.1)", "%s", file->uri);
    tried_file_free(file);
}

void rendition_files_try(RenditionFiles *r, const char *uri, int64_t until_us)
{
    char url[HTTP_URL_SIZE];
    TriedFile *file = calloc(1, sizeof(*file));

    if (!file)
        return;
    *file = (TriedFile){r, strdup(uri), until_us};
    resolve_uri(r->url, uri, url);
    if (http_client_get(r->world->http, url, HTTP_TIMEOUT_US, on_retained, file) < 0)
        tried_file_free(file);
}

void rendition_files_version(RenditionFiles *r, const M3u8 *list, int64_t asked_us)
{
    r->list = list;
    r->asked_us = asked_us;
    check_failed_hint(r);
    ask_files(r);
    take_apart(r);
}

FilesStats rendition_files_stats(const RenditionFiles *r)
{
    return r->stats;
}
