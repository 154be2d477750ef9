/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media_rules.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ts_rules.h"

#define US_PER_S     1000000ll
#define TICKS_PER_MS 90
#define DURATION_US  1000        /* durations are written with few digits */
#define DATE_US      (50 * 1000) /* of dates that renditions give to one time: a frame or two */
#define KEPT         96          /* segments; more than any live list has */
#define STEADY_US    US_PER_S    /* what is shorter says little of the frame rate */

/* What is kept of a segment. */
typedef struct Kept {
    uint64_t sequence, discontinuity;
    int64_t date_us, duration_us;
    int64_t first_pts, first_dts; /* of its first sample */
    bool pictures, sound;         /* that it has */
    int64_t sound_pts;            /* of the first sound */
    size_t len;
    RenditionMedia
        media; /* what it turned out to be; its peak is of those that it is the last of */
} Kept;

struct MediaRules {
    Findings *findings;
    const char *name;
    size_t count; /* of segments so far; the last KEPT of them are there */
    Kept kept[KEPT];
    int64_t end_dts;
    TsSegment last_ts; /* without its name; if the last segment is a transport stream */
    int64_t peak;      /* bit/s, of those that are kept no more */
    RenditionMedia media;
    MediaHistory history;
};

MediaRules *media_rules_create(Findings *findings, const char *name)
{
    MediaRules *r = calloc(1, sizeof(*r));

    if (r) {
        r->findings = findings;
        r->name = name;
    }
    return r;
}

void media_rules_destroy(MediaRules **rules)
{
    free(*rules);
    *rules = NULL;
}

static const ProbeTrack *track_of(const SegmentFacts *f)
{
    return f->video.packets > 0 ? &f->video : &f->audio;
}

static const Kept *last(const MediaRules *r)
{
    return r->count > 0 ? &r->kept[(r->count - 1) % KEPT] : NULL;
}

/* ---- parts ---- */

static void check_duration(const MediaRules *r, const char *rule, const M3u8Segment *s,
                           int64_t said_us, const ProbeTrack *t)
{
    int64_t off_us = said_us - probe_us(t->end_dts - t->first_dts);

    if (llabs(off_us) > DURATION_US)
        findings_add(r->findings, rule, "%s: segment %" PRIu64 ": %.5f s, %.2f ms off", r->name,
                     s->sequence, (double)said_us / US_PER_S, (double)off_us / 1000);
}

static void check_independence(const MediaRules *r, const M3u8Segment *s, const MediaPart *p,
                               size_t i)
{
    const SegmentFacts *f = &p->facts;
    bool independent = f->video.packets > 0 ? f->has_idr : f->audio.packets > 0;

    if (p->listed.independent && !independent)
        findings_add(r->findings, "INDEPENDENT=YES of a part that depends on others (4.4.4.9)",
                     "%s: segment %" PRIu64 " part %zu", r->name, s->sequence, i);
    if (p->listed.independent && f->errors_alone > 0)
        findings_add(r->findings, "decode errors in an independent part alone (4.4.4.9)",
                     "%s: segment %" PRIu64 " part %zu: %s", r->name, s->sequence, i,
                     f->first_error);
    if (!p->listed.independent && independent)
        findings_remark(r->findings, "an independent part is not marked (4.4.4.9)",
                        "%s: segment %" PRIu64 " part %zu", r->name, s->sequence, i);
}

static void check_parts(MediaRules *r, const MediaSegment *s)
{
    size_t samples = 0;

    for (size_t i = 0; i < s->part_count; i++) {
        const MediaPart *p = &s->parts[i];
        const ProbeTrack *t = track_of(&p->facts);
        samples += t->packets;
        check_independence(r, s->listed, p, i);
        check_duration(r, "DURATION of a part is not that of its media (4.4.4.9)", s->listed,
                       p->listed.duration_us, t);
        if (i > 0 && t->first_dts != track_of(&s->parts[i - 1].facts)->end_dts)
            findings_add(
                r->findings, "a part does not begin where the one before it ends (3)",
                "%s: segment %" PRIu64 " part %zu: %.2f ms", r->name, s->listed->sequence, i,
                (double)(t->first_dts - track_of(&s->parts[i - 1].facts)->end_dts) / TICKS_PER_MS);
        r->history.independent_parts += p->listed.independent;
    }
    r->history.parts += s->part_count;
    if (s->part_count > 0 && samples != track_of(&s->facts)->packets)
        findings_add(r->findings, "a segment has not the samples of its parts (3.2)",
                     "%s: segment %" PRIu64 ": %zu, parts %zu", r->name, s->listed->sequence,
                     track_of(&s->facts)->packets, samples);
    else if (s->part_count > 0 && !s->is_its_parts)
        findings_remark(r->findings, "a segment's bytes are not those of its parts",
                        "%s: segment %" PRIu64, r->name, s->listed->sequence);
}

