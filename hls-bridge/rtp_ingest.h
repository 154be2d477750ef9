/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTP_INGEST_H
#define RTP_INGEST_H

/* The sockets of one publisher: RTP and RTCP come in, RTCP goes out.
 *
 * Each track has a port for both (rtcp-mux, RFC 5761), or a second one for RTCP. A port that knows
 * its peer takes packets from nobody else; one that does not answers to whom it last heard.
 *
 * Thread-safety: one thread. */

#include <netinet/in.h>
#include <poll.h>

#include "media.h"

#define RTP_INGEST_FDS_MAX (2 * STREAM_TRACKS_MAX)

typedef struct RtpIngest RtpIngest;

typedef struct RtpIngestTrack {
    struct sockaddr_in local; /* port 0: any */
    uint16_t rtcp_port;       /* 0: on the same port */
    struct sockaddr_in peer;  /* port 0: not known */
} RtpIngestTrack;

/* A datagram for `track`; `data` may be read until the call returns. */
typedef void (*RtpIngestReceiver)(void *user, size_t track, const uint8_t *data, size_t len);

typedef struct RtpIngestStats {
    uint64_t datagrams;
    uint64_t kernel_drops; /* the socket's buffer was full: we were too slow */
} RtpIngestStats;

/* Binds all ports. Returns NULL with errno; `failed_port`, if not NULL, takes the port it is about.
 */
RtpIngest *rtp_ingest_create(const RtpIngestTrack *tracks, size_t count, uint16_t *failed_port);

/* Accepts NULL, leaves NULL. */
void rtp_ingest_destroy(RtpIngest **ingest);

/* The port on which `track` listens. */
uint16_t rtp_ingest_port(const RtpIngest *ingest, size_t track);

/* Fills `fds` (RTP_INGEST_FDS_MAX) for poll(). Returns how many. */
size_t rtp_ingest_poll_fds(const RtpIngest *ingest, struct pollfd *fds);

/* Hands over what has come, a bounded number of datagrams. Returns how many. */
size_t rtp_ingest_receive(RtpIngest *ingest, RtpIngestReceiver receiver, void *user);

/* Sends RTCP to the peer of `track`, if one is known yet. */
void rtp_ingest_send_rtcp(RtpIngest *ingest, size_t track, const uint8_t *data, size_t len);

RtpIngestStats rtp_ingest_stats(const RtpIngest *ingest);

#endif
