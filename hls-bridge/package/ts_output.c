/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/ts_output_inner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "package/segment_store.h"
#include "package/ts_variants.h"
#include "store/store.h"

/* Of one segment's date: a viewer who is seconds behind live sees nothing of so small a step. */
#define DATE_STEP_US (20 * US_PER_MS)

/* A segment, from when its beginning is decided on. */
typedef struct TsSegment {
    int64_t start_90k, starts_unix_us;
    bool discontinuity; /* before it */
} TsSegment;

/* A segment whose sound and best pictures are here, but not yet all of the others. */
typedef struct TsPending {
    TsSegment segment;
    int64_t until_90k, end_90k;
} TsPending;

/* That wait, at the most: one that no key frame came for is short, and others may follow at once.
 * If there is one more, the oldest is written with what there is. */
#define PENDING_MAX 8

struct TsOutput {
    const char *stream;
    const Clock *clock;
    SegmentStore *store;
    bool writes; /* segments, not only the end of what an earlier run has left */
    const uint8_t *aac_config;
    size_t aac_config_len;
    TsVariants variants;
    int64_t wait_90k; /* for the other renditions, behind the end of a segment */
    bool runs;        /* somebody publishes, and the muxer of the best rendition could be made */
    OutputWallClock wall_clock;
    void *wall_clock_user;
    TsSegment segment, next;        /* that is open, and behind it */
    TsPending pending[PENDING_MAX]; /* before the one that is open, the oldest first */
    size_t waiting;                 /* of them */
    bool disk_failed;               /* said in the log */
    TsOutputStats stats;
};

static void close_output(void *self)
{
    TsOutput *t = self;

    ts_variants_finish(&t->variants);
    segment_store_close(&t->store);
    free(t);
}

/* ---- a publisher ---- */

static bool takes(const void *self, Codec codec)
{
    return ((const TsOutput *)self)->writes && codec == CODEC_H264;
}

/* Whether players of classic HLS can play any of it. */
static bool is_playable(const Renditions *sent)
{
    for (size_t i = 0; i < sent->count; i++)
        if (ts_variants_take(&sent->item[i]))
            return true;
    return false;
}

static int begin(void *self, const OutputPublisher *publisher)
{
    TsOutput *t = self;
    const char *error;

    t->wall_clock = publisher->wall_clock;
    t->wall_clock_user = publisher->user;
    const Renditions *sent = publisher->renditions;
    t->runs = false;
    if (!t->writes || !is_playable(sent))
        return 0;
    t->wait_90k = TS_APART_90K + (sent->item[sent->count - 1].follows ? OUTPUT_LAG_90K : 0);
    t->runs = ts_variants_begin(&t->variants, sent, t->aac_config, t->aac_config_len, &error) == 0;
    if (t->runs)
        return 0;
    log_error("%s: %s", t->stream, error);
    errno = ENOMEM;
    return -1;
}

static int start(void *self, const OutputSegment *first, int64_t now_us)
{
    TsOutput *t = self;

    (void)now_us;
    if (t->runs)
        ts_variants_start(&t->variants, first->start_90k);
    t->segment = t->next =
        (TsSegment){first->start_90k, first->starts_unix_us, first->discontinuity};
    return 0;
}

/* ---- segments ---- */

/* Notes how old the end of the segment is that was just published. */
static void note_latency(TsOutput *t, int64_t end_90k)
{
    int64_t end_unix_us = t->wall_clock(t->wall_clock_user, end_90k).unix_us;

    histogram_add(&t->stats.latency, clock_unix_us(t->clock) - end_unix_us);
}

/* Returns 0, or -1 with errno: then viewers lack the segment. */
static int store(TsOutput *t, const TsCut *cut, PlaylistSegment *entry, int64_t now_us)
{
    if (segment_store_add(t->store, cut->bytes, entry, now_us) < 0) {
        if (!t->disk_failed)
            log_error("%s: a segment cannot be written: %s; viewers lack it, the next is tried",
                      t->stream, strerror(errno));
        t->disk_failed = true;
        t->stats.failed_writes++;
        return -1;
    }
    if (t->disk_failed)
        log_info("%s: segments can be written again", t->stream);
    t->disk_failed = false;
    return 0;
}

