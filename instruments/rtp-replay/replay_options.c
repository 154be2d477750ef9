/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "replay_options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault_options.h"
#include "option_values.h"
#include "stream_name.h"

static const char usage[] =
    "Usage: rtp-replay [OPTIONS] FILE.pcap\n"
    "Sends a recorded publisher to hls-bridge again, in real time, as often as you like.\n"
    "You choose the faults of the network and of the sender.\n"
    "\n"
    "FILE.pcap is RTP as the plugin sends it. To record it:\n"
    "tcpdump -i lo -w FILE.pcap udp and host 127.0.0.1\n"
    "\n"
    "Where to:\n"
    "  --bridge URL             control API of the bridge (http://127.0.0.1:8190)\n"
    "  --stream NAME            name of the stream (replay)\n"
    "  --streams N              N copies, NAME-1 to NAME-N\n"
    "  --to ADDR:AUDIO,VIDEO    to fixed UDP ports, RTCP to those above; may be repeated:\n"
    "                           with --streams each gets one copy. No bridge is used unless\n"
    "                           --bridge names one: then both get the same\n"
    "  --hls DIR                send nothing; make HLS in DIR/NAME with the bridge's own code,\n"
    "                           as fast as it can: hours of media in minutes\n"
    "  --low-latency            with --hls: low-latency HLS and DASH too\n"
    "  --video-tracks N         the first video track alone, or N of it, as if in N sizes; each\n"
    "                           has its own SSRC and RTP clock (all that are recorded; 8 at the\n"
    "                           most)\n"
    "  --labels A,B             what the video tracks are called, in their order (a=label)\n"
    "  --rung NAME:MS           with --hls: a rendition that comes MS later than the best one,\n"
    "                           as from a transcoder: its pictures again. May be repeated\n"
    "  --rungs-gone FROM:TO     these are not made from second FROM to second TO, nor is what\n"
    "                           was under way; may be repeated\n"
    "  --rungs-stand FROM:TO    likewise, but nobody is told, and it all comes at second TO\n"
    "  --rungs-watched SIDE     they are only made while they are watched, and then have a "
    "shorter\n"
    "                           side of SIDE pixels: while they are gone nobody watches (0)\n"
    "  --low-sound BPS          with --hls: the smallest of several sizes has a sound of its own "
    "(0)\n"
    "  --opus                   with --low-latency: there is the Opus too, copied\n"
    "  --keys DIR               with --hls: encrypt (AES-128), with keys in DIR/NAME; DIR exists\n"
    "  --rotate N               segments for each key, 0: one for all (60)\n"
    "  --cbcs                   with --keys: encrypt samples of low latency, not whole files\n"
    "  --keep                   do not end the stream at the end\n"
    "  --protected              only those with a playback token may watch the streams\n"
    "  --no-nack                do not announce that lost packets are sent again\n"
    "How long, and what is printed:\n"
    "  --seconds S              send for S seconds (one round)\n"
    "  --round S                use only the first S whole seconds of FILE.pcap in each round\n"
    "  --seed N                 another seed: other packets get faults (1)\n"
    "  --json                   print the last line as JSON\n"
    "  --info                   print what is in FILE.pcap, and send nothing\n"
    "The network:\n"
    "  --loss PERCENT           lose packets, each at random\n"
    "  --bursts S:MS            lose everything for MS milliseconds every S seconds\n"
    "  --reorder PERCENT:MS     delay some by up to MS, so that others overtake them\n"
    "  --duplicate PERCENT      send some twice\n"
    "  --jitter MS              delay all by up to MS, in order\n"
    "The sender:\n"
    "  --audio-clock PPM        its sound card is faster by PPM, or slower if below 0\n"
    "  --first-sequence N       the first sequence number of each track; 65500 wraps soon\n"
    "  --first-timestamp N      the first timestamp of each track; 4294900000 wraps soon\n"
    "  --no-reports TRACK       no sender reports of audio, video or both\n"
    "  --new-ssrc S             new SSRCs, sequence numbers and timestamps every S seconds\n"
    "  --only TRACK             send only audio, or only video\n"
    "  --pause-audio FROM:TO    no audio from second FROM to second TO; its clock goes on\n"
    "  --lose-audio FROM:TO     the same, lost before it is encoded: its clock stands still\n"
    "  --pause-video N:FROM:TO  video track N, counted from 1, is not sent from second FROM to\n"
    "                           the first IDR picture behind second TO; may be repeated\n"
    "  -h, --help               print this\n"
    "\n"
    "Exit status: 0 all was sent, 1 not all could be sent, 2 it could not start.\n";

