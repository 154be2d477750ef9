/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "access/stream_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "core/request.h"
#include "hex_text.h"

#define PREFIX "sha256:"

static bool digest_of(const unsigned char *salt, const char *key, unsigned char *digest)
{
    unsigned char both[STREAM_KEY_SALT + REQUEST_KEY_MAX];
    size_t len = strlen(key);

    if (len > REQUEST_KEY_MAX)
        return false;
    memcpy(both, salt, STREAM_KEY_SALT);
    memcpy(both + STREAM_KEY_SALT, key, len);
    bool made = EVP_Digest(both, STREAM_KEY_SALT + len, digest, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_cleanse(both, sizeof(both));
    return made;
}

int stream_key_make(const char *key, StreamKey *out)
{
    if (RAND_bytes(out->salt, sizeof(out->salt)) != 1 || !digest_of(out->salt, key, out->digest))
        return -1;
    return 0;
}

void stream_key_write(const StreamKey *key, char text[STREAM_KEY_TEXT])
{
    char *at = hex_write(text + sprintf(text, PREFIX), key->salt, sizeof(key->salt));

    *at++ = ':';
    hex_write(at, key->digest, sizeof(key->digest));
}

bool stream_key_read(const char *text, StreamKey *out)
{
    const char *salt = text + strlen(PREFIX), *digest = salt + 2 * sizeof(out->salt) + 1;

    return strlen(text) == STREAM_KEY_TEXT - 1 && strncmp(text, PREFIX, strlen(PREFIX)) == 0 &&
           digest[-1] == ':' && hex_read(salt, out->salt, sizeof(out->salt)) &&
           hex_read(digest, out->digest, sizeof(out->digest));
}

bool stream_key_is(const StreamKey *self, const char *key)
{
    unsigned char digest[STREAM_KEY_DIGEST];

    return digest_of(self->salt, key ? key : "", digest) &&
           CRYPTO_memcmp(digest, self->digest, sizeof(digest)) == 0 && key;
}
