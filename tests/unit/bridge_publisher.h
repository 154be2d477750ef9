/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_BRIDGE_PUBLISHER_H
#define UNIT_BRIDGE_PUBLISHER_H

/* A publisher of sound for tests of streams: its description, and the socket it sends from. */

#include <arpa/inet.h>
#include <dirent.h>
#include <sys/socket.h>
#include <time.h>

#include "harness.h"

#include "hls-bridge/ingest/source_sdp.h"

#define WAIT_MS 20000 /* for what must come; reached only by a test that fails */

/* Until `condition` holds; fails if it never does. */
#define until(condition)                                                                           \
    do {                                                                                           \
        bool met_ = false; /* it may be so for a moment alone */                                   \
        for (int waited_ = 0; !(met_ = (condition)) && waited_ < WAIT_MS; waited_++)               \
            nanosleep(&(struct timespec){0, 1000000}, NULL);                                       \
        if (!met_)                                                                                 \
            fail_msg("not in time: %s", #condition);                                               \
    } while (0)

typedef struct Publisher {
    int fd;
    char offer[256];
    SourceSdp sdp;
} Publisher;

static inline Publisher publisher_open(void)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(own);
    Publisher p = {.fd = socket(AF_INET, SOCK_DGRAM, 0)};

    assert_int_equal(bind(p.fd, (struct sockaddr *)&own, len), 0);
    assert_int_equal(getsockname(p.fd, (struct sockaddr *)&own, &len), 0);
    int n = snprintf(p.offer, sizeof(p.offer),
                     "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio %u RTP/AVPF 111\r\n"
                     "a=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n",
                     ntohs(own.sin_port));
    assert_null(source_sdp_read(p.offer, (size_t)n, &p.sdp));
    return p;
}

/* Sends `packets` of 20 ms to `port`, all at once. */
static inline void publisher_send(const Publisher *p, uint16_t port, int packets)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};

    for (int i = 0; i < packets; i++) {
        uint32_t clock = htonl((uint32_t)i * 960);
        uint8_t data[13] = {0x80, 111, 0, (uint8_t)i, [11] = 7, [12] = 0xFC};
        memcpy(data + 4, &clock, sizeof(clock));
        assert_int_equal(sendto(p->fd, data, sizeof(data), 0, (struct sockaddr *)&to, sizeof(to)),
                         sizeof(data));
    }
}

static inline void publisher_close(const Publisher *p)
{
    close(p->fd);
}

/* The entries of a folder. */
static inline int count_entries(const char *path)
{
    int n = 0;
    DIR *dir = opendir(path);

    if (!dir)
        return -1;
    for (struct dirent *entry; (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n;
}

static inline int count_threads(void)
{
    return count_entries("/proc/self/task");
}

#endif
