/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "align_rules.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_S       1000000ll
#define TICKS_PER_S    90000
#define TICKS_PER_MS   90
#define DATE_US        1100        /* dates are written in milliseconds, cut off */
#define SOUND_DATE_US  (10 * 1000) /* some date sound a little early: hls.js wants it so */
#define AAC_FRAME_90K  2090        /* at 44100 Hz; sound is cut between two frames */
#define KEPT           96          /* segments of a rendition; more than any live list has */
#define RENDITIONS_MAX MEDIA_RENDITIONS_MAX
#define TS_PERIOD      (1ll << 33) /* timestamps of transport streams begin again at 0 */

/* What is kept of a segment. */
typedef struct Cut {
    uint64_t sequence;
    int64_t duration_us, date_us;
    bool wraps; /* it is of a transport stream */
    bool idr;   /* it begins with an IDR picture */
    ProbeTrack video, audio;
    size_t independent_count;
    int64_t *independent; /* first decoding times of the independent parts with pictures */
    bool parts_seen;
} Cut;

typedef struct Side {
    const char *name;
    size_t count; /* of segments so far; the last KEPT of them are there */
    Cut cut[KEPT];
    bool shows_pictures; /* a segment did */
} Side;

struct AlignRules {
    Findings *findings;
    bool strict;
    size_t count;
    Side side[RENDITIONS_MAX];
    AlignHistory history;
};

AlignRules *align_rules_create(Findings *findings, bool strict)
{
    AlignRules *r = calloc(1, sizeof(*r));

    if (r) {
        r->findings = findings;
        r->strict = strict;
    }
    return r;
}

void align_rules_destroy(AlignRules **rules)
{
    AlignRules *r = *rules;

    if (!r)
        return;
    for (size_t i = 0; i < r->count; i++)
        for (size_t k = 0; k < KEPT; k++)
            free(r->side[i].cut[k].independent);
    free(r);
    *rules = NULL;
}

int align_rules_add(AlignRules *r, const char *name)
{
    if (r->count == RENDITIONS_MAX)
        return -1;
    r->side[r->count++].name = name;
    return 0;
}

/* ---- two segments of one number ---- */

typedef struct Pair {
    AlignRules *rules;
    const char *a_name, *b_name;
    const Cut *a, *b;
} Pair;

static void say(const Pair *p, const char *rule, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const Pair *p, const char *rule, const char *format, ...)
{
    char what[128];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    (p->rules->strict ? findings_add : findings_remark)(p->rules->findings, rule,
                                                        "segment %" PRIu64 " of %s and %s: %s",
                                                        p->a->sequence, p->a_name, p->b_name, what);
}

/* From `b` to `a`. Timestamps of transport streams that begin again do so in both at once, but a
 * reader may see it sooner in one. */
static int64_t off_90k(const Pair *p, int64_t a, int64_t b)
{
    int64_t off = a - b;

    if (p->a->wraps && p->b->wraps)
        off = ((off % TS_PERIOD) + TS_PERIOD + TS_PERIOD / 2) % TS_PERIOD - TS_PERIOD / 2;
    return off;
}

static void note_most(int64_t *most, int64_t off)
{
    if (llabs(off) > *most)
        *most = llabs(off);
}

static const ProbeTrack *track_of(const Cut *c)
{
    return c->video.packets > 0 ? &c->video : &c->audio;
}

/* Whether only one of two transport streams has pictures. They may begin anywhere within it, but
 * the sound of both begins with the segment. */
static bool are_told_by_sound(const Pair *p)
{
    return (p->a->video.packets > 0) != (p->b->video.packets > 0) && p->a->audio.packets > 0 &&
           p->b->audio.packets > 0;
}

/* What tells of both when they are: of each the same, if both have it. */
static const ProbeTrack *told_by(const Pair *p, const Cut *c)
{
    return are_told_by_sound(p) ? &c->audio : track_of(c);
}

/* Whether both are of about the same time. */
static bool check_number(const Pair *p)
{
    int64_t shorter_us =
        p->a->duration_us < p->b->duration_us ? p->a->duration_us : p->b->duration_us;
    int64_t off = off_90k(p, told_by(p, p->a)->first_pts, told_by(p, p->b)->first_pts);

    if (llabs(off) <= TICKS_PER_S / 4 || llabs(off) <= shorter_us / 2 * TICKS_PER_S / US_PER_S)
        return true;
    say(p, "renditions number one time differently (aligned)", "%.2f s apart",
        (double)off / TICKS_PER_S);
    return false;
}

/* Whether the first picture is decoded before it is shown, as others refer to pictures behind them:
 * a rendition that is made of these without such is decoded later. */
static bool is_reordered(const Cut *c)
{
    return c->video.first_pts - c->video.first_dts >= TICKS_PER_S / 100;
}

/* When a segment begins. One that was cut by time, with no IDR picture, begins with the picture
 * that was shown last, which stands there until the first of its own is shown. Each rendition shows
 * that when it was captured, by its own clock: it is decoded where the segment begins. */
