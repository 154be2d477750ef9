/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "aes_reader.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

int aes_reader_pattern(const uint8_t key[AES_BYTES], const uint8_t vector[AES_BYTES], uint8_t *data,
                       size_t len, size_t crypt, size_t skip)
{
    EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
    int done = 0;

    bool good = aes && crypt <= INT_MAX && crypt % AES_BYTES == 0 &&
                EVP_DecryptInit_ex(aes, EVP_aes_128_cbc(), NULL, key, vector) == 1 &&
                EVP_CIPHER_CTX_set_padding(aes, 0) == 1;
    while (good && crypt > 0 && len >= crypt) {
        good = EVP_DecryptUpdate(aes, data, &done, data, (int)crypt) == 1 && (size_t)done == crypt;
        size_t step = crypt + skip < len ? crypt + skip : len;
        data += step;
        len -= step;
    }
    EVP_CIPHER_CTX_free(aes);
    return good ? 0 : -1;
}

int aes_reader_blocks(const uint8_t key[AES_BYTES], const uint8_t vector[AES_BYTES], uint8_t *data,
                      size_t len)
{
    return aes_reader_pattern(key, vector, data, len, len, 0);
}

int aes_reader_file(const uint8_t key[AES_BYTES], const uint8_t vector[AES_BYTES], uint8_t *data,
                    size_t *len)
{
    if (*len == 0 || aes_reader_blocks(key, vector, data, *len) < 0)
        return -1;
    uint8_t padding = data[*len - 1];
    if (padding == 0 || padding > AES_BYTES)
        return -1;
    for (size_t i = 0; i < padding; i++)
        if (data[*len - 1 - i] != padding)
            return -1;
    *len -= padding;
    return 0;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool aes_reader_hex(const char *text, char end, uint8_t out[AES_BYTES])
{
    if (text[0] == '0' && (text[1] | 0x20) == 'x')
        text += 2;
    for (size_t i = 0; i < AES_BYTES; i++) {
        while (*text == '-')
            text++;
        int high = digit(text[0]);
        int low = high < 0 ? -1 : digit(text[1]);
        if (low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return *text == end;
}
