/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AES_READER_H
#define AES_READER_H

/* AES-128 in CBC mode, as media of HLS is encrypted with it (RFC 8216, 4.3.2.4), by libcrypto.
 *
 * No I/O. Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AES_BYTES 16 /* of a key, a block, a vector, and the ID of a key */

/* Decrypts `crypt` bytes in their place, leaves `skip` as they are, and so on, as long as there are
 * `crypt` left: they are one chain. Both are of whole blocks. Returns 0, or -1 if libcrypto fails.
 */
int aes_reader_pattern(const uint8_t key[AES_BYTES], const uint8_t vector[AES_BYTES], uint8_t *data,
                       size_t len, size_t crypt, size_t skip);

/* The same of all that there is, which is of whole blocks. */
int aes_reader_blocks(const uint8_t key[AES_BYTES], const uint8_t vector[AES_BYTES], uint8_t *data,
                      size_t len);

/* Decrypts a file in its place, and takes off its padding (PKCS #7): `len` is what is left. Returns
 * 0, or -1 if it is not of whole blocks, or has no padding: the key is another. */
int aes_reader_file(const uint8_t key[AES_BYTES], const uint8_t vector[AES_BYTES], uint8_t *data,
                    size_t *len);

/* Reads 16 bytes in hexadecimal; "0x" before them, and hyphens between, are skipped. `text` ends
 * with `end`. */
bool aes_reader_hex(const char *text, char end, uint8_t out[AES_BYTES]);

#endif
