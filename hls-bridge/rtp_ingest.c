/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp_ingest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtp_packet.h"

#define BATCH  32 /* datagrams read in one system call */
#define ROUNDS 8  /* batches of one socket, before the others have their turn */

/* Bytes, as asked for; the kernel grants up to net.core.rmem_max. A second of 8 Mbit/s. */
#define RECEIVE_BUFFER (1 << 20)

typedef struct Port {
    int fd;                  /* -1: there is none */
    struct sockaddr_in peer; /* where RTCP goes; port 0: not known yet */
    bool peer_fixed;
    uint32_t drops; /* the kernel's count, which wraps */
} Port;

typedef struct IngestTrack {
    Port rtp, rtcp; /* rtcp.fd -1: both on one port */
    uint16_t number;
} IngestTrack;

struct RtpIngest {
    size_t count;
    IngestTrack track[STREAM_TRACKS_MAX];
    RtpIngestStats stats;
    struct mmsghdr headers[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_in senders[BATCH];
    union {
        char bytes[CMSG_SPACE(sizeof(uint32_t))];
        struct cmsghdr align;
    } controls[BATCH];
    uint8_t data[BATCH][RTP_PACKET_MAX];
};

static int open_port(Port *port, struct sockaddr_in *local, const struct sockaddr_in *peer)
{
    socklen_t len = sizeof(*local);
    int size = RECEIVE_BUFFER, on = 1;

    port->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (port->fd < 0 || bind(port->fd, (struct sockaddr *)local, len) < 0 ||
        getsockname(port->fd, (struct sockaddr *)local, &len) < 0)
        return -1;
    setsockopt(port->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    setsockopt(port->fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
    if (peer->sin_port == 0)
        return 0;
    port->peer = *peer;
    port->peer_fixed = true;
    return connect(port->fd, (const struct sockaddr *)peer, sizeof(*peer));
}

static int open_track(IngestTrack *track, const RtpIngestTrack *params, uint16_t *failed_port)
{
    static const struct sockaddr_in unknown;
    struct sockaddr_in local = params->local;

    *failed_port = ntohs(local.sin_port);
    if (open_port(&track->rtp, &local, &params->peer) < 0)
        return -1;
    track->number = ntohs(local.sin_port);
    if (params->rtcp_port == 0)
        return 0;
    *failed_port = params->rtcp_port;
    local.sin_port = htons(params->rtcp_port);
    return open_port(&track->rtcp, &local, &unknown);
}

RtpIngest *rtp_ingest_create(const RtpIngestTrack *tracks, size_t count, uint16_t *failed_port)
{
    RtpIngest *ingest = calloc(1, sizeof(*ingest));
    uint16_t port = 0;

    if (!ingest)
        return NULL;
    ingest->count = count;
    for (size_t i = 0; i < count; i++)
        ingest->track[i].rtp.fd = ingest->track[i].rtcp.fd = -1;
    for (size_t i = 0; i < count; i++) {
        if (open_track(&ingest->track[i], &tracks[i], &port) < 0) {
            int error = errno;
            if (failed_port)
                *failed_port = port;
            rtp_ingest_destroy(&ingest);
            errno = error;
            return NULL;
        }
    }
    for (size_t i = 0; i < BATCH; i++) {
        ingest->vectors[i] = (struct iovec){ingest->data[i], RTP_PACKET_MAX};
        ingest->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &ingest->senders[i],
            .msg_iov = &ingest->vectors[i],
            .msg_iovlen = 1,
            .msg_control = ingest->controls[i].bytes,
        };
    }
    return ingest;
}

void rtp_ingest_destroy(RtpIngest **ingest)
{
    if (!*ingest)
        return;
    for (size_t i = 0; i < (*ingest)->count; i++) {
        if ((*ingest)->track[i].rtp.fd >= 0)
            close((*ingest)->track[i].rtp.fd);
        if ((*ingest)->track[i].rtcp.fd >= 0)
            close((*ingest)->track[i].rtcp.fd);
    }
    free(*ingest);
    *ingest = NULL;
}

uint16_t rtp_ingest_port(const RtpIngest *ingest, size_t track)
{
    return ingest->track[track].number;
}

size_t rtp_ingest_poll_fds(const RtpIngest *ingest, struct pollfd *fds)
{
    size_t n = 0;

    for (size_t i = 0; i < ingest->count; i++) {
        fds[n++] = (struct pollfd){.fd = ingest->track[i].rtp.fd, .events = POLLIN};
        if (ingest->track[i].rtcp.fd >= 0)
            fds[n++] = (struct pollfd){.fd = ingest->track[i].rtcp.fd, .events = POLLIN};
    }
    return n;
}

/* SO_RXQ_OVFL: how many the kernel has dropped on this socket since it was opened. */
static void count_drops(RtpIngest *ingest, Port *port, struct msghdr *header)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        uint32_t drops;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
            continue;
        memcpy(&drops, CMSG_DATA(c), sizeof(drops));
        ingest->stats.kernel_drops += (uint32_t)(drops - port->drops);
        port->drops = drops;
    }
}

static size_t receive_batch(RtpIngest *ingest, size_t track, Port *port, RtpIngestReceiver receiver,
                            void *user)
{
    for (size_t i = 0; i < BATCH; i++) {
        ingest->headers[i].msg_hdr.msg_namelen = sizeof(ingest->senders[i]);
        ingest->headers[i].msg_hdr.msg_controllen = sizeof(ingest->controls[i].bytes);
    }
    int n = recvmmsg(port->fd, ingest->headers, BATCH, MSG_DONTWAIT, NULL);
    if (n <= 0)
        return 0; /* nothing there, or the ICMP answer to an RTCP that nobody took */
    count_drops(ingest, port, &ingest->headers[n - 1].msg_hdr);
    if (!port->peer_fixed)
        port->peer = ingest->senders[n - 1];
    for (int i = 0; i < n; i++)
        if (!(ingest->headers[i].msg_hdr.msg_flags & MSG_TRUNC))
            receiver(user, track, ingest->data[i], ingest->headers[i].msg_len);
    ingest->stats.datagrams += (uint64_t)n;
    return (size_t)n;
}

static size_t receive_port(RtpIngest *ingest, size_t track, Port *port, RtpIngestReceiver receiver,
                           void *user)
{
    size_t sum = 0, n = BATCH;

    for (int round = 0; port->fd >= 0 && round < ROUNDS && n == BATCH; round++) {
        n = receive_batch(ingest, track, port, receiver, user);
        sum += n;
    }
    return sum;
}

size_t rtp_ingest_receive(RtpIngest *ingest, RtpIngestReceiver receiver, void *user)
{
    size_t sum = 0;

    for (size_t i = 0; i < ingest->count; i++) {
        IngestTrack *track = &ingest->track[i];
        sum += receive_port(ingest, i, &track->rtp, receiver, user);
        sum += receive_port(ingest, i, &track->rtcp, receiver, user);
    }
    return sum;
}

void rtp_ingest_send_rtcp(RtpIngest *ingest, size_t track, const uint8_t *data, size_t len)
{
    IngestTrack *t = &ingest->track[track];
    Port *port = t->rtcp.fd >= 0 && t->rtcp.peer.sin_port != 0 ? &t->rtcp : &t->rtp;

    if (port->peer.sin_port == 0)
        return;
    /* what cannot be sent now is asked for again soon; nobody waits for it */
    if (port->peer_fixed)
        send(port->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    else
        sendto(port->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&port->peer,
               sizeof(port->peer));
}

RtpIngestStats rtp_ingest_stats(const RtpIngest *ingest)
{
    return ingest->stats;
}
