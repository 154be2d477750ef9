/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/status_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/metrics_text.h"
#include "control/bridge_metrics.h"
#include "control/process_metrics.h"
#include "stream/stream_status.h"
#include "stream_name.h"

/* The Prometheus half of status_json.h: text format 0.0.4. A family stands in one block, with a
 * line for each stream. */

typedef double (*Reader)(const StreamStatus *s);

/* How many rungs are in this state. */
static size_t rungs_in(const TranscoderStats *transcoder, RungState state)
{
    size_t n = 0;

    for (size_t i = 0; i < transcoder->rungs; i++)
        n += transcoder->rung[i].state == state;
    return n;
}

#define READ(name, expression)                                                                     \
    static double name(const StreamStatus *s)                                                      \
    {                                                                                              \
        return (double)(expression);                                                               \
    }

static const IntakeTrackStats *track(const StreamStatus *s, TrackKind kind)
{
    static const IntakeTrackStats none;

    for (size_t i = 0; i < s->source.media.tracks; i++)
        if (s->source.media.track[i].kind == kind)
            return &s->source.media.track[i];
    return &none;
}

READ(is_live, s->state == STREAM_LIVE)
READ(publishers, s->publishers)
READ(excessive, s->excessive)
READ(video_packets, track(s, TRACK_VIDEO)->packets)
READ(audio_packets, track(s, TRACK_AUDIO)->packets)
READ(video_bytes, track(s, TRACK_VIDEO)->bytes)
READ(audio_bytes, track(s, TRACK_AUDIO)->bytes)
READ(video_lost, track(s, TRACK_VIDEO)->reorder.lost)
READ(audio_lost, track(s, TRACK_AUDIO)->reorder.lost)
READ(video_late, track(s, TRACK_VIDEO)->reorder.late)
READ(audio_late, track(s, TRACK_AUDIO)->reorder.late)
READ(video_reordered, track(s, TRACK_VIDEO)->reorder.reordered)
READ(audio_reordered, track(s, TRACK_AUDIO)->reorder.reordered)
READ(video_waited, (double)track(s, TRACK_VIDEO)->reorder.waited_us / US_PER_S)
READ(audio_waited, (double)track(s, TRACK_AUDIO)->reorder.waited_us / US_PER_S)
READ(video_refused, track(s, TRACK_VIDEO)->refused)
READ(audio_refused, track(s, TRACK_AUDIO)->refused)
READ(kernel_drops, s->source.kernel_drops)
READ(backlog_drops, s->source.backlog_drops)
READ(problem, s->problem != NULL)
READ(pictures, intake_stats_video(&s->source.media)->video.access_units)
READ(key_pictures, intake_stats_video(&s->source.media)->video.idrs)
READ(damaged, intake_stats_video(&s->source.media)->video.damaged +
                  intake_stats_video(&s->source.media)->video.undecodable)
READ(concealed,
     (double)(s->source.media.audio.concealed_samples + s->source.media.audio.rebuilt_samples) /
         SAMPLES_PER_S)
READ(silent, (double)s->source.media.audio.silent_samples / SAMPLES_PER_S)
READ(surplus, (double)s->source.media.audio.dropped_samples / SAMPLES_PER_S)
READ(sound_stalled, s->source.media.audio.slips)
READ(sound_delayed, s->source.media.audio.moves)
READ(sound_replaced, s->source.media.audio.jumps)
READ(sound_ahead, s->source.media.audio.aheads)
READ(early_pictures, intake_stats_video(&s->source.media)->early_pictures)
READ(keyframe_requests, s->source.keyframe_requests)
READ(av_offset, (double)s->source.media.timeline.correction_us / US_PER_S)
READ(av_slew, (double)s->source.media.timeline.corrected_us / US_PER_S)
READ(av_steps, s->source.media.timeline.steps)
READ(by_reports, s->source.media.timeline.by_reports)
READ(reports, s->source.media.timeline.reports)
READ(implausible, s->source.media.timeline.implausible)
READ(segments, s->output.ts.segments)
READ(segment_bytes, s->output.ts.bytes)
READ(forced_cuts, s->segmenter.cutter.cut_forced)
READ(discontinuities, s->output.ts.discontinuities)
READ(failed_writes, s->output.ts.failed_writes)
READ(bounded_restarts, s->segmenter.bound.restarts)
READ(bounded_pictures, s->segmenter.bound.pictures)
READ(bounded_files, s->segmenter.bound.files)
READ(picture_wait, (double)s->segmenter.picture_wait_90k / TICKS_PER_S)
READ(video_parts, s->output.low_latency.video.parts)
READ(audio_parts, s->output.low_latency.audio.parts)
READ(repeated_parts, s->output.low_latency.video.repeated)
READ(video_gaps, s->output.low_latency.video.gaps)
READ(audio_gaps, s->output.low_latency.audio.gaps)
READ(video_keyless, s->output.low_latency.video.keyless)
READ(audio_keyless, s->output.low_latency.audio.keyless)
READ(video_failed_writes, cmaf_video_failed_writes(&s->output.low_latency))
READ(audio_failed_writes, s->output.low_latency.audio.failed_writes)
READ(own_switches, s->segmenter.ladder.switches - s->segmenter.ladder.fillings)
READ(fillings, s->segmenter.ladder.fillings)
READ(held, s->output.low_latency.held)
READ(thumbnails, s->output.thumbnail.made)
READ(failed_thumbnails, s->output.thumbnail.failed)
READ(transcoder_runs, s->transcoder.runs)
READ(transcoder_faults, s->transcoder.faults)
READ(transcoder_load, s->transcoder.media_us > 0
                          ? (double)s->transcoder.busy_us / (double)s->transcoder.media_us
                          : 0.0)
