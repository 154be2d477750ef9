/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/media_keys.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bridge_log.h"
#include "store/folder.h"

/* Whoever has just got the last segment that needs a key may still ask for it. */
#define STAYS_US (60 * US_PER_S)

typedef struct KeptKey {
    MediaKey key;
    int64_t remove_at_us; /* NEVER_US: it is needed */
} KeptKey;

struct MediaKeys {
    MediaKeysParams params;
    Store *folder;
    KeptKey **kept; /* owned, and each of them: lists point at keys; in no order */
    size_t count, capacity;
    MediaKey due[NUMBER_SERIES]; /* that could not be written yet; first_msn -1: none */
    bool failing;                /* said in the log */
};

/* ---- what there is ---- */

static MediaCipher cipher_of(MediaCipher cipher, NumberSeries series)
{
    return cipher != MEDIA_CLEAR && series == NUMBERS_TS ? MEDIA_AES_128 : cipher;
}

MediaCipher media_keys_cipher(const MediaKeys *k, NumberSeries series)
{
    return k ? cipher_of(k->params.encryption.cipher, series) : MEDIA_CLEAR;
}

/* Adds a key that is on disk. Returns it, or NULL if there is no memory. */
static const MediaKey *keep(MediaKeys *k, const MediaKey *key)
{
    if (k->count == k->capacity) {
        size_t capacity = k->capacity ? k->capacity * 2 : 8;
        KeptKey **grown = realloc(k->kept, capacity * sizeof(*grown));
        if (!grown)
            return NULL;
        k->kept = grown;
        k->capacity = capacity;
    }
    KeptKey *added = malloc(sizeof(*added));
    if (!added)
        return NULL;
    *added = (KeptKey){*key, NEVER_US};
    added->key.cipher = cipher_of(k->params.encryption.cipher, key->series);
    media_key_write_uri(&added->key, k->params.encryption.uri, k->params.stream, added->key.uri);
    k->kept[k->count++] = added;
    return &added->key;
}

static void wipe(KeptKey *kept)
{
    OPENSSL_cleanse(kept, sizeof(*kept));
    free(kept);
}

const MediaKey *media_keys_find(const MediaKeys *k, NumberSeries series, int64_t msn)
{
    const MediaKey *found = NULL;

    for (size_t i = 0; k && i < k->count; i++) {
        const MediaKey *key = &k->kept[i]->key;
        if (key->series == series && key->first_msn <= msn &&
            (!found || key->first_msn > found->first_msn))
            found = key;
    }
    return found;
}

/* Where the next key of its series begins; INT64_MAX: there is none. */
static int64_t end_of(const MediaKeys *k, const MediaKey *key)
{
    int64_t end = INT64_MAX;

    for (size_t i = 0; i < k->count; i++) {
        const MediaKey *other = &k->kept[i]->key;
        if (other->series == key->series && other->first_msn > key->first_msn)
            end = smaller(end, other->first_msn);
    }
    return end;
}

/* Whether there is a key at this address, which is `len` characters long. */
static bool has_uri(const MediaKeys *k, const char *uri, size_t len)
{
    for (size_t i = 0; k && i < k->count; i++)
        if (strlen(k->kept[i]->key.uri) == len && memcmp(k->kept[i]->key.uri, uri, len) == 0)
            return true;
    return false;
}

bool media_keys_have_all(const MediaKeys *k, const char *text)
{
    static const char tag[] = "\n#EXT-X-KEY:METHOD=", attribute[] = ",URI=\"";

    for (const char *at = text; (at = strstr(at, tag)); at++) {
        const char *end = strchr(at + 1, '\n'), *uri = strstr(at, attribute);
        if (!uri || !end || uri > end)
            continue; /* METHOD=NONE */
        uri += sizeof(attribute) - 1;
        if (!has_uri(k, uri, strcspn(uri, "\"")))
            return false;
    }
    return true;
}

/* ---- open and close ---- */

bool media_keys_are_left(const char *directory, const char *stream)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof(path), "%s/%s", directory, stream) < (int)sizeof(path) &&
           access(path, F_OK) == 0;
}

