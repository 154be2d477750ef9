/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "status_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The Prometheus half of status_json.h: text format 0.0.4. A family stands in one block, with a
 * line for each stream. */

typedef double (*Reader)(const StreamStatus *s);

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
READ(video_packets, track(s, TRACK_VIDEO)->packets)
READ(audio_packets, track(s, TRACK_AUDIO)->packets)
READ(video_lost, track(s, TRACK_VIDEO)->reorder.lost)
READ(audio_lost, track(s, TRACK_AUDIO)->reorder.lost)
READ(kernel_drops, s->source.kernel_drops)
READ(backlog_drops, s->source.backlog_drops)
READ(pictures, s->source.media.video.access_units)
READ(damaged, s->source.media.video.damaged + s->source.media.video.undecodable)
READ(concealed,
     (double)(s->source.media.audio.concealed_samples + s->source.media.audio.rebuilt_samples) /
         SAMPLES_PER_S)
READ(silent, (double)s->source.media.audio.silent_samples / SAMPLES_PER_S)
READ(keyframe_requests, s->source.keyframe_requests)
READ(correction, (double)s->source.media.timeline.correction_us / US_PER_S)
READ(segments, s->output.segments)
READ(segment_bytes, s->output.bytes)
READ(segment_seconds, (double)s->output.last_duration_90k / TICKS_PER_S)
READ(forced_cuts, s->output.cutter.cut_forced)
READ(discontinuities, s->output.discontinuities)
READ(failed_writes, s->output.failed_writes)

/* Counters of a source begin anew with each publisher, as Prometheus expects of a restart. */
static const struct {
    const char *name, *type, *help, *labels;
    Reader read;
} families[] = {
    {"hls_bridge_stream_live", "gauge", "Whether a publisher sends.", "", is_live},
    {"hls_bridge_rtp_packets_total", "counter", "RTP packets received.", ",kind=\"video\"",
     video_packets},
    {"hls_bridge_rtp_packets_total", NULL, NULL, ",kind=\"audio\"", audio_packets},
    {"hls_bridge_rtp_lost_packets_total", "counter", "RTP packets that never came, or too late.",
     ",kind=\"video\"", video_lost},
    {"hls_bridge_rtp_lost_packets_total", NULL, NULL, ",kind=\"audio\"", audio_lost},
    {"hls_bridge_kernel_dropped_packets_total", "counter",
     "Packets dropped since the socket's buffer was full.", "", kernel_drops},
    {"hls_bridge_backlog_dropped_packets_total", "counter",
     "Packets dropped since the disk held the stream up for too long.", "", backlog_drops},
    {"hls_bridge_pictures_total", "counter", "Whole, decodable pictures.", "", pictures},
    {"hls_bridge_dropped_pictures_total", "counter",
     "Pictures left out: damaged, or referring to one that was.", "", damaged},
    {"hls_bridge_concealed_audio_seconds_total", "counter",
     "Audio rebuilt or concealed where packets were lost.", "", concealed},
    {"hls_bridge_silent_audio_seconds_total", "counter", "Silence put in where no audio came.", "",
     silent},
    {"hls_bridge_keyframe_requests_total", "counter", "PLI sent to the publisher.", "",
     keyframe_requests},
    {"hls_bridge_av_correction_seconds", "gauge",
     "What the video has still to be moved against the audio.", "", correction},
    {"hls_bridge_segments_total", "counter", "Segments published.", "", segments},
    {"hls_bridge_segment_bytes_total", "counter", "Bytes of segments published.", "",
     segment_bytes},
    {"hls_bridge_segment_duration_seconds", "gauge", "Length of the last segment.", "",
     segment_seconds},
    {"hls_bridge_forced_cuts_total", "counter",
     "Segments that ended at the limit, with no IDR picture in time.", "", forced_cuts},
    {"hls_bridge_discontinuities_total", "counter", "EXT-X-DISCONTINUITY tags written.", "",
     discontinuities},
    {"hls_bridge_failed_writes_total", "counter", "Segments lost to the disk.", "", failed_writes},
};

char *status_metrics(const StreamStatus *streams, size_t count)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    fprintf(out,
            "# HELP hls_bridge_streams Streams there are: live, held or ended.\n"
            "# TYPE hls_bridge_streams gauge\nhls_bridge_streams %zu\n",
            count);
    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        if (families[f].help)
            fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", families[f].name, families[f].help,
                    families[f].name, families[f].type);
        for (size_t i = 0; i < count; i++)
            fprintf(out, "%s{stream=\"%s\"%s} %.15g\n", families[f].name, streams[i].name,
                    families[f].labels, families[f].read(&streams[i]));
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
