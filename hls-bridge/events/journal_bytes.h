/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef JOURNAL_BYTES_H
#define JOURNAL_BYTES_H

/* How an event_journal.c opens and writes its files. Each returns 0, or -1 with errno.
 *
 * Thread-safety: none needed, there is no state. */

#include <stddef.h>
#include <stdint.h>

/* Opens a file to read and write, with what open(2) has of more flags. Returns its descriptor. */
int journal_open(const char *path, int flags);

/* The same of one that is made if it is missing, and is locked; EBUSY: by another process. */
int journal_open_locked(const char *path);

/* Writes all, or says ENOSPC: then a part of it may be there. */
int journal_write(int fd, const void *bytes, size_t len, int64_t at);

/* Writes all behind the end, which is at `at`; on failure it cuts off what is there of it. */
int journal_append(int fd, const void *bytes, size_t len, int64_t at);

/* Writes the head of a file of a new generation. Returns its length, or 0 with errno. */
size_t journal_write_head(int fd, uint64_t *generation);

/* Copies what is from `at` to `end` to another file; EIO: it is shorter. */
int journal_copy(int from, int64_t at, int64_t end, int to, int64_t to_at);

/* The name of the file at `path` survives a power cut from now on. */
int journal_sync_folder(const char *path);

#endif
