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

#define VIDEO_COPIES_MAX 8

/* What is sent, by number: the sound, and the copies of the video track. */
#define REPLAY_TRACKS (RTP_VIDEO + VIDEO_COPIES_MAX)

/* Writes an RTP packet, or a sender report, as copy number `copy` sends it, 0: as it is. `out` has
 * room for `len` bytes. What is too short to be either stays as it is. */
void video_copy_write(const uint8_t *data, size_t len, bool is_rtcp, unsigned copy, uint8_t *out);

#endif