/* ---- the segment ---- */

static void check_content(const MediaRules *r, const MediaSegment *s)
{
    const SegmentFacts *f = &s->facts;

    if (f->video.packets > 0 && !f->has_idr)
        findings_remark(r->findings, "a segment without an IDR picture (3, B.1)",
                        "%s: segment %" PRIu64, r->name, s->listed->sequence);
    if (f->errors_alone > 0)
        findings_add(r->findings, "decode errors in a segment alone",
                     "%s: segment %" PRIu64 ": %zu, first: %s", r->name, s->listed->sequence,
                     f->errors_alone, f->first_error);
    if (f->errors_in_sequence > 0)
        findings_add(r->findings, "decode errors in sequence",
                     "%s: segment %" PRIu64 ": %zu, first: %s", r->name, s->listed->sequence,
                     f->errors_in_sequence, f->first_error);
    if (f->video.backward + f->audio.backward > 0)
        findings_add(r->findings, "decoding times go back within a segment (3)",
                     "%s: segment %" PRIu64, r->name, s->listed->sequence);
    if (f->audio.holes > 0)
        findings_add(r->findings, "a gap or an overlap in the sound (3)",
                     "%s: segment %" PRIu64 ": %" PRId64 " samples", r->name, s->listed->sequence,
                     f->audio.hole_samples);
    check_duration(r, "EXTINF is not the duration of the media (3)", s->listed,
                   s->listed->duration_us, track_of(f));
}

/* Without a discontinuity, times go on, and so do dates. */
static void check_join(const MediaRules *r, const MediaSegment *s)
{
    const Kept *before = last(r);
    const ProbeTrack *t = track_of(&s->facts);

    if (!before || s->listed->sequence != before->sequence + 1 ||
        s->listed->discontinuity != before->discontinuity)
        return;
    if (t->first_dts != r->end_dts)
        findings_add(r->findings, "a segment does not begin where the one before it ends (3)",
                     "%s: segment %" PRIu64 ": %.2f ms", r->name, s->listed->sequence,
                     (double)(t->first_dts - r->end_dts) / TICKS_PER_MS);
}

/* Not of a transport stream without parameter sets; ts_rules.c says so. */
static bool is_known(int width, int channels)
{
    return width > 0 || channels > 0;
}

/* What was cut by time may have no picture. A transport stream announces its pictures all the same,
 * and goes on with them. */
static bool lacks_pictures(const MediaRules *r, const MediaSegment *s)
{
    return !s->listed->map && s->facts.video.packets == 0 && r->media.width > 0;
}

/* What decoders are set up by. */
static void check_parameters(const MediaRules *r, const MediaSegment *s)
{
    const Kept *before = last(r);
    const ProbeTrack *t = track_of(&s->facts);

    if (!before || s->listed->sequence != before->sequence + 1 ||
        s->listed->discontinuity != before->discontinuity || lacks_pictures(r, s))
        return;
    if (!is_known(t->width, t->channels) || !is_known(r->media.width, r->media.channels))
        return;
    if (strcmp(t->codec, r->media.codec) != 0 || t->width != r->media.width ||
        t->height != r->media.height || t->channels != r->media.channels)
        findings_add(r->findings, "encoding parameters change without a discontinuity (6.2.1)",
                     "%s: segment %" PRIu64, r->name, s->listed->sequence);
}

static void check_ts(MediaRules *r, const MediaSegment *s)
{
    const M3u8Segment *listed = s->listed;
    TsSegment now = {listed->uri,         listed->sequence, listed->discontinuity,
                     listed->duration_us, s->facts,         0};

    ts_rules_segment(r->findings, &now);
    if (r->count > 0)
        ts_rules_join(r->findings, &r->last_ts, &now);
    r->last_ts = now;
    r->last_ts.uri = NULL;
}

/* The largest bit rate of segments that follow each other and come to about a target duration:
 * section 4.1. */
static void note_peak(MediaRules *r, int64_t target_us)
{
    Kept *newest = &r->kept[(r->count - 1) % KEPT];
    int64_t duration_us = 0, bits = 0;

    for (size_t n = 0; n < r->count && n < KEPT; n++) {
        const Kept *k = &r->kept[(r->count - 1 - n) % KEPT];
        duration_us += k->duration_us;
        bits += (int64_t)k->len * 8;
        if (duration_us > target_us * 3 / 2 + US_PER_S / 2)
            return;
        if (duration_us >= target_us / 2 && bits * US_PER_S / duration_us > newest->media.peak)
            newest->media.peak = bits * US_PER_S / duration_us;
    }
}

static void note_parameters(MediaRules *r, const ProbeTrack *t)
{
    r->media.width = t->width;
    r->media.height = t->height;
    r->media.channels = t->channels;
    memcpy(r->media.codec, t->codec, sizeof(r->media.codec));
}

