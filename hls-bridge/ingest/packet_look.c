/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/packet_look.h"

#include "base/media.h"
#include "rtp_packet.h"

#define LOOK_PERIOD_US US_PER_S

void packet_look_take(PacketLook *look, const uint8_t *data, size_t len, int64_t arrival_us)
{
    RtpPacket rtp;

    if (look->at_us != 0 && arrival_us - look->at_us < LOOK_PERIOD_US)
        return;
    if (rtp_is_rtcp(data, len) || rtp_packet_parse(data, len, &rtp) < 0)
        return;
    *look = (PacketLook){
        .at_us = arrival_us,
        .timestamp = rtp.timestamp,
        .ssrc = rtp.ssrc,
        .sequence = rtp.sequence,
        .bytes = (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX),
        .payload_type = rtp.payload_type,
        .marker = rtp.marker,
    };
}
