/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTP_PACKET_H
#define RTP_PACKET_H

/* RTP packets (RFC 3550 section 5.1), and the one place where sequence numbers and timestamps are
 * unwrapped: behind it they are 64 bits wide and only ever compared as such.
 *
 * Thread-safety: none needed; an RtpUnwrap belongs to one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_HEADER_SIZE 12   /* bytes, without CSRCs and extensions */
#define RTP_PACKET_MAX  1500 /* bytes taken; WebRTC keeps to 1200, Ethernet allows no more */

/* How far a clock may be from what its first packet and the time since then say. */
#define RTP_CLOCK_AWAY_US 10000000ll

/* A packet in place: `payload` points into the buffer that was parsed. */
typedef struct RtpPacket {
    uint16_t sequence;
    uint32_t timestamp;
    uint32_t ssrc;
    uint8_t payload_type; /* 0 to 127 */
    bool marker;
    const uint8_t *payload;
    size_t payload_len; /* without padding; 0 for a packet that is padding only */
} RtpPacket;

/* Whether a datagram on a port that carries both is RTCP (RFC 5761 section 4). */
bool rtp_is_rtcp(const uint8_t *buf, size_t len);

/* Reads a packet. Returns 0, or -1 if it is no RTP version 2, is cut short, or claims more
 * CSRCs, extension or padding than it has. */
int rtp_packet_parse(const uint8_t *buf, size_t len, RtpPacket *out);

/* The value of a header extension, in place. */
typedef struct RtpExtension {
    const uint8_t *at;
    size_t len; /* bytes; 0 only with two-byte headers */
} RtpExtension;

/* Finds header extension `id` (1 to 255) of a packet, with one-byte or two-byte headers (RFC 8285
 * section 4). `rtp` is what rtp_packet_parse() made of `buf`. Returns false if the packet has none,
 * or one that is cut short. */
bool rtp_extension_find(const uint8_t *buf, const RtpPacket *rtp, unsigned id, RtpExtension *out);

/* Gives a packet of at least RTP_HEADER_SIZE bytes another payload type; the marker stays. */
void rtp_set_payload_type(uint8_t *buf, int payload_type);

/* The last value that was unwrapped. Zero-initialised: nothing yet. */
typedef struct RtpUnwrap {
    bool started;
    int64_t last;
} RtpUnwrap;

/* The 64-bit value nearest to the last one that has these low bits. The first value is itself, so
 * values before it are negative at the worst, and never ambiguous. */
int64_t rtp_unwrap_16(RtpUnwrap *u, uint16_t value);
int64_t rtp_unwrap_32(RtpUnwrap *u, uint32_t value);

/* The RTP clock of a track, unwrapped and kept within what real time can reach. Set clock_hz, and
 * zero-initialise the rest: no packet has come yet. */
typedef struct RtpClock {
    uint32_t clock_hz;
    RtpUnwrap unwrap;
    int64_t base, base_us; /* the first value, and when it came */
} RtpClock;

/* The time of a packet with timestamp `value` that came at `arrival_us`, which does not go back. It
 * is the one nearest to the last, as of rtp_unwrap_32(). But if it is more than RTP_CLOCK_AWAY_US
 * ahead of what the time since the first packet allows, or as far before the first, it is another
 * clock, which begins with `value`, 0 to 2^32 - 1. So no time is below -10 s, or above 2^32 plus
 * the time that has passed, whatever is sent and for however long. */
int64_t rtp_clock_take(RtpClock *clock, uint32_t value, int64_t arrival_us);

/* The time nearest to the last packet's that has the low bits of `value`; the clock stays as it is.
 * Within 2^31 of it. */
int64_t rtp_clock_near(const RtpClock *clock, uint32_t value);

#endif
