/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_TEMP_FOLDER_H
#define UNIT_TEMP_FOLDER_H

/* A folder for what writes files. It is in memory where the machine has room for files there: to
 * make and remove thousands of them takes a disk longer than the test itself. */

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"

#define TEMP_FOLDER_SIZE 40 /* bytes that hold its path */

/* Makes an empty folder and writes its path to `path`. */
static inline void temp_folder(char path[TEMP_FOLDER_SIZE])
{
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    snprintf(path, TEMP_FOLDER_SIZE, "%s/janus-hls-test-XXXXXX", where);
    assert_non_null(mkdtemp(path));
}

static inline int temp_folder_remove_entry(const char *path, const struct stat *status, int type,
                                           struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1; /* who still runs may remove it, too */
}

/* Removes it, and what is in it, if it is there. To fork a program with sanitizers for it would
 * take longer than some tests. */
static inline void temp_folder_remove(const char *path)
{
    int status = nftw(path, temp_folder_remove_entry, 8, FTW_DEPTH | FTW_PHYS);

    assert_true(status == 0 || errno == ENOENT);
}

#endif
