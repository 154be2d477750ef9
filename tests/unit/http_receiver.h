/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_HTTP_RECEIVER_H
#define UNIT_HTTP_RECEIVER_H

/* The beginnings of a receiver of HTTP, for tests of clients. */

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>

#include "harness.h"

/* A socket that listens on 127.0.0.1, at a port of its own. */
static inline int http_receiver_listen(uint16_t *port)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(own);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listener, (struct sockaddr *)&own, len), 0);
    assert_int_equal(listen(listener, SOMAXCONN), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&own, &len), 0);
    *port = ntohs(own.sin_port);
    return listener;
}

/* Reads one request with its body into `size` bytes, which end with a zero. Returns false if none
 * comes that is whole. */
static inline bool http_receiver_read(int fd, char *request, size_t size)
{
    size_t len = 0, whole = size - 1;
    ssize_t n;

    memset(request, 0, size);
    while (len < whole && (n = read(fd, request + len, size - 1 - len)) > 0) {
        len += (size_t)n;
        const char *end = strstr(request, "\r\n\r\n"),
                   *length = strcasestr(request, "content-length:");
        if (end)
            whole = (size_t)(end + 4 - request) + (length ? strtoul(length + 15, NULL, 10) : 0);
    }
    return len >= whole;
}

#endif