static int publish(TsOutput *t, const TsCut *cut, int64_t now_us)
{
    const Segment *segment = &cut->best;
    const TsPending *p = &t->pending[0];
    PlaylistSegment entry = {.common = {p->end_90k - p->segment.start_90k,
                                        p->segment.starts_unix_us, p->segment.discontinuity}};

    if (store(t, cut, &entry, now_us) < 0)
        return -1;
    ts_variants_listed(&t->variants, cut, entry.common.duration_90k);
    t->stats.discontinuities += entry.common.discontinuity;
    t->stats.segments++;
    t->stats.bytes += segment->len;
    t->stats.last_bytes = segment->len;
    t->stats.last_duration_90k = entry.common.duration_90k;
    t->stats.last_published_us = now_us;
    note_latency(t, p->end_90k);
    log_debug("%s: %s, %.3f s, %zu bytes, %zu pictures%s%s", t->stream, entry.name,
              (double)entry.common.duration_90k / TICKS_PER_S, segment->len, segment->pictures,
              segment->pictures && !segment->starts_with_idr ? ", does not start with an IDR" : "",
              entry.common.discontinuity ? ", discontinuity" : "");
    return 0;
}

/* Makes and publishes the oldest segment that waits. Returns 0, or -1: then there is a gap behind
 * it. */
static int write_oldest(TsOutput *t, int64_t now_us)
{
    const TsPending *p = &t->pending[0];
    TsCut made;
    int status = ts_variants_cut(&t->variants, p->segment.start_90k, p->until_90k,
                                 p->segment.discontinuity, &made);

    if (status == 0) {
        status = publish(t, &made, now_us);
    } else if (status < 0) {
        log_error("%s: libavformat cannot make a segment", t->stream);
        errno = EIO;
    }
    t->waiting--;
    memmove(t->pending, t->pending + 1, t->waiting * sizeof(t->pending[0]));
    TsSegment *behind = t->waiting > 0 ? &t->pending[0].segment : &t->segment;
    behind->discontinuity = behind->discontinuity || status < 0;
    return status < 0 ? -1 : 0;
}

static int write_all(TsOutput *t, int64_t now_us)
{
    int status = 0;

    while (t->waiting > 0)
        status |= write_oldest(t, now_us);
    return status;
}

/* Writes those that wait for nothing more: the pictures of all renditions have come up to their
 * end. */
static int write_ready(TsOutput *t, int64_t now_us)
{
    int status = 0;

    while (t->waiting > 0 && !ts_variants_are_behind(&t->variants, t->pending[0].until_90k))
        status |= write_oldest(t, now_us);
    return status;
}

static int cut(void *self, const OutputSegment *next, int64_t now_us)
{
    TsOutput *t = self;

    (void)now_us;
    t->next = (TsSegment){next->start_90k, next->starts_unix_us, next->discontinuity};
    return 0;
}

static int64_t date_step_us(const void *self)
{
    (void)self;
    return DATE_STEP_US;
}

/* ---- media ---- */

int ts_output_picture(void *self, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k,
                      int64_t now_us)
{
    TsOutput *t = self;

    if (!t->runs)
        return 0;
    int status = ts_variants_picture(&t->variants, unit, pts_90k, dts_90k);
    return write_ready(t, now_us) | status;
}

TsVariants *ts_output_variants(TsOutput *t)
{
    return &t->variants;
}

static int sound(void *self, const AacFrame *frame, int64_t now_us)
{
    TsOutput *t = self;

    (void)now_us;
    return t->runs ? ts_variants_sound(&t->variants, frame) : 0;
}

static int complete(void *self, int64_t until_90k, int64_t end_90k, int64_t now_us)
{
    TsOutput *t = self;
    int status = t->waiting == PENDING_MAX ? write_oldest(t, now_us) : 0;

    if (t->runs)
        t->pending[t->waiting++] = (TsPending){t->segment, until_90k, end_90k};
    t->segment = t->next;
    if (until_90k == INT64_MAX)
        return write_all(t, now_us) | status; /* no more comes */
    return write_ready(t, now_us) | status;
}

