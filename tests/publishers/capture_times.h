/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CAPTURE_TIMES_H
#define CAPTURE_TIMES_H

/* When what is in a packet was seen or heard, by the sender reports of its recording: what
 * webrtcbin's own reports are to say. When packets were sent says it only to some tens of
 * milliseconds, since an encoder takes its time.
 *
 * Pure. Thread-safety: none needed, it is only read once it is made. */

#include "instruments/rtp-replay/rtp_recording.h"

typedef struct CaptureTimes {
    struct {
        bool known;
        int64_t unix_us;    /* wall clock */
        uint32_t timestamp; /* RTP, of the same moment */
    } report[RTP_TRACKS];
    int64_t
        start_unix_us; /* of time 0: when the first video packet of the recording was captured */
} CaptureTimes;

/* Of a trimmed recording. */
CaptureTimes capture_times_of(const RtpRecording *recording);

/* Of an RTP packet of it, in any round: microseconds since the start, below zero for some of the
 * first; `when_us`, when it is due, if no report tells. */
int64_t capture_time_us(const CaptureTimes *times, RtpTrack track, const uint8_t *data, size_t len,
                        int64_t when_us);

#endif
