/* SPDX-License-Identifier: GPL-3.0-or-later */

/* rtp-replay: sends a recorded publisher to hls-bridge again, with faults. */

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge_session.h"
#include "clock.h"
#include "replay_folder.h"
#include "replay_options.h"
#include "replay_sender.h"
#include "rtp_faults.h"
#include "rtp_packet.h"
#include "stream_name.h"

#define US_PER_S  1000000ll
#define SPREAD_US (2 * US_PER_S) /* copies begin within that, so their key frames are apart */
#define LATE_US   (400 * 1000ll) /* sound may find silence in its place: the bridge waits 500 ms */

/* One copy of the recording. */
typedef struct Replay {
    char name[STREAM_NAME_MAX + 1];
    int64_t start_us; /* monotonic */
    RtpFaults *faults;
    ReplaySender *sender;
    bool announced, over;
    RtpOutgoing next;     /* to send */
    int64_t latest_us;    /* by which a packet was sent too late */
    unsigned sounds;      /* packets of sound that are being sent, */
    int64_t sounds_us;    /* when the first of them was due, monotonic, */
    uint64_t late_sounds; /* and how many were late, of all */
} Replay;

typedef struct Replayer {
    ReplayOptions options;
    RtpRecording *recording;
    size_t count;
    Replay *replay;
    struct pollfd *fds;
    size_t fd_count;
    int64_t start_us, end_us; /* monotonic */
} Replayer;

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

/* ---- set-up ---- */

static int complain(const char *about, const char *what)
{
    fprintf(stderr, "rtp-replay: %s: %s\n", about, what);
    return -1;
}

static int announce(const Replayer *r, Replay *p)
{
    BridgeOffer offer = {.codec = r->recording->codec, .labels = r->options.labels};
    struct sockaddr_in destinations[REPLAY_TRACKS] = {0};
    char error[BRIDGE_SESSION_ERROR_SIZE];

    offer.protected = r->options.protected;
    offer.nack = r->options.nack;
    for (size_t track = 0; track < REPLAY_TRACKS; track++)
        offer.port[track] = replay_sender_port(p->sender, track);
    if (bridge_session_open(r->options.bridge, p->name, &offer, destinations, error) < 0)
        return complain(p->name, error);
    p->announced = true;
    replay_sender_add(p->sender, destinations, false);
    return 0;
}

static int open_replay(const Replayer *r, Replay *p, int number)
{
    const ReplayOptions *o = &r->options;
    bool wanted[REPLAY_TRACKS] = {false};

    snprintf(p->name, sizeof(p->name), o->streams > 1 ? "%s-%d" : "%s", o->stream, number);
    for (RtpTrack track = 0; track < RTP_TRACKS; track++)
        wanted[track] = r->recording->has[track] && !o->faults.leave_out[track];
    for (unsigned i = 1; i < o->video_tracks; i++)
        wanted[RTP_VIDEO + i] = wanted[RTP_VIDEO];
    p->sender = replay_sender_create(wanted);
    if (!p->sender)
        return complain("a UDP socket", strerror(errno));
    for (size_t i = 0; i < o->receivers; i++)
        if (o->streams == 1 || (int)i + 1 == number)
            replay_sender_add(p->sender, o->receiver[i].track, true);
    return o->bridge ? announce(r, p) : 0;
}

/* When each begins is settled when all are announced, since that takes its time. */
static int start_replay(Replayer *r, Replay *p, size_t index)
{
    RtpFaultsParams params = r->options.faults;

    p->start_us = r->start_us + (int64_t)index * SPREAD_US / (int64_t)r->count;
    params.start_unix_us = clock_us(CLOCK_REALTIME) + p->start_us - clock_us(CLOCK_MONOTONIC);
    params.seed += index;
    p->faults = rtp_faults_create(r->recording, &params);
    if (!p->faults)
        return complain(p->name, "there is no memory");
    p->over = !rtp_faults_next(p->faults, &p->next);
    r->fd_count += replay_sender_poll_fds(p->sender, r->fds + r->fd_count);
    return 0;
}

static int start_all(Replayer *r)
{
    r->count = (size_t)r->options.streams;
    r->replay = calloc(r->count, sizeof(*r->replay));
    r->fds = calloc(r->count * REPLAY_TRACKS, sizeof(*r->fds));
    if (!r->replay || !r->fds)
        return complain("the streams", "there is no memory");
    for (size_t i = 0; i < r->count; i++)
        if (open_replay(r, &r->replay[i], (int)i + 1) < 0)
            return -1;
    r->start_us = clock_us(CLOCK_MONOTONIC);
    for (size_t i = 0; i < r->count; i++)
        if (start_replay(r, &r->replay[i], i) < 0)
            return -1;
    return 0;
}

/* Returns -1 if a stream could not be ended. */
static int end_all(Replayer *r)
{
    char error[BRIDGE_SESSION_ERROR_SIZE];
    int result = 0;

    for (size_t i = 0; r->replay && i < r->count; i++) {
        Replay *p = &r->replay[i];
        if (p->announced && !r->options.keep &&
            bridge_session_close(r->options.bridge, p->name, error) < 0)
            result = complain(p->name, error);
        rtp_faults_destroy(&p->faults);
        replay_sender_destroy(&p->sender);
    }
    free(r->replay);
    free(r->fds);
    rtp_recording_destroy(&r->recording);
    return result;
}