enum {
    OPTION_BRIDGE = FAULT_OPTIONS_END,
    OPTION_STREAM,
    OPTION_STREAMS,
    OPTION_TO,
    OPTION_HLS,
    OPTION_LOW_LATENCY,
    OPTION_VIDEO_TRACKS,
    OPTION_OPUS,
    OPTION_KEYS,
    OPTION_ROTATE,
    OPTION_CBCS,
    OPTION_KEEP,
    OPTION_PROTECTED,
    OPTION_NO_NACK,
    OPTION_SECONDS,
    OPTION_ROUND,
    OPTION_SEED,
    OPTION_JSON,
    OPTION_INFO,
    OPTION_LABELS,
    OPTION_RUNG,
    OPTION_RUNGS_GONE,
    OPTION_RUNGS_STAND,
    OPTION_RUNGS_WATCHED,
    OPTION_LOW_SOUND,
};

static const struct option names[] = {
    {"bridge", required_argument, NULL, OPTION_BRIDGE},
    {"stream", required_argument, NULL, OPTION_STREAM},
    {"streams", required_argument, NULL, OPTION_STREAMS},
    {"to", required_argument, NULL, OPTION_TO},
    {"hls", required_argument, NULL, OPTION_HLS},
    {"low-latency", no_argument, NULL, OPTION_LOW_LATENCY},
    {"video-tracks", required_argument, NULL, OPTION_VIDEO_TRACKS},
    {"keys", required_argument, NULL, OPTION_KEYS},
    {"cbcs", no_argument, NULL, OPTION_CBCS},
    {"rotate", required_argument, NULL, OPTION_ROTATE},
    {"keep", no_argument, NULL, OPTION_KEEP},
    {"opus", no_argument, NULL, OPTION_OPUS},
    {"protected", no_argument, NULL, OPTION_PROTECTED},
    {"no-nack", no_argument, NULL, OPTION_NO_NACK},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"round", required_argument, NULL, OPTION_ROUND},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"json", no_argument, NULL, OPTION_JSON},
    {"info", no_argument, NULL, OPTION_INFO},
    {"loss", required_argument, NULL, OPTION_LOSS},
    {"bursts", required_argument, NULL, OPTION_BURSTS},
    {"reorder", required_argument, NULL, OPTION_REORDER},
    {"duplicate", required_argument, NULL, OPTION_DUPLICATE},
    {"jitter", required_argument, NULL, OPTION_JITTER},
    {"audio-clock", required_argument, NULL, OPTION_AUDIO_CLOCK},
    {"first-sequence", required_argument, NULL, OPTION_FIRST_SEQUENCE},
    {"first-timestamp", required_argument, NULL, OPTION_FIRST_TIMESTAMP},
    {"no-reports", required_argument, NULL, OPTION_NO_REPORTS},
    {"new-ssrc", required_argument, NULL, OPTION_NEW_SSRC},
    {"only", required_argument, NULL, OPTION_ONLY},
    {"pause-audio", required_argument, NULL, OPTION_PAUSE_AUDIO},
    {"lose-audio", required_argument, NULL, OPTION_LOSE_AUDIO},
    {"pause-video", required_argument, NULL, OPTION_PAUSE_VIDEO},
    {"labels", required_argument, NULL, OPTION_LABELS},
    {"rung", required_argument, NULL, OPTION_RUNG},
    {"rungs-gone", required_argument, NULL, OPTION_RUNGS_GONE},
    {"rungs-stand", required_argument, NULL, OPTION_RUNGS_STAND},
    {"rungs-watched", required_argument, NULL, OPTION_RUNGS_WATCHED},
    {"low-sound", required_argument, NULL, OPTION_LOW_SOUND},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* ---- values; each returns NULL, or what the option takes ---- */

