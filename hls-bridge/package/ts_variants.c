/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/ts_variants.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bridge_log.h"

#define BEST 0

/* What a transport stream has beside pictures, if that cannot be measured yet. */
#define PACKETS_ADD 10     /* a tenth for its packets, */
#define SOUND_MOST  180000 /* and bit/s for the sound */

static size_t count(const TsVariants *v)
{
    return segment_store_lists(v->store);
}

/* ---- a publisher ---- */

void ts_variants_finish(TsVariants *v)
{
    for (size_t i = 0; i < SEGMENT_LISTS_MAX; i++) {
        segment_mux_destroy(&v->item[i].mux);
        v->item[i].track = RENDITION_NONE;
    }
}

bool ts_variants_take(const Rendition *rendition)
{
    return rendition->kind == TRACK_AUDIO || rendition->codec == CODEC_H264;
}

/* The best that can be played; RENDITION_NONE: there is none. */
static size_t best_of(const Renditions *renditions)
{
    for (size_t i = 0; i < renditions->count; i++)
        if (renditions->item[i].kind == TRACK_VIDEO && ts_variants_take(&renditions->item[i]))
            return i;
    return RENDITION_NONE;
}

/* The variant of another rendition of video, which gets its track. NULL: there is none, and it is
 * left out. */
static TsVariant *variant_of(TsVariants *v, const Renditions *renditions, size_t track)
{
    size_t list = segment_store_list(v->store, renditions->item[track].name);

    if (list == SEGMENT_LISTS_MAX || v->item[list].track != RENDITION_NONE) {
        log_error(
            "%s: rendition \"%s\" is left out of classic HLS: it has no name of its own, or "
            "there is no room",
            v->stream, renditions->item[track].name);
        return NULL;
    }
    v->item[list].track = track;
    v->item[list].promise = promise_of(&renditions->item[track],
                                       segment_store_playlist(v->store)->window.target_duration_s);
    v->item[list].follows = renditions->item[track].follows;
    v->item[list].began = v->item[list].skips = v->item[list].may_skip = false;
    v->item[list].skipped_90k = INT64_MIN;
    v->item[list].shown = (VideoFormat){0};
    return &v->item[list];
}

static void open_others(TsVariants *v, const Renditions *renditions, SegmentMuxParams params)
{
    const char *error;

    for (size_t i = 0; i < renditions->count; i++) {
        const Rendition *r = &renditions->item[i];
        bool other = r->kind == TRACK_VIDEO && ts_variants_take(r) && i != v->item[BEST].track;
        TsVariant *variant = other ? variant_of(v, renditions, i) : NULL;
        if (!variant)
            continue;
        variant->mux = segment_mux_create(&params, &error);
        if (!variant->mux)
            log_error("%s: %s: %s", v->stream, renditions->item[i].name, error);
    }
}

int ts_variants_begin(TsVariants *v, const Renditions *renditions, const uint8_t *aac_config,
                      size_t aac_config_len, const char **error)
{
    size_t best = best_of(renditions);
    bool several = count(v) > 1 || renditions_count(renditions, TRACK_VIDEO) > 1;
    const SegmentMuxParams params = {
        .video = best != RENDITION_NONE,
        .audio = renditions_have(renditions, TRACK_AUDIO),
        .repeats = several,
        .formats = several,
        .aac_config = aac_config,
        .aac_config_len = aac_config_len,
    };

    ts_variants_finish(v);
    v->sound = params.audio;
    v->item[BEST].track = best;
    v->item[BEST].follows = best != RENDITION_NONE && renditions->item[best].follows;
    v->item[BEST].mux = segment_mux_create(&params, error);
    if (!v->item[BEST].mux)
        return -1;
    open_others(v, renditions, params);
    return 0;
}

/* ---- media ---- */

/* NULL: there is none. */
static TsVariant *variant_at(TsVariants *v, size_t track)
{
    for (size_t i = 0; i < count(v); i++)
        if (v->item[i].track == track && v->item[i].mux)
            return &v->item[i];
    return NULL;
}

int ts_variants_picture(TsVariants *v, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    TsVariant *variant = variant_at(v, unit->track);
    H264Sps sps;

    if (!variant)
        return 0;
    if (unit->idr && h264_picture_sps(unit, &sps))
        variant->sps = sps;
    variant->skips = variant->skips || (variant->may_skip && unit->idr);
    variant->may_skip = false;
    if (!variant->skips)
        return segment_mux_video(variant->mux, unit, pts_90k, dts_90k);
    variant->skipped_90k = dts_90k;
    return 0;
}

