/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp/rtp_sender.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rtcp_packet.h"
#include "thread_name.h"

#define RTCP_SIZE   1500    /* bytes; RTCP is smaller than a packet on Ethernet */
#define SEND_BUFFER 1048576 /* bytes: a whole key frame that leaves in one burst */

typedef struct Port {
    RtpSender *sender;
    int fd;
    uint16_t number;
    atomic_bool connected;
    atomic_bool refused; /* `gone` has been said since the last connect */
    _Atomic uint64_t packets, bytes, dropped;
} Port;

struct RtpSender {
    RtpSenderEvents events;
    size_t ports;
    Port port[];
};

/* One thread for all senders. `lock` is held while events run and while a sender leaves the set: no
 * event outlives its sender. */
static struct {
    pthread_mutex_t lock;
    pthread_t thread;
    int epoll_fd, stop_fd;
} listener = {.lock = PTHREAD_MUTEX_INITIALIZER, .epoll_fd = -1, .stop_fd = -1};

/* The kernel reports a refusal to whichever call comes first, a send or a receive. */
static void say_gone(Port *port)
{
    if (!atomic_exchange(&port->refused, true))
        port->sender->events.gone(port->sender->events.user);
}

static void read_rtcp(Port *port)
{
    uint8_t buf[RTCP_SIZE];

    for (;;) {
        ssize_t n = recv(port->fd, buf, sizeof(buf), MSG_DONTWAIT);
        if (n < 0 && errno == ECONNREFUSED) {
            say_gone(port);
            continue;
        }
        if (n < 0)
            return;
        RtcpPacket packet;
        for (size_t at = 0; rtcp_next(buf, (size_t)n, &at, &packet);)
            if (packet.type == RTCP_KEYFRAME_REQUEST)
                port->sender->events.keyframe(port->sender->events.user,
                                              (size_t)(port - port->sender->port));
    }
}

/* What epoll has reported without the lock may be of a sender that has been destroyed since. So
 * that report only says that there is something: it is asked again under the lock, one port at a
 * time. */
static void *listen_for_rtcp(void *unused)
{
    (void)unused;
    thread_name_set("hls-rtcp");
    for (;;) {
        struct epoll_event event;
        bool stop = false;

        if (epoll_wait(listener.epoll_fd, &event, 1, -1) < 0 && errno != EINTR)
            return NULL;
        pthread_mutex_lock(&listener.lock);
        if (epoll_wait(listener.epoll_fd, &event, 1, 0) == 1) {
            if (event.data.ptr)
                read_rtcp(event.data.ptr);
            else
                stop = true;
        }
        pthread_mutex_unlock(&listener.lock);
        if (stop)
            return NULL;
    }
}

int rtp_sender_listener_start(void)
{
    struct epoll_event stop = {.events = EPOLLIN, .data.ptr = NULL};
    int error;

    listener.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    listener.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (listener.epoll_fd < 0 || listener.stop_fd < 0 ||
        epoll_ctl(listener.epoll_fd, EPOLL_CTL_ADD, listener.stop_fd, &stop) < 0)
        goto fail;
    error = pthread_create(&listener.thread, NULL, listen_for_rtcp, NULL);
    if (error == 0)
        return 0;
    errno = error;
fail:
    error = errno;
    if (listener.epoll_fd >= 0)
        close(listener.epoll_fd);
    if (listener.stop_fd >= 0)
        close(listener.stop_fd);
    listener.epoll_fd = listener.stop_fd = -1;
    errno = error;
    return -1;
}

void rtp_sender_listener_stop(void)
{
    if (listener.epoll_fd < 0)
        return;
    eventfd_write(listener.stop_fd, 1);
    pthread_join(listener.thread, NULL);
    close(listener.epoll_fd);
    close(listener.stop_fd);
    listener.epoll_fd = listener.stop_fd = -1;
}

static int open_port(Port *port)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(local);
    int send_buffer = SEND_BUFFER;

    port->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (port->fd < 0 || bind(port->fd, (struct sockaddr *)&local, len) < 0 ||
        getsockname(port->fd, (struct sockaddr *)&local, &len) < 0)
        return -1;
    /* the kernel grants as much as net.core.wmem_max allows; less is no error */
    setsockopt(port->fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
    port->number = ntohs(local.sin_port);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = port};
    return epoll_ctl(listener.epoll_fd, EPOLL_CTL_ADD, port->fd, &event);
}

RtpSender *rtp_sender_create(const RtpSenderEvents *events, size_t ports)
{
    RtpSender *sender = calloc(1, sizeof(*sender) + ports * sizeof(sender->port[0]));

    if (!sender)
        return NULL;
    sender->events = *events;
    sender->ports = ports;
    for (size_t i = 0; i < ports; i++)
        sender->port[i] = (Port){.sender = sender, .fd = -1};
    for (size_t i = 0; i < ports; i++) {
        if (open_port(&sender->port[i]) < 0) {
            int error = errno;
            rtp_sender_destroy(&sender);
            errno = error;
            return NULL;
        }
    }
    return sender;
}

void rtp_sender_destroy(RtpSender **sender)
{
    if (!*sender)
        return;
    pthread_mutex_lock(&listener.lock);
    for (size_t i = 0; i < (*sender)->ports; i++) {
        int fd = (*sender)->port[i].fd;
        if (fd < 0)
            continue;
        /* closing alone leaves it in the set as long as a forked child has it too */
        epoll_ctl(listener.epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        close(fd);
    }
    pthread_mutex_unlock(&listener.lock);
    free(*sender);
    *sender = NULL;
}

uint16_t rtp_sender_number(const RtpSender *sender, size_t port)
{
    return sender->port[port].number;
}

int rtp_sender_connect(RtpSender *sender, size_t index, const struct sockaddr_in *destination)
{
    Port *port = &sender->port[index];

    if (destination->sin_port == 0) {
        atomic_store(&port->connected, false);
        return 0;
    }
    int old_error;
    socklen_t len = sizeof(old_error);
    if (connect(port->fd, (const struct sockaddr *)destination, sizeof(*destination)) < 0)
        return -1;
    getsockopt(port->fd, SOL_SOCKET, SO_ERROR, &old_error, &len); /* of the last destination */
    atomic_store(&port->refused, false);
    atomic_store(&port->connected, true);
    return 0;
}

void rtp_sender_send(RtpSender *sender, size_t index, const void *packet, size_t len)
{
    Port *port = &sender->port[index];

    bool connected = atomic_load_explicit(&port->connected, memory_order_relaxed);
    if (!connected || send(port->fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        atomic_fetch_add_explicit(&port->dropped, 1, memory_order_relaxed);
        if (connected && errno == ECONNREFUSED) /* the ICMP answer to an earlier packet */
            say_gone(port);
        return;
    }
    atomic_fetch_add_explicit(&port->packets, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&port->bytes, len, memory_order_relaxed);
}

RtpSenderStats rtp_sender_stats(const RtpSender *sender, size_t index)
{
    const Port *port = &sender->port[index];

    return (RtpSenderStats){
        .packets = atomic_load_explicit(&port->packets, memory_order_relaxed),
        .bytes = atomic_load_explicit(&port->bytes, memory_order_relaxed),
        .dropped = atomic_load_explicit(&port->dropped, memory_order_relaxed),
    };
}
