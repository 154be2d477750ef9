/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CPIX_DOCUMENT_H
#define CPIX_DOCUMENT_H

/* Reads what a key server answers: a key, and what players of each DRM system need to find its
 * licence (DASH-IF, Content Protection Information Exchange Format, CPIX 2.3).
 *
 * The document is XML, which libxml2 parses in memory. One that has a document type, and so could
 * have entities, is refused; nothing is fetched. What goes into lists and files is checked: it can
 * be put there as it is.
 *
 * Thread-safety: none needed, there is no state; xmlInitParser() has been called before there are
 * several threads. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CPIX_BYTES_MAX   65536 /* of a document */
#define CPIX_KEY_SIZE    16    /* of AES-128: a key, its ID, a vector */
#define CPIX_SYSTEMS_MAX 3     /* that are known */
#define CPIX_PSSH_SIZE   4096  /* bytes of the boxes of all systems together */
#define CPIX_TAGS_SIZE   6144  /* bytes of text of the tags of all systems together */

/* The systems, in the order in which lists have them. */
typedef enum CpixSystem { CPIX_WIDEVINE, CPIX_PLAYREADY, CPIX_FAIRPLAY } CpixSystem;

/* A set of them: bit 1 << CPIX_WIDEVINE and so on. */
typedef unsigned CpixSystems;

typedef struct CpixPssh {
    size_t at, len; /* its box within those of all; len 0: the system has none */
} CpixPssh;

typedef struct CpixKey {
    uint8_t id[CPIX_KEY_SIZE];
    uint8_t key[CPIX_KEY_SIZE];
    uint8_t iv[CPIX_KEY_SIZE]; /* the document's, else the key's ID */
    CpixPssh system[CPIX_SYSTEMS_MAX];
    uint8_t pssh[CPIX_PSSH_SIZE]; /* whole boxes, one behind the other */
    size_t pssh_len;
    char tags[CPIX_TAGS_SIZE]; /* lines that begin with "#EXT-X-KEY:", each with its end */
} CpixKey;

/* A name as "widevine", and the system's ID as DASH-IF registers it: a UUID in lower case. */
const char *cpix_system_name(CpixSystem system);
const char *cpix_system_uuid(CpixSystem system);

/* Finds the key of this ID in the document `text`. Of systems that are not known nothing is taken.
 * Returns NULL, or a static sentence that says what is wrong with the document; then `out` has
 * nothing secret. */
const char *cpix_document_read(const char *text, size_t len, const uint8_t id[CPIX_KEY_SIZE],
                               CpixKey *out);

#endif