/* One that has not come by now does not come in time. */
static int tick(void *self, int64_t known_90k, int64_t now_us)
{
    TsOutput *t = self;
    int status = 0;

    while (t->waiting > 0 && known_90k >= t->pending[0].until_90k + t->wait_90k)
        status |= write_oldest(t, now_us);
    return status;
}

static int finish(void *self, int64_t now_us)
{
    TsOutput *t = self;
    int status = write_all(t, now_us);

    ts_variants_finish(&t->variants);
    t->runs = false;
    return status;
}

/* ---- the end ---- */

static int end(void *self)
{
    return segment_store_end(((TsOutput *)self)->store);
}

static int clear(void *self)
{
    return segment_store_clear(((TsOutput *)self)->store);
}

const Playlist *ts_output_playlist(const TsOutput *t)
{
    return segment_store_playlist(t->store);
}

static void renditions(const void *self, Renditions *out)
{
    const TsOutput *t = self;

    if (window_listing(&ts_output_playlist(t)->window) != LISTING_OPEN)
        return;
    for (size_t i = 0; i < segment_store_lists(t->store); i++)
        renditions_add_video(out, segment_store_list_name(t->store, i));
}

static Listing listing(const void *self)
{
    return window_listing(&ts_output_playlist(self)->window);
}

static bool is_empty(const void *self)
{
    return window_next_msn(&ts_output_playlist(self)->window) == 0;
}

static void stats(const void *self, OutputStats *out)
{
    const TsOutput *t = self;
    const Window *window = &ts_output_playlist(t)->window;

    out->ts = t->stats;
    out->ts.media_sequence = (uint64_t)window->media_sequence;
    out->ts.discontinuity_sequence = (uint64_t)window->discontinuity_sequence;
    out->ts.listed = window->count;
    ts_variants_stats(&t->variants, &out->ts);
}

static const OutputCalls calls = {
    .name = "ts",
    .takes = takes,
    .begin = begin,
    .start = start,
    .follow = ts_output_follow,
    .date_step_us = date_step_us,
    .picture = ts_output_picture,
    .sound = sound,
    .cut = cut,
    .complete = complete,
    .tick = tick,
    .finish = finish,
    .end = end,
    .clear = clear,
    .renditions = renditions,
    .listing = listing,
    .is_empty = is_empty,
    .stats = stats,
    .close = close_output,
};

/* Whether an earlier run has left a playlist, though none is made now. Segments that none names go.
 */
static bool is_left(const OutputParams *params, int64_t now_us)
{
    if (store_has(params->files->folder, PLAYLIST_FILE))
        return true;
    store_remove_all_at(params->files->folder, ".ts", NULL, NULL, now_us);
    store_expire(params->files->folder, now_us);
    media_keys_clear(params->files->keys, NUMBERS_TS);
    return false;
}

int ts_output_open(OutputParams *params, int64_t now_us, Output *out)
{
    const OutputSettings *settings = params->settings;
    const SegmentStoreParams store = {
        .store = params->files->folder,
        .window = settings->window,
        .target_duration_s = params->target_duration_s,
        .durable = settings->durable,
        .numbers = params->files->numbers,
        .keys = params->files->keys,
        .clock = params->clock,
    };

    if (!settings->writes_ts && !is_left(params, now_us))
        return 1;
    TsOutput *t = calloc(1, sizeof(*t));
    if (!t)
        return -1;
    t->stream = params->stream;
    t->clock = params->clock;
    t->writes = settings->writes_ts;
    t->aac_config = params->aac_config;
    t->aac_config_len = params->aac_config_len;
    t->stats.latency.bounds = &histogram_of_latency;
    t->store = segment_store_open(&store, now_us);
    if (!t->store) {
        int error = errno;
        free(t);
        errno = error;
        return -1;
    }
    t->variants =
        (TsVariants){.stream = params->stream, .folder = params->files->folder, .store = t->store};
    ts_variants_finish(&t->variants);
    params->target_duration_s = ts_output_playlist(t)->window.target_duration_s;
    params->ts = t;
    *out = (Output){.calls = &calls, .self = t};
    return 0;
}