/* ---- sending ---- */

/* Sends the packet that is next, one of video once for each of its copies. */
static void send_next(const Replay *p, unsigned copies)
{
    const RtpOutgoing *next = &p->next;
    uint8_t copy[RTP_PACKET_MAX];

    replay_sender_send(p->sender, next->track, next->is_rtcp, next->data, next->len);
    for (unsigned i = 1; next->track == RTP_VIDEO && i < copies; i++) {
        video_copy_write(next->data, next->len, next->is_rtcp, i, copy);
        replay_sender_send(p->sender, RTP_VIDEO + i, next->is_rtcp, copy, next->len);
    }
}

/* Sends what is due of one stream. Returns when there is more, on the monotonic clock. */
static int64_t send_due(Replay *p, unsigned copies, int64_t now_us)
{
    while (!p->over && p->start_us + p->next.when_us <= now_us) {
        int64_t late_us = now_us - p->start_us - p->next.when_us;
        if (late_us > p->latest_us)
            p->latest_us = late_us;
        if (p->next.track == RTP_AUDIO && !p->next.is_rtcp && p->sounds++ == 0)
            p->sounds_us = p->start_us + p->next.when_us;
        send_next(p, copies);
        p->over = !rtp_faults_next(p->faults, &p->next);
    }
    return p->over ? INT64_MAX : p->start_us + p->next.when_us;
}

/* All that is due was sent by now: we may have been stopped before the last packet went out. */
static void note_late(Replay *p, int64_t now_us)
{
    if (p->sounds > 0 && now_us - p->sounds_us > LATE_US)
        p->late_sounds += p->sounds;
    p->sounds = 0;
}

static void wait_until(Replayer *r, int64_t until_us)
{
    int64_t left_us = until_us - clock_us(CLOCK_MONOTONIC);
    struct timespec t = {left_us / US_PER_S, left_us % US_PER_S * 1000};

    if (left_us <= 0)
        t = (struct timespec){0};
    if (ppoll(r->fds, r->fd_count, &t, NULL) <= 0)
        return;
    for (size_t i = 0; i < r->count; i++)
        replay_sender_receive(r->replay[i].sender);
}

static void send_all(Replayer *r)
{
    int64_t next_us = 0;

    while (!stopped && next_us != INT64_MAX) {
        int64_t now_us = clock_us(CLOCK_MONOTONIC);
        next_us = INT64_MAX;
        for (size_t i = 0; i < r->count; i++) {
            int64_t due_us = send_due(&r->replay[i], r->options.video_tracks, now_us);
            if (due_us < next_us)
                next_us = due_us;
        }
        replay_sender_flush();
        for (size_t i = 0; i < r->count; i++)
            note_late(&r->replay[i], clock_us(CLOCK_MONOTONIC));
        if (next_us != INT64_MAX)
            wait_until(r, next_us);
    }
    r->end_us = clock_us(CLOCK_MONOTONIC);
}

/* ---- report ---- */

/* Of all streams. */
typedef struct Sums {
    ReplaySenderStats sender;
    RtpFaultsStats faults;
    int64_t latest_us;
    uint64_t late_sounds;
} Sums;

static Sums sum(const Replayer *r)
{
    Sums s = {0};

    for (size_t i = 0; i < r->count; i++) {
        ReplaySenderStats sender = replay_sender_stats(r->replay[i].sender);
        RtpFaultsStats faults = rtp_faults_stats(r->replay[i].faults);
        s.sender.packets += sender.packets;
        s.sender.bytes += sender.bytes;
        s.sender.refused += sender.refused;
        s.sender.keyframe_requests += sender.keyframe_requests;
        for (RtpTrack track = 0; track < RTP_TRACKS; track++)
            s.faults.packets[track == RTP_AUDIO ? RTP_AUDIO : RTP_VIDEO] += faults.packets[track];
        s.faults.lost += faults.lost;
        s.faults.delayed += faults.delayed;
        s.faults.doubled += faults.doubled;
        s.faults.ssrc_changes += faults.ssrc_changes;
        s.late_sounds += r->replay[i].late_sounds;
        if (r->replay[i].latest_us > s.latest_us)
            s.latest_us = r->replay[i].latest_us;
    }
    return s;
}

