/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_TEMP_FOLDER_H
#define UNIT_TEMP_FOLDER_H

/* A folder for what writes files. It is in memory where the machine has room for files there: to
 * make and remove thousands of them takes a disk longer than the test itself. */

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

/* Removes it, and what is in it. */
static inline void temp_folder_remove(const char *path)
{
    char command[TEMP_FOLDER_SIZE + 8];

    snprintf(command, sizeof(command), "rm -rf %s", path);
    assert_int_equal(system(command), 0);
}

#endif
