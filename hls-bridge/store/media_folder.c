/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/media_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY ".new" /* nginx serves no dot files */

/* A file that is not wanted for ever. */
typedef struct Outdated {
    char name[MEDIA_NAME_SIZE];
    int64_t remove_at_us;
} Outdated;

struct MediaFolder {
    int fd;
    char *path;
    bool made;     /* by us */
    bool anchored; /* its own name, and that of what was written in place, survive a power cut */
    Outdated *outdated;
    size_t outdated_count, outdated_capacity;
    int64_t next_us;    /* when the first of them may go */
    const Clock *clock; /* borrowed */
    Histogram writes;
    OutputBound *bound; /* borrowed; NULL: none */
};

MediaFolder *media_folder_open(const char *directory, const char *stream, const Clock *clock)
{
    char path[4096];
    MediaFolder *f = calloc(1, sizeof(*f));

    if (!f)
        return NULL;
    f->clock = clock;
    f->next_us = NEVER_US;
    f->writes.bounds = &histogram_of_writes;
    if (snprintf(path, sizeof(path), "%s/%s", directory, stream) >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        goto fail;
    }
    f->made = mkdir(path, 0755) == 0;
    if (!f->made && errno != EEXIST)
        goto fail;
    f->path = strdup(path);
    f->fd = f->path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (f->fd < 0)
        goto fail;
    return f;
fail:
    free(f->path);
    free(f);
    return NULL;
}

void media_folder_close(MediaFolder **folder)
{
    if (!*folder)
        return;
    close((*folder)->fd);
    free((*folder)->outdated);
    free((*folder)->path);
    free(*folder);
    *folder = NULL;
}

void media_folder_discard(MediaFolder *f)
{
    if (f->made)
        rmdir(f->path);
}

/* Returns NULL with errno. */
static DIR *open_listing(const MediaFolder *f)
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

static int put_in_place(MediaFolder *f, const char *name, const void *data, size_t len, bool sync)
{
    int fd = openat(f->fd, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    int error;

    if (fd < 0)
        return -1;
    if (write_all(fd, data, len) < 0 || (sync && fdatasync(fd) < 0))
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

static int put(MediaFolder *f, const char *name, const void *data, size_t len, bool sync)
{
    int64_t began_us = clock_monotonic_us(f->clock);
    int status = put_in_place(f, name, data, len, sync), error = errno;

    histogram_add(&f->writes, clock_monotonic_us(f->clock) - began_us);
    errno = error;
    return status;
}

int media_folder_write(MediaFolder *f, const char *name, const void *data, size_t len)
{
    return put(f, name, data, len, false);
}

int media_folder_write_through(MediaFolder *f, const char *name, const void *data, size_t len)
{
    return put(f, name, data, len, true);
}

void media_folder_limit(MediaFolder *f, OutputBound *bound)
{
    f->bound = bound;
}

/* Returns 0, or -1 with errno. */
static int count_file(MediaFolder *f)
{
    if (!f->bound || output_bound_takes_file(f->bound))
        return 0;
    errno = EDQUOT;
    return -1;
}

int media_folder_add(MediaFolder *f, const char *name, const void *data, size_t len)
{
    return count_file(f) < 0 ? -1 : put(f, name, data, len, false);
}

int media_folder_add_through(MediaFolder *f, const char *name, const void *data, size_t len)
{
    return count_file(f) < 0 ? -1 : put(f, name, data, len, true);
}

/* ---- what survives a power cut ---- */

int media_folder_sync_names(MediaFolder *f)
{
    return fsync(f->fd);
}

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

int media_folder_sync_all(MediaFolder *f)
{
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

int media_folder_overwrite(MediaFolder *f, const char *name, size_t at, const void *data,
                           size_t len)
{
    int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    if (fd < 0)
        return -1;
    ssize_t written = pwrite(fd, data, len, (off_t)at);
    int error = written < 0 ? errno : (size_t)written < len ? ENOSPC : 0;
    if (!error && fdatasync(fd) < 0)
        error = errno;
    close(fd);
    if (!error && !f->anchored && (fsync(f->fd) < 0 || sync_file(f->fd, "..", O_DIRECTORY) < 0))
        error = errno;
    f->anchored = f->anchored || !error;
    errno = error;
    return error ? -1 : 0;
}

const Histogram *media_folder_writes(const MediaFolder *f)
{
    return &f->writes;
}

ssize_t media_folder_read(const MediaFolder *f, const char *name, void *data, size_t size)
{
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

bool media_folder_has(const MediaFolder *f, const char *name)
{
    return faccessat(f->fd, name, R_OK, 0) == 0;
}

int64_t media_folder_size(const MediaFolder *f, const char *name)
{
    struct stat status;

    return fstatat(f->fd, name, &status, 0) == 0 ? status.st_size : -1;
}

void media_folder_remove(MediaFolder *f, const char *name)
{
    unlinkat(f->fd, name, 0);
}

/* ---- what is removed later ---- */

void media_folder_remove_later(MediaFolder *f, const char *name, int64_t at_us)
{
    if (f->outdated_count == f->outdated_capacity) {
        size_t capacity = f->outdated_capacity ? f->outdated_capacity * 2 : 16;
        Outdated *grown = realloc(f->outdated, capacity * sizeof(*grown));
        if (!grown)
            return;
        f->outdated = grown;
        f->outdated_capacity = capacity;
    }
    Outdated *o = &f->outdated[f->outdated_count++];
    snprintf(o->name, sizeof(o->name), "%s", name);
    o->remove_at_us = at_us;
    f->next_us = at_us < f->next_us ? at_us : f->next_us;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);

    return n > m && strcmp(name + n - m, suffix) == 0;
}

void media_folder_remove_all_later(MediaFolder *f, const char *suffix,
                                   bool (*wanted)(void *user, const char *name), void *user,
                                   int64_t at_us)
{
    DIR *dir = open_listing(f);
    struct dirent *entry;

    if (!dir)
        return;
    while ((entry = readdir(dir)))
        if (has_suffix(entry->d_name, suffix) && strlen(entry->d_name) < MEDIA_NAME_SIZE &&
            !(wanted && wanted(user, entry->d_name)))
            media_folder_remove_later(f, entry->d_name, at_us);
    closedir(dir);
}

int64_t media_folder_expire(MediaFolder *f, int64_t now_us)
{
    size_t kept = 0;

    if (now_us < f->next_us)
        return f->next_us;
    f->next_us = NEVER_US;
    for (size_t i = 0; i < f->outdated_count; i++) {
        const Outdated *o = &f->outdated[i];
        if (o->remove_at_us <= now_us) {
            unlinkat(f->fd, o->name, 0);
            continue;
        }
        f->next_us = o->remove_at_us < f->next_us ? o->remove_at_us : f->next_us;
        if (kept != i)
            f->outdated[kept] = *o;
        kept++;
    }
    f->outdated_count = kept;
    return f->next_us;
}
