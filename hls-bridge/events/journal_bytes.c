/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/journal_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "events/event_line.h"

#define GENERATION_MASK ((UINT64_C(1) << 59) - 1) /* as large as a line has it */
#define COPY_BYTES      65536
#define MODE            0600 /* what happens here is nobody else's business */

int journal_open(const char *path, int flags)
{
    return open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, MODE);
}

int journal_open_locked(const char *path)
{
    int fd = journal_open(path, O_CREAT);

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int error = errno == EWOULDBLOCK ? EBUSY : errno;
    close(fd);
    errno = error;
    return -1;
}

int journal_write(int fd, const void *bytes, size_t len, int64_t at)
{
    ssize_t n = pwrite(fd, bytes, len, at);

    if (n >= 0 && n != (ssize_t)len)
        errno = ENOSPC;
    return n == (ssize_t)len ? 0 : -1;
}

int journal_append(int fd, const void *bytes, size_t len, int64_t at)
{
    if (journal_write(fd, bytes, len, at) == 0)
        return 0;
    int error = errno;
    if (ftruncate(fd, at) < 0)
        error = errno;
    errno = error;
    return -1;
}

size_t journal_write_head(int fd, uint64_t *generation)
{
    char head[EVENT_LINE_MAX];

    if (getrandom(generation, sizeof(*generation), 0) != sizeof(*generation))
        return 0;
    /* by chance: a mark of a file that a power cut has taken back is of no other one */
    *generation &= GENERATION_MASK;
    size_t len = event_line_head(head, *generation);
    return journal_write(fd, head, len, 0) < 0 ? 0 : len;
}

int journal_copy(int from, int64_t at, int64_t end, int to, int64_t to_at)
{
    char bytes[COPY_BYTES];

    while (at < end) {
        size_t most = end - at < COPY_BYTES ? (size_t)(end - at) : COPY_BYTES;
        errno = EIO; /* of a file that is shorter than it was */
        ssize_t n = pread(from, bytes, most, at);
        if (n <= 0 || journal_write(to, bytes, (size_t)n, to_at) < 0)
            return -1;
        at += n;
        to_at += n;
    }
    return 0;
}

int journal_sync_folder(const char *path)
{
    char folder[PATH_MAX];

    snprintf(folder, sizeof(folder), "%s", path);
    int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    return status;
}
