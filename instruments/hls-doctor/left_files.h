/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LEFT_FILES_H
#define LEFT_FILES_H

/* Files that have left a playlist and must still be there for a while (RFC 8216 section 6.2.2):
 * each is given back once, shortly before it may go.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include <stddef.h>
#include <stdint.h>

#include "findings.h"
#include "m3u8.h"

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

/* How long a segment must be there after a list of `list_us` that names it was there for the last
 * time. Section 6.2.2 has the longest such list; who does not know it takes the newest one, which
 * makes no fault of what may be gone. */
int64_t left_files_stay_us(const M3u8Segment *segment, int64_t list_us);

/* A file that has left a list was not there before its time was over: a fault. `status` 0: there
 * was no answer, so it may be there. */
void left_files_missing(Findings *findings, const char *uri, long status);

/* A file was not there when its time was over: a remark, since nobody can tell what was before. */
void left_files_too_late(Findings *findings, const char *uri, long status);

/* Frees all. */
void left_files_clear(LeftFiles *files);

#endif
