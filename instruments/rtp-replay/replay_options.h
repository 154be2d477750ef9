/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPLAY_OPTIONS_H
#define REPLAY_OPTIONS_H

/* The command line of rtp-replay. Thread-safety: one thread. */

#include <netinet/in.h>
#include <stdbool.h>

#include "echo_params.h"
#include "replay_keys.h"
#include "rtp_faults.h"
#include "video_copy.h"

#define REPLAY_RECEIVERS_MAX 32
#define REPLAY_STREAMS_MAX   1000

/* A receiver at fixed ports (--to); its RTCP goes to the port above each. */
typedef struct ReplayReceiver {
    struct sockaddr_in track[REPLAY_TRACKS]; /* of video, the first alone has one */
} ReplayReceiver;

typedef struct ReplayOptions {
    const char *file;
    const char *bridge; /* its control API's URL; NULL: there is none */
    const char *hls;    /* make HLS here, and send nothing; NULL: send */
    const char *stream; /* or what their names begin with */
    int streams;
    unsigned video_tracks; /* in which the first of the recording is sent; 0: all, as they are */
    VideoLabels labels;
    EchoRungsParams rungs;
    ReplayKeys keys;
    size_t receivers;
    ReplayReceiver receiver[REPLAY_RECEIVERS_MAX];
    int64_t low_bitrate; /* of the second sound; 0: there is none */
    bool keep, opus, low_latency, protected, nack, json, info;
    int64_t round_us;       /* 0: as much of the recording as there is */
    RtpFaultsParams faults; /* duration_us 0: one round */
} ReplayOptions;

typedef enum ReplayOptionsResult { REPLAY_GO, REPLAY_DONE, REPLAY_USAGE } ReplayOptionsResult;

/* Reads them; the strings stay those of `argv`. DONE: help was printed. USAGE: what is wrong was
 * said on stderr. */
ReplayOptionsResult replay_options_read(int argc, char **argv, ReplayOptions *out);

#endif
