/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef GIVEN_KEYS_H
#define GIVEN_KEYS_H

/* Keys that the user gives: for media whose playlist does not say where they are, or does not give
 * them to everybody.
 *
 * Thread-safety: any thread reads, when none adds. */

#include "aes_reader.h"

#define GIVEN_KEYS_MAX 256

/* Zero-initialised: none. */
typedef struct GivenKeys {
    size_t count;
    struct {
        uint8_t kid[AES_BYTES], key[AES_BYTES];
    } item[GIVEN_KEYS_MAX];
    bool has_any; /* one for all media, whatever its ID is */
    uint8_t any[AES_BYTES];
} GivenKeys;

/* Adds "KID:KEY" or "KEY", in hexadecimal; or each line of the file of that name, in which empty
 * lines and those that begin with "#" are skipped. Returns NULL, or a static sentence. */
const char *given_keys_add(GivenKeys *keys, const char *text);

/* The key of an ID; `kid` NULL: it is not known. NULL: there is none. Borrowed. */
const uint8_t *given_keys_find(const GivenKeys *keys, const uint8_t *kid);

#endif
