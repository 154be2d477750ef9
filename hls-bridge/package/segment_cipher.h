/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SEGMENT_CIPHER_H
#define SEGMENT_CIPHER_H

/* Encrypts whole segments and parts: METHOD=AES-128 of HLS (RFC 8216 section 4.3.2.4), which is
 * AES-128 in CBC mode with the padding of PKCS #7, by libcrypto.
 *
 * The initialisation vector is the media sequence number (section 5.2), so that no list has to say
 * it. A part has that of its segment, and begins with it again: each decrypts by itself, and a
 * whole segment is not its parts one after the other.
 *
 * No I/O, no clock. Thread-safety: one thread. */

#include "base/byte_buffer.h"

#define SEGMENT_KEY_SIZE  16 /* bytes of a key */
#define SEGMENT_IV_SIZE   16
#define SEGMENT_PAD_MOST  16 /* bytes that an encrypted segment is longer by, at the most */
#define SEGMENT_PAD_BLOCK 16 /* what its length is a multiple of */

typedef struct SegmentCipher SegmentCipher;

/* Returns NULL if there is no memory, or libcrypto has no AES. */
SegmentCipher *segment_cipher_create(void);

/* The key that it has had is wiped. Accepts NULL, leaves NULL. */
void segment_cipher_destroy(SegmentCipher **cipher);

/* Writes a media sequence number, 0 or more, as an initialisation vector: big-endian. */
void segment_cipher_iv(int64_t msn, uint8_t iv[SEGMENT_IV_SIZE]);

/* Encrypts `len` bytes; `out` has them and nothing else then. Returns 0, or -1 with errno: `out` is
 * empty. */
int segment_cipher_encrypt(SegmentCipher *cipher, const uint8_t key[SEGMENT_KEY_SIZE],
                           const uint8_t iv[SEGMENT_IV_SIZE], const uint8_t *data, size_t len,
                           ByteBuffer *out);

/* The same in place: `bytes` are as long as they become by padding. Returns 0, or -1 with errno:
 * then they are of no use. */
int segment_cipher_encrypt_in_place(SegmentCipher *cipher, const uint8_t key[SEGMENT_KEY_SIZE],
                                    const uint8_t iv[SEGMENT_IV_SIZE], ByteBuffer *bytes);

#endif