static void print_json(const Replayer *r, const Sums *s)
{
    json_t *report = json_pack(
        "{s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I}", "seconds",
        (double)(r->end_us - r->start_us) / US_PER_S, "sent", (json_int_t)s->sender.packets,
        "bytes", (json_int_t)s->sender.bytes, "refused", (json_int_t)s->sender.refused, "audio",
        (json_int_t)s->faults.packets[RTP_AUDIO], "video", (json_int_t)s->faults.packets[RTP_VIDEO],
        "lost", (json_int_t)s->faults.lost, "delayed", (json_int_t)s->faults.delayed, "doubled",
        (json_int_t)s->faults.doubled, "ssrc_changes", (json_int_t)s->faults.ssrc_changes,
        "keyframe_requests", (json_int_t)s->sender.keyframe_requests, "late_max_ms",
        (double)s->latest_us / 1000, "late_sounds", (json_int_t)s->late_sounds);

    json_dumpf(report, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(report);
}

static void print_report(const Replayer *r, const Sums *s)
{
    int64_t run_us = r->end_us - r->start_us;

    printf("rtp-replay: sent %" PRIu64
           " packets in %.1f s, %.0f kbit/s, up to %.1f ms late; "
           "of %" PRIu64 " audio and %" PRIu64 " video lost %" PRIu64 ", delayed %" PRIu64
           ", doubled %" PRIu64 "; %" PRIu64 " new senders; %" PRIu64
           " not taken by the kernel; "
           "%" PRIu64 " key frames asked for\n",
           s->sender.packets, (double)run_us / US_PER_S,
           run_us > 0 ? (double)s->sender.bytes * 8000 / (double)run_us : 0,
           (double)s->latest_us / 1000, s->faults.packets[RTP_AUDIO], s->faults.packets[RTP_VIDEO],
           s->faults.lost, s->faults.delayed, s->faults.doubled, s->faults.ssrc_changes,
           s->sender.refused, s->sender.keyframe_requests);
}

static void print_track(const RtpRecording *r, RtpTrack track)
{
    RtpRecordingFacts f = rtp_recording_facts(r, track);
    double span_s = (double)r->span_us / US_PER_S;

    printf("  %s  %6zu packets, %6.0f kbit/s, %" PRId64
           " missing, %zu reports, steps of up to "
           "%.0f ms\n",
           rtp_track_name(track), f.packets, (double)f.bytes * 8 / 1000 / span_s, f.missing,
           f.reports, (double)f.longest_gap * 1000 / rtp_track_clock_hz(track));
    if (track != RTP_AUDIO)
        printf("         %ux%u, %zu IDR pictures, up to %.2f s apart\n", f.width, f.height, f.idrs,
               (double)f.idr_gap_us / US_PER_S);
}

static void print_info(const Replayer *r)
{
    printf("%s: one round is %.0f s\n", r->options.file, (double)r->recording->span_us / US_PER_S);
    for (RtpTrack track = 0; track < RTP_TRACKS; track++)
        if (r->recording->has[track])
            print_track(r->recording, track);
}

/* ---- main ---- */

static int read_recording(Replayer *r)
{
    char error[RTP_RECORDING_ERROR_SIZE];
    ReplayOptions *o = &r->options;

    r->recording = rtp_recording_read(o->file, error);
    if (!r->recording)
        return complain(o->file, error);
    const char *wrong = rtp_recording_trim(r->recording, o->round_us);
    if (wrong)
        return complain(o->file, wrong);
    for (RtpTrack track = RTP_VIDEO + 1; o->video_tracks > 0 && track < RTP_TRACKS; track++)
        o->faults.leave_out[track] = true; /* the first and its copies take their places */
    bool audio = r->recording->has[RTP_AUDIO] && !o->faults.leave_out[RTP_AUDIO];
    bool video = r->recording->has[RTP_VIDEO] && !o->faults.leave_out[RTP_VIDEO];
    if (!audio && !video)
        return complain(o->file, "it has nothing of what --only wants");
    if (o->faults.duration_us == 0)
        o->faults.duration_us = r->recording->span_us;
    return 0;
}

static int replay(Replayer *r)
{
    const struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (start_all(r) < 0)
        return 2;
    send_all(r);
    Sums s = sum(r);
    (r->options.json ? print_json : print_report)(r, &s);
    return s.sender.refused > 0;
}

static int make_hls(const Replayer *r)
{
    const ReplayOptions *o = &r->options;
    ReplayFolderParams params = {.directory = o->hls,
                                 .stream = o->stream,
                                 .low_bitrate = o->low_bitrate,
                                 .opus = o->opus,
                                 .low_latency = o->low_latency,
                                 .nack = o->nack,
                                 .video_tracks = o->video_tracks,
                                 .labels = o->labels,
                                 .rungs = o->rungs,
                                 .keys = o->keys};
    ReplayFolderReport report;

    if (replay_folder_run(r->recording, &o->faults, &params, &report) < 0) {
        complain(o->hls, strerror(errno));
        return 2;
    }
    replay_folder_print(&report, o->json);
    return 0;
}

int main(int argc, char **argv)
{
    Replayer r = {0};
    int status = 2;

    ReplayOptionsResult result = replay_options_read(argc, argv, &r.options);
    if (result != REPLAY_GO)
        return result == REPLAY_DONE ? 0 : 2;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (read_recording(&r) == 0) {
        if (r.options.info)
            print_info(&r);
        status = r.options.info ? 0 : r.options.hls ? make_hls(&r) : replay(&r);
    }
    if (end_all(&r) < 0 && status == 0)
        status = 1;
    curl_global_cleanup();
    return status;
}
