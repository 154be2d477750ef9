/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_TEMP_FILE_H
#define UNIT_TEMP_FILE_H

/* A file for a reader of files. */

#include <stdlib.h>

#include "harness.h"

#define TEMP_FILE_SIZE 64 /* bytes that hold its path */

/* Writes `text` to a new file and its path to `path`; the caller unlinks it. */
static inline void temp_file(char path[TEMP_FILE_SIZE], const char *text)
{
    snprintf(path, TEMP_FILE_SIZE, "/tmp/janus-hls-test-XXXXXX");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

#endif
