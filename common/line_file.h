/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LINE_FILE_H
#define LINE_FILE_H

/* Lines at the end of a file. One that would grow beyond its bound is renamed to PATH.old, or
 * another suffix, in place of the one before.
 *
 * Thread-safety: a LineFile belongs to one thread, or its owner has a lock. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Filled in by line_file_init(). */
typedef struct LineFile {
    char *path, *old;
    int64_t bytes; /* that it may have; 0: any number */
    mode_t mode;   /* of a new one */
    int fd;        /* below 0: it is not open */
} LineFile;

/* `path` and `suffix` are copied. The file need not exist, nor its folder: that shows with the
 * first line. Returns false if there is no memory. */
bool line_file_init(LineFile *file, const char *path, const char *suffix, int64_t bytes,
                    mode_t mode);

/* Opens it, if it is not. Returns its length, or -1 with errno. */
int64_t line_file_open(LineFile *file);

/* Adds a line, or nothing; `text` has no end of line. Returns 0, or -1 with errno. */
int line_file_add(LineFile *file, const char *text, size_t len);

/* What was added survives a power cut. Returns 0, or -1 with errno. */
int line_file_sync(LineFile *file);

/* The next line opens it again, which may be another file then. */
void line_file_close(LineFile *file);

void line_file_free(LineFile *file);

#endif
