/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/status_json.h"

#include <math.h>
#include <string.h>

#include "base/media.h"
#include "control/process_metrics.h"
#include "events/event_stats.h"
#include "stream/stream_load.h"
#include "stream/stream_status.h"

static const char *state_name(StreamState state)
{
    static const char *const names[] = {
        [STREAM_LIVE] = "live", [STREAM_HELD] = "held", [STREAM_ENDED] = "ended"};
    return names[state];
}

static json_t *track_json(const IntakeTrackStats *track, const IngestTrackStats *rates)
{
    const RtpReorderStats *r = &track->reorder;
    json_t *object = json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "kind",
        track->kind == TRACK_VIDEO ? "video" : "audio", "packets", (json_int_t)track->packets,
        "bytes", (json_int_t)track->bytes, "lost", (json_int_t)r->lost, "late", (json_int_t)r->late,
        "duplicates", (json_int_t)r->duplicates, "reordered", (json_int_t)r->reordered, "refused",
        (json_int_t)track->refused, "bitrate", (json_int_t)rates->bitrate);
    if (track->kind != TRACK_VIDEO)
        return object;
    json_t *video = json_pack(
        "{s:s, s:s, s:I, s:I, s:f, s:I, s:{s:I, s:I, s:I, s:I, s:I}}", "name", track->name, "codec",
        codec_name(track->format.codec), "width", (json_int_t)track->format.width, "height",
        (json_int_t)track->format.height, "frame_rate", round(rates->frame_rate * 100) / 100,
        "keyframe_requests", (json_int_t)rates->keyframe_requests, "pictures", "good",
        (json_int_t)track->video.access_units, "idr", (json_int_t)track->video.idrs, "damaged",
        (json_int_t)track->video.damaged, "undecodable", (json_int_t)track->video.undecodable,
        "early", (json_int_t)track->early_pictures);
    json_object_update_new(object, video);
    return object;
}

static json_t *source_json(const StreamStatus *status)
{
    const IngestStats *source = &status->source;
    const IntakeTrackStats *video = intake_stats_video(&source->media);
    const VideoFormat *best = &intake_stats_best(&source->media)->format;
    json_t *tracks = json_array();

    for (size_t i = 0; i < source->media.tracks; i++)
        json_array_append_new(tracks, track_json(&source->media.track[i], &source->track[i]));
    return json_pack(
        "{s:I, s:I, s:f, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I}, s:{s:I, s:I, s:I, s:I},"
        " s:{s:I, s:I, s:I, s:I}, s:{s:b, s:I, s:f, s:I}, s:I, s:I, s:I, s:o, s:s*}",
        "width", (json_int_t)best->width, "height", (json_int_t)best->height, //
        "frame_rate", round(source->frame_rate * 100) / 100, "video_bitrate",
        (json_int_t)source->video_bitrate, "audio_bitrate",
        (json_int_t)source->audio_bitrate, //
        "pictures", "good", (json_int_t)video->video.access_units, "idr",
        (json_int_t)video->video.idrs, "damaged", (json_int_t)video->video.damaged, "undecodable",
        (json_int_t)video->video.undecodable, "early",
        (json_int_t)video->early_pictures, //
        "samples", "rebuilt", (json_int_t)source->media.audio.rebuilt_samples, "concealed",
        (json_int_t)source->media.audio.concealed_samples, "silent",
        (json_int_t)source->media.audio.silent_samples, "dropped",
        (json_int_t)source->media.audio.dropped_samples, //
        "sound_clock", "stalled", (json_int_t)source->media.audio.slips, "delayed",
        (json_int_t)source->media.audio.moves, "replaced", (json_int_t)source->media.audio.jumps,
        "ahead",
        (json_int_t)source->media.audio.aheads, //
        "sync", "by_reports", source->media.timeline.by_reports, "reports",
        (json_int_t)source->media.timeline.reports, "correction_ms",
        (double)source->media.timeline.correction_us / 1000, "steps",
        (json_int_t)source->media.timeline.steps, //
        "keyframe_requests", (json_int_t)source->keyframe_requests, "kernel_drops",
        (json_int_t)source->kernel_drops, "backlog_drops", (json_int_t)source->backlog_drops,
        "tracks", tracks, "problem", status->problem);
}

