/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILE_STORE_H
#define FILE_STORE_H

/* The files of a rendition that were asked for and are still needed.
 *
 * Thread-safety: one thread. */

#include <stdbool.h>

#include "media_worker.h"

typedef enum FileState { FILE_ASKED, FILE_HERE, FILE_FAILED } FileState;

typedef struct StoredFile {
    char *uri;
    FileState state;
    bool hinted;          /* asked for before it was listed */
    int64_t until_us;     /* it must be there, by the last version that named it (monotonic) */
    size_t multi_version; /* of the multivariant playlist: the newest when it was asked for */
    MediaBytes bytes;
    void *owner; /* the owner's pointer; the store does not use it */
    struct StoredFile *next;
} StoredFile;

typedef struct FileStore {
    StoredFile *first;
} FileStore;

/* The file of this name, or NULL. */
StoredFile *file_store_find(const FileStore *store, const char *uri);

/* Adds a file that was asked for; NULL if there is no memory. */
StoredFile *file_store_add(FileStore *store, const char *uri, void *owner);

/* Frees it, unless it is still asked for. `file` NULL: nothing. */
void file_store_drop(FileStore *store, StoredFile *file);

/* Frees all: nothing is asked for any more. */
void file_store_clear(FileStore *store);

#endif
