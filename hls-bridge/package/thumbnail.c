/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/thumbnail.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/byte_buffer.h"
#include "store/store.h"
#include "thread_name.h"

/* Of the worker, since streams come first. On Linux a thread has one of its own; if it may not be
 * set, the worker goes on as it is. */
#define NICENESS 10

#define LOOK_US (250 * US_PER_MS) /* between two looks whether one was made */

#define REST_US (30 * US_PER_S) /* with none to make, after which the maker may rest */

/* One that took long has to wait this many times as long for the next: there is one maker for all,
 * and what a publisher sends may be made to keep it busy. */
#define SHARE 20

struct Thumbnailer {
    ThumbnailMaker maker; /* the thread's, but for its stop() */
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows, and the guarded part of each Thumbnail */
    pthread_cond_t work;
    Thumbnail *first, *last; /* whose key frames wait, the oldest first */
    Thumbnail *at_work;      /* whose is being made; NULL: nobody's, or nobody wants it any more */
    bool stop;
};

struct Thumbnail {
    Thumbnailer *maker; /* NULL: off */
    Store *folder;
    const Clock *clock;
    int64_t period_us, next_us;
    bool awaited; /* one may have been made, or is about to be */
    size_t best;  /* index of the rendition that it shows */
    ThumbnailStats stats;

    /* guarded by the maker's lock */
    Thumbnail *next;
    bool waits;      /* in the maker's list, with these two */
    ByteBuffer unit; /* the newest key frame */
    Codec codec;
    bool is_made;
    int64_t took_us; /* to make it */
    ByteBuffer jpeg; /* where it is made; empty: it could not be */
};

static void swap(ByteBuffer *a, ByteBuffer *b)
{
    ByteBuffer t = *a;

    *a = *b;
    *b = t;
}

/* ---- the worker ---- */

/* Takes the one that has waited longest off the list; the lock is held, and there is one. */
static Thumbnail *take_first(Thumbnailer *m)
{
    Thumbnail *t = m->first;

    m->first = t->next;
    if (!m->first)
        m->last = NULL;
    t->next = NULL;
    t->waits = false;
    return t;
}

/* Waits until there is one to make, or it is to stop. The lock is held, but not while the maker
 * rests. */
static void wait_for_work(Thumbnailer *m)
{
    const struct timespec until = clock_wait_end(REST_US);
    int waited = 0;

    while (!m->first && !m->stop && waited == 0)
        waited = pthread_cond_timedwait(&m->work, &m->lock, &until);
    if (m->first || m->stop)
        return;
    pthread_mutex_unlock(&m->lock);
    m->maker.rest(m->maker.self);
    pthread_mutex_lock(&m->lock);
    while (!m->first && !m->stop)
        pthread_cond_wait(&m->work, &m->lock);
}

/* Makes the one that has waited longest. The lock is held, but not while it is made: then its
 * stream may go, or take it back. */
static void make_first(Thumbnailer *m, ByteBuffer *unit, ByteBuffer *jpeg)
{
    Thumbnail *t = m->at_work = take_first(m);
    int64_t from_us = clock_monotonic_us(t->clock);
    Codec codec = t->codec;

    swap(unit, &t->unit);
    pthread_mutex_unlock(&m->lock);
    if (m->maker.make(m->maker.self, codec, unit->data, unit->len, jpeg) < 0)
        byte_buffer_clear(jpeg);
    pthread_mutex_lock(&m->lock);
    if (m->at_work != t)
        return;
    swap(jpeg, &t->jpeg);
    t->is_made = true;
    t->took_us = clock_monotonic_us(t->clock) - from_us;
    m->at_work = NULL;
}

static void *work(void *data)
{
    Thumbnailer *m = data;
    ByteBuffer unit = {0}, jpeg = {0};

    thread_name_set("thumbnails");
    setpriority(PRIO_PROCESS, 0, NICENESS);
    pthread_mutex_lock(&m->lock);
    for (;;) {
        wait_for_work(m);
        if (m->stop)
            break;
        make_first(m, &unit, &jpeg);
    }
    pthread_mutex_unlock(&m->lock);
    m->maker.rest(m->maker.self); /* what it has started ends with this thread at the latest */
    byte_buffer_free(&unit);
    byte_buffer_free(&jpeg);
    return NULL;
}

Thumbnailer *thumbnailer_create(const ThumbnailMaker *maker)
{
    Thumbnailer *m = calloc(1, sizeof(*m));

    if (!m)
        return NULL;
    m->maker = *maker;
    pthread_mutex_init(&m->lock, NULL);
    clock_cond_init(&m->work);
    errno = pthread_create(&m->thread, NULL, work, m);
    if (errno == 0)
        return m;
    free(m);
    return NULL;
}

void thumbnailer_destroy(Thumbnailer **thumbnailer)
{
    Thumbnailer *m = *thumbnailer;

    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    m->stop = true;
    pthread_cond_signal(&m->work);
    pthread_mutex_unlock(&m->lock);
    m->maker.stop(m->maker.self);
    pthread_join(m->thread, NULL);
    pthread_cond_destroy(&m->work);
    pthread_mutex_destroy(&m->lock);
    free(m);
    *thumbnailer = NULL;
}

