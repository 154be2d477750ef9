/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file_store.h"

#include <stdlib.h>
#include <string.h>

StoredFile *file_store_find(const FileStore *store, const char *uri)
{
    StoredFile *f = store->first;

    while (f && strcmp(f->uri, uri) != 0)
        f = f->next;
    return f;
}

StoredFile *file_store_add(FileStore *store, const char *uri, void *owner)
{
    StoredFile *f = calloc(1, sizeof(*f));

    if (!f || !(f->uri = strdup(uri))) {
        free(f);
        return NULL;
    }
    f->owner = owner;
    f->next = store->first;
    store->first = f;
    return f;
}

static void free_file(StoredFile *f)
{
    free(f->uri);
    free(f->bytes.data);
    free(f);
}

void file_store_drop(FileStore *store, StoredFile *file)
{
    StoredFile **link = &store->first;

    if (!file || file->state == FILE_ASKED)
        return;
    while (*link != file)
        link = &(*link)->next;
    *link = file->next;
    free_file(file);
}

void file_store_clear(FileStore *store)
{
    while (store->first) {
        StoredFile *f = store->first;
        store->first = f->next;
        free_file(f);
    }
}