static void add_former(void *user, const char *name)
{
    MediaKeys *k = user;
    MediaKey key = {0};

    if (!media_key_read_name(name, &key))
        return;
    if (store_read(k->folder, name, key.key, sizeof(key.key)) != sizeof(key.key) ||
        store_size(k->folder, name) != MEDIA_KEY_SIZE || !keep(k, &key))
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

MediaKeys *media_keys_open(const MediaKeysParams *params)
{
    MediaKeys *k = calloc(1, sizeof(*k));

    if (!k)
        return NULL;
    k->params = *params;
    for (int i = 0; i < NUMBER_SERIES; i++)
        k->due[i].first_msn = -1;
    k->folder = folder_open_secret(params->encryption.directory, params->stream, params->clock);
    if (!k->folder) {
        int error = errno;
        free(k);
        errno = error;
        return NULL;
    }
    store_remove_all_at(k->folder, MEDIA_KEY_SUFFIX, want_all, k, NEVER_US);
    return k;
}

void media_keys_close(MediaKeys **keys)
{
    MediaKeys *k = *keys;
    char path[PATH_MAX];

    if (!k)
        return;
    for (size_t i = 0; i < k->count; i++)
        wipe(k->kept[i]);
    free(k->kept);
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

/* ---- a new key ---- */

/* Returns 0, or -1 with errno. */
static int make(MediaKey *key, NumberSeries series, int64_t msn)
{
    *key = (MediaKey){.series = series, .first_msn = msn};
    if (RAND_bytes(key->id, sizeof(key->id)) != 1 || RAND_bytes(key->key, sizeof(key->key)) != 1) {
        key->first_msn = -1;
        errno = EIO;
        return -1;
    }
    key->id[6] = (uint8_t)((key->id[6] & 0x0f) | 0x40); /* a UUID of random bits: RFC 9562, 5.4 */
    key->id[8] = (uint8_t)((key->id[8] & 0x3f) | 0x80);
    return 0;
}

/* Whether it was written: says in the log if none can be, and if they can again. Returns `good`. */
static bool note_write(MediaKeys *k, bool good)
{
    if (!good && !k->failing)
        log_error("%s: a key cannot be written: %s; viewers lack what it is for, the next is tried",
                  k->params.stream, strerror(errno));
    if (good && k->failing)
        log_info("%s: keys can be written again", k->params.stream);
    k->failing = !good;
    return good;
}

/* Writes a key through. One that fails is tried again with the same bytes: after a power cut its
 * file may be there all the same. */
static const MediaKey *write_new(MediaKeys *k, NumberSeries series, int64_t msn)
{
    MediaKey *due = &k->due[series];
    char name[STORE_NAME_SIZE];

    if (due->first_msn != msn && make(due, series, msn) < 0)
        return NULL;
    media_key_write_name(due, name);
    if (!note_write(k, store_put(k->folder, name, due->key, MEDIA_KEY_SIZE, STORE_THROUGH) == 0 &&
                           store_sync_names(k->folder) == 0))
        return NULL;
    const MediaKey *key = keep(k, due);
    if (!key) {
        errno = ENOMEM;
        return NULL;
    }
    OPENSSL_cleanse(due, sizeof(*due));
    due->first_msn = -1;
    return key;
}

const MediaKey *media_keys_take(MediaKeys *k, NumberSeries series, int64_t msn)
{
    const MediaKey *key = media_keys_find(k, series, msn);
    const MediaEncryption *how = &k->params.encryption;
    int64_t rotate = media_keys_cipher(k, series) == MEDIA_CBCS ? how->rotate_samples : how->rotate;

    if (key && (end_of(k, key) != INT64_MAX || rotate == 0 || msn - key->first_msn < rotate))
        return key;
    return write_new(k, series, msn);
}

/* ---- what goes ---- */

static bool is_needed(const MediaKeys *k, const MediaKey *key, const MediaKeyNeed *need,
                      size_t needs)
{
    int64_t end = end_of(k, key);

    for (size_t i = 0; i < needs; i++)
        if (need[i].first < need[i].next && need[i].first < end && key->first_msn < need[i].next)
            return true;
    return end == INT64_MAX;
}

void media_keys_keep(MediaKeys *k, NumberSeries series, const MediaKeyNeed *need, size_t needs,
                     int64_t at_us)
{
    for (size_t i = 0; k && i < k->count; i++) {
        KeptKey *kept = k->kept[i];
        if (kept->key.series == series && kept->remove_at_us == NEVER_US &&
            !is_needed(k, &kept->key, need, needs))
            kept->remove_at_us = at_us + STAYS_US;
    }
}

/* Removes a key, in whose place comes the last. */
static void remove_key(MediaKeys *k, size_t i)
{
    char name[STORE_NAME_SIZE];

    media_key_write_name(&k->kept[i]->key, name);
    store_remove(k->folder, name);
    wipe(k->kept[i]);
    k->kept[i] = k->kept[--k->count];
}

void media_keys_clear(MediaKeys *k, NumberSeries series)
{
    for (size_t i = k ? k->count : 0; i-- > 0;)
        if (k->kept[i]->key.series == series)
            remove_key(k, i);
}

int64_t media_keys_expire(MediaKeys *k, int64_t now_us)
{
    int64_t next_us = NEVER_US;

    for (size_t i = k ? k->count : 0; i-- > 0;) {
        int64_t at_us = k->kept[i]->remove_at_us;
        if (at_us <= now_us)
            remove_key(k, i);
        else
            next_us = smaller(next_us, at_us);
    }
    return next_us;
}
