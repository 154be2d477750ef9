/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef M3U8_KEY_H
#define M3U8_KEY_H

/* Reads EXT-X-KEY (RFC 8216, section 4.3.2.4): how segments are encrypted.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "aes_reader.h"
#include "m3u8_multi.h"

typedef enum M3u8Method {
    M3U8_CLEAR,
    M3U8_AES_128,
    M3U8_SAMPLE_AES,
    M3U8_OTHER_METHOD, /* that is not known here */
} M3u8Method;

typedef struct M3u8Key {
    M3u8Method method;
    bool is_identity; /* the key itself is at the URI, 16 bytes */
    char uri[M3U8_URI_SIZE];
    bool has_vector, has_kid;
    uint8_t vector[AES_BYTES], kid[AES_BYTES];
} M3u8Key;

/* The text that applies to what follows a tag with the attributes `list`, if `now` applies before
 * it (NULL: nothing was said). It takes over `now`, and the caller frees what it returns. Of
 * several formats of one key the one is kept that gives the key itself, if there is one; "":
 * nothing is encrypted. Returns NULL if there is no memory. */
char *m3u8_key_after(char *now, const char *list);

/* Reads such a text; NULL or "": M3U8_CLEAR. */
M3u8Key m3u8_key_read(const char *text);

/* The vector of a whole file: the key's, or the media sequence number (section 5.2). */
void m3u8_key_vector(const M3u8Key *key, uint64_t sequence, uint8_t vector[AES_BYTES]);

#endif
