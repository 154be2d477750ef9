/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RTP_INGEST_H
#define RTP_INGEST_H

/* The sockets of one publisher: RTP and RTCP come in, RTCP goes out.
 *
 * Each track has a port for both (rtcp-mux, RFC 5761), or a second one for RTCP. A port that knows
 * its peer takes packets from it only; one that does not answers to the last sender.
 *
 * The stream's thread reads; while it is held up, the stand-in does. What was read waits in a
 * datagram_queue.
 *
 * Thread-safety: rtp_ingest_held_up_us() and rtp_ingest_stand_in() are for the stand-in's thread;
 * all else is for the stream's thread. */

#include <netinet/in.h>
#include <poll.h>

#include "base/clock.h"
#include "ingest/datagram_queue.h"

#define RTP_INGEST_FDS_MAX (2 * STREAM_TRACKS_MAX)

typedef struct RtpIngest RtpIngest;

typedef struct RtpIngestTrack {
    struct sockaddr_in local; /* port 0: any */
    uint16_t rtcp_port;       /* 0: on the same port */
    struct sockaddr_in peer;  /* port 0: not known */
} RtpIngestTrack;

typedef struct RtpIngestParams {
    RtpIngestTrack track[STREAM_TRACKS_MAX];
    size_t count;
    size_t backlog;     /* bytes, as datagram_queue_create() has it */
    const Clock *clock; /* borrowed */
} RtpIngestParams;

typedef struct RtpIngestStats {
    uint64_t kernel_drops;  /* the socket's buffer was full: the machine was too slow */
    uint64_t backlog_drops; /* the queue was full: the stream's thread was held up */
    uint64_t repeats;       /* of rtp_ingest_repeat() */
    int64_t last_us;        /* when something was last read; 0: never */
} RtpIngestStats;

/* Binds all ports. Returns NULL with errno; `failed_port`, if not NULL, takes the port it is about.
 */
RtpIngest *rtp_ingest_create(const RtpIngestParams *params, uint16_t *failed_port);

/* No stand-in may read it any more. Accepts NULL, leaves NULL. */
void rtp_ingest_destroy(RtpIngest **ingest);

/* The port on which `track` listens. */
uint16_t rtp_ingest_port(const RtpIngest *ingest, size_t track);

/* Fills `fds` (RTP_INGEST_FDS_MAX) for poll(). Returns how many. */
size_t rtp_ingest_poll_fds(const RtpIngest *ingest, struct pollfd *fds);

/* The stream's thread works from now on, until it rests. */
void rtp_ingest_work(RtpIngest *ingest, int64_t now_us);
void rtp_ingest_rest(RtpIngest *ingest);

/* Reads what has come, a bounded number of datagrams. */
void rtp_ingest_read(RtpIngest *ingest, int64_t now_us);

/* How long the stream's thread has been at work without reading; 0: it rests. */
int64_t rtp_ingest_held_up_us(const RtpIngest *ingest, int64_t now_us);

/* Reads in place of the stream's thread. */
void rtp_ingest_stand_in(RtpIngest *ingest);

/* What was read, in that order; as datagram_queue_peek() and datagram_queue_pop(). */
bool rtp_ingest_peek(RtpIngest *ingest, Datagram *out);
void rtp_ingest_pop(RtpIngest *ingest);

/* Sends RTCP to the peer of `track`, if one is known yet. */
void rtp_ingest_send_rtcp(RtpIngest *ingest, size_t track, const uint8_t *data, size_t len);

/* Makes the thread that reads send RTCP (RTCP_PLI_SIZE bytes) at `at_us`, and each `every_us` from
 * then on, until the next call. NEVER_US: not at all. A call before each read makes it no more
 * frequent than that. */
void rtp_ingest_repeat(RtpIngest *ingest, size_t track, const uint8_t *data, int64_t at_us,
                       int64_t every_us);

RtpIngestStats rtp_ingest_stats(RtpIngest *ingest);

#endif