static const char *read_to(const char *text, ReplayOptions *o)
{
    static const char form[] =
        "ADDRESS:AUDIO,VIDEO, an IPv4 address and two ports up to 65534; "
        "32 times at the most";
    struct in_addr address;
    unsigned port[RTP_VIDEO + 1];
    char dotted[16], rest;

    if (o->receivers == REPLAY_RECEIVERS_MAX ||
        sscanf(text, "%15[0-9.]:%5u,%5u%c", dotted, &port[0], &port[1], &rest) != 3 ||
        inet_pton(AF_INET, dotted, &address) != 1)
        return form;
    for (RtpTrack track = 0; track < sizeof(port) / sizeof(port[0]); track++) {
        if (port[track] < 1 || port[track] > 65534)
            return form;
        o->receiver[o->receivers].track[track] = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_addr = address, .sin_port = htons((uint16_t)port[track])};
    }
    o->receivers++;
    return NULL;
}

static const char *read_streams(const char *text, int *streams)
{
    double value;

    if (!option_number(text, 1, REPLAY_STREAMS_MAX, &value))
        return "1 to 1000";
    *streams = (int)value;
    return NULL;
}

static const char *read_video_tracks(const char *text, unsigned *tracks)
{
    double value;

    if (!option_number(text, 1, VIDEO_COPIES_MAX, &value))
        return "1 to 8";
    *tracks = (unsigned)value;
    return NULL;
}

static const char *read_labels(const char *text, VideoLabels *labels)
{
    for (size_t i = 0;; i++) {
        size_t len = strcspn(text, ",");
        if (i == RTP_VIDEO_TRACKS_MAX || len >= VIDEO_LABEL_SIZE)
            return "A,B,C of up to 32 characters, 8 at the most";
        memcpy(labels->name[i], text, len);
        if (text[len] == '\0')
            return NULL;
        text += len + 1;
    }
}

static const char *read_rung(const char *text, EchoRungsParams *rungs)
{
    static const char form[] = "NAME:MS, a name of up to 32 characters and up to 10000 ms; 3 times";
    size_t len = strcspn(text, ":");
    double lag_ms;

    if (rungs->count == ECHO_RUNGS_MAX || len == 0 || len >= VIDEO_LABEL_SIZE || !text[len] ||
        !option_number(text + len + 1, 0, 10000, &lag_ms))
        return form;
    memcpy(rungs->name[rungs->count], text, len);
    rungs->lag_us[rungs->count++] = (int64_t)(lag_ms * US_PER_MS);
    return NULL;
}

static const char *read_stop(const char *text, bool gone, EchoRungsParams *rungs)
{
    double at[2];

    if (rungs->stops == ECHO_STOPS_MAX || !option_numbers(text, at, 2) || at[0] < 0 ||
        at[1] <= at[0])
        return "FROM:TO in seconds, 8 times at the most";
    rungs->stop[rungs->stops++] =
        (EchoStop){(int64_t)(at[0] * US_PER_S), (int64_t)(at[1] * US_PER_S), gone};
    return NULL;
}

/* ---- options ---- */

/* Of renditions that come later. */
static const char *read_rung_option(int option, const char *text, EchoRungsParams *rungs)
{
    if (option == OPTION_RUNG)
        return read_rung(text, rungs);
    if (option == OPTION_RUNGS_WATCHED)
        return option_whole(text, 4320, &rungs->side);
    return read_stop(text, option == OPTION_RUNGS_GONE, rungs);
}

/* One that takes nothing. Returns false if it is another. */
static bool read_switch(int option, ReplayOptions *o)
{
    switch (option) {
    case OPTION_LOW_LATENCY:
        o->low_latency = true;
        return true;
    case OPTION_OPUS:
        o->opus = true;
        return true;
    case OPTION_CBCS:
        o->keys.cbcs = true;
        return true;
    case OPTION_KEEP:
        o->keep = true;
        return true;
    case OPTION_PROTECTED:
        o->protected = true;
        return true;
    case OPTION_NO_NACK:
        o->nack = false;
        return true;
    case OPTION_JSON:
        o->json = true;
        return true;
    case OPTION_INFO:
        o->info = true;
        return true;
    default:
        return false;
    }
}

