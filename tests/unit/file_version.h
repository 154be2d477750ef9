/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_FILE_VERSION_H
#define UNIT_FILE_VERSION_H

/* Whether a file is still the one that was read last: the bridge replaces a list, and never writes
 * over it. */

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file that was read last. It is held open: else the disk may give its inode number to a later
 * file of the same size and time. Zero at first. */
typedef struct FileVersion {
    int fd; /* 0: none */
} FileVersion;

static inline void file_version_forget(FileVersion *version)
{
    if (version->fd > 0)
        close(version->fd);
    version->fd = 0;
}

/* Whether another file stands at `path`, which is what `version` has from now on. False if there is
 * none. */
static inline bool file_is_replaced(const char *path, FileVersion *version)
{
    struct stat before, now;

    if (stat(path, &now) != 0)
        return false;
    if (version->fd > 0 && fstat(version->fd, &before) == 0 && before.st_ino == now.st_ino)
        return false;
    file_version_forget(version);
    version->fd = open(path, O_RDONLY | O_CLOEXEC);
    return true;
}

#endif