void ts_variants_follow(TsVariants *v, size_t track, const OutputSegment *segment, bool may_change)
{
    TsVariant *variant = variant_at(v, track);

    if (!variant)
        return;
    variant->skips = segment->copies && variant->skips;
    variant->may_skip = segment->copies && may_change;
}

/* The variant with the smallest picture, the last of several. Before there are pictures, the last
 * one counts as that. */
static size_t smallest(const TsVariants *v)
{
    int64_t least = INT64_MAX;
    size_t at = BEST;

    for (size_t i = 0; i < count(v); i++) {
        int64_t area = (int64_t)v->item[i].sps.width * v->item[i].sps.height;
        if (v->item[i].mux && area <= least) {
            least = area;
            at = i;
        }
    }
    return at;
}

int ts_variants_sound(TsVariants *v, const AacFrame *frame)
{
    const AacFrame low = aac_frame_low(frame);
    size_t low_at = low.len > 0 ? smallest(v) : BEST;
    int status = 0;

    for (size_t i = 0; i < count(v); i++) {
        const AacFrame *of_it = i == low_at && i != BEST ? &low : frame;
        if (v->item[i].mux && segment_mux_audio(v->item[i].mux, of_it) < 0)
            status = -1;
    }
    return status;
}

/* ---- segments ---- */

bool ts_variants_are_behind(const TsVariants *v, int64_t cut_90k)
{
    for (size_t i = v->item[BEST].follows ? BEST : BEST + 1; i < count(v); i++) {
        const TsVariant *variant = &v->item[i];
        if (variant->mux &&
            larger(segment_mux_newest(variant->mux), variant->skipped_90k) < cut_90k - TS_APART_90K)
            return true;
    }
    return false;
}

/* Whether decoders that were set up by what a list has can go on with a segment. */
static bool is_alike(const TsVariant *variant, const Segment *segment)
{
    return variant->shown.width == 0 || segment->format.width == 0 ||
           !video_format_restarts(&segment->format, &variant->shown);
}

/* Whether the segment of one that follows is a copy, without a look at what it has of its own:
 * there is no picture, and no decoder minds. The sound that it has is in that segment too. */
static bool is_copy(const TsVariant *variant, int64_t cut_90k, bool parts, const Segment *best)
{
    bool may = variant->copies ? best->pictures > 0 : parts && best->starts_with_idr;

    return variant->follows && may && segment_mux_drop_sound(variant->mux, cut_90k);
}

/* A segment of one of several renditions begins: whatever its first picture is, it begins where
 * those of all others do. What stands at the cut or behind it is the next segment's, which may have
 * another format. */
static void begin_segment(SegmentMux *mux, int64_t start_90k, int64_t cut_90k)
{
    segment_mux_begin(mux, start_90k, smaller(TS_APART_90K, cut_90k - start_90k - 1));
    segment_mux_lead_in(mux, start_90k, cut_90k);
}

/* Cuts another rendition than the best. Returns whether it is to have what comes of its own, and
 * not a copy of the best one's segment: no decoder is to go on from one to the other but at an IDR
 * picture, and to one of another format only behind a discontinuity. */
static bool cut_other(const TsVariant *variant, int64_t start_90k, int64_t cut_90k, bool parted,
                      const Segment *best, Segment *out)
{
    bool parts = parted || !variant->began;
    bool may_copy = parts || (!variant->follows && is_alike(variant, best));
    SegmentMux *mux = variant->mux;

    if (!mux)
        return false;
    begin_segment(mux, start_90k, cut_90k);
    if (is_copy(variant, cut_90k, parts, best))
        return false;
    int status = segment_mux_cut(mux, cut_90k, out);
    if (status > 0 && !variant->copies && (!may_copy || !best->starts_with_idr) &&
        segment_mux_repeat(mux, start_90k) == 0)
        status = segment_mux_cut(mux, cut_90k, out);
    if (status != 0)
        return false;
    if (variant->copies && !parts && (variant->follows || !is_alike(variant, out)))
        return false;
    if (variant->copies)
        return out->pictures > 0 ? out->starts_with_idr : best->pictures == 0;
    return out->pictures > 0 || !may_copy || !best->starts_with_idr; /* else with its sound alone */
}

int ts_variants_cut(TsVariants *v, int64_t start_90k, int64_t cut_90k, bool discontinuity,
                    TsCut *out)
{
    if (count(v) > 1)
        begin_segment(v->item[BEST].mux, start_90k, cut_90k);
    int status = segment_mux_cut(v->item[BEST].mux, cut_90k, &out->best);

    for (size_t i = 0; i < count(v); i++) {
        TsVariant *variant = &v->item[i];
        Segment segment = out->best;
        out->filled[i] = i != BEST && !cut_other(variant, start_90k, cut_90k, discontinuity,
                                                 &out->best, &segment);
        if (out->filled[i])
            segment = out->best;
        if (segment.pictures > 0)
            variant->shown = segment.format;
        variant->copies = out->filled[i];
        variant->began = true;
        out->bytes[i] =
            (SegmentBytes){segment.data, segment.len, out->filled[i] && variant->follows};
        out->pictures[i] = segment.pictures;
    }
    return status;
}