static const char *read_option(int option, const char *text, ReplayOptions *o)
{
    int64_t whole;
    const char *wrong;

    switch (option) {
    case OPTION_BRIDGE:
        o->bridge = text;
        return NULL;
    case OPTION_STREAM:
        o->stream = text;
        return NULL;
    case OPTION_STREAMS:
        return read_streams(text, &o->streams);
    case OPTION_TO:
        return read_to(text, o);
    case OPTION_HLS:
        o->hls = text;
        return NULL;
    case OPTION_KEYS:
        o->keys.directory = text;
        return NULL;
    case OPTION_ROTATE:
        return option_whole(text, UINT16_MAX, &o->keys.rotate);
    case OPTION_LABELS:
        return read_labels(text, &o->labels);
    case OPTION_RUNG:
    case OPTION_RUNGS_GONE:
    case OPTION_RUNGS_STAND:
    case OPTION_RUNGS_WATCHED:
        return read_rung_option(option, text, &o->rungs);
    case OPTION_LOW_SOUND:
        return option_whole(text, 128000, &o->low_bitrate);
    case OPTION_VIDEO_TRACKS:
        return read_video_tracks(text, &o->video_tracks);
    case OPTION_SECONDS:
        return option_duration(text, US_PER_S, OPTION_SECONDS_MAX, &o->faults.duration_us);
    case OPTION_ROUND:
        wrong = option_whole(text, UINT16_MAX, &whole);
        if (!wrong)
            o->round_us = whole * (int64_t)US_PER_S;
        return wrong;
    case OPTION_SEED:
        wrong = option_whole(text, UINT32_MAX, &whole);
        if (!wrong)
            o->faults.seed = (uint64_t)whole;
        return wrong;
    default:
        return read_switch(option, o) ? NULL : fault_option_read(option, text, &o->faults);
    }
}

static ReplayOptionsResult refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

static ReplayOptionsResult refuse(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("rtp-replay: ", stderr);
    vfprintf(stderr, format, args);
    fputs("; try rtp-replay --help\n", stderr);
    va_end(args);
    return REPLAY_USAGE;
}

/* What one option alone cannot tell. */
static ReplayOptionsResult check(const ReplayOptions *o)
{
    char longest[STREAM_NAME_MAX + 16];

    snprintf(longest, sizeof(longest), o->streams > 1 ? "%s-%d" : "%s", o->stream, o->streams);
    if (strlen(o->stream) > STREAM_NAME_MAX || !stream_name_valid(longest))
        return refuse("--stream: " STREAM_NAME_RULE);
    if (o->video_tracks > 1 && o->receivers > 0)
        return refuse("--video-tracks is for --bridge and --hls, not for --to");
    if (o->hls && (o->bridge || o->receivers > 0 || o->streams > 1))
        return refuse("--hls makes one stream and sends nothing: no --bridge, --to or --streams");
    if (o->low_latency && !o->hls)
        return refuse("--low-latency is for --hls: the bridge has settings of its own");
    if (o->keys.directory && !o->hls)
        return refuse("--keys is for --hls: the bridge has settings of its own");
    if (o->rungs.count > 0 && !o->hls)
        return refuse("--rung is for --hls: the bridge has a transcoder of its own");
    if (o->streams > 1 && o->receivers > (size_t)o->streams)
        return refuse("there are more --to than --streams");
    return REPLAY_GO;
}

ReplayOptionsResult replay_options_read(int argc, char **argv, ReplayOptions *o)
{
    int option, index = 0;

    *o = (ReplayOptions){
        .stream = "replay", .streams = 1, .nack = true, .faults = rtp_faults_none()};
    o->faults.seed = 1;
    o->keys.rotate = 60;
    while ((option = getopt_long(argc, argv, "h", names, &index)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return REPLAY_DONE;
        }
        if (option == '?') {
            fputs("Try rtp-replay --help\n", stderr);
            return REPLAY_USAGE;
        }
        const char *wrong = read_option(option, optarg, o);
        if (wrong)
            return refuse("--%s takes %s", names[index].name, wrong);
    }
    if (optind + 1 != argc)
        return refuse("name one recording");
    o->file = argv[optind];
    if (!o->bridge && o->receivers == 0 && !o->hls)
        o->bridge = "http://127.0.0.1:8190";
    return check(o);
}
