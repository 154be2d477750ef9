/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/rtp_ingest.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtcp_packet.h"
#include "rtp_packet.h"

#define BATCH  32 /* datagrams read in one system call */
#define ROUNDS 8  /* batches of one socket, before the others have their turn */

/* Bytes, as asked for; the kernel grants up to net.core.rmem_max. A second of 8 Mbit/s. */
#define RECEIVE_BUFFER (1 << 20)

/* A kernel's timestamp older than this is not of the clock that we read. A bridge that stood still
 * for some seconds finds what came meanwhile. */
#define STAMP_AGE_MAX_US (10 * US_PER_S)

/* If the wall clock moves against the monotonic one by more than this, it was set. */
#define CLOCK_SET_US US_PER_MS

typedef struct Port {
    int fd; /* -1: there is none */
    bool peer_fixed;
    struct sockaddr_in peer; /* where RTCP goes; port 0: not known yet */
    uint32_t drops;          /* the kernel's count, which wraps */
    int64_t came_us;         /* when the last one came; none is said to have come sooner */
} Port;

/* RTCP that is sent without being asked for again. */
typedef struct Repeat {
    uint8_t data[RTCP_PLI_SIZE];
    int64_t at_us, every_us; /* at_us NEVER_US: none */
    int64_t sent_us;         /* the newest; 0: none yet */
} Repeat;

typedef struct IngestTrack {
    Port rtp, rtcp; /* rtcp.fd -1: both on one port */
    uint16_t number;
    Repeat repeat;
} IngestTrack;

