/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef VIDEO_COPY_H
#define VIDEO_COPY_H

/* One recorded video track as several, as a browser sends the same pictures in several sizes: each
 * copy has its own SSRC and its own RTP clock, which begins elsewhere. What its sender reports say
 * was captured together was captured together.
 *
 * Pure. Thread-safety: there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtp_recording.h"

#define VIDEO_LABEL_SIZE 33 /* bytes: 32 characters, as the bridge takes them */
#define VIDEO_COPIES_MAX RTP_VIDEO_TRACKS_MAX

/* What is sent, by number: the sound, and the video tracks, which are recorded or copies. */
#define REPLAY_TRACKS RTP_TRACKS

/* What video tracks are called, in the order in which they are described; "": nothing. */
typedef struct VideoLabels {
    char name[RTP_VIDEO_TRACKS_MAX][VIDEO_LABEL_SIZE];
} VideoLabels;

/* Writes an RTP packet, or a sender report, as copy number `copy` sends it, 0: as it is. `out` has
 * room for `len` bytes. What is too short to be either stays as it is. */
void video_copy_write(const uint8_t *data, size_t len, bool is_rtcp, unsigned copy, uint8_t *out);

#endif
