/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEDIA_KEY_H
#define MEDIA_KEY_H

/* A key that media is encrypted with, what its file is called, and where players get it.
 *
 * Pure: no I/O, no clock, no allocation. Thread-safety: none needed, there is no state. */

#include <stdbool.h>

#include "base/uuid_text.h"
#include "keys/cpix_document.h"
#include "store/number_log.h"

#define MEDIA_KEY_SIZE     16 /* bytes */
#define MEDIA_KEY_ID_SIZE  UUID_BYTES
#define MEDIA_KEY_URI_SIZE 256
#define MEDIA_KEY_ASKED_MIN                                                                        \
    10 /* segments for a key of a key server, if it has a number of them                           \
        */
#define MEDIA_KEY_SUFFIX   ".bin"  /* of 16 bytes, for players */
#define MEDIA_KEY_DOCUMENT ".cpix" /* of a key server's answer, for nobody else */

/* How media is encrypted. */
typedef enum MediaCipher {
    MEDIA_CLEAR,
    MEDIA_AES_128, /* whole segments and parts: METHOD=AES-128 */
    MEDIA_CBCS,    /* samples, in CMAF: METHOD=SAMPLE-AES. The .ts segments are MEDIA_AES_128 */
} MediaCipher;

typedef struct MediaKey {
    NumberSeries series;
    int64_t first_msn;             /* the first segment that it is for */
    MediaCipher cipher;            /* what segments of this run are encrypted with */
    uint8_t id[MEDIA_KEY_ID_SIZE]; /* a UUID, of version 4 */
    uint8_t key[MEDIA_KEY_SIZE];
    char uri[MEDIA_KEY_URI_SIZE]; /* where players get it; "": licence servers have it */
    bool is_document;             /* a key server has made it, and its file is what that said, */
    const CpixKey *cpix;          /* which is this; borrowed */
} MediaKey;

/* The name of its file, "key-ll-120-ID.bin": of low latency, from segment 120 on; "ts": of the
 * classic lists. Of a key server's, "key-ll-120-ID.cpix". */
void media_key_write_name(const MediaKey *key, char name[STORE_NAME_SIZE]);

/* Reads all but the bytes of a key from the name of its file, and zeroes the rest. Returns false if
 * that is none. */
bool media_key_read_name(const char *name, MediaKey *key);

/* Writes an address: `format` with the stream's name in place of each "{stream}" and a key's ID in
 * place of each "{id}". Returns false if there is no room for it. */
bool media_key_fill_in(const char *format, const char *id, const char *stream,
                       char uri[MEDIA_KEY_URI_SIZE]);

/* Whether a text can be the address of keys: it begins with "https://", "http://" or "skd://", has
 * "{id}" in it and nothing that a list cannot have between quotes, and what is made of it finds
 * room. */
bool media_key_uri_valid(const char *text);

/* Writes where players get a key: `format` with the stream's name in place of each "{stream}" and
 * the key's ID in place of each "{id}"; NULL or "": the name of its file, which is beside the lists
 * for whoever fetches it. */
void media_key_write_uri(const MediaKey *key, const char *format, const char *stream,
                         char uri[MEDIA_KEY_URI_SIZE]);

#endif
