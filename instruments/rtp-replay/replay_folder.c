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

#include "hls-bridge/base/manual_clock.h"
#include "hls-bridge/ingest/intake.h"
#include "hls-bridge/segment/packager.h"

#define TICK_US       (50 * US_PER_MS)    /* as the bridge's own thread */
#define WINDOW        PLAYLIST_WINDOW_MAX /* for whoever looks at the folder */
#define LL_WINDOW     6                   /* for whoever counts what writing playlists costs */
#define LL_PART_US    (200 * US_PER_MS)
#define AAC_BITRATE   128000
#define MONOTONIC_0   (1000 * US_PER_S) /* time 0 of the recording on the clock that is made up */
#define DATE_SLACK_US (100 * US_PER_MS) /* dates are of milliseconds, and of smallest delays */

/* What the bridge has of one stream, but for sockets. */
typedef struct Run {
    Intake *intake;
    LlHub *hub; /* NULL: no low-latency HLS */
    Packager *packager;
    HlsOutput *output; /* the packager's */
    ManualClock clock;
    int64_t next_audio_samples; /* 0: none yet */
    uint64_t segments_seen;
    ReplayFolderReport *report;
} Run;

static void on_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    Run *run = user;

    hls_output_picture(run->output, unit, pts_90k, dts_90k);
}

static void on_audio(void *user, const AacFrame *frame)
{
    Run *run = user;

    run->report->audio_frames++;
    if (run->next_audio_samples != 0 && frame->pts_samples != run->next_audio_samples)
        run->report->audio_breaks++;
    run->next_audio_samples = frame->pts_samples + AAC_FRAME_SAMPLES;
    hls_output_audio(run->output, frame);
}

static int64_t wall_clock(void *user, int64_t at_90k)
{
    const Run *run = user;

    return intake_arrival_of(run->intake, at_90k) + atomic_load(&run->clock.since_1970_us);
}

/* The description that the plugin would send: our payload types, in the order of RtpTrack. */
static void describe(const RtpRecording *recording, const RtpFaultsParams *faults, bool nack,
                     SourceSdp *sdp, size_t *index)
{
    *sdp = (SourceSdp){0};
    for (RtpTrack t = 0; t < RTP_TRACKS; t++) {
        if (!recording->has[t] || faults->leave_out[t])
            continue;
        index[t] = sdp->count;
        sdp->track[sdp->count++] = (SourceTrackSdp){
            .kind = t == RTP_AUDIO ? TRACK_AUDIO : TRACK_VIDEO,
            .payload_type = t == RTP_AUDIO ? RTP_RECORDING_PT_OPUS : RTP_RECORDING_PT_H264,
            .clock_hz = rtp_track_clock_hz(t),
            .nack = nack,
        };
    }
}

static void close_run(Run *run)
{
    intake_destroy(&run->intake);
    packager_close(&run->packager);
    ll_hub_destroy(&run->hub);
}

static int open_run(Run *run, const ReplayFolderParams *params, const SourceSdp *sdp)
{
    PackagerParams packager = {.stream = params->stream,
                               .directory = params->directory,
                               .segment_us = params->segment_us ? params->segment_us : 2 * US_PER_S,
                               .window = params->low_latency ? LL_WINDOW : WINDOW,
                               .audio_bitrate = AAC_BITRATE,
                               .writes_ts = true,
                               .ll_part_us = LL_PART_US,
                               .ll_dash = true,
                               .clock = &run->clock.clock};
    IntakeSink sink = {run, on_picture, on_audio};

    errno = ENOMEM;
    run->hub = packager.ll_hub = params->low_latency ? ll_hub_create(NULL) : NULL;
    if (params->low_latency && !run->hub)
        return -1;
    run->packager = packager_open(&packager, MONOTONIC_0);
    run->intake = run->packager ? intake_create(sdp) : NULL;
    if (!run->intake)
        return -1;
    run->output = packager_output(run->packager);
    intake_start(run->intake, &sink, packager_audio(run->packager),
                 hls_output_end_90k(run->output));
    hls_output_begin(run->output, sdp->track[sdp->count - 1].kind == TRACK_VIDEO,
                     sdp->track[0].kind == TRACK_AUDIO, wall_clock, run);
    return 0;
}

/* Looks at the segment that was published last, if there is a new one. */
static void check_segment(Run *run)
{
    const Playlist *p = packager_playlist(run->packager);
    HlsOutputStats stats = hls_output_stats(run->output);

    if (stats.segments == run->segments_seen || p->count < 2)
        return;
    run->segments_seen = stats.segments;
    const PlaylistSegment *last = &p->segments[p->count - 1], *before = last - 1;
    if (last->duration_90k > segment_limit_90k(p->target_duration_s))
        run->report->too_long++;
    if (last->starts_unix_us + DATE_SLACK_US <
        before->starts_unix_us + ticks_to_us(before->duration_90k))
        run->report->backward_dates++;
}

