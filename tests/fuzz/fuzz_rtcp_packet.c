/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz.h"

#include "rtcp_packet.h"

static int try_input(const uint8_t *data, size_t size)
{
    RtcpPacket packet;
    size_t at = 0, last = 0;

    while (rtcp_next(data, size, &at, &packet)) {
        REQUIRE(at >= last + 4 && at <= size && at % 4 == 0);
        REQUIRE(packet.type <= RTCP_OTHER);
        if (packet.type == RTCP_SENDER_REPORT) {
            int64_t unix_us = rtcp_ntp_to_unix_us(packet.ntp);
            if (unix_us >= 0 && packet.ntp >> 32 < UINT32_MAX) /* the era ends in 2036 */
                REQUIRE(rtcp_ntp_to_unix_us(rtcp_ntp_from_unix_us(unix_us)) == unix_us);
        }
        last = at;
    }
    REQUIRE(at == last);
    return 0;
}

FUZZ_TARGET(rtcp_packet, try_input);
