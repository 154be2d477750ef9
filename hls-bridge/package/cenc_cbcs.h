/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CENC_CBCS_H
#define CENC_CBCS_H

/* Encrypts the samples of one track: scheme 'cbcs' of Common Encryption (ISO/IEC
 * 23001-7:2016, 10.4), which HLS calls SAMPLE-AES and CMAF has too. AES-128 in CBC mode; the
 * initialisation vector is the same for all, so that each sample can be decrypted by itself.
 *
 * Of pictures (H.264) the data of slices is encrypted, one block of each ten; lengths, headers and
 * all other NAL units stay clear. Each slice is a subsample, which begins with the vector again.
 * Sound is encrypted in whole blocks from its first byte; what is left behind them stays clear. No
 * sample changes its length.
 *
 * libcrypto encrypts in memory. Thread-safety: one thread. */

#include "base/byte_buffer.h"
#include "base/media.h"

/* The pattern of pictures, in blocks; whole samples have none: 0 and 0. */
#define CBCS_CRYPT_BLOCKS 1
#define CBCS_SKIP_BLOCKS  9

/* Bytes of each number: how many subsamples a sample has, how many bytes of one are clear, and how
 * many are protected. */
#define CBCS_COUNT_SIZE     2
#define CBCS_CLEAR_SIZE     2
#define CBCS_PROTECTED_SIZE 4
#define CBCS_ENTRY_SIZE     (CBCS_CLEAR_SIZE + CBCS_PROTECTED_SIZE)

#define CBCS_KEY_SIZE 16 /* of AES-128: a key, its ID, an initialisation vector */

typedef struct CbcsKey {
    uint8_t id[CBCS_KEY_SIZE];  /* KID; public */
    uint8_t key[CBCS_KEY_SIZE]; /* secret */
    uint8_t iv[CBCS_KEY_SIZE];  /* of each sample; public */
    const uint8_t *pssh;        /* whole boxes for the initialisation segment, borrowed for the */
    size_t pssh_len;            /* call that takes the key; NULL: that of ClearKey */
} CbcsKey;

typedef struct Cbcs Cbcs;

/* `sets` are the parameter sets of pictures of H.264, each behind a start code; of sound NULL. All
 * is copied. Returns NULL if there is no memory. */
Cbcs *cbcs_create(const CbcsKey *key, const uint8_t *sets, size_t sets_len);

/* Accepts NULL, leaves NULL. The key is wiped. */
void cbcs_destroy(Cbcs **cbcs);

const CbcsKey *cbcs_key(const Cbcs *cbcs);

/* All samples from now on have another key. Returns 0, or -1 if libcrypto fails: then none can be
 * encrypted. */
int cbcs_set_key(Cbcs *cbcs, const CbcsKey *key);

/* Whether samples have subsamples: they are pictures. */
bool cbcs_has_map(const Cbcs *cbcs);

/* ---- the map: where the samples of a fragment are encrypted ---- */

/* Another fragment begins. */
void cbcs_map_begin(Cbcs *cbcs);

/* A sample of pictures begins; a NAL unit of it, which has its length of `length_size` bytes before
 * it; it ends. */
void cbcs_map_sample(Cbcs *cbcs);
void cbcs_map_nal(Cbcs *cbcs, const uint8_t *nal, size_t len, size_t length_size);
void cbcs_map_sample_end(Cbcs *cbcs);

/* For each sample how many subsamples it has, and for each of these how many bytes are clear, and
 * how many behind them protected, as 'senc' has it. `failed` is set if there was no memory.
 * Borrowed until the next call. */
const ByteBuffer *cbcs_map(const Cbcs *cbcs);

/* ---- encryption ---- */

/* Encrypts the next sample of the map, or of sound any, in its place. Returns 0, or -1 if libcrypto
 * fails: then nobody may see it. */
int cbcs_encrypt(Cbcs *cbcs, uint8_t *sample, size_t len);

#endif
