/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CENC_READER_H
#define CENC_READER_H

/* Reads how samples of fragmented MP4 are encrypted (Common Encryption, ISO/IEC 23001-7), and
 * decrypts those of scheme 'cbcs', which HLS calls SAMPLE-AES.
 *
 * It changes bytes in their place and no length: what is left is as if it had never been encrypted,
 * but for boxes that are called "free".
 *
 * No I/O; reads and writes what it is given and nothing past it. Thread-safety: none needed, there
 * is no state. */

#include "aes_reader.h"
#include "mp4_rules.h"

/* A track that is encrypted. */
typedef struct CencTrack {
    uint32_t id; /* track_ID */
    char scheme[5];
    uint8_t kid[AES_BYTES];
    size_t vector_len; /* of each sample; 0: one for all, */
    uint8_t vector[AES_BYTES];
    unsigned crypt, skip; /* blocks of the pattern; 0 and 0: there is none */
} CencTrack;

typedef struct CencTracks {
    size_t count;
    CencTrack track[MP4_TRACKS_MAX];
} CencTracks;

/* Finds the encrypted tracks of an initialisation segment, and makes them clear ones. */
void cenc_reader_init(uint8_t *data, size_t len, CencTracks *out);

/* Finds the key of an ID; NULL: there is none. */
typedef const uint8_t *(*CencFindKey)(const void *user, const uint8_t kid[AES_BYTES]);

typedef enum CencResult {
    CENC_CLEAR,     /* nothing was encrypted */
    CENC_DECRYPTED, /* all of it */
    CENC_NO_KEY,    /* a key is missing; what had one is decrypted */
    CENC_UNKNOWN,   /* a scheme that is not known */
    CENC_BROKEN,    /* it does not say where it is encrypted, or says what cannot be */
} CencResult;

/* Decrypts what there is of media of these tracks, perhaps without its end. */
CencResult cenc_reader_media(const CencTracks *tracks, uint8_t *data, size_t len,
                             CencFindKey find_key, const void *user);

#endif