static void note(MediaRules *r, const MediaSegment *s)
{
    const M3u8Segment *listed = s->listed;
    const ProbeTrack *t = track_of(&s->facts);
    bool steady = s->facts.video.packets > 0 && listed->duration_us >= STEADY_US;
    Kept *k = &r->kept[r->count++ % KEPT];

    r->peak = k->media.peak > r->peak ? k->media.peak : r->peak;
    *k = (Kept){
        .sequence = listed->sequence,
        .discontinuity = listed->discontinuity,
        .date_us = listed->time_unix_us,
        .first_pts = t->first_pts,
        .first_dts = t->first_dts,
        .pictures = s->facts.video.packets > 0,
        .sound = s->facts.audio.packets > 0,
        .sound_pts = s->facts.audio.first_pts,
        .duration_us = listed->duration_us,
        .len = s->len,
    };
    r->end_dts = t->end_dts;
    if (is_known(t->width, t->channels) && !lacks_pictures(r, s))
        note_parameters(r, t);
    r->media.multi_version = s->multi_version;
    if (t == &s->facts.video)
        memcpy(r->media.sound_codec, s->facts.audio.codec, sizeof(r->media.sound_codec));
    k->media = r->media;
    k->media.frame_rate = steady ? (double)t->packets * US_PER_S / (double)listed->duration_us : 0;
    r->history.segments++;
    r->history.with_pictures += s->facts.video.packets > 0;
    r->history.without_idr += s->facts.video.packets > 0 && !s->facts.starts_with_idr;
    r->history.bytes += s->len;
    r->history.duration_us += listed->duration_us;
    note_peak(r, s->target_us);
}

void media_rules_segment(MediaRules *r, const MediaSegment *s)
{
    if (track_of(&s->facts)->packets == 0) {
        findings_add(r->findings, "a segment without media", "%s: segment %" PRIu64, r->name,
                     s->listed->sequence);
        return;
    }
    if (s->listed->map) {
        check_content(r, s);
        check_parts(r, s);
        check_join(r, s);
    } else {
        check_ts(r, s);
    }
    check_parameters(r, s);
    note(r, s);
}

RenditionMedia media_rules_media(const MediaRules *r, const char *uri, uint64_t first, uint64_t end)
{
    RenditionMedia m = {.peak = first > 0 ? 0 : r->peak};

    for (size_t n = r->count > KEPT ? r->count - KEPT : 0; n < r->count; n++) {
        const Kept *k = &r->kept[n % KEPT];
        if (k->sequence < end)
            rendition_media_add(&m, &k->media, k->sequence >= first);
    }
    m.uri = uri;
    m.average =
        r->history.duration_us > 0
            ? (int64_t)((double)r->history.bytes * 8 * US_PER_S / (double)r->history.duration_us)
            : 0;
    return m;
}

/* The date of media time 0, as a segment gives it. A first picture may be shown somewhat after its
 * segment begins, when it is decoded: the date may be of either. */
typedef struct Epoch {
    int64_t least_us, most_us;
} Epoch;

static Epoch epoch_of(const Kept *k)
{
    int64_t shown = k->date_us - probe_us(k->first_pts);
    int64_t begun = k->date_us - probe_us(k->first_dts);

    return shown < begun ? (Epoch){shown, begun} : (Epoch){begun, shown};
}

/* How far apart those of two segments are at the least. If only one of two transport streams has
 * pictures, these may begin anywhere within it: the sound of both tells. */
static int64_t apart_us(const Kept *x, const Kept *y)
{
    Epoch a = epoch_of(x), b = epoch_of(y);

    if (x->pictures != y->pictures && x->sound && y->sound)
        return llabs(x->date_us - y->date_us - probe_us(x->sound_pts - y->sound_pts));
    if (a.least_us > b.most_us)
        return a.least_us - b.most_us;
    return b.least_us > a.most_us ? b.least_us - a.most_us : 0;
}

void media_rules_compare(Findings *f, const MediaRules *a, const MediaRules *b)
{
    const Kept *x = last(a);

    if (!x || x->date_us == M3U8_NO_TIME)
        return;
    for (size_t n = 0; n < b->count && n < KEPT; n++) {
        const Kept *y = &b->kept[(b->count - 1 - n) % KEPT];
        if (y->date_us == M3U8_NO_TIME || llabs(x->date_us - y->date_us) > x->duration_us / 2 ||
            x->discontinuity != y->discontinuity)
            continue;
        int64_t apart = apart_us(x, y);
        if (apart > DATE_US)
            findings_add(f, "renditions give one media time two dates (6.2.4)",
                         "%s segment %" PRIu64 ", %s segment %" PRIu64 ": %.1f ms apart", a->name,
                         x->sequence, b->name, y->sequence, (double)apart / 1000);
        return;
    }
}

MediaHistory media_rules_history(const MediaRules *r)
{
    return r->history;
}
