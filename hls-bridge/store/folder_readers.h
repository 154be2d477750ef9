/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FOLDER_READERS_H
#define FOLDER_READERS_H

/* Tells which files of some folders are being read, by whatever serves them: the kernel says so
 * (inotify) each time that somebody closes a file that was open for reading alone. A web server
 * needs no setting for it, and cannot be held up by it. What writes files is not seen, nor is a
 * server on another machine, for which the folder is a network's.
 *
 * One object serves all streams, since an inotify instance is scarce (128 of a user). The kernel
 * keeps 16384 events at most and drops what is beyond; events that repeat the last are one.
 *
 * Thread-safety: any thread may call every function but create and destroy. One lock, held while a
 * FolderRead is called: that must not call any function here. */

#include <stdint.h>

typedef struct FolderReaders FolderReaders;
typedef struct FolderWatch FolderWatch;

/* A file of the folder was read, by the time of the look. Any thread that looks calls it. */
typedef void (*FolderRead)(void *user, const char *file, int64_t now_us);

/* Returns NULL with errno. */
FolderReaders *folder_readers_create(void);

/* Nothing is watched any more. Accepts NULL, leaves NULL. */
void folder_readers_destroy(FolderReaders **readers);

/* Watches a folder, which is none that is watched already. Returns NULL with errno. */
FolderWatch *folder_readers_watch(FolderReaders *readers, const char *path, FolderRead read,
                                  void *user);

/* `read` is not called any more. Accepts NULL, leaves NULL. */
void folder_readers_leave(FolderReaders *readers, FolderWatch **watch);

/* Tells what was read since the last look, of all folders; of a flood only so much at once. */
void folder_readers_look(FolderReaders *readers, int64_t now_us);

/* How often the kernel has dropped events. */
uint64_t folder_readers_lost(FolderReaders *readers);

#endif
