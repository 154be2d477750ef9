/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTP_SENDER_H
#define RTP_SENDER_H

/* Sends one publisher's RTP and RTCP on to the bridge, and hands back the RTCP that returns.
 *
 * A sender owns a number of ports: UDP sockets on 127.0.0.1, one for each track. Each is bound for
 * the sender's whole life, and connected once the bridge has said where to send. Sending never
 * blocks: what the kernel cannot take is dropped and counted.
 *
 * Thread-safety: rtp_sender_send() may run beside every other call but destroy. */

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

typedef struct RtpSender RtpSender;

/* What comes back. Called on the listener's thread, `gone` also on the thread that sends. They must
 * not block, nor call any rtp_sender_ function. */
typedef struct RtpSenderEvents {
    void *user;
    /* A PLI or FIR came to a port (RFC 4585, RFC 5104). */
    void (*keyframe)(void *user, size_t port);
    /* Nobody listens any more where a port sends to (ICMP port unreachable). Once after each
     * connect. */
    void (*gone)(void *user);
} RtpSenderEvents;

typedef struct RtpSenderStats {
    uint64_t packets, bytes; /* handed to the kernel */
    uint64_t dropped;        /* not taken by the kernel, or not connected yet */
} RtpSenderStats;

/* Starts and stops the one thread that listens for RTCP on the ports of all senders. start returns
 * 0, or -1 with errno. Destroy all senders before stop. */
int rtp_sender_listener_start(void);
void rtp_sender_listener_stop(void);

/* A sender of `ports` ports, numbered from 0, none of them connected. Returns NULL with errno if
 * the sockets cannot be had. */
RtpSender *rtp_sender_create(const RtpSenderEvents *events, size_t ports);

/* Closes it. When it returns, no event is running and none will. Accepts NULL, leaves NULL. */
void rtp_sender_destroy(RtpSender **sender);

/* The UDP port number of a port. */
uint16_t rtp_sender_number(const RtpSender *sender, size_t port);

/* Where a port sends to from now on; sin_port 0: nowhere. Returns 0, or -1 with errno. */
int rtp_sender_connect(RtpSender *sender, size_t port, const struct sockaddr_in *destination);

/* Sends a packet as it is. RTCP goes to the RTP port (RFC 5761). */
void rtp_sender_send(RtpSender *sender, size_t port, const void *packet, size_t len);

RtpSenderStats rtp_sender_stats(const RtpSender *sender, size_t port);

#endif
