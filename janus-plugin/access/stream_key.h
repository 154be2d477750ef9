/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_KEY_H
#define STREAM_KEY_H

/* A stream key as it is kept: a salt, and the SHA-256 of salt and key. The plugin holds no key in
 * clear, whichever way the configuration has it.
 *
 * The hash is a fast one on purpose: anybody may have a key checked, and a slow hash would let
 * strangers keep the server busy. That is safe for keys that are too long to be guessed (128 random
 * bits); a short one that people think of can be found by whoever reads its hash.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>

#define STREAM_KEY_SALT   16
#define STREAM_KEY_DIGEST 32
#define STREAM_KEY_TEXT   (sizeof("sha256:") + 2 * STREAM_KEY_SALT + 1 + 2 * STREAM_KEY_DIGEST)

typedef struct StreamKey {
    unsigned char salt[STREAM_KEY_SALT], digest[STREAM_KEY_DIGEST];
} StreamKey;

/* Hashes a key of up to REQUEST_KEY_MAX bytes with a salt of its own. Returns 0, or -1 if there are
 * no random numbers. */
int stream_key_make(const char *key, StreamKey *out);

/* "sha256:SALT:DIGEST", in hexadecimal digits. read: returns false if it is none. */
void stream_key_write(const StreamKey *key, char text[STREAM_KEY_TEXT]);
bool stream_key_read(const char *text, StreamKey *out);

/* Whether `key` is this one; NULL is no key. How long it takes depends on the length of `key`
 * alone. */
bool stream_key_is(const StreamKey *self, const char *key);

#endif
