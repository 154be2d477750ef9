/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "fuzz.h"

#include "hls-bridge/ingest/rtp_reorder.h"

#define STEP_BYTES 6

static int64_t last_sequence;
static bool began;

static void check_ordered(const RtpOrdered *out)
{
    REQUIRE(out->packet.payload_len == 1);
    if (began && !out->restarted)
        REQUIRE(out->sequence == last_sequence + 1 + out->lost);
    last_sequence = out->sequence;
    began = true;
}

/* The input is a list of steps: sequence, SSRC, time that passes. */
static int try_input(const uint8_t *data, size_t size)
{
    RtpReorderParams params = {.max_wait_us = 60000, .capacity = 64};
    RtpReorder *reorder = rtp_reorder_create(&params);
    int64_t now_us = 1000000;
    uint64_t out_count = 0;
    RtpOrdered out;

    REQUIRE(reorder);
    began = false;
    for (; size >= STEP_BYTES; data += STEP_BYTES, size -= STEP_BYTES) {
        RtpPacket packet = {.sequence = (uint16_t)(data[0] << 8 | data[1]),
                            .timestamp = (uint32_t)data[2] * 3000,
                            .ssrc = data[3] & 1,
                            .payload = data + 4,
                            .payload_len = 1};
        now_us += (int64_t)data[5] * 500;
        for (bool more = rtp_reorder_push(reorder, &packet, now_us, &out); more;
             more = rtp_reorder_pop(reorder, now_us, &out)) {
            check_ordered(&out);
            out_count++;
        }
        while (rtp_reorder_pop(reorder, now_us, &out)) {
            check_ordered(&out);
            out_count++;
        }
        REQUIRE(rtp_reorder_deadline_us(reorder) > now_us);
    }
    REQUIRE(out_count <= rtp_reorder_stats(reorder).received);
    rtp_reorder_destroy(&reorder);
    REQUIRE(!reorder);
    return 0;
}

FUZZ_TARGET(rtp_reorder, try_input);
