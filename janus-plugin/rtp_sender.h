/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTP_SENDER_H
#define RTP_SENDER_H

/* Sends one publisher's RTP and RTCP on to the bridge, and hands back the RTCP that returns.
 *
 * A sender owns a pair of UDP sockets on 127.0.0.1, one for audio and one for video, bound for its
 * whole life and connected once the bridge has said where to. Sending never blocks: what the
 * kernel cannot take is dropped and counted.
 *
 * Thread-safety: rtp_sender_send() may run beside every other call but destroy. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bridge_sdp.h"

typedef struct RtpSender RtpSender;

/* What comes back. Called on the listener's thread, `gone` also on the one that sends; they must
 * not block, nor call any rtp_sender_ function. `gone`, once after each connect: nobody listens
 * there any more (ICMP port unreachable). */
typedef struct RtpSenderEvents {
    void *user;
    void (*keyframe)(void *user, MediaKind kind); /* a PLI or FIR came, RFC 4585, RFC 5104 */
    void (*gone)(void *user);
} RtpSenderEvents;

typedef struct RtpSenderStats {
    uint64_t packets, bytes; /* handed to the kernel */
    uint64_t dropped;        /* not taken by the kernel, or nobody to send to yet */
} RtpSenderStats;

/* Starts and stops the one thread that listens for RTCP on all senders' sockets.
 * start returns 0, or -1 with errno. Destroy all senders before stop. */
int rtp_sender_listener_start(void);
void rtp_sender_listener_stop(void);

/* A sender that is not connected. Returns NULL with errno where the sockets cannot be had. */
RtpSender *rtp_sender_create(const RtpSenderEvents *events);

/* Closes it; when it returns no event is running and none will. Accepts NULL, leaves NULL. */
void rtp_sender_destroy(RtpSender **sender);

/* The local port of a kind of media. */
uint16_t rtp_sender_port(const RtpSender *sender, MediaKind kind);

/* Where to send a kind of media from now on; sin_port 0: nowhere. Returns 0, or -1 with errno. */
int rtp_sender_connect(RtpSender *sender, MediaKind kind, const struct sockaddr_in *destination);

/* Sends a packet as it is; RTCP goes to the RTP port (RFC 5761). */
void rtp_sender_send(RtpSender *sender, MediaKind kind, const void *packet, size_t len);

RtpSenderStats rtp_sender_stats(const RtpSender *sender, MediaKind kind);

#endif
