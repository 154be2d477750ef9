/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/rtcp_reporter.h"

#include <stdlib.h>

void rtcp_reporter_packet(RtcpReporter *r, const RtpPacket *packet, int64_t now_us)
{
    if (!r->started || packet->ssrc != r->ssrc)
        *r = (RtcpReporter){.clock_hz = r->clock_hz, .ssrc = packet->ssrc};
    int64_t sequence = rtp_unwrap_16(&r->sequence, packet->sequence);
    int64_t transit = rescale(now_us, r->clock_hz, US_PER_S) - packet->timestamp;
    if (!r->started) {
        r->started = true;
        r->first = r->highest = sequence;
    } else {
        /* timestamps wrap: so does the difference of two transits */
        int32_t d = (int32_t)(uint32_t)(transit - r->last_transit);
        r->jitter_16 += llabs(d) - (r->jitter_16 + 8) / 16;
    }
    r->last_transit = transit;
    r->received++;
    if (sequence > r->highest)
        r->highest = sequence;
}

void rtcp_reporter_sender_report(RtcpReporter *r, uint64_t ntp, int64_t now_us)
{
    r->last_sr = rtcp_ntp_middle(ntp);
    r->last_sr_us = now_us;
}

bool rtcp_reporter_block(RtcpReporter *r, int64_t now_us, RtcpReportBlock *out)
{
    if (!r->started)
        return false;
    uint64_t expected = (uint64_t)(r->highest - r->first + 1);
    int64_t lost = (int64_t)(expected - r->received);
    int64_t expected_now = (int64_t)(expected - r->expected_before);
    int64_t lost_now = expected_now - (int64_t)(r->received - r->received_before);
    r->expected_before = expected;
    r->received_before = r->received;
    int64_t fraction = expected_now > 0 && lost_now > 0 ? (lost_now << 8) / (expected_now + 1) : 0;
    if (lost > 0x7FFFFF)
        lost = 0x7FFFFF; /* 24 bits, signed */
    *out = (RtcpReportBlock){
        .ssrc = r->ssrc,
        .fraction_lost = (uint8_t)fraction,
        .cumulative_lost = (int32_t)lost,
        .highest_sequence = (uint32_t)r->highest,
        .jitter = (uint32_t)(r->jitter_16 / 16),
        .last_sr = r->last_sr,
        .delay_since_sr = r->last_sr ? (uint32_t)((now_us - r->last_sr_us) * 65536 / US_PER_S) : 0,
    };
    return true;
}