/* ---- a stream's ---- */

Thumbnail *thumbnail_open(Thumbnailer *thumbnailer, Store *folder, int64_t period_us,
                          const Clock *clock)
{
    Thumbnail *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->maker = thumbnailer;
    t->folder = folder;
    t->clock = clock;
    t->period_us = period_us;
    store_remove(t->folder, THUMBNAIL_FILE);
    return t;
}

/* Takes it off the list; the lock is held. */
static void forget(Thumbnailer *m, Thumbnail *t)
{
    Thumbnail **at = &m->first;

    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    m->last = NULL;
    for (Thumbnail *each = m->first; each; each = each->next)
        m->last = each;
    t->waits = false;
}

/* Nothing of what was offered is to come any more. */
static void forget_all(Thumbnail *t)
{
    pthread_mutex_lock(&t->maker->lock);
    if (t->waits)
        forget(t->maker, t);
    if (t->maker->at_work == t)
        t->maker->at_work = NULL;
    t->is_made = false;
    pthread_mutex_unlock(&t->maker->lock);
}

void thumbnail_close(Thumbnail **thumbnail)
{
    Thumbnail *t = *thumbnail;

    if (!t)
        return;
    if (t->maker)
        forget_all(t);
    byte_buffer_free(&t->unit);
    byte_buffer_free(&t->jpeg);
    free(t);
    *thumbnail = NULL;
}

void thumbnail_offer(Thumbnail *t, const AccessUnit *unit, int64_t now_us)
{
    Thumbnailer *m = t->maker;

    if (!m || now_us < t->next_us)
        return;
    t->next_us = now_us + t->period_us;
    t->awaited = true;
    pthread_mutex_lock(&m->lock);
    byte_buffer_clear(&t->unit);
    byte_buffer_add(&t->unit, unit->data, unit->len);
    t->codec = unit->codec;
    if (!t->waits) {
        *(m->last ? &m->last->next : &m->first) = t;
        m->last = t;
        t->waits = true;
        pthread_cond_signal(&m->work);
    }
    pthread_mutex_unlock(&m->lock);
}

void thumbnail_update(Thumbnail *t)
{
    ByteBuffer jpeg = {0};
    bool made;

    if (!t->awaited)
        return;
    pthread_mutex_lock(&t->maker->lock);
    made = t->is_made;
    t->is_made = false;
    t->awaited = t->waits || t->maker->at_work == t;
    if (made) {
        swap(&jpeg, &t->jpeg);
        t->next_us = larger(t->next_us, t->next_us - t->period_us + SHARE * t->took_us);
    }
    pthread_mutex_unlock(&t->maker->lock);
    if (!made)
        return;
    if (jpeg.len > 0 && store_put(t->folder, THUMBNAIL_FILE, jpeg.data, jpeg.len, 0) == 0) {
        t->stats.made++;
        t->stats.made_unix_us = clock_unix_us(t->clock);
    } else {
        t->stats.failed++;
    }
    byte_buffer_free(&jpeg);
}

void thumbnail_remove(Thumbnail *t)
{
    if (t->maker)
        forget_all(t);
    store_remove(t->folder, THUMBNAIL_FILE);
    t->stats.made_unix_us = 0;
}

ThumbnailStats thumbnail_stats(const Thumbnail *t)
{
    return t->stats;
}

/* ---- as an output ---- */

static int begin(void *self, const OutputPublisher *publisher)
{
    ((Thumbnail *)self)->best = renditions_first(publisher->renditions, TRACK_VIDEO);
    return 0;
}

static bool takes(const void *self, Codec codec)
{
    (void)self;
    return codec == CODEC_H264;
}

static int picture(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                   int64_t now_us)
{
    Thumbnail *t = self;

    (void)pts_90k;
    (void)dts_90k;
    (void)now_us;
    if (unit->idr && unit->track == t->best && unit->codec == CODEC_H264)
        thumbnail_offer(t, unit, unit->arrival_us);
    return 0;
}

static int64_t expire(void *self, int64_t now_us)
{
    Thumbnail *t = self;

    thumbnail_update(t);
    return t->awaited ? now_us + LOOK_US : NEVER_US;
}

static int clear(void *self)
{
    thumbnail_remove(self);
    return 0;
}

static void stats(const void *self, OutputStats *out)
{
    out->thumbnail = thumbnail_stats(self);
}

static void close_output(void *self)
{
    Thumbnail *t = self;

    thumbnail_close(&t);
}

static const OutputCalls calls = {
    .name = "thumbnail",
    .begin = begin,
    .takes = takes,
    .picture = picture,
    .expire = expire,
    .clear = clear,
    .stats = stats,
    .close = close_output,
};

int thumbnail_output_open(OutputParams *params, int64_t now_us, Output *out)
{
    const OutputSettings *settings = params->settings;

    (void)now_us;
    if (!settings->thumbnailer) {
        store_remove(params->files->folder, THUMBNAIL_FILE);
        return 1;
    }
    Thumbnail *t = thumbnail_open(settings->thumbnailer, params->files->folder,
                                  settings->thumbnail_us, params->clock);
    if (!t)
        return -1;
    *out = (Output){.calls = &calls, .self = t};
    return 0;
}
