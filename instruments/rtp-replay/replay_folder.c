/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "replay_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <libavutil/log.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "echo_rungs.h"
#include "hls-bridge/base/manual_clock.h"
#include "hls-bridge/ingest/replay.h"
#include "hls-bridge/segment/segment_cutter.h"
#include "hls-bridge/serve/ll_hub.h"
#include "hls-bridge/stream/pipeline.h"
#include "resident_bytes.h"
#include "rtp_packet.h"

#define TICK_US       (50 * US_PER_MS)    /* as the bridge's own thread */
#define WINDOW        PLAYLIST_WINDOW_MAX /* for whoever looks at the folder */
#define LL_WINDOW     6                   /* for whoever counts what writing playlists costs */
#define LL_PART_US    (200 * US_PER_MS)
#define AAC_BITRATE   128000
#define MONOTONIC_0   (1000 * US_PER_S) /* time 0 of the recording on the clock that is made up */
#define DATE_SLACK_US (100 * US_PER_MS) /* dates are of milliseconds, and of smallest delays */

/* A stream of the bridge, whose thread this is. */
typedef struct Run {
    RtpFaults *packets;
    size_t index[RTP_TRACKS]; /* in the description; of video, the first */
    unsigned copies, copy;    /* of the video track; which of them is next */
    RtpOutgoing packet;       /* that they are of */
    uint8_t bytes[RTP_PACKET_MAX];
    Ingest *ingest;
    LlHub *hub; /* NULL: no low-latency HLS */
    Packager *packager;
    Pipeline *pipeline;
    EchoRungs *echo; /* NULL: there are none */
    ManualClock clock;
    uint64_t segments_seen;
    ReplayFolderReport *report;
} Run;

/* The replay's next packet: one of video comes once for each of its copies. */
static bool next_packet(void *user, ReplayPacket *out)
{
    Run *run = user;
    RtpOutgoing *packet = &run->packet;

    run->copy = run->copy + 1 < run->copies ? run->copy + 1 : 0;
    if (run->copy == 0 || packet->track != RTP_VIDEO) {
        run->copy = 0;
        if (!rtp_faults_next(run->packets, packet))
            return false;
    }
    *out = (ReplayPacket){MONOTONIC_0 + packet->when_us, run->index[packet->track] + run->copy,
                          packet->data, packet->len};
    if (run->copy > 0 && packet->len <= sizeof(run->bytes)) {
        video_copy_write(packet->data, packet->len, packet->is_rtcp, run->copy, run->bytes);
        out->data = run->bytes;
    }
    return true;
}

/* Calls a video track as the bridge would by what the plugin says of it. */
static void name_track(const VideoLabels *labels, SourceSdp *sdp)
{
    SourceTrackSdp *track = &sdp->track[sdp->count - 1];
    size_t number = sdp->count - (sdp->track[0].kind == TRACK_AUDIO);

    if (labels->name[number - 1][0])
        memcpy(track->name, labels->name[number - 1], sizeof(track->name));
    else if (number > 1)
        snprintf(track->name, sizeof(track->name), "%zu", number);
}

static void describe_track(Run *run, RtpTrack track, Codec codec, const ReplayFolderParams *params,
                           SourceSdp *sdp)
{
    unsigned copies = track == RTP_VIDEO ? run->copies : 1;

    run->index[track] = sdp->count;
    for (unsigned i = 0; i < copies && sdp->count < STREAM_TRACKS_MAX; i++) {
        SourceTrackSdp *t = &sdp->track[sdp->count++];
        *t = (SourceTrackSdp){
            .kind = track == RTP_AUDIO ? TRACK_AUDIO : TRACK_VIDEO,
            .codec = codec,
            .payload_type = track == RTP_AUDIO ? RTP_RECORDING_PT_OPUS : codec_payload_type(codec),
            .clock_hz = rtp_track_clock_hz(track),
            .nack = params->nack,
        };
        if (track != RTP_AUDIO)
            name_track(&params->labels, sdp);
    }
}

/* The description that the plugin would send: our payload types, in the order of RtpTrack. */
static void describe(Run *run, const RtpRecording *recording, const RtpFaultsParams *faults,
                     const ReplayFolderParams *params, SourceSdp *sdp)
{
    *sdp = (SourceSdp){0};
    for (RtpTrack t = 0; t < RTP_TRACKS; t++)
        if (recording->has[t] && !faults->leave_out[t])
            describe_track(run, t, recording->codec, params, sdp);
}

