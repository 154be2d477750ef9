/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef KEY_PROOF_H
#define KEY_PROOF_H

/* What proves to a key server who asks: a header of its own, a signature (webhook_sign.h), or both.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/uuid_text.h"

#define KEY_PROOF_FIELDS     4
#define KEY_PROOF_FIELD_SIZE 1024 /* of a field, its end included */
#define KEY_PROOF_WHY_SIZE   256

typedef struct KeyProof {
    size_t count;
    char field[KEY_PROOF_FIELDS][KEY_PROOF_FIELD_SIZE]; /* "Name: value" */
} KeyProof;

/* Reads the files, and makes the fields of a POST of `text` about the key `id`. `header_file` has
 * one line "Name: value", `secret_file` one or two secrets; "": none. Nobody but their owner and
 * group may read them. Returns false with a sentence in `why` (KEY_PROOF_WHY_SIZE bytes); the
 * caller wipes `out`. */
bool key_proof_make(const char *header_file, const char *secret_file, const uint8_t id[UUID_BYTES],
                    int64_t now_s, const char *text, size_t len, KeyProof *out, char *why);

#endif
