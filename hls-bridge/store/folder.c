/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY ".new" /* nginx serves no dot files */

typedef struct Folder {
    int fd;
    mode_t mode; /* of its files */
    char *path;
    bool made;     /* by us */
    bool anchored; /* its own name, and that of what was written in place, survive a power cut */
} Folder;

static void close_folder(void *self)
{
    Folder *f = self;

    close(f->fd);
    free(f->path);
    free(f);
}

static void discard(void *self)
{
    const Folder *f = self;

    if (f->made)
        rmdir(f->path);
}

/* Returns NULL with errno. */
static DIR *open_listing(const Folder *f)
{
    int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (dir || fd < 0)
        return dir;
    int error = errno;
    close(fd);
    errno = error;
    return NULL;
}

/* ---- files ---- */

static int write_all(int fd, const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static int put(void *self, const char *name, const void *data, size_t len, bool through)
{
    const Folder *f = self;
    int fd = openat(f->fd, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, f->mode);
    int error;

    if (fd < 0)
        return -1;
    if (write_all(fd, data, len) < 0 || (through && fdatasync(fd) < 0))
        goto fail;
    if (close(fd) < 0) {
        fd = -1;
        goto fail;
    }
    fd = -1;
    if (renameat(f->fd, TEMPORARY, f->fd, name) == 0)
        return 0;
fail:
    error = errno;
    if (fd >= 0)
        close(fd);
    unlinkat(f->fd, TEMPORARY, 0);
    errno = error;
    return -1;
}

static ssize_t read_file(void *self, const char *name, void *data, size_t size)
{
    const Folder *f = self;
    int fd = openat(f->fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t len = 0;
    ssize_t n = 1;

    if (fd < 0)
        return -1;
    while (len < size && n != 0) {
        n = read(fd, (uint8_t *)data + len, size - len);
        if (n < 0 && errno != EINTR)
            break;
        len += n > 0 ? (size_t)n : 0;
    }
    int error = errno;
    close(fd);
    errno = error;
    return n < 0 ? -1 : (ssize_t)len;
}

static int64_t size_of(void *self, const char *name)
{
    const Folder *f = self;
    struct stat status;

    return fstatat(f->fd, name, &status, 0) == 0 ? status.st_size : -1;
}

/* A second name for the same file: nothing is written. If the file system has none, or there is a
 * file of that name, it is written again. */
static int duplicate(void *self, const char *name, const char *of, bool through)
{
    const Folder *f = self;

    if (linkat(f->fd, of, f->fd, name, 0) == 0)
        return 0;
    int64_t size = size_of(self, of);
    void *data = size < 0 ? NULL : malloc((size_t)size + 1);
    ssize_t len = data ? read_file(self, of, data, (size_t)size) : -1;
    int status = len < 0 ? -1 : put(self, name, data, (size_t)len, through), error = errno;
    free(data);
    errno = error;
    return status;
}

static void remove_file(void *self, const char *name)
{
    unlinkat(((Folder *)self)->fd, name, 0);
}

static void list(void *self, void (*each)(void *user, const char *name), void *user)
{
    DIR *dir = open_listing(self);
    struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir)))
        each(user, entry->d_name);
    closedir(dir);
}

/* ---- what survives a power cut ---- */

/* Opens a file in the folder `at`, syncs it, and closes it. Returns 0, or -1 with errno. */
static int sync_file(int at, const char *name, int flags)
{
    int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);

    if (fd < 0)
        return -1;
    int status = fsync(fd), error = errno;
    close(fd);
    errno = error;
    return status;
}

/* Has the folder's own name survive a power cut, too. Returns 0, or -1 with errno. */
static int anchor(Folder *f)
{
    if (fsync(f->fd) < 0 || sync_file(f->fd, "..", O_DIRECTORY) < 0)
        return -1;
    f->anchored = true;
    return 0;
}

static int sync_names(void *self)
{
    Folder *f = self;

    return f->anchored ? fsync(f->fd) : anchor(f);
}

static int sync_all(void *self)
{
    const Folder *f = self;
    DIR *dir = open_listing(f);
    struct dirent *entry;
    int error = dir ? 0 : errno;

    while (dir && !error && (entry = readdir(dir)))
        if (entry->d_name[0] != '.' && sync_file(f->fd, entry->d_name, 0) < 0 &&
            errno != ENOENT) /* it has gone meanwhile */
            error = errno;
    if (dir)
        closedir(dir);
    if (!error && fsync(f->fd) < 0)
        error = errno;
    errno = error;
    return error ? -1 : 0;
}

static int overwrite(void *self, const char *name, size_t at, const void *data, size_t len)
{
    Folder *f = self;
    int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, f->mode);

    if (fd < 0)
        return -1;
    ssize_t written = pwrite(fd, data, len, (off_t)at);
    int error = written < 0 ? errno : (size_t)written < len ? ENOSPC : 0;
    if (!error && fdatasync(fd) < 0)
        error = errno;
    close(fd);
    if (!error && !f->anchored && anchor(f) < 0)
        error = errno;
    errno = error;
    return error ? -1 : 0;
}

/* ---- open ---- */

static const StoreCalls calls = {
    .name = "folder",
    .put = put,
    .duplicate = duplicate,
    .overwrite = overwrite,
    .read = read_file,
    .size = size_of,
    .remove = remove_file,
    .list = list,
    .sync_names = sync_names,
    .sync_all = sync_all,
    .discard = discard,
    .close = close_folder,
};

/* Returns NULL with errno. */
static Store *open_as(const char *directory, const char *stream, const Clock *clock, mode_t mode)
{
    char path[4096];
    Folder *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    if (snprintf(path, sizeof(path), "%s/%s", directory, stream) >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        goto fail;
    }
    f->mode = mode & ~(mode_t)0111;
    f->made = mkdir(path, mode) == 0;
    if (!f->made && errno != EEXIST)
        goto fail;
    f->path = strdup(path);
    f->fd = f->path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (f->fd < 0)
        goto fail;
    return store_of(&calls, f, clock);
fail:
    free(f->path);
    free(f);
    return NULL;
}

Store *folder_open(const char *directory, const char *stream, const Clock *clock)
{
    return open_as(directory, stream, clock, 0755);
}

Store *folder_open_secret(const char *directory, const char *stream, const Clock *clock)
{
    return open_as(directory, stream, clock, 0750);
}