static void close_run(Run *run)
{
    echo_rungs_destroy(&run->echo);
    pipeline_destroy(&run->pipeline);
    ingest_destroy(&run->ingest);
    packager_close(&run->packager);
    ll_hub_destroy(&run->hub);
}

static MediaCipher cipher_of(const ReplayKeys *keys)
{
    if (!keys->directory)
        return MEDIA_CLEAR;
    return keys->cbcs ? MEDIA_CBCS : MEDIA_AES_128;
}

static int open_run(Run *run, const ReplayFolderParams *params, const SourceSdp *sdp)
{
    PackagerParams packager = {.stream = params->stream,
                               .directory = params->directory,
                               .audio_bitrate = AAC_BITRATE,
                               .low_bitrate = params->low_bitrate,
                               .outputs = {.window = params->low_latency ? LL_WINDOW : WINDOW,
                                           .writes_ts = true,
                                           .opus = params->opus,
                                           .ll_part_us = LL_PART_US,
                                           .encryption = {.cipher = cipher_of(&params->keys),
                                                          .directory = params->keys.directory,
                                                          .rotate = params->keys.rotate,
                                                          .rotate_samples = params->keys.rotate},
                                           .ll_dash = true},
                               .clock = &run->clock.clock};
    const ReplayParams replay = {sdp, next_packet, run};

    packager.outputs.segment_us = params->segment_us ? params->segment_us : 2 * US_PER_S;
    errno = ENOMEM;
    run->hub = packager.outputs.ll_hub = params->low_latency ? ll_hub_create(NULL) : NULL;
    if (params->low_latency && !run->hub)
        return -1;
    run->packager = packager_open(&packager, MONOTONIC_0);
    run->ingest = run->packager ? replay_create(&replay) : NULL;
    run->pipeline = run->ingest
                        ? pipeline_create(params->stream, run->packager, NULL, &run->clock.clock)
                        : NULL;
    if (!run->pipeline)
        return -1;
    echo_rungs_describe(&params->rungs, &run->ingest->renditions);
    pipeline_begin(run->pipeline, run->ingest);
    if (params->rungs.count == 0)
        return 0;
    run->echo = echo_rungs_create(&params->rungs, packager_segmenter(run->packager),
                                  &run->ingest->renditions, MONOTONIC_0);
    return run->echo ? 0 : -1;
}

/* Looks at the segment that was published last, if there is a new one. */
static void check_segment(Run *run)
{
    const Playlist *p = packager_playlist(run->packager);
    TsOutputStats stats = packager_stats(run->packager).ts;

    if (stats.segments == run->segments_seen || p->window.count < 2)
        return;
    run->segments_seen = stats.segments;
    const PlaylistSegment *last = &p->segments[p->window.count - 1], *before = last - 1;
    if (last->common.duration_90k > segment_limit_90k(p->window.target_duration_s))
        run->report->too_long++;
    if (last->common.starts_unix_us + DATE_SLACK_US <
        before->common.starts_unix_us + ticks_to_us(before->common.duration_90k))
        run->report->backward_dates++;
}

static void look_at_rungs(Run *run, int64_t now_us)
{
    ReplayFolderReport *report = run->report;

    echo_rungs_work(run->echo, now_us);
    SegmenterStats stats = segmenter_stats(packager_segmenter(run->packager));
    for (size_t i = 0; i < stats.followers; i++) {
        int64_t lag_us = ticks_to_us(stats.follower[i].lag_90k);
        report->longest_lag_us = lag_us > report->longest_lag_us ? lag_us : report->longest_lag_us;
    }
}

/* What the stream's thread does when it wakes. */
static void look(Run *run, int64_t now_us)
{
    manual_clock_set(&run->clock, now_us);
    while (pipeline_run(run->pipeline, now_us))
        ;
    if (run->echo)
        look_at_rungs(run, now_us);
    pipeline_expire(run->pipeline, now_us);
    check_segment(run);
}

static void run_all(Run *run, int64_t duration_us)
{
    int64_t at_us = 0;

    for (look(run, MONOTONIC_0); !replay_is_over(run->ingest); look(run, MONOTONIC_0 + at_us)) {
        at_us += TICK_US;
        if (run->report->rss_early == 0 && at_us >= duration_us / 10)
            run->report->rss_early = resident_bytes();
    }
    run->report->rss_late = resident_bytes();
    pipeline_finish(run->pipeline, MONOTONIC_0 + at_us);
    check_segment(run);
}

