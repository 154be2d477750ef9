/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "replay_sender.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtcp_packet.h"
#include "rtp_packet.h"

#define BATCH       32        /* packets sent in one system call */
#define SEND_BUFFER (1 << 20) /* bytes, as asked for: a key frame to several receivers */

typedef struct Destination {
    struct sockaddr_in rtp[REPLAY_TRACKS], rtcp[REPLAY_TRACKS];
} Destination;

struct ReplaySender {
    int fd[REPLAY_TRACKS]; /* -1: there is none */
    uint16_t port[REPLAY_TRACKS];
    size_t destinations;
    Destination destination[REPLAY_DESTINATIONS_MAX];
    ReplaySenderStats stats;
};

/* What is gathered for the next system call, all of one socket. */
static struct {
    ReplaySender *sender;
    int fd;
    unsigned count;
    struct mmsghdr headers[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_in to[BATCH];
    uint8_t data[BATCH][RTP_PACKET_MAX];
} batch;

static int open_socket(ReplaySender *s, size_t track)
{
    struct sockaddr_in local = {.sin_family = AF_INET}; /* any address, any port */
    socklen_t len = sizeof(local);
    int size = SEND_BUFFER;

    s->fd[track] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd[track] < 0 || bind(s->fd[track], (struct sockaddr *)&local, len) < 0 ||
        getsockname(s->fd[track], (struct sockaddr *)&local, &len) < 0)
        return -1;
    setsockopt(s->fd[track], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    s->port[track] = ntohs(local.sin_port);
    return 0;
}

ReplaySender *replay_sender_create(const bool wanted[REPLAY_TRACKS])
{
    ReplaySender *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    for (size_t track = 0; track < REPLAY_TRACKS; track++)
        s->fd[track] = -1;
    for (size_t track = 0; track < REPLAY_TRACKS; track++) {
        if (!wanted[track] || open_socket(s, track) == 0)
            continue;
        int error = errno;
        replay_sender_destroy(&s);
        errno = error;
        return NULL;
    }
    return s;
}

void replay_sender_destroy(ReplaySender **sender)
{
    if (!*sender)
        return;
    if (batch.sender == *sender)
        replay_sender_flush();
    for (size_t track = 0; track < REPLAY_TRACKS; track++)
        if ((*sender)->fd[track] >= 0)
            close((*sender)->fd[track]);
    free(*sender);
    *sender = NULL;
}

uint16_t replay_sender_port(const ReplaySender *s, size_t track)
{
    return s->port[track];
}

void replay_sender_add(ReplaySender *s, const struct sockaddr_in destinations[REPLAY_TRACKS],
                       bool rtcp_apart)
{
    Destination *d = &s->destination[s->destinations++];

    assert(s->destinations <= REPLAY_DESTINATIONS_MAX);
    for (size_t track = 0; track < REPLAY_TRACKS; track++) {
        d->rtp[track] = d->rtcp[track] = destinations[track];
        if (rtcp_apart)
            d->rtcp[track].sin_port = htons((uint16_t)(ntohs(destinations[track].sin_port) + 1));
    }
}

/* ---- sending ---- */

static void gather(ReplaySender *s, size_t track, const struct sockaddr_in *to, const uint8_t *data,
                   size_t len)
{
    if (batch.count == BATCH || (batch.count > 0 && batch.fd != s->fd[track]))
        replay_sender_flush();
    unsigned i = batch.count++;
    batch.sender = s;
    batch.fd = s->fd[track];
    batch.to[i] = *to;
    batch.vectors[i] = (struct iovec){batch.data[i], len};
    batch.headers[i].msg_hdr = (struct msghdr){.msg_name = &batch.to[i],
                                               .msg_namelen = sizeof(batch.to[i]),
                                               .msg_iov = &batch.vectors[i],
                                               .msg_iovlen = 1};
    memcpy(batch.data[i], data, len);
}

void replay_sender_send(ReplaySender *s, size_t track, bool is_rtcp, const uint8_t *data,
                        size_t len)
{
    for (size_t i = 0; i < s->destinations; i++) {
        const Destination *d = &s->destination[i];
        if (d->rtp[track].sin_port == 0)
            continue; /* it takes no such track */
        gather(s, track, is_rtcp ? &d->rtcp[track] : &d->rtp[track], data, len);
    }
}

void replay_sender_flush(void)
{
    unsigned done = 0;

    while (done < batch.count) {
        int n = sendmmsg(batch.fd, batch.headers + done, batch.count - done, MSG_NOSIGNAL);
        if (n <= 0) {
            batch.sender->stats.refused++; /* the first of them; the others are tried again */
            done++;
            continue;
        }
        for (unsigned i = done; i < done + (unsigned)n; i++)
            batch.sender->stats.bytes += batch.headers[i].msg_len;
        batch.sender->stats.packets += (uint64_t)n;
        done += (unsigned)n;
    }
    batch.count = 0;
}

/* ---- receiving ---- */

size_t replay_sender_poll_fds(const ReplaySender *s, struct pollfd *fds)
{
    size_t n = 0;

    for (size_t track = 0; track < REPLAY_TRACKS; track++)
        if (s->fd[track] >= 0)
            fds[n++] = (struct pollfd){.fd = s->fd[track], .events = POLLIN};
    return n;
}

void replay_sender_receive(ReplaySender *s)
{
    uint8_t data[RTP_PACKET_MAX];
    RtcpPacket rtcp;
    ssize_t len;

    for (size_t track = 0; track < REPLAY_TRACKS; track++) {
        while (s->fd[track] >= 0 && (len = recv(s->fd[track], data, sizeof(data), 0)) >= 0) {
            size_t at = 0;
            while (rtcp_next(data, (size_t)len, &at, &rtcp))
                s->stats.keyframe_requests += rtcp.type == RTCP_KEYFRAME_REQUEST;
        }
    }
}

ReplaySenderStats replay_sender_stats(const ReplaySender *s)
{
    return s->stats;
}