struct RtpIngest {
    const Clock *clock;
    size_t count;
    IngestTrack track[STREAM_TRACKS_MAX];
    DatagramQueue *queue;
    _Atomic int64_t
        at_work_us;       /* since when the stream's thread is, or has last read; 0: it rests */
    pthread_mutex_t lock; /* guards what follows, and of the ports all but the sockets */
    RtpIngestStats stats;
    int64_t since_boot_us; /* wall clock less the monotonic one, when it was last read */
    struct mmsghdr headers[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_in senders[BATCH];
    union {
        char bytes[CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(struct timespec))];
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
    setsockopt(port->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
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

static void prepare_headers(RtpIngest *ingest)
{
    for (size_t i = 0; i < BATCH; i++) {
        ingest->vectors[i] = (struct iovec){ingest->data[i], RTP_PACKET_MAX};
        ingest->headers[i].msg_hdr = (struct msghdr){
            .msg_name = &ingest->senders[i],
            .msg_iov = &ingest->vectors[i],
            .msg_iovlen = 1,
            .msg_control = ingest->controls[i].bytes,
        };
    }
}

RtpIngest *rtp_ingest_create(const RtpIngestParams *params, uint16_t *failed_port)
{
    RtpIngest *ingest = calloc(1, sizeof(*ingest));
    uint16_t port = 0;
    int error = ENOMEM;

    if (!ingest)
        goto fail;
    pthread_mutex_init(&ingest->lock, NULL);
    ingest->clock = params->clock;
    ingest->count = params->count;
    for (size_t i = 0; i < params->count; i++) {
        ingest->track[i].rtp.fd = ingest->track[i].rtcp.fd = -1;
        ingest->track[i].repeat.at_us = NEVER_US;
    }
    ingest->queue = datagram_queue_create(params->backlog);
    if (!ingest->queue)
        goto fail;
    for (size_t i = 0; i < params->count; i++) {
        if (open_track(&ingest->track[i], &params->track[i], &port) < 0) {
            error = errno;
            if (failed_port)
                *failed_port = port;
            goto fail;
        }
    }
    prepare_headers(ingest);
    int64_t now_us = clock_monotonic_us(ingest->clock);
    ingest->since_boot_us = clock_unix_us(ingest->clock) - now_us;
    rtp_ingest_work(ingest, now_us); /* it may be held up already */
    return ingest;
fail:
    rtp_ingest_destroy(&ingest);
    errno = error;
    return NULL;
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
    datagram_queue_destroy(&(*ingest)->queue);
    pthread_mutex_destroy(&(*ingest)->lock);
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

/* ---- sending: the lock is held ---- */

static void send_from(const Port *port, const uint8_t *data, size_t len)
{
    if (port->peer.sin_port == 0)
        return;
    /* a request that cannot be sent now is soon made again; nothing waits for it */
    if (port->peer_fixed)
        send(port->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    else
        sendto(port->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&port->peer, sizeof(port->peer));
}

static void send_rtcp(RtpIngest *ingest, size_t track, const uint8_t *data, size_t len)
{
    const IngestTrack *t = &ingest->track[track];

    send_from(t->rtcp.fd >= 0 && t->rtcp.peer.sin_port != 0 ? &t->rtcp : &t->rtp, data, len);
}

static void send_repeat(RtpIngest *ingest, size_t track, int64_t now_us)
{
    Repeat *repeat = &ingest->track[track].repeat;

    if (now_us < repeat->at_us)
        return;
    send_rtcp(ingest, track, repeat->data, sizeof(repeat->data));
    ingest->stats.repeats++;
    repeat->sent_us = now_us;
    repeat->at_us = now_us + repeat->every_us;
}

/* ---- receiving: the lock is held ---- */

/* What the kernel says beside a datagram. */
typedef struct Notes {
    bool has_drops;
    uint32_t drops;   /* SO_RXQ_OVFL: on this socket since it was opened */
    int64_t stamp_us; /* wall clock; 0: none */
} Notes;

static Notes read_notes(struct msghdr *header)
{
    Notes notes = {0};
    struct timespec stamp;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SO_RXQ_OVFL) {
            notes.has_drops = true;
            memcpy(&notes.drops, CMSG_DATA(c), sizeof(notes.drops));
        } else if (c->cmsg_type == SCM_TIMESTAMPNS) {
            memcpy(&stamp, CMSG_DATA(c), sizeof(stamp));
            notes.stamp_us = (int64_t)stamp.tv_sec * US_PER_S + stamp.tv_nsec / 1000;
        }
    }
    return notes;
}

/* The wall clock at `now_us`; 0 if it was set since, and the kernel's timestamps are of another.
 */
static int64_t wall_clock(RtpIngest *ingest, int64_t now_us)
{
    int64_t unix_us = clock_unix_us(ingest->clock);
    int64_t moved_us = unix_us - now_us - ingest->since_boot_us;

    ingest->since_boot_us = unix_us - now_us;
    return llabs(moved_us) > CLOCK_SET_US ? 0 : unix_us;
}

/* When a datagram came, on the clock of `now_us`. */
static int64_t arrival(int64_t now_us, int64_t unix_us, int64_t stamp_us)
{
    int64_t age_us = unix_us - stamp_us;

    if (unix_us == 0 || stamp_us == 0 || age_us < 0 || age_us > STAMP_AGE_MAX_US)
        return now_us;
    return now_us - age_us;
}

/* Returns how many it has read. */
static int read_batch(RtpIngest *ingest, size_t track, Port *port, int64_t now_us, int64_t unix_us)
{
    for (size_t i = 0; i < BATCH; i++) {
        ingest->headers[i].msg_hdr.msg_namelen = sizeof(ingest->senders[i]);
        ingest->headers[i].msg_hdr.msg_controllen = sizeof(ingest->controls[i].bytes);
    }
    int n = recvmmsg(port->fd, ingest->headers, BATCH, MSG_DONTWAIT, NULL);
    if (n <= 0)
        return 0; /* nothing there, or the ICMP answer to an RTCP that nobody took */
    Notes notes = {0};
    for (int i = 0; i < n; i++) {
        struct msghdr *header = &ingest->headers[i].msg_hdr;
        notes = read_notes(header);
        port->came_us = larger(port->came_us, arrival(now_us, unix_us, notes.stamp_us));
        Datagram datagram = {
            .track = track,
            .arrival_us = port->came_us,
            .read_us = now_us,
            .len = ingest->headers[i].msg_len,
            .data = ingest->data[i],
        };
        if (!(header->msg_flags & MSG_TRUNC))
            datagram_queue_add(ingest->queue, &datagram);
    }
    if (notes.has_drops) {
        ingest->stats.kernel_drops += (uint32_t)(notes.drops - port->drops);
        port->drops = notes.drops;
    }
    ingest->stats.last_us = now_us;
    if (!port->peer_fixed)
        port->peer = ingest->senders[n - 1];
    return n;
}

static void read_port(RtpIngest *ingest, size_t track, Port *port, int64_t now_us, int64_t unix_us)
{
    int n = BATCH;

    for (int round = 0; port->fd >= 0 && round < ROUNDS && n == BATCH; round++)
        n = read_batch(ingest, track, port, now_us, unix_us);
}

static void read_all(RtpIngest *ingest)
{
    int64_t now_us = clock_monotonic_us(ingest->clock), unix_us = wall_clock(ingest, now_us);

    for (size_t i = 0; i < ingest->count; i++) {
        read_port(ingest, i, &ingest->track[i].rtp, now_us, unix_us);
        read_port(ingest, i, &ingest->track[i].rtcp, now_us, unix_us);
    }
    for (size_t i = 0; i < ingest->count; i++)
        send_repeat(ingest, i, now_us);
}

/* ---- for the stand-in ---- */

int64_t rtp_ingest_held_up_us(const RtpIngest *ingest, int64_t now_us)
{
    int64_t since_us = atomic_load(&ingest->at_work_us);

    return since_us ? now_us - since_us : 0;
}

void rtp_ingest_stand_in(RtpIngest *ingest)
{
    pthread_mutex_lock(&ingest->lock);
    read_all(ingest);
    pthread_mutex_unlock(&ingest->lock);
}

/* ---- for the stream's thread ---- */

void rtp_ingest_work(RtpIngest *ingest, int64_t now_us)
{
    atomic_store(&ingest->at_work_us, now_us);
}

void rtp_ingest_read(RtpIngest *ingest, int64_t now_us)
{
    rtp_ingest_work(ingest, now_us);
    pthread_mutex_lock(&ingest->lock);
    read_all(ingest);
    pthread_mutex_unlock(&ingest->lock);
}

void rtp_ingest_rest(RtpIngest *ingest)
{
    atomic_store(&ingest->at_work_us, 0);
}

bool rtp_ingest_peek(RtpIngest *ingest, Datagram *out)
{
    return datagram_queue_peek(ingest->queue, out);
}

void rtp_ingest_pop(RtpIngest *ingest)
{
    datagram_queue_pop(ingest->queue);
}

void rtp_ingest_send_rtcp(RtpIngest *ingest, size_t track, const uint8_t *data, size_t len)
{
    pthread_mutex_lock(&ingest->lock);
    send_rtcp(ingest, track, data, len);
    pthread_mutex_unlock(&ingest->lock);
}

void rtp_ingest_repeat(RtpIngest *ingest, size_t track, const uint8_t *data, int64_t at_us,
                       int64_t every_us)
{
    pthread_mutex_lock(&ingest->lock);
    Repeat *repeat = &ingest->track[track].repeat;
    repeat->at_us = at_us;
    repeat->every_us = every_us;
    /* what is due may have been sent already, and be due as before for whoever asks for it */
    if (repeat->sent_us && at_us < repeat->sent_us + every_us)
        repeat->at_us = repeat->sent_us + every_us;
    memcpy(repeat->data, data, sizeof(repeat->data));
    pthread_mutex_unlock(&ingest->lock);
}

RtpIngestStats rtp_ingest_stats(RtpIngest *ingest)
{
    pthread_mutex_lock(&ingest->lock);
    RtpIngestStats stats = ingest->stats;
    pthread_mutex_unlock(&ingest->lock);
    stats.backlog_drops = datagram_queue_dropped(ingest->queue);
    return stats;
}
