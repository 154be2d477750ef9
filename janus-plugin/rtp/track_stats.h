/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRACK_STATS_H
#define TRACK_STATS_H

/* The figures of a publisher's track.
 *
 * Thread-safety: none, the owner has a lock. */

#include <stdint.h>

#include "h264_sps.h"
#include "rtp_packet.h"

/* What has come on one track. */
typedef struct TrackStats {
    RtpUnwrap sequence;
    int64_t first_sequence, highest_sequence;
    uint64_t packets, bytes;
    uint64_t second_bytes; /* of the second that is running */
    uint32_t bitrate;      /* bit/s, of the last whole second */
    int64_t last_us;       /* when the last packet came */
    H264Sps sps;           /* of video, the last that came; width 0: none yet */
} TrackStats;

#endif
