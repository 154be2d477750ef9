/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rendition_report.h"

#include <inttypes.h>
#include <stdio.h>

#define US_PER_S     1000000ll
#define TICKS_PER_MS 90

json_t *rendition_report_json(const Rendition *r, const MediaRules *rules)
{
    RenditionMedia media = media_rules_media(rules, "", 0, UINT64_MAX);
    MediaHistory m = media_rules_history(rules);
    PlaylistHistory l = rendition_playlist_history(r);
    PartHistory p = rendition_part_history(r);
    RenditionStats s = rendition_stats(r);
    json_t *j =
        json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:b}", "uri", rendition_uri(r),
                  "codec", media.codec, "versions", (json_int_t)l.versions, "first_sequence",
                  (json_int_t)l.first_sequence, "discontinuities", (json_int_t)l.discontinuities,
                  "segments", (json_int_t)m.segments, "parts", (json_int_t)m.parts,
                  "independent_parts", (json_int_t)m.independent_parts, "media_seconds",
                  (double)m.duration_us / US_PER_S, "ended", l.ended);
    json_t *more = json_pack(
        "{s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f}", "width", media.width,
        "height", media.height, "peak_bitrate", (json_int_t)media.peak, "average_bitrate",
        (json_int_t)media.average, "blocking_requests", (json_int_t)s.blocking, "held",
        (json_int_t)s.held, "delta_updates", (json_int_t)s.deltas, "hinted_parts",
        (json_int_t)s.files.hints, "retained_checked", (json_int_t)s.files.retained, "refusals",
        (json_int_t)s.refusals, "longest_part_gap_seconds", (double)p.longest_gap_us / US_PER_S,
        "longest_absence_seconds", (double)p.longest_away_us / US_PER_S, "longest_hold_seconds",
        (double)s.longest_hold_us / US_PER_S);

    json_object_update(j, more);
    json_decref(more);
    return j;
}

void rendition_report_print(const Rendition *r, const MediaRules *rules)
{
    RenditionMedia media = media_rules_media(rules, "", 0, UINT64_MAX);
    MediaHistory m = media_rules_history(rules);
    PlaylistHistory l = rendition_playlist_history(r);
    PartHistory p = rendition_part_history(r);
    RenditionStats s = rendition_stats(r);

    printf("  %s, %s\n", rendition_uri(r), media.codec);
    printf("    %zu segments of %zu parts, %zu of them independent, %.1f s, %" PRId64
           " kbit/s (peak %" PRId64 "); %" PRIu64 " discontinuities\n",
           m.segments, m.parts, m.independent_parts, (double)m.duration_us / US_PER_S,
           media.average / 1000, media.peak / 1000, l.discontinuities);
    printf(
        "    %zu versions of the playlist by %zu blocking requests, %zu of which were held; "
        "%zu delta updates rebuilt\n",
        l.versions, s.blocking, s.held, s.deltas);
    printf(
        "    %zu parts came as hinted; %zu files tried after they left the list; "
        "%.0f ms between two parts at the most\n",
        s.files.hints, s.files.retained, (double)p.longest_gap_us / 1000);
}

json_t *iframe_report_json(const IframeList *l, IframeHistory h)
{
    const M3u8 *m = iframe_list_last(l);

    return json_pack("{s:s, s:I, s:I, s:I}", "uri", iframe_list_uri(l), "segments",
                     (json_int_t)(m ? m->count : 0), "pictures", (json_int_t)h.pictures,
                     "peak_bitrate", (json_int_t)h.peak);
}

void iframe_report_print(const IframeList *l, IframeHistory h)
{
    printf("  %s: %zu I-frames, each decoded alone, peak %" PRId64 " kbit/s\n", iframe_list_uri(l),
           h.pictures, h.peak / 1000);
}

json_t *alignment_report_json(AlignHistory h)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:f}", "segments", (json_int_t)h.pictures, "parts",
                     (json_int_t)h.parts, "sounds", (json_int_t)h.sounds, "video_off_max_ticks",
                     (json_int_t)h.pictures_off_90k, "sound_off_max_ms",
                     (double)h.sounds_off_90k / TICKS_PER_MS);
}

void alignment_report_print(AlignHistory h)
{
    if (h.pictures > 0)
        printf("  cuts of two renditions compared %zu times: first pictures %" PRId64
               " ticks apart at the most\n",
               h.pictures, h.pictures_off_90k);
    if (h.sounds > 0)
        printf("  sound begins within %.1f ms of its pictures, compared %zu times\n",
               (double)h.sounds_off_90k / TICKS_PER_MS, h.sounds);
}
