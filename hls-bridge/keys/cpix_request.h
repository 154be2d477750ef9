/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CPIX_REQUEST_H
#define CPIX_REQUEST_H

/* Writes what a key server is asked: a CPIX document that names a key and has none, as SPEKE v2 has
 * it.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "keys/cpix_document.h"

#define CPIX_REQUEST_SIZE 4096 /* bytes that hold any request */

typedef struct CpixRequest {
    const char *stream;        /* a valid stream name, the ID of the content; borrowed */
    uint8_t id[CPIX_KEY_SIZE]; /* of the key */
    int64_t period; /* of the stream's keys: each has a larger number than those before */
    CpixSystems systems;
} CpixRequest;

/* Writes the text, terminated. Returns its length. */
size_t cpix_request_write(const CpixRequest *request, char text[CPIX_REQUEST_SIZE]);

#endif