static int64_t begin_of(const Cut *c)
{
    return c->idr ? c->video.first_pts : c->video.first_dts;
}

/* The first tick of what is shown, and of what is decoded. */
static void check_pictures(const Pair *p)
{
    int64_t pts = off_90k(p, p->a->video.first_pts, p->b->video.first_pts);
    int64_t dts = off_90k(p, p->a->video.first_dts, p->b->video.first_dts);

    if (off_90k(p, begin_of(p->a), begin_of(p->b)) == 0)
        pts = 0;
    p->rules->history.pictures++;
    note_most(&p->rules->history.pictures_off_90k, pts);
    if (pts != 0 || (dts != 0 && is_reordered(p->a) == is_reordered(p->b)))
        say(p, "renditions are not cut at one tick (aligned)",
            "%" PRId64 " ticks apart, decoded %" PRId64, pts, dts);
    if (p->a->duration_us != p->b->duration_us)
        say(p, "renditions differ in the EXTINF of one segment (aligned)", "%.5f s, %.5f s",
            (double)p->a->duration_us / US_PER_S, (double)p->b->duration_us / US_PER_S);
}

/* What is multiplexed with pictures is encoded once: the same frames in all. */
static void check_common_sound(const Pair *p)
{
    const ProbeTrack *a = &p->a->audio, *b = &p->b->audio;

    if (a->packets == 0 && b->packets == 0)
        return;
    if (a->packets != b->packets || off_90k(p, a->first_pts, b->first_pts) != 0)
        say(p, "renditions have not the same sound beside their pictures (aligned)",
            "%zu and %zu frames, %" PRId64 " ticks apart", a->packets, b->packets,
            off_90k(p, a->first_pts, b->first_pts));
}

/* Sound is cut between two frames, pictures where an IDR picture is. If none came in time, a
 * segment begins with the picture that was shown last, which stands there: its own first one is
 * decoded then, and shown somewhat later. */
static void check_cover(const Pair *p, const Cut *shows, const ProbeTrack *sound)
{
    const ProbeTrack *pictures = &shows->video;
    int64_t later = pictures->first_pts - pictures->first_dts;
    int64_t begin = off_90k(p, sound->first_pts, pictures->first_pts);
    int64_t end = off_90k(p, sound->end_pts, pictures->end_dts + later);

    if (!shows->idr && llabs(begin + later) < llabs(begin)) {
        begin += later;
        end += later;
    }

    p->rules->history.sounds++;
    note_most(&p->rules->history.sounds_off_90k, begin);
    if (llabs(begin) > AAC_FRAME_90K)
        say(p, "sound does not begin with its pictures (aligned)", "%.1f ms",
            (double)begin / TICKS_PER_MS);
    /* of a transport stream's last picture it is not said how long it is shown */
    if (llabs(end) > AAC_FRAME_90K && !p->a->wraps && !p->b->wraps)
        say(p, "sound does not end with its pictures (aligned)", "%.1f ms",
            (double)end / TICKS_PER_MS);
}

/* A date is of the first picture when it is shown, or when it is decoded. */
static void check_dates(const Pair *p)
{
    const ProbeTrack *a = told_by(p, p->a), *b = told_by(p, p->b);
    bool alike = are_told_by_sound(p) || (p->a->video.packets > 0) == (p->b->video.packets > 0);
    int64_t limit_us = alike ? DATE_US : SOUND_DATE_US;

    if (p->a->date_us == M3U8_NO_TIME || p->b->date_us == M3U8_NO_TIME)
        return;
    int64_t dates_us = p->a->date_us - p->b->date_us;
    int64_t shown = dates_us - probe_us(off_90k(p, a->first_pts, b->first_pts));
    int64_t begun = dates_us - probe_us(off_90k(p, a->first_dts, b->first_dts));
    if (llabs(shown) > limit_us && llabs(begun) > limit_us)
        say(p, "renditions differ in the date of one segment (aligned)", "%.1f ms",
            (double)shown / 1000);
}

/* A player changes over where an independent part begins. It is a remark in any case: a rendition
 * may have lost an IDR picture that another has, as it is for a segment without one. */
static void check_parts(const Pair *p)
{
    size_t n = p->a->independent_count;
    bool same = n == p->b->independent_count;

    if (!p->a->parts_seen || !p->b->parts_seen)
        return;
    for (size_t i = 0; same && i < n; i++)
        same = p->a->independent[i] == p->b->independent[i];
    p->rules->history.parts += n;
    if (!same)
        findings_remark(p->rules->findings, "independent parts do not begin at one tick (aligned)",
                        "segment %" PRIu64 " of %s and %s: %zu and %zu of them", p->a->sequence,
                        p->a_name, p->b_name, n, p->b->independent_count);
}