READ(transcoder_lag, (double)s->transcoder.lag_us / US_PER_S)
READ(transcoder_waiting, s->transcoder.waiting)
READ(transcoder_left_out, s->transcoder.left_out)
READ(transcoder_damaged, s->transcoder.damaged)
READ(transcoder_skipped, s->transcoder.skipped)
READ(rungs_made, rungs_in(&s->transcoder, RUNG_MADE))
READ(rungs_unwatched, rungs_in(&s->transcoder, RUNG_UNWATCHED))
READ(rungs_crowded, rungs_in(&s->transcoder, RUNG_CROWDED))
READ(rungs_behind, rungs_in(&s->transcoder, RUNG_BEHIND))
READ(rungs_failed, rungs_in(&s->transcoder, RUNG_FAILED) + rungs_in(&s->transcoder, RUNG_REFUSED))
READ(rungs_waiting,
     rungs_in(&s->transcoder, RUNG_STARTING) + rungs_in(&s->transcoder, RUNG_WAITING))
READ(transcoder_encoders, s->transcoder.encoders)

#define EACH_KIND(name, type, help, video, audio)                                                  \
    {name, type, help, ",kind=\"video\"", video},                                                  \
    {                                                                                              \
        name, NULL, NULL, ",kind=\"audio\"", audio                                                 \
    }