static void tick(Run *run, int64_t now_us)
{
    int64_t clock_90k;

    manual_clock_set(&run->clock, now_us);
    intake_tick(run->intake, now_us);
    if (intake_clock(run->intake, now_us, &clock_90k))
        hls_output_tick(run->output, clock_90k, now_us); /* a recording answers no request */
    packager_expire(run->packager, now_us, now_us);
    check_segment(run);
}

/* Resident memory in bytes; 0 if it cannot be had. */
static int64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    int64_t pages = 0;

    if (file) {
        if (fscanf(file, "%*d %" SCNd64, &pages) != 1)
            pages = 0;
        fclose(file);
    }
    return pages * sysconf(_SC_PAGESIZE);
}

static void run_all(Run *run, RtpFaults *faults, const size_t *index, int64_t duration_us)
{
    int64_t next_tick_us = 0;
    RtpOutgoing packet;

    while (rtp_faults_next(faults, &packet)) {
        for (; next_tick_us <= packet.when_us; next_tick_us += TICK_US)
            tick(run, MONOTONIC_0 + next_tick_us);
        manual_clock_set(&run->clock, MONOTONIC_0 + packet.when_us);
        intake_datagram(run->intake, index[packet.track], packet.data, packet.len,
                        MONOTONIC_0 + packet.when_us);
        if (run->report->rss_early == 0 && packet.when_us >= duration_us / 10)
            run->report->rss_early = resident_bytes();
    }
    tick(run, MONOTONIC_0 + next_tick_us);
    run->report->rss_late = resident_bytes();
    intake_finish(run->intake, hls_output_pictures_end_90k(run->output));
    hls_output_finish(run->output, MONOTONIC_0 + next_tick_us);
    check_segment(run);
}

static void summarise(const Run *run, ReplayFolderReport *out)
{
    IntakeStats media = intake_stats(run->intake);
    const IntakeTrackStats *video = intake_stats_video(&media);
    HlsOutputStats output = hls_output_stats(run->output);

    for (size_t i = 0; i < media.tracks; i++)
        out->packets += media.track[i].packets;
    out->segments = output.segments;
    out->forced_cuts = output.cutter.cut_forced;
    out->discontinuities = output.discontinuities;
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
    Run run = {.report = out};
    size_t index[RTP_TRACKS] = {0};
    SourceSdp *sdp = malloc(sizeof(*sdp));
    RtpFaults *packets = rtp_faults_create(recording, faults);
    int error = ENOMEM, status = -1;

    av_log_set_level(AV_LOG_ERROR);
    *out = (ReplayFolderReport){.media_us = faults->duration_us};
    manual_clock_init(&run.clock, MONOTONIC_0,
                      faults->start_unix_us ? faults->start_unix_us : recording->start_unix_us);
    if (sdp && packets) {
        describe(recording, faults, folder->nack, sdp, index);
        status = open_run(&run, folder, sdp);
        error = errno;
    }
    if (status == 0) {
        run_all(&run, packets, index, faults->duration_us);
        summarise(&run, out);
    }
    close_run(&run);
    rtp_faults_destroy(&packets);
    free(sdp);
    errno = error;
    return status;
}

void replay_folder_print(const ReplayFolderReport *r, bool json)
{
    json_t *object = json_pack(
        "{s:f, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, "
        "s:I, "
        "s:I}",
        "seconds", (double)r->media_us / US_PER_S, "by_reports", r->by_reports, "packets",
        (json_int_t)r->packets, "segments", (json_int_t)r->segments, "forced_cuts",
        (json_int_t)r->forced_cuts, "discontinuities", (json_int_t)r->discontinuities, "too_long",
        (json_int_t)r->too_long, "backward_dates", (json_int_t)r->backward_dates, "pictures",
        (json_int_t)r->pictures, "damaged", (json_int_t)r->damaged, "undecodable",
        (json_int_t)r->undecodable, "audio_frames", (json_int_t)r->audio_frames, "audio_breaks",
        (json_int_t)r->audio_breaks, "rebuilt_s", r->rebuilt_s, "concealed_s", r->concealed_s,
        "silent_s", r->silent_s, "dropped_s", r->dropped_s, "rss_early", (json_int_t)r->rss_early,
        "rss_late", (json_int_t)r->rss_late);

    json_dumpf(object, stdout, (json ? JSON_COMPACT : JSON_INDENT(2)) | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(object);
}
