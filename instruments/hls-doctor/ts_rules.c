/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ts_rules.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define TICKS_PER_MS       90
#define FRAME_TOLERANCE_MS 40  /* EXTINF: one picture at 25 per second */
#define STANDS_MS          200 /* a picture that is there for so long or longer */

void ts_rules_segment(Findings *findings, const TsSegment *s)
{
    const SegmentFacts *f = &s->facts;

    if (f->video.packets > 0 && !f->starts_with_idr)
        findings_add(findings, "a segment does not begin with an IDR picture", "%s", s->uri);
    else if (f->video.packets > 0 && !f->has_parameter_sets)
        findings_add(findings, "a segment's first picture lacks its parameter sets", "%s", s->uri);
    if (f->errors_alone > 0)
        findings_add(findings, "decode errors in a segment alone", "%s: %zu, first: %s", s->uri,
                     f->errors_alone, f->first_error);
    if (f->errors_in_sequence > 0)
        findings_add(findings, "decode errors in sequence", "%s: %zu, first: %s", s->uri,
                     f->errors_in_sequence, f->first_error);
    if (f->video.backward + f->audio.backward > 0)
        findings_add(findings, "decoding times go back within a segment", "%s", s->uri);
    if (f->audio.holes > 0)
        findings_add(findings, "a gap or an overlap in the sound",
                     "%s: %zu, up to %" PRId64 " samples", s->uri, f->audio.holes,
                     f->audio.hole_samples);
}

/* How much longer the playlist says the last segment is than one track shows. If pictures are
 * missing or late, sound tells better, and the other way round: the track that fits better counts.
 */
static double extinf_off_ms(const TsSegment *last, const ProbeTrack *before, const ProbeTrack *now)
{
    return (double)last->duration_us / 1000 -
           (double)(now->first_pts - before->first_pts) / TICKS_PER_MS;
}

/* A segment that is cut by time, as no picture came, ends while its last picture stands: where that
 * is, pictures do not tell, at its beginning or its end. */
static double tolerance_ms(const TsSegment *last, const TsSegment *segment)
{
    int64_t stood_90k = last->stood_90k;

    if (stood_90k < segment->stood_90k)
        stood_90k = segment->stood_90k;
    return stood_90k < STANDS_MS * TICKS_PER_MS ? FRAME_TOLERANCE_MS
                                                : (double)stood_90k / TICKS_PER_MS;
}

double ts_rules_join(Findings *findings, const TsSegment *last, TsSegment *segment)
{
    const SegmentFacts *before = &last->facts, *now = &segment->facts;
    bool video = now->video.packets > 0 && before->video.packets > 0;
    bool audio = now->audio.packets > 0 && before->audio.packets > 0;

    if (segment->sequence != last->sequence + 1 || segment->discontinuity != last->discontinuity)
        return 0;
    if (video && now->video.first_dts <= before->video.last_dts)
        findings_add(findings, "the picture's times go back between segments", "%s", segment->uri);
    if (audio && now->audio.first_pts != before->audio.end_pts)
        findings_add(findings, "a gap or an overlap in the sound between segments",
                     "%s: %" PRId64 " samples", segment->uri,
                     (now->audio.first_pts - before->audio.end_pts) * 8 / 15);
    double off_ms = INFINITY;
    if (video) {
        segment->stood_90k = now->video.first_pts - before->video.last_dts;
        off_ms = extinf_off_ms(last, &before->video, &now->video);
    }
    if (audio && fabs(extinf_off_ms(last, &before->audio, &now->audio)) < fabs(off_ms))
        off_ms = extinf_off_ms(last, &before->audio, &now->audio);
    if (!video && !audio)
        return 0;
    if (fabs(off_ms) > (audio ? FRAME_TOLERANCE_MS : tolerance_ms(last, segment)))
        findings_add(findings, "EXTINF is off by more than a picture",
                     "segment %" PRIu64 ": %.1f ms", last->sequence, off_ms);
    return off_ms;
}
