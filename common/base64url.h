/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BASE64URL_H
#define BASE64URL_H

/* base64url without padding, as JSON Web Tokens and playback tokens have it (RFC 7515 section 2).
 *
 * Thread-safety: none needed, there is no state. */

#include <stddef.h>

/* Bytes that hold the text of `n` bytes, with the zero at its end. */
#define BASE64URL_SIZE(n) (((n) + 2) / 3 * 4 + 1)

/* Decodes `len` characters. Returns how many bytes came out, or -1 if there are characters that do
 * not belong there, or `size` bytes do not hold them. */
long base64url_decode(const char *text, size_t len, unsigned char *out, size_t size);

/* Writes BASE64URL_SIZE(len) bytes at the most. Returns the length of the text. */
size_t base64url_encode(const unsigned char *bytes, size_t len, char *out);

#endif
