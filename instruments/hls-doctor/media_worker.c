/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media_worker.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media_opener.h"
#include "mp4_rules.h"

typedef struct Rendition {
    MediaWorker *worker;
    const char *name;
    MediaRules *rules;
    SegmentProbe *probe;
    Marks *marks; /* of its pictures, and of the sound that is played with them */
    bool has_pictures;
    uint64_t discontinuity; /* of the last segment */
    bool started;
    char map[256]; /* the initialisation segment that was looked at last */
    Mp4Tracks tracks;
} Rendition;

struct MediaWorker {
    const GivenKeys *keys;
    bool tell;
    Findings *findings;
    AlignRules *align;
    size_t count;
    Rendition rendition[MEDIA_RENDITIONS_MAX];
    size_t iframe_count;
    IframeRules *iframes[M3U8_MULTI_MAX];
    SegmentProbe *iframe_probe;
    pthread_t thread;
    bool running, finished;
    pthread_mutex_t lock;
    pthread_cond_t news;
    MediaJob *first, **end;
};

static void on_picture(void *user, const AVFrame *frame, int64_t pts_90k)
{
    Rendition *r = user;

    r->has_pictures = true;
    marks_picture(r->marks, frame, pts_90k);
}

/* Sound that comes without pictures is played with those of each rendition. */
static void on_sound(void *user, const AVFrame *frame, int64_t pts_90k)
{
    Rendition *r = user;
    MediaWorker *w = r->worker;

    marks_sound(r->marks, frame, pts_90k);
    for (size_t i = 0; !r->has_pictures && i < w->count; i++)
        if (&w->rendition[i] != r)
            marks_sound(w->rendition[i].marks, frame, pts_90k);
}

static void ignore(void *user, const AVFrame *frame, int64_t pts_90k)
{
    (void)user;
    (void)frame;
    (void)pts_90k;
}

void media_job_free(MediaJob *j)
{
    for (size_t i = 0; j->part && i < j->segment.part_count; i++)
        free(j->part[i].data);
    m3u8_segment_free(&j->segment);
    free(j->part);
    free(j->init.data);
    free(j->bytes.data);
    free(j);
}

/* ---- one segment ---- */

/* Media behind its initialisation segment; the caller frees the bytes. */
static MediaBytes behind(const MediaBytes *init, const MediaBytes *media)
{
    MediaBytes all = {malloc(init->len + media->len + 1), init->len + media->len};

    if (!all.data)
        return (MediaBytes){0};
    if (init->len > 0)
        memcpy(all.data, init->data, init->len);
    if (media->len > 0)
        memcpy(all.data + init->len, media->data, media->len);
    return all;
}

static bool is_parts(const MediaJob *j)
{
    size_t at = 0;

    for (size_t i = 0; i < j->segment.part_count; i++) {
        const MediaBytes *p = &j->part[i];
        if (p->len > j->bytes.len - at || memcmp(j->bytes.data + at, p->data, p->len) != 0)
            return false;
        at += p->len;
    }
    return at == j->bytes.len;
}

/* Only what has an initialisation segment is MP4. */
static void check_boxes(MediaWorker *w, Rendition *r, const MediaJob *j)
{
    if (j->init.len == 0)
        return;
    if (strcmp(r->map, j->segment.map) != 0) {
        snprintf(r->map, sizeof(r->map), "%s", j->segment.map);
        mp4_rules_init(w->findings, r->map, j->init.data, j->init.len, &r->tracks);
    }
    mp4_rules_media(w->findings, j->segment.uri, j->bytes.data, j->bytes.len, &r->tracks);
    for (size_t i = 0; j->part && i < j->segment.part_count; i++)
        mp4_rules_media(w->findings, j->segment.parts[i].uri, j->part[i].data, j->part[i].len,
                        &r->tracks);
}

static int look_at_part(Rendition *r, const MediaJob *j, size_t i, bool decode, SegmentFacts *out)
{
    MediaBytes all = behind(&j->init, &j->part[i]);
    int status = segment_probe_look(r->probe, all.data, all.len, decode, out);

    free(all.data);
    return status;
}

/* Whether the parts have the packets of the segment. */
static bool has_packets_of(const SegmentFacts *segment, const MediaPart *parts, size_t count)
{
    uint32_t pictures = segment->video.sum, sounds = segment->audio.sum;

    for (size_t i = 0; i < count; i++) {
        pictures -= parts[i].facts.video.sum;
        sounds -= parts[i].facts.audio.sum;
    }
    return pictures == 0 && sounds == 0;
}

