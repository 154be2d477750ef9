/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "video_copy.h"

#include <string.h>

#include "rtp_packet.h"

#define SSRC_STEP      0x01010101u
#define TIMESTAMP_STEP 0x2468ACE1u /* some hours of 90 kHz: it wraps with a few copies */

/* Where they are: RFC 3550 section 5.1 and 6.4.1. */
enum { RTP_TIMESTAMP = 4, RTP_SSRC = 8, REPORT_SSRC = 4, REPORT_TIMESTAMP = 16, REPORT_SIZE = 28 };

static void add(uint8_t *at, uint32_t step)
{
    uint32_t value =
        (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | (uint32_t)at[3];

    value += step;
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

void video_copy_write(const uint8_t *data, size_t len, bool is_rtcp, unsigned copy, uint8_t *out)
{
    memcpy(out, data, len);
    if (len < (is_rtcp ? (size_t)REPORT_SIZE : (size_t)RTP_HEADER_SIZE))
        return;
    add(out + (is_rtcp ? REPORT_SSRC : RTP_SSRC), copy * SSRC_STEP);
    add(out + (is_rtcp ? REPORT_TIMESTAMP : RTP_TIMESTAMP), copy * TIMESTAMP_STEP);
}
