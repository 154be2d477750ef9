/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OUTPUT_FILES_H
#define OUTPUT_FILES_H

/* What all outputs of a stream share: its store, which is a folder, the log of the numbers that
 * viewers have seen, and the keys that media is encrypted with.
 *
 * Thread-safety: one thread, the stream's. */

#include "base/clock.h"
#include "base/histogram.h"
#include "base/output_bound.h"
#include "package/media_keys.h"

/* A web server gives nothing of a folder that has this file, but to who has a playback token. */
#define PROTECTED_FILE "protected"

typedef struct OutputFiles {
    struct Store *folder;
    struct NumberLog *numbers;
    bool protected;         /* the folder has PROTECTED_FILE; read it alone */
    struct MediaKeys *keys; /* NULL: nothing is encrypted, nor was anything by an earlier run */
} OutputFiles;

typedef struct OutputFilesParams {
    const char *directory;      /* of all streams; exists; borrowed for the call */
    const char *stream;         /* a valid stream name; this and what follows is borrowed */
    OutputBound *bound;         /* files of media count against it */
    MediaEncryption encryption; /* of media */
    const Clock *clock;
} OutputFilesParams;

/* Opens the stream's folder. Returns 0, or -1 with errno; close it in either case. */
int output_files_open(OutputFiles *files, const OutputFilesParams *params);

/* Closes it, and writes nothing. It may be called again. */
void output_files_close(OutputFiles *files);

/* Syncs all that is listed in the folder, so that it survives a power cut, until something new is
 * listed. If the disk refuses, it will not be taken up after one. */
void output_files_settle(OutputFiles *files);

/* Protects the folder, or opens it to everybody. The one survives a power cut, and whatever was
 * published after it, too. Returns 0, or -1 with errno: then it is as it was. */
int output_files_protect(OutputFiles *files, bool on);

/* As store_expire(). */
int64_t output_files_expire(OutputFiles *files, int64_t now_us);

/* How long files took to put. */
const Histogram *output_files_writes(const OutputFiles *files);

/* As store_discard(). */
void output_files_discard(OutputFiles *files);

#endif
