/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "hls-bridge/ingest/h264_depay.h"

static void check_unit(const AccessUnit *unit)
{
    static const uint8_t delimiter[] = {0, 0, 0, 1, 9};

    REQUIRE(unit->len > sizeof(delimiter));
    REQUIRE(memcmp(unit->data, delimiter, sizeof(delimiter)) == 0);
    REQUIRE(unit->nals >= 2);
    for (size_t i = 0, end = 0; i < unit->nals; i++) {
        const NalUnit *nal = &unit->nal[i];
        REQUIRE(nal->at >= end + 4 && nal->len >= 1 && nal->at + nal->len <= unit->len);
        REQUIRE(memcmp(unit->data + nal->at - 4, delimiter, 4) == 0);
        end = nal->at + nal->len;
    }
}

/* The input is a list of packets: a byte of length, a byte of flags (marker, loss, restart, a new
 * timestamp), the payload. */
static int try_input(const uint8_t *data, size_t size)
{
    H264Depay *depay = h264_depay_create();
    int64_t rtp_ts = 0, now_us = 0;
    uint16_t sequence = 0;
    AccessUnit unit;

    REQUIRE(depay);
    while (size >= 2) {
        size_t len = data[0] < size - 2 ? data[0] : size - 2;
        uint8_t flags = data[1];
        if (flags & 8)
            rtp_ts += 3000;
        RtpPacket packet = {.marker = flags & 1,
                            .sequence = sequence++,
                            .timestamp = (uint32_t)rtp_ts,
                            .payload = data + 2,
                            .payload_len = len};
        if ((flags & 0xF0) == 0xF0)
            h264_depay_add_parameter_set(depay, data + 2, len);
        else
            h264_depay_push(depay, &packet, rtp_ts, now_us += 1000, flags & 2 ? 1 : 0, flags & 4);
        while (h264_depay_pop(depay, &unit))
            check_unit(&unit);
        h264_depay_needs_idr(depay);
        data += 2 + len;
        size -= 2 + len;
    }
    h264_depay_destroy(&depay);
    return 0;
}

FUZZ_TARGET(h264_depay, try_input);
