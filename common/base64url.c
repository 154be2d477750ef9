/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base64url.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

/* Four characters with padding, as OpenSSL wants them. Returns false if one does not belong there.
 */
static bool take_quad(const char *text, size_t len, unsigned char quad[4])
{
    for (size_t i = 0; i < 4; i++) {
        char c = i < len ? text[i] : '=';
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (i < len && !plain && c != '-' && c != '_')
            return false;
        quad[i] = (unsigned char)(c == '-' ? '+' : c == '_' ? '/' : c);
    }
    return len > 1;
}

long base64url_decode(const char *text, size_t len, unsigned char *out, size_t size)
{
    size_t done = 0;

    for (size_t at = 0; at < len; at += 4) {
        unsigned char quad[4], bytes[3];
        size_t n = len - at < 4 ? len - at : 4;
        if (!take_quad(text + at, n, quad) || EVP_DecodeBlock(bytes, quad, 4) != 3 ||
            done + n - 1 > size)
            return -1;
        memcpy(out + done, bytes, n - 1);
        done += n - 1;
    }
    return (long)done;
}

size_t base64url_encode(const unsigned char *bytes, size_t len, char *out)
{
    size_t n = (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);

    while (n > 0 && out[n - 1] == '=')
        n--;
    out[n] = '\0';
    for (size_t i = 0; i < n; i++)
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
    return n;
}