/* Returns the parts' facts, or NULL. If the segment was decoded alone without an error, so is the
 * part that it begins with, and each part of sound that needs none before it. */
static MediaPart *look_at_parts(MediaWorker *w, Rendition *r, const MediaJob *j,
                                const SegmentFacts *segment, bool decode)
{
    const size_t count = j->segment.part_count;
    MediaPart *parts = j->part ? calloc(count, sizeof(*parts)) : NULL;

    for (size_t i = 0; parts && i < count; i++) {
        parts[i].listed = j->segment.parts[i];
        if (look_at_part(r, j, i, false, &parts[i].facts) < 0)
            findings_add(w->findings, "a part cannot be demuxed", "%s", parts[i].listed.uri);
    }
    bool told =
        parts && segment->errors_alone == 0 && is_parts(j) && has_packets_of(segment, parts, count);
    bool sound = segment->video.packets == 0 && segment->audio.each_alone;
    for (size_t i = 0; parts && decode && i < count; i++)
        if (parts[i].listed.independent && !(told && (sound || i == 0)))
            look_at_part(r, j, i, true, &parts[i].facts);
    return parts;
}

static void tell(const MediaSegment *s, bool restart)
{
    fprintf(stderr, "  %-32s %6.3f s %8zu bytes %4zu pictures %4zu sounds %3zu parts%s\n",
            s->listed->uri, (double)s->listed->duration_us / 1000000, s->len,
            s->facts.video.packets, s->facts.audio.packets, s->part_count,
            restart ? "  discontinuity" : "");
}

static void look_at(MediaWorker *w, MediaJob *j)
{
    Rendition *r = &w->rendition[j->rendition];
    MediaSegment s = {.listed = &j->segment,
                      .target_us = j->target_us,
                      .multi_version = j->multi_version,
                      .len = j->bytes.len};
    bool restart = r->started && r->discontinuity != j->segment.discontinuity;
    MediaOpened opened = media_opener_open(w->findings, w->keys, j);
    bool decode = opened == MEDIA_OPEN;

    if (opened == MEDIA_LOCKED)
        return;
    MediaBytes all = behind(&j->init, &j->bytes);
    r->started = true;
    r->discontinuity = j->segment.discontinuity;
    check_boxes(w, r, j);
    if ((decode ? segment_probe_read(r->probe, all.data, all.len, restart, &s.facts)
                : segment_probe_look(r->probe, all.data, all.len, false, &s.facts)) < 0) {
        findings_add(w->findings, "a segment cannot be demuxed", "%s", j->segment.uri);
        free(all.data);
        return;
    }
    MediaPart *parts = look_at_parts(w, r, j, &s.facts, decode);
    s.parts = parts;
    s.part_count = parts ? j->segment.part_count : 0;
    s.is_its_parts = parts && is_parts(j);
    media_rules_segment(r->rules, &s);
    for (size_t i = 0; i < w->count; i++)
        if (i != j->rendition)
            media_rules_compare(w->findings, r->rules, w->rendition[i].rules);
    align_rules_segment(w->align, j->rendition, &s);
    if (w->tell)
        tell(&s, restart);
    free(parts);
    free(all.data);
}

static void look_at_iframe(MediaWorker *w, MediaJob *j)
{
    const int64_t listed = j->segment.range.len; /* of whole blocks more is fetched */
    const size_t len = listed > 0 ? (size_t)listed : j->bytes.len;
    IframeFacts facts;

    if (media_opener_open(w->findings, w->keys, j) != MEDIA_OPEN)
        return;
    MediaBytes all = behind(&j->init, &j->bytes);
    bool found = segment_probe_iframe(w->iframe_probe, all.data, all.len, &facts) == 0;

    iframe_rules_segment(w->iframes[j->rendition], &j->segment, found ? &facts : NULL, len,
                         j->multi_version);
    free(all.data);
}

/* ---- the thread ---- */

/* The next job; NULL: there will be no more. */
static MediaJob *take(MediaWorker *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->finished)
        pthread_cond_wait(&w->news, &w->lock);
    MediaJob *j = w->first;
    if (j && !(w->first = j->next))
        w->end = &w->first;
    pthread_mutex_unlock(&w->lock);
    return j;
}

