/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef REPLAY_SENDER_H
#define REPLAY_SENDER_H

/* The sockets of one replayed publisher, a UDP socket for each track: RTP and RTCP go out, to any
 * number of receivers, and RTCP comes back.
 *
 * Thread-safety: one thread for all senders, since what is sent is gathered for all of them. */

#include <netinet/in.h>
#include <poll.h>

#include "video_copy.h"

#define REPLAY_DESTINATIONS_MAX 33

typedef struct ReplaySender ReplaySender;

typedef struct ReplaySenderStats {
    uint64_t packets, bytes; /* taken by the kernel, each receiver counted */
    uint64_t refused;        /* not taken by the kernel */
    uint64_t keyframe_requests;
} ReplaySenderStats;

/* Binds a port for each track that is wanted. Returns NULL with errno. */
ReplaySender *replay_sender_create(const bool wanted[REPLAY_TRACKS]);

/* Accepts NULL, leaves NULL. */
void replay_sender_destroy(ReplaySender **sender);

/* The local port of a track, 0: it has none. */
uint16_t replay_sender_port(const ReplaySender *sender, size_t track);

/* A receiver more, REPLAY_DESTINATIONS_MAX at the most. `rtcp_apart`: its RTCP goes to the port
 * above that of RTP, not to the same. */
void replay_sender_add(ReplaySender *sender, const struct sockaddr_in destinations[REPLAY_TRACKS],
                       bool rtcp_apart);

/* Sends a packet to all receivers; it may wait until replay_sender_flush(), which sends whatever
 * waits, of all senders. */
void replay_sender_send(ReplaySender *sender, size_t track, bool is_rtcp, const uint8_t *data,
                        size_t len);
void replay_sender_flush(void);

/* Fills `fds` (REPLAY_TRACKS of them) for poll(). Returns how many. */
size_t replay_sender_poll_fds(const ReplaySender *sender, struct pollfd *fds);

/* Reads what has come back. */
void replay_sender_receive(ReplaySender *sender);

ReplaySenderStats replay_sender_stats(const ReplaySender *sender);

#endif
