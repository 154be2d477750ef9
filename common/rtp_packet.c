/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp_packet.h"

#define US_PER_S 1000000ll

/* RFC 8285 sections 4.2 and 4.3: which headers there are; the ID that ends a block. */
#define EXTENSION_ONE_BYTE  0xBEDE
#define EXTENSION_TWO_BYTES 0x1000 /* the last four bits are the application's */
#define EXTENSION_STOP      15

static unsigned be16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)be16(p) << 16 | be16(p + 2);
}

bool rtp_is_rtcp(const uint8_t *buf, size_t len)
{
    return len >= 2 && buf[1] >= 192 && buf[1] <= 223;
}

int rtp_packet_parse(const uint8_t *buf, size_t len, RtpPacket *out)
{
    if (len < RTP_HEADER_SIZE || buf[0] >> 6 != 2)
        return -1;
    size_t header = RTP_HEADER_SIZE + 4u * (buf[0] & 0x0Fu);
    if (buf[0] & 0x10) { /* header extension, section 5.3.1 */
        if (header + 4 > len)
            return -1;
        header += 4 + 4u * be16(buf + header + 2);
    }
    if (header > len)
        return -1;
    size_t padding = 0;
    if (buf[0] & 0x20) {
        padding = buf[len - 1];
        if (padding == 0 || padding > len - header)
            return -1;
    }
    *out = (RtpPacket){
        .sequence = (uint16_t)be16(buf + 2),
        .timestamp = be32(buf + 4),
        .ssrc = be32(buf + 8),
        .payload_type = buf[1] & 0x7F,
        .marker = buf[1] >> 7,
        .payload = buf + header,
        .payload_len = len - header - padding,
    };
    return 0;
}

/* Takes the next element off an extension block that ends at `end`. One-byte headers have four bits
 * of ID and four of length less one, two-byte headers a byte each; a byte 0 is padding. */
static bool take_element(const uint8_t **at, const uint8_t *end, bool two_bytes, unsigned *id,
                         RtpExtension *out)
{
    while (*at < end && **at == 0)
        (*at)++;
    if (end - *at < (two_bytes ? 2 : 1))
        return false;
    const uint8_t *p = *at;
    *id = two_bytes ? p[0] : p[0] >> 4;
    *out = two_bytes ? (RtpExtension){p + 2, p[1]} : (RtpExtension){p + 1, (p[0] & 0x0Fu) + 1};
    if (out->len > (size_t)(end - out->at) || (!two_bytes && *id == EXTENSION_STOP))
        return false;
    *at = out->at + out->len;
    return true;
}

bool rtp_extension_find(const uint8_t *buf, const RtpPacket *rtp, unsigned id, RtpExtension *out)
{
    const uint8_t *at = buf + RTP_HEADER_SIZE + 4u * (buf[0] & 0x0Fu);
    unsigned found;

    if (!(buf[0] & 0x10))
        return false;
    unsigned profile = be16(at);
    bool two_bytes = (profile & 0xFFF0) == EXTENSION_TWO_BYTES;
    if (!two_bytes && profile != EXTENSION_ONE_BYTE)
        return false;
    at += 4;
    while (take_element(&at, rtp->payload, two_bytes, &found, out))
        if (found == id)
            return true;
    return false;
}

void rtp_set_payload_type(uint8_t *buf, int payload_type)
{
    buf[1] = (uint8_t)((buf[1] & 0x80) | (payload_type & 0x7F));
}

int64_t rtp_unwrap_16(RtpUnwrap *u, uint16_t value)
{
    if (!u->started)
        *u = (RtpUnwrap){true, value};
    else
        u->last += (int16_t)(uint16_t)(value - (uint16_t)u->last);
    return u->last;
}

int64_t rtp_unwrap_32(RtpUnwrap *u, uint32_t value)
{
    if (!u->started)
        *u = (RtpUnwrap){true, value};
    else
        u->last += (int32_t)(value - (uint32_t)u->last);
    return u->last;
}

int64_t rtp_clock_take(RtpClock *c, uint32_t value, int64_t arrival_us)
{
    int64_t at = rtp_clock_near(c, value), away = RTP_CLOCK_AWAY_US / US_PER_S * c->clock_hz;
    int64_t elapsed_us = arrival_us - c->base_us;
    /* quotient and remainder apart: with years the product would overflow. A clock may be one
     * thousandth too fast. */
    int64_t elapsed = (elapsed_us / US_PER_S + 1) * c->clock_hz * 1001 / 1000;

    if (!c->unwrap.started || at < c->base - away || at > c->base + elapsed + away) {
        at = c->base = value;
        c->base_us = arrival_us;
    }
    c->unwrap = (RtpUnwrap){true, at};
    return at;
}

int64_t rtp_clock_near(const RtpClock *c, uint32_t value)
{
    RtpUnwrap near = c->unwrap;

    return rtp_unwrap_32(&near, value);
}