static void *work(void *user)
{
    MediaWorker *w = user;
    MediaJob *j;

    while ((j = take(w))) {
        (j->is_iframe ? look_at_iframe : look_at)(w, j);
        media_job_free(j);
    }
    for (size_t i = 0; i < w->count; i++)
        segment_probe_drain(w->rendition[i].probe);
    return NULL;
}

MediaWorker *media_worker_create(const GivenKeys *keys, bool tell_segments, bool aligned)
{
    MediaWorker *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->keys = keys;
    w->tell = tell_segments;
    w->findings = findings_create();
    w->align = align_rules_create(w->findings, aligned);
    w->end = &w->first;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->news, NULL);
    w->running = w->findings && w->align && pthread_create(&w->thread, NULL, work, w) == 0;
    if (!w->running)
        media_worker_destroy(&w);
    return w;
}

void media_worker_destroy(MediaWorker **worker)
{
    MediaWorker *w = *worker;

    if (!w)
        return;
    media_worker_finish(w);
    while (w->first) {
        MediaJob *j = w->first;
        w->first = j->next;
        media_job_free(j);
    }
    for (size_t i = 0; i < w->count; i++) {
        media_rules_destroy(&w->rendition[i].rules);
        segment_probe_destroy(&w->rendition[i].probe);
        marks_destroy(&w->rendition[i].marks);
    }
    for (size_t i = 0; i < w->iframe_count; i++)
        iframe_rules_destroy(&w->iframes[i]);
    segment_probe_destroy(&w->iframe_probe);
    pthread_cond_destroy(&w->news);
    pthread_mutex_destroy(&w->lock);
    align_rules_destroy(&w->align);
    findings_destroy(&w->findings);
    free(w);
    *worker = NULL;
}

int media_worker_add(MediaWorker *w, const char *name)
{
    Rendition *r = &w->rendition[w->count];
    const ProbeSink sink = {r, on_picture, on_sound};

    if (w->count == MEDIA_RENDITIONS_MAX)
        return -1;
    *r = (Rendition){.worker = w, .name = name, .marks = marks_create()};
    r->rules = media_rules_create(w->findings, name);
    r->probe = segment_probe_create(&sink);
    if (!r->marks || !r->rules || !r->probe || align_rules_add(w->align, name) < 0) {
        segment_probe_destroy(&r->probe);
        media_rules_destroy(&r->rules);
        marks_destroy(&r->marks);
        return -1;
    }
    w->count++;
    return 0;
}

int media_worker_add_iframes(MediaWorker *w, const char *name)
{
    const ProbeSink sink = {NULL, ignore, ignore};

    if (!w->iframe_probe)
        w->iframe_probe = segment_probe_create(&sink);
    if (!w->iframe_probe || w->iframe_count == M3U8_MULTI_MAX)
        return -1;
    w->iframes[w->iframe_count] = iframe_rules_create(w->findings, name);
    return w->iframes[w->iframe_count] ? (int)w->iframe_count++ : -1;
}

void media_worker_do(MediaWorker *w, MediaJob *j)
{
    pthread_mutex_lock(&w->lock);
    j->next = NULL;
    *w->end = j;
    w->end = &j->next;
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->lock);
}

void media_worker_finish(MediaWorker *w)
{
    if (!w->running)
        return;
    pthread_mutex_lock(&w->lock);
    w->finished = true;
    pthread_cond_signal(&w->news);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    w->running = false;
}

const MediaRules *media_worker_rules(const MediaWorker *w, size_t rendition)
{
    return w->rendition[rendition].rules;
}

IframeHistory media_worker_iframes(const MediaWorker *w, size_t which)
{
    return iframe_rules_history(w->iframes[which]);
}

RenditionMedia media_worker_iframes_media(const MediaWorker *w, size_t which, const char *uri,
                                          uint64_t first, uint64_t end)
{
    return iframe_rules_media(w->iframes[which], uri, first, end);
}

const Findings *media_worker_findings(const MediaWorker *w)
{
    return w->findings;
}

AlignHistory media_worker_alignment(const MediaWorker *w)
{
    return align_rules_history(w->align);
}

bool media_worker_shows(const MediaWorker *w, size_t rendition)
{
    return w->rendition[rendition].has_pictures;
}

MarksReport media_worker_marks(const MediaWorker *w, size_t rendition)
{
    return marks_report(w->rendition[rendition].marks);
}