/* Of classic HLS, beside the best rendition; NULL: there is none. */
static json_t *ts_others_json(const TsOutputStats *ts)
{
    json_t *all = ts->others > 0 ? json_array() : NULL;

    for (size_t i = 0; i < ts->others; i++)
        json_array_append_new(all, json_pack("{s:s, s:I, s:I, s:I}", "name", ts->other[i].name,
                                             "segments", (json_int_t)ts->other[i].segments, "bytes",
                                             (json_int_t)ts->other[i].bytes, "filled",
                                             (json_int_t)ts->other[i].filled));
    return all;
}

static json_t *output_json(const StreamStatus *status)
{
    const SegmenterStats *segmenter = &status->segmenter;
    const TsOutputStats *ts = &status->output.ts;

    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:{s:I, s:I, s:I}, s:o*}",
                     "target_duration", (json_int_t)segmenter->target_duration_s, "media_sequence",
                     (json_int_t)ts->media_sequence, "discontinuity_sequence",
                     (json_int_t)ts->discontinuity_sequence, "listed", (json_int_t)ts->listed,
                     "segments", (json_int_t)ts->segments, "bytes", (json_int_t)ts->bytes,
                     "discontinuities", (json_int_t)ts->discontinuities, "last_duration",
                     (double)ts->last_duration_90k / TICKS_PER_S, "forced_cuts",
                     (json_int_t)segmenter->cutter.cut_forced, "failed_writes",
                     (json_int_t)ts->failed_writes, "bounded", "restarts",
                     (json_int_t)segmenter->bound.restarts, "pictures",
                     (json_int_t)segmenter->bound.pictures, "files",
                     (json_int_t)segmenter->bound.files, "others", ts_others_json(ts));
}

json_t *process_json(void)
{
    ProcessUse use;

    if (!process_use_read(&use))
        return NULL;
    return json_pack("{s:f, s:f, s:I, s:i}", "cpu_seconds", use.cpu_s, "up_seconds", use.up_s,
                     "resident_bytes", (json_int_t)use.resident_bytes, "cpus", use.cpus);
}

static double to_ms(int64_t us)
{
    return round((double)us / 100) / 10;
}

static json_t *rendition_json(const CmafTrackStats *track)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "segments", (json_int_t)track->segments,
                     "bytes", (json_int_t)track->bytes, "parts", (json_int_t)track->parts,
                     "repeated", (json_int_t)track->repeated, "gaps", (json_int_t)track->gaps,
                     "keyless", (json_int_t)track->keyless, "failed_writes",
                     (json_int_t)track->failed_writes);
}

static json_t *low_latency_json(const StreamStatus *status)
{
    const CmafOutputStats *ll = &status->output.low_latency;

    return json_pack("{s:o, s:o, s:I, s:f, s:f}", "video", rendition_json(&ll->video), "audio",
                     rendition_json(&ll->audio), "held", (json_int_t)ll->held, "picture_wait_ms",
                     to_ms(ticks_to_us(status->segmenter.picture_wait_90k)), "publish_ms",
                     to_ms(ll->last_latency_us));
}