/* Counters of a source start again with each publisher, as Prometheus expects of a restart. */
static const struct {
    const char *name, *type, *help, *labels;
    Reader read;
} families[] = {
    {"hls_bridge_stream_live", "gauge", "Whether a publisher sends.", "", is_live},
    {"hls_bridge_publishers_total", "counter", "Publishers that have come.", "", publishers},
    {"hls_bridge_excessive_publishers_total", "counter",
     "Publishers ended since they sent far more than sources.bitrate.", "", excessive},
    EACH_KIND("hls_bridge_rtp_packets_total", "counter", "RTP packets received.", video_packets,
              audio_packets),
    EACH_KIND("hls_bridge_rtp_bytes_total", "counter", "Bytes of RTP packets received.",
              video_bytes, audio_bytes),
    EACH_KIND("hls_bridge_rtp_lost_packets_total", "counter",
              "RTP packets that never came, or too late.", video_lost, audio_lost),
    EACH_KIND("hls_bridge_rtp_late_packets_total", "counter",
              "RTP packets that came after they were given up.", video_late, audio_late),
    EACH_KIND("hls_bridge_rtp_reordered_packets_total", "counter",
              "RTP packets that came after a later one, in time.", video_reordered,
              audio_reordered),
    EACH_KIND("hls_bridge_rtp_reorder_wait_seconds_total", "counter",
              "Time that RTP packets were held for one that was missing, summed.", video_waited,
              audio_waited),
    EACH_KIND("hls_bridge_rtp_refused_packets_total", "counter",
              "Packets that were no RTP, or of another payload type.", video_refused,
              audio_refused),
    {"hls_bridge_kernel_dropped_packets_total", "counter",
     "Packets dropped since the socket's buffer was full.", "", kernel_drops},
    {"hls_bridge_backlog_dropped_packets_total", "counter",
     "Packets dropped since the disk held the stream up for too long.", "", backlog_drops},
    {"hls_bridge_video_problem", "gauge",
     "Whether nobody, or not everybody, can play the video: status and log say why.", "", problem},
    {"hls_bridge_pictures_total", "counter", "Whole, decodable pictures.", "", pictures},
    {"hls_bridge_key_pictures_total", "counter", "IDR pictures among them.", "", key_pictures},
    {"hls_bridge_dropped_pictures_total", "counter",
     "Pictures left out: damaged, or referring to one that was.", "", damaged},
    {"hls_bridge_concealed_audio_seconds_total", "counter",
     "Audio rebuilt or concealed in place of lost packets.", "", concealed},
    {"hls_bridge_silent_audio_seconds_total", "counter", "Silence put in while no audio came.", "",
     silent},
    {"hls_bridge_dropped_audio_seconds_total", "counter",
     "Audio left out, since its time was filled when it came.", "", surplus},
    {"hls_bridge_audio_clock_changes_total", "counter",
     "Times that the publisher's sound stood still, came later for good, had another clock, or ran "
     "ahead of real time.",
     ",change=\"stalled\"", sound_stalled},
    {"hls_bridge_audio_clock_changes_total", NULL, NULL, ",change=\"delayed\"", sound_delayed},
    {"hls_bridge_audio_clock_changes_total", NULL, NULL, ",change=\"replaced\"", sound_replaced},
    {"hls_bridge_audio_clock_changes_total", NULL, NULL, ",change=\"ahead\"", sound_ahead},
    {"hls_bridge_early_pictures_total", "counter",
     "Pictures left out since they ran too far ahead of real time.", "", early_pictures},
    {"hls_bridge_keyframe_requests_total", "counter", "PLI sent to the publisher.", "",
     keyframe_requests},
    {"hls_bridge_av_offset_seconds", "gauge",
     "How far the video is from where its sender reports put it against the audio.", "", av_offset},
    {"hls_bridge_av_slew_seconds_total", "counter",
     "What the video was moved against the audio, either way, summed.", "", av_slew},
    {"hls_bridge_av_steps_total", "counter",
     "Times that the video was moved against the audio in one step, behind a discontinuity.", "",
     av_steps},
    {"hls_bridge_av_by_reports", "gauge",
     "Whether sender reports place the video; else its arrival does.", "", by_reports},
    {"hls_bridge_sender_reports_total", "counter", "Sender reports used.", "", reports},
    {"hls_bridge_implausible_sender_reports_total", "counter",
     "Sender reports ignored, since they cannot be true.", "", implausible},
    {"hls_bridge_segments_total", "counter", "Segments published.", "", segments},
    {"hls_bridge_segment_bytes_total", "counter", "Bytes of segments published.", "",
     segment_bytes},
    {"hls_bridge_forced_cuts_total", "counter",
     "Segments that ended at the limit, with no IDR picture in time.", "", forced_cuts},
    {"hls_bridge_discontinuities_total", "counter", "EXT-X-DISCONTINUITY tags written.", "",
     discontinuities},
    {"hls_bridge_failed_writes_total", "counter", "Segments lost to the disk.", "", failed_writes},
    {"hls_bridge_layer_switches_total", "counter",
     "How often a rendition was given another layer: its own, or another that fills it.",
     ",to=\"own\"", own_switches},
    {"hls_bridge_layer_switches_total", NULL, NULL, ",to=\"another\"", fillings},
    {"hls_bridge_bounded_total", "counter",
     "What a publisher would have made beyond hls.restart, twice sources.bitrate and hls.files.",
     ",what=\"restarts\"", bounded_restarts},
    {"hls_bridge_bounded_total", NULL, NULL, ",what=\"pictures\"", bounded_pictures},
    {"hls_bridge_bounded_total", NULL, NULL, ",what=\"files\"", bounded_files},
    {"hls_bridge_picture_wait_seconds", "gauge",
     "How long low latency waits for a picture before it repeats the last.", "", picture_wait},
    EACH_KIND("hls_bridge_parts_total", "counter", "Parts published.", video_parts, audio_parts),
    {"hls_bridge_repeated_parts_total", "counter",
     "Parts filled with a picture that repeats the last, since none came.", "", repeated_parts},
    EACH_KIND("hls_bridge_gap_parts_total", "counter",
              "Parts that viewers lack: they could not be made or written.", video_gaps,
              audio_gaps),
    EACH_KIND("hls_bridge_keyless_segments_total", "counter",
              "Segments of low latency that viewers lack: there was no key to encrypt them with.",
              video_keyless, audio_keyless),
    EACH_KIND("hls_bridge_failed_part_writes_total", "counter",
              "Files of low latency lost to the disk: parts, segments, initialisation segments.",
              video_failed_writes, audio_failed_writes),
    {"hls_bridge_held_requests", "gauge", "Requests that wait for what is to come.", "", held},
    {"hls_bridge_thumbnails_total", "counter", "Thumbnails made.", "", thumbnails},
    {"hls_bridge_failed_thumbnails_total", "counter",
     "Key frames of which no thumbnail could be made, or written.", "", failed_thumbnails},
    {"hls_bridge_transcoder_running", "gauge", "Whether a transcoder takes the stream's pictures.",
     "", transcoder_runs},
    {"hls_bridge_transcoder_encoders", "gauge", "Encoders that it has of transcode.encoders.", "",
     transcoder_encoders},
    {"hls_bridge_rungs", "gauge",
     "Sizes that are to be made of the stream, by what becomes of them.", ",state=\"made\"",
     rungs_made},
    {"hls_bridge_rungs", NULL, NULL, ",state=\"unwatched\"", rungs_unwatched},
    {"hls_bridge_rungs", NULL, NULL, ",state=\"no-encoder\"", rungs_crowded},
    {"hls_bridge_rungs", NULL, NULL, ",state=\"behind\"", rungs_behind},
    {"hls_bridge_rungs", NULL, NULL, ",state=\"failed\"", rungs_failed},
    {"hls_bridge_rungs", NULL, NULL, ",state=\"waiting\"", rungs_waiting},
    {"hls_bridge_transcoder_faults_total", "counter",
     "Transcoders that failed, and were started again.", "", transcoder_faults},
    {"hls_bridge_transcoder_load", "gauge",
     "What pictures took it by how long they show: 1 is all that it can do.", "", transcoder_load},
    {"hls_bridge_transcoder_lag_seconds", "gauge", "How far it is behind.", "", transcoder_lag},
    {"hls_bridge_transcoder_waiting_pictures", "gauge", "Pictures that wait for it.", "",
     transcoder_waiting},
    {"hls_bridge_transcoder_dropped_pictures_total", "counter",
     "Pictures that are missing in rungs: it had no room for them, could not decode them whole, or "
     "had no time.",
     ",why=\"room\"", transcoder_left_out},
    {"hls_bridge_transcoder_dropped_pictures_total", NULL, NULL, ",why=\"damage\"",
     transcoder_damaged},
    {"hls_bridge_transcoder_dropped_pictures_total", NULL, NULL, ",why=\"time\"",
     transcoder_skipped},
};

