/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTCP_REPORTER_H
#define RTCP_REPORTER_H

/* Counts what RTCP receiver reports say of one track (RFC 3550 sections 6.4.1 and A.3, A.8).
 *
 * Pure: time is an argument; no allocation. Thread-safety: one thread. */

#include "base/media.h"
#include "rtcp_packet.h"
#include "rtp_packet.h"

/* Zero-initialised but for clock_hz: nothing has come yet. */
typedef struct RtcpReporter {
    uint32_t clock_hz;
    bool started;
    uint32_t ssrc;
    RtpUnwrap sequence;
    int64_t first, highest; /* unwrapped sequence numbers */
    uint64_t received, expected_before, received_before;
    int64_t last_transit;
    int64_t jitter_16; /* sixteenths of a timestamp unit, as in A.8 */
    uint32_t last_sr;
    int64_t last_sr_us;
} RtcpReporter;

void rtcp_reporter_packet(RtcpReporter *reporter, const RtpPacket *packet, int64_t now_us);
void rtcp_reporter_sender_report(RtcpReporter *reporter, uint64_t ntp, int64_t now_us);

/* The next report's block. Returns false if there is nothing to report on. */
bool rtcp_reporter_block(RtcpReporter *reporter, int64_t now_us, RtcpReportBlock *out);

#endif
