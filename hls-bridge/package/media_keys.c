/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/media_keys_inner.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"

/* Whoever has just got the last segment that needs a key may still ask for it. */
#define STAYS_US (60 * US_PER_S)

/* ---- what there is ---- */

static MediaCipher cipher_of(MediaCipher cipher, NumberSeries series)
{
    return cipher != MEDIA_CLEAR && series == NUMBERS_TS ? MEDIA_AES_128 : cipher;
}

MediaCipher media_keys_cipher(const MediaKeys *k, NumberSeries series)
{
    return k ? cipher_of(k->params.encryption.cipher, series) : MEDIA_CLEAR;
}

const MediaKey *media_keys_add(MediaKeys *k, const MediaKey *key, CpixKey *cpix)
{
    if (k->count == k->capacity) {
        size_t capacity = k->capacity ? k->capacity * 2 : 8;
        KeptKey **grown = realloc(k->kept, capacity * sizeof(*grown));
        if (!grown)
            goto fail;
        k->kept = grown;
        k->capacity = capacity;
    }
    KeptKey *added = malloc(sizeof(*added));
    if (!added)
        goto fail;
    *added = (KeptKey){*key, cpix, NEVER_US};
    added->key.cpix = cpix;
    added->key.cipher = cipher_of(k->params.encryption.cipher, key->series);
    if (!cpix)
        media_key_write_uri(&added->key, k->params.encryption.uri, k->params.stream,
                            added->key.uri);
    k->kept[k->count++] = added;
    return &added->key;
fail:
    asked_key_free(cpix);
    return NULL;
}

void media_keys_wipe(KeptKey *kept)
{
    asked_key_free(kept->cpix);
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

/* Whether a key is at this address, which is `len` characters long. */
static bool is_at(const MediaKey *key, const char *uri, size_t len)
{
    return strlen(key->uri) == len && memcmp(key->uri, uri, len) == 0;
}

/* Whether a key server has given a key with this line among its tags, whose end is a part of it.
 * The address alone would not do: it may be that of all keys, which other attributes tell apart. */
static bool is_with(const MediaKey *key, const char *line, size_t len)
{
    return key->cpix && memmem(key->cpix->tags, strlen(key->cpix->tags), line, len);
}

bool media_keys_have_all(const MediaKeys *k, const char *text)
{
    static const char tag[] = "\n#EXT-X-KEY:", attribute[] = "URI=\"";

    for (const char *at = text; (at = strstr(at, tag));) {
        const char *line = at + 1, *end = line + strcspn(line, "\n");
        at += sizeof(tag) - 1;
        const char *uri = strstr(at, attribute);
        while (uri && uri > at && uri[-1] != ',')
            uri = strstr(uri + 1, attribute);
        if (!uri || uri > end)
            continue; /* METHOD=NONE */
        uri += sizeof(attribute) - 1;
        size_t i = 0, uri_len = strcspn(uri, "\""),
               line_len = (size_t)(end - line) + (*end == '\n');
        while (k && i < k->count && !is_at(&k->kept[i]->key, uri, uri_len) &&
               !is_with(&k->kept[i]->key, line, line_len))
            i++;
        if (!k || i == k->count)
            return false;
    }
    return true;
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
    const MediaKey *key = media_keys_add(k, due, NULL);
    if (!key) {
        errno = ENOMEM;
        return NULL;
    }
    OPENSSL_cleanse(due, sizeof(*due));
    due->first_msn = -1;
    return key;
}

/* ---- a key server's ---- */

/* Says in the log if a key has not come in time, and if it has. */
static void note_wait(MediaKeys *k, bool waits, bool goes_on)
{
    const char *then = goes_on ? "the key in use goes on" : "viewers see nothing until it comes";

    if (waits && !k->waits)
        log_warn("%s: the key server has not given the next key: %s", k->params.stream, then);
    else if (!waits && k->waits)
        log_info("%s: the key server has given the next key", k->params.stream);
    k->waits = waits;
}

/* Writes a key through that has come. It stays where it is if it cannot be written. */
static const MediaKey *write_asked(MediaKeys *k, NumberSeries series, int64_t msn)
{
    MediaKey key = {.series = series, .first_msn = msn, .is_document = true};
    char name[STORE_NAME_SIZE];
    const ByteBuffer *document;
    const CpixKey *cpix = asked_key_there(k->asked, &document);

    errno = ENOKEY;
    if (!cpix)
        return NULL;
    memcpy(key.id, cpix->id, sizeof(key.id));
    memcpy(key.key, cpix->key, sizeof(key.key));
    media_key_write_name(&key, name);
    const MediaKey *kept = NULL;
    if (note_write(k,
                   store_put(k->folder, name, document->data, document->len, STORE_THROUGH) == 0 &&
                       store_sync_names(k->folder) == 0)) {
        kept = media_keys_add(k, &key, asked_key_done(k->asked));
        errno = ENOMEM;
    } else {
        int error = errno;
        /* a run that follows would take it for the key of a segment that has the one before */
        store_remove(k->folder, name);
        errno = error;
    }
    OPENSSL_cleanse(&key, sizeof(key));
    return kept;
}

/* `now`: the key in use; NULL: none. `due`: it has had its number of segments. */
static const MediaKey *take_asked(MediaKeys *k, NumberSeries series, int64_t msn,
                                  const MediaKey *now, bool due)
{
    const MediaKey *next = NULL;

    if (now && !now->cpix)
        now = NULL; /* of a run that made its own, which anybody may have been given */
    if (now && k->params.encryption.rotate_samples == 0)
        return now;
    if ((!now || due) && msn > k->asked_msn) {
        k->asked_msn = msn;
        next = write_asked(k, series, msn);
        note_wait(k, !next && errno == ENOKEY, now && !k->params.encryption.stops);
    }
    if (!next || k->params.encryption.rotate_samples > 0)
        asked_key_ask(k->asked);
    if (next || !now || !due || !k->params.encryption.stops)
        return next ? next : now;
    errno = ENOKEY;
    return NULL;
}

const MediaKey *media_keys_take(MediaKeys *k, NumberSeries series, int64_t msn)
{
    const MediaKey *key = media_keys_find(k, series, msn);
    const MediaEncryption *how = &k->params.encryption;
    bool samples = media_keys_cipher(k, series) == MEDIA_CBCS;
    int64_t rotate = samples ? how->rotate_samples : how->rotate;

    if (key && end_of(k, key) != INT64_MAX)
        return key;
    bool due = !key || (rotate > 0 && msn - key->first_msn >= rotate);
    if (k->asked && samples)
        return take_asked(k, series, msn, key, due);
    return due || key->is_document ? write_new(k, series, msn) : key;
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
    media_keys_wipe(k->kept[i]);
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