/* The numbers that outputs want to be shown, by output; NULL: there are none. */
static json_t *outputs_json(const OutputStats *output)
{
    json_t *all = output->counts > 0 ? json_object() : NULL;

    for (size_t i = 0; i < output->counts; i++) {
        const OutputCount *count = &output->count[i];
        if (!json_object_get(all, count->output))
            json_object_set_new(all, count->output, json_object());
        json_object_set_new(json_object_get(all, count->output), count->name,
                            json_integer((json_int_t)count->value));
    }
    return all;
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

/* What the publisher sends. */
static json_t *layers_json(const LadderStats *ladder)
{
    json_t *all = json_array();

    for (size_t i = 0; i < ladder->layers; i++) {
        const LadderLayerStats *layer = &ladder->layer[i];
        json_array_append_new(all, json_pack("{s:s, s:i, s:i, s:b, s:I}", "label", layer->label,
                                             "width", layer->width, "height", layer->height, "live",
                                             layer->live, "idrs", (json_int_t)layer->idrs));
    }
    return all;
}

/* What viewers see of it. */
static json_t *renditions_json(const LadderStats *ladder)
{
    json_t *all = json_array();

    for (size_t i = 0; i < ladder->renditions; i++) {
        const LadderRenditionStats *r = &ladder->rendition[i];
        const LadderLayerStats *own = r->own < ladder->layers ? &ladder->layer[r->own] : NULL;
        const LadderLayerStats *from = r->feeds < ladder->layers ? &ladder->layer[r->feeds] : NULL;
        json_array_append_new(all,
                              json_pack("{s:s, s:i, s:i, s:o, s:o, s:s?}", "name", r->name, "width",
                                        from ? from->width : 0, "height", from ? from->height : 0,
                                        "layer", text_or_null(own ? own->label : NULL), "from",
                                        text_or_null(from ? from->label : NULL), "feeding",
                                        !from                ? NULL
                                        : r->feeds == r->own ? "own"
                                                             : "filled"));
    }
    return all;
}

/* Of a publisher that sends several sizes, or less than viewers know. */
static void add_ladder(json_t *object, const LadderStats *ladder)
{
    if (ladder->layers < 2 && ladder->renditions < 2)
        return;
    json_object_set_new(object, "layers", layers_json(ladder));
    json_object_set_new(object, "renditions", renditions_json(ladder));
    json_object_set_new(object, "switches", json_integer((json_int_t)ladder->switches));
    json_object_set_new(object, "fillings", json_integer((json_int_t)ladder->fillings));
}

/* What viewers see of a rung; NULL: nothing is known of it. */
static const FollowerStats *follower_of(const SegmenterStats *segmenter,
                                        const TranscoderRungStats *rung)
{
    const char *name = rung->best ? "" : rung->name;

    for (size_t i = 0; i < segmenter->followers; i++)
        if (strcmp(segmenter->follower[i].name, name) == 0)
            return &segmenter->follower[i];
    return NULL;
}

/* Of RungState. */
static const char *const rung_states[RUNG_STATES] = {
    [RUNG_MADE] = "made",       [RUNG_UNWATCHED] = "unwatched", [RUNG_CROWDED] = "no-encoder",
    [RUNG_BEHIND] = "behind",   [RUNG_STARTING] = "starting",   [RUNG_FAILED] = "failed",
    [RUNG_REFUSED] = "refused", [RUNG_WAITING] = "waiting",
};

static json_t *rungs_json(const StreamStatus *status)
{
    json_t *all = json_array();

    for (size_t i = 0; i < status->transcoder.rungs; i++) {
        const TranscoderRungStats *r = &status->transcoder.rung[i];
        const FollowerStats *f = follower_of(&status->segmenter, r);
        json_t *rung =
            json_pack("{s:s, s:s, s:i, s:i, s:b, s:I, s:I}", "name", r->name, "state",
                      rung_states[r->state], "width", r->width, "height", r->height, "behind",
                      r->behind, "pictures", (json_int_t)r->units, "bytes", (json_int_t)r->bytes);
        if (r->best)
            json_object_set_new(rung, "best", json_true());
        if (f)
            json_object_update_new(rung, json_pack("{s:b, s:f, s:I, s:I}", "filled", f->filled,
                                                   "lag_ms", to_ms(ticks_to_us(f->lag_90k)),
                                                   "fillings", (json_int_t)f->fillings, "dropped",
                                                   (json_int_t)f->dropped));
        json_array_append_new(all, rung);
    }
    return all;
}

/* Of a stream that is transcoded. */
static json_t *transcoder_json(const StreamStatus *status)
{
    const TranscoderStats *t = &status->transcoder;

    return json_pack(
        "{s:b, s:s*, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I, s:I, s:I, s:I}, s:f, s:f, s:I, s:o}",
        "runs", t->runs, "refused", t->refused[0] ? t->refused : NULL, "started",
        (json_int_t)t->started, "faults", (json_int_t)t->faults, "stood_still",
        (json_int_t)t->stood_still, "forbidden", (json_int_t)t->forbidden, //
        "pictures", "given", (json_int_t)t->given, "left_out", (json_int_t)t->left_out, "decoded",
        (json_int_t)t->decoded, "damaged", (json_int_t)t->damaged, "skipped",
        (json_int_t)t->skipped, "waiting", (json_int_t)t->waiting, //
        "lag_ms", to_ms(t->lag_us), "load",
        t->media_us > 0 ? round(1000.0 * (double)t->busy_us / (double)t->media_us) / 1000 : 0.0,
        "encoders", (json_int_t)t->encoders, "rungs", rungs_json(status));
}

json_t *status_json(const StreamStatus *status)
{
    json_t *object =
        json_pack("{s:s, s:s, s:I, s:I, s:o}", "name", status->name, "state",
                  state_name(status->state), "publishers", (json_int_t)status->publishers,
                  "excessive", (json_int_t)status->excessive, "output", output_json(status));

    if (status->output.counts > 0)
        json_object_set_new(object, "outputs", outputs_json(&status->output));
    if (status->output.has_low_latency)
        json_object_set_new(object, "low_latency", low_latency_json(status));
    if (status
            ->title[0]) /* json_string() returns NULL if it is no UTF-8, and then it is left out */
        json_object_set_new(object, "title", json_string(status->title));
    if (status->unlisted)
        json_object_set_new(object, "unlisted", json_true());
    if (status->protected)
        json_object_set_new(object, "protected", json_true());
    if (status->output.thumbnail.made_unix_us)
        json_object_set_new(object, "thumbnail",
                            json_integer(status->output.thumbnail.made_unix_us / US_PER_S));
    if (status->has_source) {
        json_object_set_new(object, "live_since",
                            json_real((double)status->live_since_unix_us / US_PER_S));
        json_object_set_new(object, "source", source_json(status));
        add_ladder(object, &status->segmenter.ladder);
        if (status->transcoder.rungs > 0)
            json_object_set_new(object, "transcoder", transcoder_json(status));
    }
    return object;
}

json_t *load_json(const StreamLoad *load)
{
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I}, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I}, s:I, "
        "s:I, s:I}",
        "streams", (json_int_t)load->streams, "max", (json_int_t)load->max_streams, "bitrate",
        (json_int_t)load->bitrate, "bandwidth", (json_int_t)load->bandwidth, "source_bitrate",
        (json_int_t)load->source_bitrate, "refused", "max", (json_int_t)load->refused_streams,
        "bandwidth", (json_int_t)load->refused_bandwidth, "crowded",
        (json_int_t)load->refused_crowded, "silent", (json_int_t)load->silent, "held",
        (json_int_t)load->held, "max_held", (json_int_t)load->max_held, "ended",
        (json_int_t)load->ended, "max_ended", (json_int_t)load->max_ended, //
        "early", "ended", (json_int_t)load->ended_early, "removed", (json_int_t)load->removed_early,
        "names", (json_int_t)load->names, "max_names", (json_int_t)load->max_names, "forgotten",
        (json_int_t)load->forgotten);
}

json_t *events_json(const EventStats *events)
{
    json_t *sinks = json_array();

    for (size_t i = 0; i < events->sinks; i++) {
        const EventSinkStats *sink = &events->sink[i];
        json_t *one =
            json_pack("{s:s, s:I, s:I, s:I, s:I}", "name", sink->name, "delivered",
                      (json_int_t)sink->taken, "dropped", (json_int_t)sink->dropped, "failures",
                      (json_int_t)sink->failures, "waiting", (json_int_t)sink->waiting);
        if (sink->keeps)
            json_object_update_new(one, json_pack("{s:I, s:I, s:f}", "dead", (json_int_t)sink->dead,
                                                  "bytes", (json_int_t)sink->bytes, "oldest",
                                                  (double)sink->oldest_us / US_PER_S));
        json_array_append_new(sinks, one);
    }
    return json_pack("{s:I, s:o}", "emitted", (json_int_t)events->emitted, "sinks", sinks);
}