static void summarise(const Run *run, ReplayFolderReport *out)
{
    const IntakeStats media = run->ingest->does->stats(run->ingest).media;
    const ReplaySound sound = replay_sound(run->ingest);
    const IntakeTrackStats *video = intake_stats_video(&media);
    TsOutputStats ts = packager_stats(run->packager).ts;
    SegmenterStats segmenter = segmenter_stats(packager_segmenter(run->packager));

    for (size_t i = 0; i < media.tracks; i++) {
        out->packets += media.track[i].packets;
        if (media.track[i].kind == TRACK_VIDEO)
            out->video_pictures[out->video_tracks++] = media.track[i].video.access_units;
    }
    out->audio_frames = sound.frames;
    out->audio_breaks = sound.breaks;
    out->segments = ts.segments;
    out->forced_cuts = segmenter.cutter.cut_forced;
    out->discontinuities = ts.discontinuities;
    out->switches = segmenter.ladder.switches;
    out->rungs = segmenter.followers;
    for (size_t i = 0; i < segmenter.followers; i++)
        out->fillings += segmenter.follower[i].fillings;
    out->pictures = video->video.access_units;
    out->damaged = video->video.damaged;
    out->by_reports = media.timeline.by_reports;
    out->undecodable = video->video.undecodable;
    out->rebuilt_s = (double)media.audio.rebuilt_samples / SAMPLES_PER_S;
    out->concealed_s = (double)media.audio.concealed_samples / SAMPLES_PER_S;
    out->silent_s = (double)media.audio.silent_samples / SAMPLES_PER_S;
    out->dropped_s = (double)media.audio.dropped_samples / SAMPLES_PER_S;
}

int replay_folder_run(const RtpRecording *recording, const RtpFaultsParams *faults,
                      const ReplayFolderParams *folder, ReplayFolderReport *out)
{
    Run run = {.report = out,
               .copies = folder->video_tracks ? folder->video_tracks : 1,
               .packets = rtp_faults_create(recording, faults)};
    SourceSdp *sdp = malloc(sizeof(*sdp));
    int error = ENOMEM, status = -1;

    av_log_set_level(AV_LOG_ERROR);
    *out = (ReplayFolderReport){.media_us = faults->duration_us};
    manual_clock_init(&run.clock, MONOTONIC_0,
                      faults->start_unix_us ? faults->start_unix_us : recording->start_unix_us);
    if (sdp && run.packets) {
        describe(&run, recording, faults, folder, sdp);
        status = open_run(&run, folder, sdp);
        error = errno;
    }
    if (status == 0) {
        run_all(&run, faults->duration_us);
        summarise(&run, out);
    }
    close_run(&run);
    rtp_faults_destroy(&run.packets);
    free(sdp);
    errno = error;
    return status;
}

void replay_folder_print(const ReplayFolderReport *r, bool json)
{
    json_t *object = json_pack(
        "{s:f, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, "
        "s:f, "
        "s:I, "
        "s:I}",
        "seconds", (double)r->media_us / US_PER_S, "by_reports", r->by_reports, "packets",
        (json_int_t)r->packets, "segments", (json_int_t)r->segments, "forced_cuts",
        (json_int_t)r->forced_cuts, "discontinuities", (json_int_t)r->discontinuities, "switches",
        (json_int_t)r->switches, "too_long", (json_int_t)r->too_long, "backward_dates",
        (json_int_t)r->backward_dates, "pictures", (json_int_t)r->pictures, "damaged",
        (json_int_t)r->damaged, "undecodable", (json_int_t)r->undecodable, "audio_frames",
        (json_int_t)r->audio_frames, "audio_breaks", (json_int_t)r->audio_breaks, "rebuilt_s",
        r->rebuilt_s, "concealed_s", r->concealed_s, "silent_s", r->silent_s, "dropped_s",
        r->dropped_s, "rss_early", (json_int_t)r->rss_early, "rss_late", (json_int_t)r->rss_late);

    json_t *pictures = json_array();
    for (unsigned i = 0; i < r->video_tracks; i++)
        json_array_append_new(pictures, json_integer((json_int_t)r->video_pictures[i]));
    if (r->video_tracks > 1)
        json_object_set(object, "video_pictures", pictures);
    if (r->rungs > 0) {
        json_object_set_new(object, "fillings", json_integer((json_int_t)r->fillings));
        json_object_set_new(object, "longest_lag_s",
                            json_real((double)r->longest_lag_us / US_PER_S));
    }
    json_decref(pictures);
    json_dumpf(object, stdout, (json ? JSON_COMPACT : JSON_INDENT(2)) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(object);
}