void ts_variants_start(TsVariants *v, int64_t start_90k)
{
    Segment ignored;

    for (size_t i = 0; i < count(v); i++) {
        SegmentMux *mux = v->item[i].mux;
        if (!mux)
            continue;
        if (i != BEST)
            segment_mux_begin(mux, start_90k, TS_APART_90K);
        segment_mux_cut(mux, start_90k, &ignored);
    }
}

/* ---- ts.m3u8 ---- */

/* A rung that is made only while it is watched is listed as what it becomes, with sound. */
static void apply_promise(const TsVariant *variant, const H264Sps *best, Variant *out)
{
    Promised is;

    if (!promise_read(&variant->promise, best->width, best->height, &is))
        return;
    out->width = is.width;
    out->height = is.height;
    out->bandwidth = is.peak + is.peak / PACKETS_ADD + SOUND_MOST;
    out->average_bandwidth = is.average + is.average / PACKETS_ADD + SOUND_MOST;
}

static Variant describe(const TsVariants *v, size_t list)
{
    const TsVariant *variant = &v->item[list];
    Variant out = {.uri = segment_store_list_file(v->store, list),
                   .bandwidth = rate_meter_peak(&variant->meter),
                   .average_bandwidth = rate_meter_average(&variant->meter)};
    const H264Sps *sps = variant->sps.width > 0 ? &variant->sps : &v->item[BEST].sps;

    if (sps->width == 0)
        return out;
    h264_sps_codec(sps, out.codec);
    out.width = sps->width;
    out.height = sps->height;
    out.frame_rate_milli = rate_meter_frames_milli(&variant->meter);
    apply_promise(variant, &v->item[BEST].sps, &out);
    return out;
}

static void write_list(TsVariants *v)
{
    char text[MULTIVARIANT_TEXT_SIZE];
    Multivariant m = {.sound = v->sound, .variants = count(v)};

    for (size_t i = 0; i < m.variants; i++)
        m.variant[i] = describe(v, i);
    if (segment_store_is_due(v->store) || !multivariant_is_new(&m, &v->listed))
        return;
    size_t len = multivariant_write(&m, text);
    if (store_put(v->folder, PLAYLISTS_FILE, text, len, 0) == 0)
        v->listed = m;
    else
        log_debug("%s: " PLAYLISTS_FILE " cannot be written: %s", v->stream, strerror(errno));
}

/* Begins to measure a list. What an earlier run has left in it before the newest segment may be
 * larger than all that comes. */
static void begin_meter(TsVariants *v, size_t list)
{
    const Playlist *p = segment_store_playlist(v->store);
    RateMeter *meter = &v->item[list].meter;
    char name[PLAYLIST_NAME_SIZE];

    *meter = rate_meter(p->window.keep, p->window.target_duration_s);
    for (size_t i = 0; i + 1 < p->window.count; i++) {
        const PlaylistSegment *s = &p->segments[i];
        playlist_rendition_segment(s->name, segment_store_list_name(v->store, list), name);
        int64_t size = store_size(v->folder, name);
        if (size > 0 && s->common.duration_90k > 0)
            rate_meter_add(meter, (size_t)size, 0, s->common.duration_90k);
    }
}

void ts_variants_listed(TsVariants *v, const TsCut *cut, int64_t duration_90k)
{
    for (size_t i = 0; i < count(v); i++) {
        TsVariant *variant = &v->item[i];
        if (variant->segments++ == 0)
            begin_meter(v, i);
        variant->bytes += cut->bytes[i].len;
        variant->filled += cut->filled[i];
        rate_meter_add(&variant->meter, cut->bytes[i].len, cut->pictures[i], duration_90k);
    }
    write_list(v);
}

void ts_variants_stats(const TsVariants *v, TsOutputStats *out)
{
    for (size_t i = BEST + 1; i < count(v); i++) {
        const TsVariant *variant = &v->item[i];
        TsOtherStats *other = &out->other[out->others++];
        snprintf(other->name, sizeof(other->name), "%s", segment_store_list_name(v->store, i));
        other->segments = variant->segments;
        other->bytes = variant->bytes;
        other->filled = variant->filled;
    }
}
