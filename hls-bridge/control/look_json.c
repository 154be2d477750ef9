/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/look_json.h"

#include <math.h>

#include "stream/stream_status.h"

static double to_seconds(int64_t us)
{
    return round((double)us / 1000) / 1000;
}

/* NULL: none has come. */
static json_t *packet_json(const PacketLook *packet, int64_t now_us)
{
    if (packet->at_us == 0)
        return NULL;
    return json_pack("{s:f, s:I, s:I, s:I, s:i, s:b, s:i}", "age",
                     to_seconds(now_us - packet->at_us), "sequence", (json_int_t)packet->sequence,
                     "timestamp", (json_int_t)packet->timestamp, "ssrc", (json_int_t)packet->ssrc,
                     "payload_type", (int)packet->payload_type, "marker", (int)packet->marker,
                     "bytes", (int)packet->bytes);
}

/* The newest request for an IDR picture; NULL: there was none. */
static json_t *asked_json(const IngestTrackStats *track, int64_t now_us)
{
    if (track->asked_us == 0)
        return NULL;
    return json_pack("{s:f, s:s, s:I}", "age", to_seconds(now_us - track->asked_us), "for",
                     track->asked_for == ASK_FOR_CUT ? "cut" : "repair", "times",
                     (json_int_t)track->keyframe_requests);
}

static json_t *tracks_json(const StreamStatus *status)
{
    const IngestStats *source = &status->source;
    json_t *all = json_array();

    for (size_t i = 0; status->has_source && i < source->media.tracks; i++) {
        const IntakeTrackStats *media = &source->media.track[i];
        const IngestTrackStats *track = &source->track[i];
        json_array_append_new(
            all, json_pack("{s:s, s:s, s:i, s:I, s:I, s:I, s:o*, s:o*}", "kind",
                           media->kind == TRACK_VIDEO ? "video" : "audio", "name", media->name,
                           "port", (int)track->port, "packets", (json_int_t)media->packets, "bytes",
                           (json_int_t)media->bytes, "lost", (json_int_t)media->reorder.lost,
                           "packet", packet_json(&track->packet, status->at_us), "asked",
                           asked_json(track, status->at_us)));
    }
    return all;
}

static json_t *trouble_json(const TroubleStats *trouble, int64_t now_us)
{
    int64_t loses_us = trouble->lose_until_us - now_us, holds_us = trouble->hold_until_us - now_us;

    return json_pack(
        "{s:i, s:f, s:I, s:f, s:I}", "lose_percent", (int)trouble->lose_percent, "loses_for",
        loses_us > 0 ? to_seconds(loses_us) : 0.0, "lost", (json_int_t)trouble->lost, "holds_for",
        holds_us > 0 ? to_seconds(holds_us) : 0.0, "held_back", (json_int_t)trouble->held_back);
}

json_t *look_json(const StreamStatus *status)
{
    const SegmenterStats *segmenter = &status->segmenter;
    const SegmentCutterStats *cutter = &segmenter->cutter;
    const TsOutputStats *ts = &status->output.ts;

    return json_pack(
        "{s:s, s:o, s:{s:f, s:I, s:I, s:I}, s:{s:I, s:I, s:I, s:f}, s:{s:f, s:I, s:I}, s:o}",
        "name", status->name, "tracks", tracks_json(status), //
        "segment", "seconds", to_seconds(ticks_to_us(segmenter->open_90k)), "target",
        (json_int_t)segmenter->target_duration_s, "pictures", (json_int_t)segmenter->pictures,
        "sounds", (json_int_t)segmenter->sounds, //
        "cuts", "asked", (json_int_t)cutter->asked, "at_idr", (json_int_t)cutter->cut_at_idr,
        "forced", (json_int_t)cutter->cut_forced, "lead",
        to_seconds(ticks_to_us(cutter->lead_90k)), //
        "newest", "seconds", to_seconds(ticks_to_us(ts->last_duration_90k)), "bytes",
        (json_int_t)ts->last_bytes, "made", (json_int_t)ts->segments, //
        "trouble", trouble_json(&status->trouble, status->at_us));
}
