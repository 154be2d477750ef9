/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/control_listener.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128
#define MODE    0660

static int fail(int fd, int error)
{
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

static int unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Removes a socket that an earlier run has left. Returns 0, or -1 with errno. */
static int remove_left(const struct sockaddr_un *local)
{
    struct stat left;

    if (lstat(local->sun_path, &left) < 0)
        return errno == ENOENT ? 0 : -1;
    if (!S_ISSOCK(left.st_mode))
        return fail(-1, EEXIST);
    int fd = unix_socket();
    int status = connect(fd, (const struct sockaddr *)local, sizeof(*local));
    if (status == 0 || errno != ECONNREFUSED)
        return fail(fd, status == 0 ? EADDRINUSE : errno);
    close(fd);
    return unlink(local->sun_path);
}

int control_listener_unix(const char *path)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};

    if (snprintf(local.sun_path, sizeof(local.sun_path), "%s", path) >= (int)sizeof(local.sun_path))
        return fail(-1, ENAMETOOLONG);
    if (remove_left(&local) < 0)
        return -1;
    int fd = unix_socket();
    /* the mode that it is made with, so that it is never open to more; then without the umask */
    if (fd < 0 || fchmod(fd, MODE) < 0 || bind(fd, (struct sockaddr *)&local, sizeof(local)) < 0 ||
        chmod(path, MODE) < 0 || listen(fd, BACKLOG) < 0)
        return fail(fd, errno);
    return fd;
}
