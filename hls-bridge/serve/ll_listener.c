/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096 /* as many as Debian's net.core.somaxconn allows */

static int listen_at(int fd, const struct sockaddr *address, socklen_t len)
{
    if (fd >= 0 && bind(fd, address, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

int ll_listener_tcp(const char *address, uint16_t port)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, address, &local.sin_addr);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    return listen_at(fd, (struct sockaddr *)&local, sizeof(local));
}

int ll_listener_unix(const char *path)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct stat left;

    if (snprintf(local.sun_path, sizeof(local.sun_path), "%s", path) >=
        (int)sizeof(local.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (lstat(path, &left) == 0 && S_ISSOCK(left.st_mode))
        unlink(path);
    int fd = listen_at(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
                       (struct sockaddr *)&local, sizeof(local));
    if (fd >= 0 && chmod(path, 0666) < 0) { /* nginx runs as a user of its own */
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}
