/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPLAY_FOLDER_H
#define REPLAY_FOLDER_H

/* Makes HLS of a recording in a folder, by the bridge's own code but without its sockets and its
 * clock: hours of media in minutes, and the same result each time.
 *
 * Thread-safety: one thread. */

#include <stdbool.h>

#include "echo_params.h"
#include "replay_keys.h"
#include "rtp_faults.h"
#include "video_copy.h"

typedef struct ReplayFolderParams {
    const char *directory; /* exists */
    const char *stream;    /* a folder of this name is made in it */
    int64_t segment_us;    /* 0: 2 s */
    bool opus;             /* it is copied too */
    int64_t low_bitrate;   /* of the second sound beside several sizes; 0: there is none */
    bool low_latency;      /* that too, and all playlists as long as the bridge's are by default */
    unsigned video_tracks; /* in which the first of the recording comes; 0: 1 */
    VideoLabels labels;
    EchoRungsParams rungs; /* and that come later */
    ReplayKeys keys;
    bool nack; /* reordering is waited for as where lost packets are sent again */
} ReplayFolderParams;

typedef struct ReplayFolderReport {
    int64_t media_us;
    uint64_t packets;
    uint64_t segments, forced_cuts, discontinuities;
    uint64_t switches;      /* of the layer that feeds a rendition */
    size_t rungs;           /* renditions that come later: */
    uint64_t fillings;      /* of these, */
    int64_t longest_lag_us; /* and how far one was behind */
    uint64_t pictures, damaged, undecodable;
    unsigned video_tracks;
    uint64_t video_pictures[VIDEO_COPIES_MAX]; /* of each; `pictures` and so on are the first's */
    uint64_t audio_frames;
    uint64_t audio_breaks;   /* frames that do not begin where the one before ended */
    uint64_t too_long;       /* segments above what the playlist promises */
    bool by_reports;         /* at the end: pictures are placed by sender reports */
    uint64_t backward_dates; /* segments that begin before the one before ended, by their dates */
    double rebuilt_s, concealed_s, silent_s, dropped_s; /* of audio */
    int64_t rss_early, rss_late; /* bytes of memory after a tenth of the time, and at the end */
} ReplayFolderReport;

/* `directory` exists. Returns 0, or -1 with errno if the folder cannot be written or there is no
 * memory. */
int replay_folder_run(const RtpRecording *recording, const RtpFaultsParams *faults,
                      const ReplayFolderParams *folder, ReplayFolderReport *out);

/* To stdout, for people or as one line of JSON. */
void replay_folder_print(const ReplayFolderReport *report, bool json);

#endif
