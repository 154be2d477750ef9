/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTP_REORDER_H
#define RTP_REORDER_H

/* Puts the packets of one track into order.
 *
 * A packet that is next in order passes at once, uncopied. Behind a gap packets are held, since the
 * missing one may be sent again; when the oldest has waited max_wait_us, the missing ones are given
 * up. The limit is a time and not a count: a count is short if packets are many, and long if they
 * are few.
 *
 * Pure: time is an argument; nothing is allocated after create.
 * Thread-safety: one thread. */

#include "base/media.h"
#include "base/media_stats.h"
#include "rtp_packet.h"

typedef struct RtpReorder RtpReorder;

typedef struct RtpReorderParams {
    int64_t max_wait_us; /* default 200 ms: Janus asks a second time after 155 ms */
    size_t capacity;     /* packets held, a power of two; default 512: 200 ms at 20 Mbit/s */
} RtpReorderParams;

/* A packet in its place. `packet.payload` is borrowed until the next call. */
typedef struct RtpOrdered {
    RtpPacket packet;
    int64_t sequence; /* unwrapped */
    int64_t arrival_us;
    uint32_t lost;  /* packets missing directly before this one */
    bool restarted; /* the sender started again (other SSRC, or a jump): unrelated to packets before
                     */
} RtpOrdered;

/* A member of `params` that is 0 takes its default. Returns NULL if there is no memory. */
RtpReorder *rtp_reorder_create(const RtpReorderParams *params);

/* Accepts NULL, leaves NULL. */
void rtp_reorder_destroy(RtpReorder **reorder);

/* Takes a packet. Returns true if it is next in order: then `out` is that packet, without a copy.
 * In both cases drain rtp_reorder_pop() after it. */
bool rtp_reorder_push(RtpReorder *reorder, const RtpPacket *packet, int64_t now_us,
                      RtpOrdered *out);

/* The next packet that is in order now, or after those that were given up. */
bool rtp_reorder_pop(RtpReorder *reorder, int64_t now_us, RtpOrdered *out);

/* When rtp_reorder_pop() would have something with no further packet; NEVER_US if nothing is
 * held. */
int64_t rtp_reorder_deadline_us(const RtpReorder *reorder);

RtpReorderStats rtp_reorder_stats(const RtpReorder *reorder);

#endif
