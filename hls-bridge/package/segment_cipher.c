/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/segment_cipher.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

struct SegmentCipher {
    EVP_CIPHER *aes; /* found once: to find it takes longer than to encrypt a part of sound */
    EVP_CIPHER_CTX *context;
};

SegmentCipher *segment_cipher_create(void)
{
    SegmentCipher *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->aes = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
    c->context = EVP_CIPHER_CTX_new();
    if (!c->aes || !c->context)
        segment_cipher_destroy(&c);
    return c;
}

void segment_cipher_destroy(SegmentCipher **cipher)
{
    if (!*cipher)
        return;
    EVP_CIPHER_CTX_free((*cipher)->context); /* which wipes it */
    EVP_CIPHER_free((*cipher)->aes);
    free(*cipher);
    *cipher = NULL;
}

void segment_cipher_iv(int64_t msn, uint8_t iv[SEGMENT_IV_SIZE])
{
    memset(iv, 0, SEGMENT_IV_SIZE);
    for (int i = 0; i < 8; i++)
        iv[SEGMENT_IV_SIZE - 1 - i] = (uint8_t)((uint64_t)msn >> (8 * i));
}

/* Encrypts `len` bytes to `to`, which has room for the padding and may be where they are. Returns
 * how many there are then, or -1. */
static int encrypt(SegmentCipher *c, const uint8_t *key, const uint8_t *iv, const uint8_t *data,
                   size_t len, uint8_t *to)
{
    int done = 0, rest = 0;

    if (EVP_EncryptInit_ex2(c->context, c->aes, key, iv, NULL) != 1 ||
        EVP_EncryptUpdate(c->context, to, &done, data, (int)len) != 1 ||
        EVP_EncryptFinal_ex(c->context, to + done, &rest) != 1)
        return -1;
    return done + rest;
}

/* Returns NULL if there is no memory, or too much for libcrypto. */
static uint8_t *room_for(ByteBuffer *out, size_t len, size_t more)
{
    return len <= INT_MAX - SEGMENT_PAD_MOST ? byte_buffer_reserve(out, more) : NULL;
}

int segment_cipher_encrypt(SegmentCipher *c, const uint8_t key[SEGMENT_KEY_SIZE],
                           const uint8_t iv[SEGMENT_IV_SIZE], const uint8_t *data, size_t len,
                           ByteBuffer *out)
{
    byte_buffer_clear(out);
    uint8_t *to = room_for(out, len, len + SEGMENT_PAD_MOST);
    int made = to ? encrypt(c, key, iv, data, len, to) : -1;
    if (made < 0) {
        errno = ENOMEM;
        return -1;
    }
    out->len = (size_t)made;
    return 0;
}

int segment_cipher_encrypt_in_place(SegmentCipher *c, const uint8_t key[SEGMENT_KEY_SIZE],
                                    const uint8_t iv[SEGMENT_IV_SIZE], ByteBuffer *bytes)
{
    bool room = room_for(bytes, bytes->len, SEGMENT_PAD_MOST);
    int made = room ? encrypt(c, key, iv, bytes->data, bytes->len, bytes->data) : -1;

    if (made < 0) {
        errno = ENOMEM;
        return -1;
    }
    bytes->len = (size_t)made;
    return 0;
}
