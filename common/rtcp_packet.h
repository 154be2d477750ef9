/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTCP_PACKET_H
#define RTCP_PACKET_H

/* The RTCP that the project reads and writes: sender and receiver reports (RFC 3550 section 6.4),
 * BYE, picture loss indication (RFC 4585 section 6.3.1) and full intra request (RFC 5104 section
 * 4.3.1).
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTCP_PLI_SIZE 12 /* bytes of a PLI alone */
#define RTCP_RR_SIZE  32 /* bytes of a receiver report with one block */

typedef enum RtcpType {
    RTCP_SENDER_REPORT,
    RTCP_BYE,
    RTCP_KEYFRAME_REQUEST, /* PLI or FIR */
    RTCP_OTHER,
} RtcpType;

/* One packet of a compound packet; fields beyond `ssrc` belong to the type beside them. */
typedef struct RtcpPacket {
    RtcpType type;
    uint32_t ssrc;          /* who sent it */
    uint64_t ntp;           /* sender report: 32.32 seconds since 1900 */
    uint32_t rtp_timestamp; /* sender report: the same moment on the media clock */
} RtcpPacket;

/* Walks a compound packet: start with *at == 0. Returns false at its end, or if it is damaged;
 * the packets before the damage were good. */
bool rtcp_next(const uint8_t *buf, size_t len, size_t *at, RtcpPacket *out);

/* Write one packet; `out` holds the size named above, which is returned. */
size_t rtcp_write_pli(uint8_t *out, uint32_t sender_ssrc, uint32_t media_ssrc);

/* A report block, RFC 3550 section 6.4.1. */
typedef struct RtcpReportBlock {
    uint32_t ssrc;             /* the sender that it is about */
    uint8_t fraction_lost;     /* 1/256, since the last report */
    int32_t cumulative_lost;   /* 24 bits, signed */
    uint32_t highest_sequence; /* 16 bits of cycles above 16 bits of sequence number */
    uint32_t jitter;           /* timestamp units */
    uint32_t last_sr;        /* middle 32 bits of the last sender report's NTP timestamp, 0: none */
    uint32_t delay_since_sr; /* 1/65536 s */
} RtcpReportBlock;

size_t rtcp_write_rr(uint8_t *out, uint32_t sender_ssrc, const RtcpReportBlock *block);

/* The middle 32 bits of an NTP timestamp: 16.16 seconds, as reports carry it. */
static inline uint32_t rtcp_ntp_middle(uint64_t ntp)
{
    return (uint32_t)(ntp >> 16);
}

/* CLOCK_REALTIME microseconds since 1970 as an NTP timestamp, and back. */
uint64_t rtcp_ntp_from_unix_us(int64_t unix_us);
int64_t rtcp_ntp_to_unix_us(uint64_t ntp);

#endif
