/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "capture_times.h"

#include "rtcp_packet.h"

#define RTP_HEADER_MIN 12

static uint32_t timestamp_of(const uint8_t *rtp)
{
    return (uint32_t)rtp[4] << 24 | (uint32_t)rtp[5] << 16 | (uint32_t)rtp[6] << 8 | rtp[7];
}

/* Wall clock. Timestamps are up to half of their range away: hours. */
static int64_t unix_us(const CaptureTimes *times, RtpTrack track, uint32_t timestamp)
{
    int32_t ahead = (int32_t)(timestamp - times->report[track].timestamp);

    return times->report[track].unix_us + (int64_t)ahead * 1000000 / rtp_track_clock_hz(track);
}

CaptureTimes capture_times_of(const RtpRecording *recording)
{
    CaptureTimes times = {0};
    const uint8_t *first = NULL;

    for (size_t i = 0; i < recording->count; i++) {
        const RecordedPacket *packet = &recording->packets[i];
        const uint8_t *data = recording->bytes + packet->at;
        RtcpPacket report;
        size_t at = 0;
        if (!packet->is_rtcp && packet->track == RTP_VIDEO && !first)
            first = data;
        if (!packet->is_rtcp || times.report[packet->track].known)
            continue;
        while (rtcp_next(data, packet->len, &at, &report))
            if (report.type == RTCP_SENDER_REPORT) {
                times.report[packet->track].known = true;
                times.report[packet->track].unix_us = rtcp_ntp_to_unix_us(report.ntp);
                times.report[packet->track].timestamp = report.rtp_timestamp;
            }
    }
    if (first && times.report[RTP_VIDEO].known)
        times.start_unix_us = unix_us(&times, RTP_VIDEO, timestamp_of(first));
    return times;
}

int64_t capture_time_us(const CaptureTimes *times, RtpTrack track, const uint8_t *data, size_t len,
                        int64_t when_us)
{
    if (len < RTP_HEADER_MIN || !times->report[track].known || !times->report[RTP_VIDEO].known)
        return when_us;
    return unix_us(times, track, timestamp_of(data)) - times->start_unix_us;
}
