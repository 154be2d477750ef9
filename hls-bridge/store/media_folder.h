/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEDIA_FOLDER_H
#define MEDIA_FOLDER_H

/* One stream's folder: files appear whole, by rename, and those that no playlist names any more are
 * removed when nobody can want them.
 *
 * Thread-safety: one thread. */

#include "base/clock.h"
#include "base/histogram.h"
#include "base/output_bound.h"

#include <sys/types.h>

#define MEDIA_NAME_SIZE 80 /* of a file, its end included */

typedef struct MediaFolder MediaFolder;

/* Opens the folder of `stream`, a valid stream name, in `directory`, which exists; it is made if
 * need be. "." is the directory itself. `clock`, borrowed, tells how long writes take. Returns NULL
 * with errno. */
MediaFolder *media_folder_open(const char *directory, const char *stream, const Clock *clock);

/* What is still to be removed stays. Accepts NULL, leaves NULL. */
void media_folder_close(MediaFolder **folder);

/* Removes the folder again, where opening it has made it and there is nothing in it: then nothing
 * can be written any more. */
void media_folder_discard(MediaFolder *folder);

/* Puts a file in its place, whole. Returns 0, or -1 with errno: then nothing has changed. */
int media_folder_write(MediaFolder *folder, const char *name, const void *data, size_t len);

/* Files of media are counted against `bound` from now on; borrowed. */
void media_folder_limit(MediaFolder *folder, OutputBound *bound);

/* As media_folder_write(), for a file of media. Where the bound takes no more of them it fails with
 * EDQUOT. */
int media_folder_add(MediaFolder *folder, const char *name, const void *data, size_t len);

/* As media_folder_write() and media_folder_add(), and what the file holds survives a power cut; for
 * its name see media_folder_sync_names(). */
int media_folder_write_through(MediaFolder *folder, const char *name, const void *data, size_t len);
int media_folder_add_through(MediaFolder *folder, const char *name, const void *data, size_t len);

/* The names of files survive a power cut as they are now. Returns 0, or -1 with errno. */
int media_folder_sync_names(MediaFolder *folder);

/* Everything in the folder survives one, but for files whose names begin with a dot. Returns 0, or
 * -1 with errno. */
int media_folder_sync_all(MediaFolder *folder);

/* Writes part of a file in its place; what it held there may be lost by a power cut meanwhile. It
 * is made if need be. When this returns 0 it survives a power cut, with the folder it is in; else
 * -1 with errno. */
int media_folder_overwrite(MediaFolder *folder, const char *name, size_t at, const void *data,
                           size_t len);

/* How long writes have taken. */
const Histogram *media_folder_writes(const MediaFolder *folder);

/* Reads up to `size` bytes of a file. Returns how many, or -1 with errno: ENOENT where there is no
 * such file, anything else where it may be there. */
ssize_t media_folder_read(const MediaFolder *folder, const char *name, void *data, size_t size);

bool media_folder_has(const MediaFolder *folder, const char *name);

/* The length of a file, or -1 where there is none. */
int64_t media_folder_size(const MediaFolder *folder, const char *name);

void media_folder_remove(MediaFolder *folder, const char *name);

/* Removes a file at `at_us`; where there is no memory to note it, the next run does. */
void media_folder_remove_later(MediaFolder *folder, const char *name, int64_t at_us);

/* Removes at `at_us` all files whose name ends with `suffix`, but for those that are `wanted`;
 * NULL: none is. */
void media_folder_remove_all_later(MediaFolder *folder, const char *suffix,
                                   bool (*wanted)(void *user, const char *name), void *user,
                                   int64_t at_us);

/* Removes what may go by `now_us`. Returns when something next may, NEVER_US: nothing. */
int64_t media_folder_expire(MediaFolder *folder, int64_t now_us);

#endif
