/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LEFT_FILES_H
#define LEFT_FILES_H

/* Files that have left a playlist and must still be there for a while (RFC 8216 section 6.2.2):
 * each is given back once, shortly before it may go.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include <stddef.h>
#include <stdint.h>

#define LEFT_FILES_MAX 4096 /* more are not kept: hours of segments, minutes of parts */

typedef struct LeftFile {
    char *uri;
    int64_t until_us;
} LeftFile;

/* Zero-initialise, but for the margin. */
typedef struct LeftFiles {
    int64_t margin_us; /* a file is due so much before it may go */
    size_t count;
    LeftFile file[LEFT_FILES_MAX];
    char *given; /* the URI that was given back last */
} LeftFiles;

/* A file that must be there until `until_us` (monotonic). `uri` is copied. */
void left_files_add(LeftFiles *files, const char *uri, int64_t until_us);

/* One that is due: its URI, borrowed until the next call, and until when it must be there; or NULL.
 * Those whose time was missed are dropped: they may be gone by now. */
const char *left_files_due(LeftFiles *files, int64_t now_us, int64_t *until_us);

/* Frees all. */
void left_files_clear(LeftFiles *files);

#endif
