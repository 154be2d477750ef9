/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "flight_renumber.h"

#include "rtcp_packet.h"
#include "rtp_packet.h"

static void put_16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put_32(uint8_t *p, uint32_t value)
{
    put_16(p, (uint16_t)(value >> 16));
    put_16(p + 2, (uint16_t)value);
}

void flight_renumber_rtcp(const Flight *flight, uint32_t ssrc, uint32_t round_ticks,
                          FlightMoveNtp *move, void *user, uint8_t *data)
{
    size_t at = 0, start = 0;
    RtcpPacket rtcp;

    for (; rtcp_next(data, flight->packet->len, &at, &rtcp); start = at) {
        uint8_t *p = data + start;
        if (at - start < 8 || rtcp.ssrc != ssrc)
            continue;
        put_32(p + 4, flight->ssrc);
        if (rtcp.type != RTCP_SENDER_REPORT)
            continue;
        uint64_t ntp = move(user, flight, rtcp.ntp);
        put_32(p + 8, (uint32_t)(ntp >> 32));
        put_32(p + 12, (uint32_t)ntp);
        put_32(p + 16, rtcp.rtp_timestamp + flight->timestamp + round_ticks);
    }
}

void flight_renumber_rtp(const Flight *flight, uint32_t round_ticks, uint8_t *data)
{
    RtpPacket rtp;

    rtp_packet_parse(data, flight->packet->len, &rtp);
    put_16(data + 2, (uint16_t)(rtp.sequence + flight->sequence));
    put_32(data + 4, rtp.timestamp + flight->timestamp + round_ticks);
    put_32(data + 8, flight->ssrc);
}
