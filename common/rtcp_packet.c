/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtcp_packet.h"

#include <string.h>

/* Packet types: RFC 3550 section 12.1, RFC 4585 section 6.1. */
enum { PT_SR = 200, PT_RR = 201, PT_BYE = 203, PT_PSFB = 206 };
enum { PSFB_PLI = 1, PSFB_FIR = 4 };

#define NTP_UNIX_OFFSET_S 2208988800ll /* from 1900 to 1970 */
#define US_PER_S          1000000ll

static uint32_t get_32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 24);
    p[1] = (uint8_t)(value >> 16);
    p[2] = (uint8_t)(value >> 8);
    p[3] = (uint8_t)value;
}

static void put_header(uint8_t *p, unsigned count, unsigned type, size_t size)
{
    put_32(p, 0x80000000u | count << 24 | type << 16 | (uint32_t)(size / 4 - 1));
}

bool rtcp_next(const uint8_t *buf, size_t len, size_t *at, RtcpPacket *out)
{
    if (*at + 4 > len || buf[*at] >> 6 != 2)
        return false;
    const uint8_t *p = buf + *at;
    size_t size = 4 + 4u * ((size_t)p[2] << 8 | p[3]);
    unsigned count = p[0] & 0x1Fu;
    if (*at + size > len)
        return false;
    *at += size;
    *out = (RtcpPacket){.type = RTCP_OTHER, .ssrc = size >= 8 ? get_32(p + 4) : 0};
    if (p[1] == PT_SR && size >= 28) {
        out->type = RTCP_SENDER_REPORT;
        out->ntp = (uint64_t)get_32(p + 8) << 32 | get_32(p + 12);
        out->rtp_timestamp = get_32(p + 16);
    } else if (p[1] == PT_BYE && count > 0 && size >= 8) {
        out->type = RTCP_BYE;
    } else if (p[1] == PT_PSFB && (count == PSFB_PLI || count == PSFB_FIR) && size >= 12) {
        out->type = RTCP_KEYFRAME_REQUEST;
    }
    return true;
}

size_t rtcp_write_pli(uint8_t *out, uint32_t sender_ssrc, uint32_t media_ssrc)
{
    put_header(out, PSFB_PLI, PT_PSFB, RTCP_PLI_SIZE);
    put_32(out + 4, sender_ssrc);
    put_32(out + 8, media_ssrc);
    return RTCP_PLI_SIZE;
}

size_t rtcp_write_rr(uint8_t *out, uint32_t sender_ssrc, const RtcpReportBlock *block)
{
    put_header(out, 1, PT_RR, RTCP_RR_SIZE);
    put_32(out + 4, sender_ssrc);
    put_32(out + 8, block->ssrc);
    put_32(out + 12,
           (uint32_t)block->fraction_lost << 24 | ((uint32_t)block->cumulative_lost & 0xFFFFFF));
    put_32(out + 16, block->highest_sequence);
    put_32(out + 20, block->jitter);
    put_32(out + 24, block->last_sr);
    put_32(out + 28, block->delay_since_sr);
    return RTCP_RR_SIZE;
}

uint64_t rtcp_ntp_from_unix_us(int64_t unix_us)
{
    uint64_t seconds = (uint64_t)(unix_us / US_PER_S + NTP_UNIX_OFFSET_S);
    uint64_t fraction = ((uint64_t)(unix_us % US_PER_S) << 32) / US_PER_S;

    return seconds << 32 | fraction;
}

int64_t rtcp_ntp_to_unix_us(uint64_t ntp)
{
    int64_t seconds = (int64_t)(ntp >> 32) - NTP_UNIX_OFFSET_S;
    uint64_t fraction = ((ntp & UINT32_MAX) * US_PER_S + (1ull << 31)) >> 32; /* the nearest */

    return seconds * US_PER_S + (int64_t)fraction;
}
