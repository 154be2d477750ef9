/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "rtp_packet.h"

static int try_input(const uint8_t *data, size_t size)
{
    uint8_t copy[RTP_PACKET_MAX];
    RtpPacket packet, renamed;

    rtp_is_rtcp(data, size);
    if (rtp_packet_parse(data, size, &packet) < 0)
        return 0;
    REQUIRE(size >= RTP_HEADER_SIZE);
    REQUIRE(packet.payload >= data + RTP_HEADER_SIZE);
    REQUIRE(packet.payload + packet.payload_len <= data + size);
    REQUIRE(packet.payload_type <= 127);
    for (unsigned id = 1; id <= 16; id++) {
        RtpExtension found;
        if (!rtp_extension_find(data, &packet, id, &found))
            continue;
        REQUIRE(found.at > data + RTP_HEADER_SIZE);
        REQUIRE(found.at + found.len <= packet.payload);
    }
    if (size > sizeof(copy))
        return 0;
    memcpy(copy, data, size);
    rtp_set_payload_type(copy, 111);
    REQUIRE(rtp_packet_parse(copy, size, &renamed) == 0);
    REQUIRE(renamed.payload_type == 111);
    REQUIRE(renamed.marker == packet.marker);
    REQUIRE(renamed.payload_len == packet.payload_len);
    return 0;
}

FUZZ_TARGET(rtp_packet, try_input);
