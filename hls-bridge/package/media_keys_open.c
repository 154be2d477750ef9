/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/media_keys_inner.h"

#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bridge_log.h"
#include "store/folder.h"

bool media_keys_are_left(const char *directory, const char *stream)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof(path), "%s/%s", directory, stream) < (int)sizeof(path) &&
           access(path, F_OK) == 0;
}

/* Reads the file of a key that this is. Returns false if it is none. */
static bool read_bytes(const MediaKeys *k, const char *name, MediaKey *key)
{
    return store_read(k->folder, name, key->key, sizeof(key->key)) == sizeof(key->key) &&
           store_size(k->folder, name) == MEDIA_KEY_SIZE;
}

/* The same of what a key server has answered; the caller frees `cpix`. */
static bool read_document(const MediaKeys *k, const char *name, MediaKey *key, CpixKey **cpix)
{
    char *text = malloc(CPIX_BYTES_MAX);
    *cpix = malloc(sizeof(**cpix));
    ssize_t len = text && *cpix ? store_read(k->folder, name, text, CPIX_BYTES_MAX) : -1;
    bool good = len > 0 && cpix_document_read(text, (size_t)len, key->id, *cpix) == NULL;

    if (good)
        memcpy(key->key, (*cpix)->key, sizeof(key->key));
    if (text)
        OPENSSL_cleanse(text, CPIX_BYTES_MAX);
    free(text);
    if (good)
        return true;
    free(*cpix);
    *cpix = NULL;
    return false;
}

static void add_former(void *user, const char *name)
{
    MediaKeys *k = user;
    MediaKey key;
    CpixKey *cpix = NULL;

    if (!media_key_read_name(name, &key))
        return;
    bool good = key.is_document ? read_document(k, name, &key, &cpix) : read_bytes(k, name, &key);
    if (!good || !media_keys_add(k, &key, cpix))
        log_error("%s: %s cannot be taken up: what it is for cannot be decrypted", k->params.stream,
                  name);
    OPENSSL_cleanse(&key, sizeof(key));
}

/* As the stores list names. */
static bool want_all(void *user, const char *name)
{
    add_former(user, name);
    return true;
}

/* Returns false if there is no memory. */
static bool begin_to_ask(MediaKeys *k)
{
    const MediaEncryption *how = &k->params.encryption;

    if (!how->source || how->cipher != MEDIA_CBCS)
        return true;
    k->asked = asked_key_create(how->source, k->params.stream);
    return k->asked;
}

MediaKeys *media_keys_open(const MediaKeysParams *params)
{
    MediaKeys *k = calloc(1, sizeof(*k));

    if (!k)
        return NULL;
    k->params = *params;
    for (int i = 0; i < NUMBER_SERIES; i++)
        k->due[i].first_msn = -1;
    k->asked_msn = -1;
    k->folder = folder_open_secret(params->encryption.directory, params->stream, params->clock);
    if (!k->folder || !begin_to_ask(k)) {
        int error = errno;
        media_keys_close(&k);
        errno = error;
        return NULL;
    }
    store_remove_all_at(k->folder, MEDIA_KEY_SUFFIX, want_all, k, NEVER_US);
    store_remove_all_at(k->folder, MEDIA_KEY_DOCUMENT, want_all, k, NEVER_US);
    if (k->asked && k->count == 0)
        asked_key_ask(k->asked); /* the first segment begins within a second */
    return k;
}

void media_keys_close(MediaKeys **keys)
{
    MediaKeys *k = *keys;
    char path[PATH_MAX];

    if (!k)
        return;
    for (size_t i = 0; i < k->count; i++)
        media_keys_wipe(k->kept[i]);
    free(k->kept);
    asked_key_destroy(&k->asked);
    store_close(&k->folder);
    if (k->count == 0 && snprintf(path, sizeof(path), "%s/%s", k->params.encryption.directory,
                                  k->params.stream) < (int)sizeof(path))
        rmdir(path); /* it fails if something is in it */
    OPENSSL_cleanse(k->due, sizeof(k->due));
    free(k);
    *keys = NULL;
}

void media_keys_forget(const char *directory, const char *stream, const Clock *clock)
{
    const MediaKeysParams params = {
        .encryption = {.directory = directory}, .stream = stream, .clock = clock};

    if (!media_keys_are_left(directory, stream))
        return;
    MediaKeys *k = media_keys_open(&params);
    for (int series = 0; series < NUMBER_SERIES; series++)
        media_keys_clear(k, (NumberSeries)series);
    media_keys_close(&k);
}