typedef const Histogram *(*HistogramReader)(const StreamStatus *s);

#define READ_HISTOGRAM(name, member)                                                               \
    static const Histogram *name(const StreamStatus *s)                                            \
    {                                                                                              \
        return &s->member;                                                                         \
    }

READ_HISTOGRAM(segment_durations, segmenter.durations)
READ_HISTOGRAM(cut_lateness, segmenter.lateness)
READ_HISTOGRAM(segment_latency, output.ts.latency)
READ_HISTOGRAM(part_latency, output.low_latency.latency)
READ_HISTOGRAM(write_times, output.writes)

static const struct {
    const char *name, *help, *labels;
    HistogramReader read;
} histograms[] = {
    {"hls_bridge_segment_duration_seconds", "Lengths of segments.", "", segment_durations},
    {"hls_bridge_cut_lateness_seconds", "By how much segments were longer than hls.segment.", "",
     cut_lateness},
    {"hls_bridge_publish_latency_seconds",
     "From the arrival of the end of a segment or part until a playlist names it.",
     ",what=\"segment\"", segment_latency},
    {"hls_bridge_publish_latency_seconds", NULL, ",what=\"part\"", part_latency},
    {"hls_bridge_write_seconds", "What it took to write a file and put it in its place.", "",
     write_times},
};

#define LABELS_SIZE (STREAM_NAME_MAX + 64)

static const char *labels_of(const StreamStatus *s, const char *more, char *text)
{
    snprintf(text, LABELS_SIZE, "stream=\"%s\"%s", s->name, more);
    return text;
}

static void write_families(FILE *out, const StreamStatus *streams, size_t count)
{
    char labels[LABELS_SIZE];

    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        if (families[f].help)
            metrics_family(out, families[f].name, families[f].type, families[f].help);
        for (size_t i = 0; i < count; i++)
            metrics_sample(out, families[f].name,
                           labels_of(&streams[i], families[f].labels, labels),
                           families[f].read(&streams[i]));
    }
}

static void write_histograms(FILE *out, const StreamStatus *streams, size_t count)
{
    char labels[LABELS_SIZE];

    for (size_t f = 0; f < sizeof(histograms) / sizeof(histograms[0]); f++) {
        if (histograms[f].help)
            metrics_family(out, histograms[f].name, "histogram", histograms[f].help);
        for (size_t i = 0; i < count; i++) {
            const Histogram *h = histograms[f].read(&streams[i]);
            if (h->bounds) /* NULL if there is no such output */
                metrics_histogram(out, histograms[f].name,
                                  labels_of(&streams[i], histograms[f].labels, labels), h);
        }
    }
}

char *status_metrics(const StatusMetrics *status)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    metrics_single(out, "hls_bridge_streams", "gauge", "Streams there are: live, held or ended.",
                   (double)status->count);
    bridge_metrics_load(out, status->load);
    write_families(out, status->streams, status->count);
    write_histograms(out, status->streams, status->count);
    bridge_metrics_requests(out, status->requests);
    bridge_metrics_events(out, status->events);
    if (status->playback)
        bridge_metrics_playback(out, status->playback);
    process_metrics_write(out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
