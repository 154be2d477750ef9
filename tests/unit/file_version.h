/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_FILE_VERSION_H
#define UNIT_FILE_VERSION_H

/* Whether a file is still the one that was read last: the bridge replaces a list, and never writes
 * over it. */

#include <stdbool.h>
#include <sys/stat.h>

/* Whether another file stands at `path` than `before`, zero at first, which is what stands there
 * from now on. False if there is none. */
static inline bool file_is_replaced(const char *path, struct stat *before)
{
    struct stat now;

    if (stat(path, &now) != 0)
        return false;
    bool same = before->st_ino == now.st_ino && before->st_size == now.st_size &&
                before->st_mtim.tv_sec == now.st_mtim.tv_sec &&
                before->st_mtim.tv_nsec == now.st_mtim.tv_nsec;
    *before = now;
    return !same;
}

#endif
