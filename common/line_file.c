/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

bool line_file_init(LineFile *f, const char *path, const char *suffix, int64_t bytes, mode_t mode)
{
    *f = (LineFile){.path = strdup(path), .bytes = bytes, .mode = mode, .fd = -1};
    if (asprintf(&f->old, "%s%s", path, suffix) < 0)
        f->old = NULL;
    if (f->path && f->old)
        return true;
    line_file_free(f);
    return false;
}

void line_file_close(LineFile *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

void line_file_free(LineFile *f)
{
    line_file_close(f);
    free(f->path);
    free(f->old);
    f->path = f->old = NULL;
}

int64_t line_file_open(LineFile *f)
{
    struct stat is;

    /* O_NONBLOCK: a FIFO that nobody reads, or not fast enough, is an error and does not wait */
    if (f->fd < 0)
        f->fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, f->mode);
    if (f->fd < 0 || fstat(f->fd, &is) < 0)
        return -1;
    return is.st_size;
}

/* Makes room for a line, and opens the file. Returns its length, or -1 with errno. */
static int64_t open_with_room(LineFile *f, size_t len)
{
    int64_t size = line_file_open(f);

    if (size <= 0 || f->bytes == 0 || size + (int64_t)len <= f->bytes)
        return size;
    line_file_close(f);
    return rename(f->path, f->old) < 0 ? -1 : line_file_open(f);
}

int line_file_add(LineFile *f, const char *text, size_t len)
{
    const struct iovec line[] = {{(void *)text, len}, {(void *)"\n", 1}};
    int64_t size = open_with_room(f, len + 1);

    if (size < 0)
        return -1;
    ssize_t n = writev(f->fd, line, 2);
    if (n == (ssize_t)len + 1)
        return 0;
    int error = n < 0 ? errno : ENOSPC;
    if (n > 0 && ftruncate(f->fd, size) < 0) /* half a line would spoil the next one */
        error = errno;
    errno = error;
    return -1;
}

int line_file_sync(LineFile *f)
{
    return f->fd < 0 ? 0 : fdatasync(f->fd);
}