static void check_pair(const Pair *p, bool one_lost_its_pictures)
{
    bool a = p->a->video.packets > 0, b = p->b->video.packets > 0;

    if (!check_number(p))
        return;
    if (one_lost_its_pictures)
        say(p, "one rendition lacks the pictures that another has (aligned)", "%zu and %zu",
            p->a->video.packets, p->b->video.packets);
    if (a && b) {
        check_pictures(p);
        check_common_sound(p);
        check_parts(p);
    } else if (a && p->b->audio.packets > 0 && !one_lost_its_pictures) {
        check_cover(p, p->a, &p->b->audio);
    } else if (b && p->a->audio.packets > 0 && !one_lost_its_pictures) {
        check_cover(p, p->b, &p->a->audio);
    }
    check_dates(p);
}

/* ---- segments ---- */

static void keep_parts(Cut *c, const MediaSegment *s)
{
    c->parts_seen = s->part_count > 0;
    c->independent = calloc(s->part_count + 1, sizeof(*c->independent));
    for (size_t i = 0; c->independent && i < s->part_count; i++)
        if (s->parts[i].listed.independent && s->parts[i].facts.video.packets > 0)
            c->independent[c->independent_count++] = s->parts[i].facts.video.first_dts;
}

static const Cut *of_number(const Side *side, uint64_t sequence)
{
    for (size_t n = 0; n < side->count && n < KEPT; n++) {
        const Cut *c = &side->cut[(side->count - 1 - n) % KEPT];
        if (c->sequence == sequence)
            return c;
    }
    return NULL;
}

void align_rules_segment(AlignRules *r, size_t rendition, const MediaSegment *s)
{
    Side *side = &r->side[rendition];
    Cut *c = &side->cut[side->count++ % KEPT];

    free(c->independent);
    *c = (Cut){
        .sequence = s->listed->sequence,
        .duration_us = s->listed->duration_us,
        .date_us = s->listed->time_unix_us,
        .wraps = !s->listed->map,
        .idr = s->facts.starts_with_idr,
        .video = s->facts.video,
        .audio = s->facts.audio,
    };
    keep_parts(c, s);
    side->shows_pictures = side->shows_pictures || c->video.packets > 0;
    for (size_t i = 0; i < r->count; i++) {
        const Cut *other = i != rendition ? of_number(&r->side[i], c->sequence) : NULL;
        Pair p = {r, side->name, r->side[i].name, c, other};
        bool lost = side->shows_pictures && r->side[i].shows_pictures;
        if (other && track_of(c)->packets > 0 && track_of(other)->packets > 0)
            check_pair(&p, lost && (c->video.packets > 0) != (other->video.packets > 0));
    }
}

AlignHistory align_rules_history(const AlignRules *r)
{
    return r->history;
}

/* ---- lists ---- */

static void check_numbers(Findings *f, bool strict, const RenditionView *a, const RenditionView *b)
{
    for (size_t i = 0; i < a->list->count; i++) {
        const M3u8Segment *s = &a->list->segments[i], *t = m3u8_segment(b->list, s->sequence);
        if (t && s->discontinuity != t->discontinuity)
            (strict ? findings_add : findings_remark)(
                f, "one segment number has two discontinuity numbers (aligned)",
                "segment %" PRIu64 ": %s %" PRIu64 ", %s %" PRIu64, s->sequence, a->uri,
                s->discontinuity, b->uri, t->discontinuity);
    }
}

void align_rules_lists(Findings *f, bool strict, const RenditionView *view, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        check_numbers(f, strict, &view[0], &view[i]);
        if (view[0].list->part_target_us != view[i].list->part_target_us)
            (strict ? findings_add : findings_remark)(
                f, "renditions differ in PART-TARGET (aligned)", "%s: %.5f s, %s: %.5f s",
                view[0].uri, (double)view[0].list->part_target_us / US_PER_S, view[i].uri,
                (double)view[i].list->part_target_us / US_PER_S);
    }
}

/* ---- the multivariant playlist ---- */

static bool lists(const M3u8Multi *m, const char *uri)
{
    for (size_t i = 0; i < m->variant_count; i++)
        if (strcmp(m->variant[i].uri, uri) == 0)
            return true;
    for (size_t i = 0; i < m->media_count; i++)
        if (strcmp(m->media[i].uri, uri) == 0)
            return true;
    return false;
}

static void check_listed(Findings *f, bool strict, const char *uri, const M3u8Multi *now)
{
    if (!lists(now, uri))
        (strict ? findings_add : findings_remark)(
            f, "a rendition leaves the multivariant playlist (aligned)", "%s", uri);
}

void align_rules_multi(Findings *f, bool strict, const M3u8Multi *before, const M3u8Multi *now)
{
    for (size_t i = 0; i < before->variant_count; i++)
        check_listed(f, strict, before->variant[i].uri, now);
    for (size_t i = 0; i < before->media_count; i++)
        check_listed(f, strict, before->media[i].uri, now);
    for (size_t i = 0; i < now->variant_count; i++)
        if (!lists(before, now->variant[i].uri))
            findings_remark(f, "a variant joins, which players that are there may not see",
                            "%s, which is not looked at", now->variant[i].uri);
}
