/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream_key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "request.h"

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

static char *write_hex(char *to, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to += sprintf(to, "%02x", bytes[i]);
    return to;
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static bool read_hex(const char *text, unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int high = digit_of(text[2 * i]), low = high < 0 ? -1 : digit_of(text[2 * i + 1]);
        if (low < 0)
            return false;
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

void stream_key_write(const StreamKey *key, char text[STREAM_KEY_TEXT])
{
    char *at = write_hex(text + sprintf(text, PREFIX), key->salt, sizeof(key->salt));

    *at++ = ':';
    write_hex(at, key->digest, sizeof(key->digest));
}

bool stream_key_read(const char *text, StreamKey *out)
{
    const char *salt = text + strlen(PREFIX), *digest = salt + 2 * sizeof(out->salt) + 1;

    return strlen(text) == STREAM_KEY_TEXT - 1 && strncmp(text, PREFIX, strlen(PREFIX)) == 0 &&
           digest[-1] == ':' && read_hex(salt, out->salt, sizeof(out->salt)) &&
           read_hex(digest, out->digest, sizeof(out->digest));
}

bool stream_key_is(const StreamKey *self, const char *key)
{
    unsigned char digest[STREAM_KEY_DIGEST];

    return digest_of(self->salt, key ? key : "", digest) &&
           CRYPTO_memcmp(digest, self->digest, sizeof(digest)) == 0 && key;
}
