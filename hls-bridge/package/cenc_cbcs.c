/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/cenc_cbcs.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "codec/annex_b.h"
#include "codec/h264_slice.h"
#include "package/box_writer.h"

#define BLOCK     16      /* of AES */
#define CLEAR_MAX 0xFFFFu /* of a subsample */

/* 'saiz' tells the length of a sample's entry in one byte. */
#define SUBSAMPLES_MAX ((0xFF - CBCS_COUNT_SIZE) / CBCS_ENTRY_SIZE)

/* Of a slice whose header cannot be read: no encoder writes a longer one. */
#define HEADER_MAX 128

#define SETS_MAX (PARAMETER_SETS_SPS + PARAMETER_SETS_PPS)
#define GATHERED 64 /* blocks that are encrypted in one call */

struct Cbcs {
    CbcsKey key;
    EVP_CIPHER_CTX *aes;
    bool pictures;
    H264SliceReader slices;
    ByteBuffer map;
    size_t sample_at;      /* where the entry of the newest sample is in the map */
    size_t subsamples;     /* that it has */
    size_t clear;          /* bytes that no subsample has yet */
    uint32_t is_protected; /* of the newest subsample */
    size_t next;           /* where the entry of the sample is that is encrypted next */
};

static H264SliceReader read_sets(const uint8_t *bytes, size_t len)
{
    ParameterSets sets = {0};
    NalUnit nal[SETS_MAX];
    size_t n = annex_b_read(bytes, len, nal, SETS_MAX);

    for (size_t i = 0; i < n && i < SETS_MAX; i++)
        parameter_sets_add(&sets, bytes + nal[i].at, nal[i].len);
    return h264_slice_reader(&sets);
}

int cbcs_set_key(Cbcs *c, const CbcsKey *key)
{
    c->key = *key;
    return EVP_EncryptInit_ex(c->aes, EVP_aes_128_cbc(), NULL, key->key, key->iv) == 1 &&
                   EVP_CIPHER_CTX_set_padding(c->aes, 0) == 1
               ? 0
               : -1;
}

Cbcs *cbcs_create(const CbcsKey *key, const uint8_t *sets, size_t sets_len)
{
    Cbcs *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->pictures = sets;
    if (sets)
        c->slices = read_sets(sets, sets_len);
    c->aes = EVP_CIPHER_CTX_new();
    if (!c->aes || cbcs_set_key(c, key) < 0)
        cbcs_destroy(&c);
    return c;
}

void cbcs_destroy(Cbcs **cbcs)
{
    Cbcs *c = *cbcs;

    if (!c)
        return;
    EVP_CIPHER_CTX_free(c->aes);
    OPENSSL_cleanse(&c->key, sizeof(c->key));
    byte_buffer_free(&c->map);
    free(c);
    *cbcs = NULL;
}

const CbcsKey *cbcs_key(const Cbcs *c)
{
    return &c->key;
}

bool cbcs_has_map(const Cbcs *c)
{
    return c->pictures;
}

/* ---- the map ---- */

void cbcs_map_begin(Cbcs *c)
{
    byte_buffer_clear(&c->map);
    c->next = 0;
}

void cbcs_map_sample(Cbcs *c)
{
    static const uint8_t none[CBCS_COUNT_SIZE];

    c->sample_at = c->map.len;
    c->subsamples = 0;
    c->clear = 0;
    byte_buffer_add(&c->map, none, sizeof(none));
}

static void add_subsample(Cbcs *c, size_t clear, size_t is_protected)
{
    uint8_t entry[CBCS_ENTRY_SIZE];
    BoxWriter w = {entry};

    box_put_u16(&w, (uint16_t)clear);
    box_put_u32(&w, (uint32_t)is_protected);
    byte_buffer_add(&c->map, entry, sizeof(entry));
    c->is_protected = (uint32_t)is_protected;
    c->subsamples++;
}

/* The last subsample that there can be takes all that is left of the sample. */
static void lengthen_last(Cbcs *c, size_t len)
{
    c->is_protected += (uint32_t)len;
    if (!c->map.failed)
        box_put_u32(&(BoxWriter){c->map.data + c->map.len - CBCS_PROTECTED_SIZE}, c->is_protected);
}

/* Puts what is clear, and behind it what is protected. */
static void put(Cbcs *c, size_t is_protected)
{
    for (; c->clear > CLEAR_MAX && c->subsamples < SUBSAMPLES_MAX - 1; c->clear -= CLEAR_MAX)
        add_subsample(c, CLEAR_MAX, 0);
    size_t clear = c->clear < CLEAR_MAX ? c->clear : CLEAR_MAX;
    add_subsample(c, clear, c->clear - clear + is_protected);
    c->clear = 0;
}

void cbcs_map_nal(Cbcs *c, const uint8_t *nal, size_t len, size_t length_size)
{
    unsigned type = len > 0 ? h264_nal_type(nal) : 0;

    if (c->subsamples == SUBSAMPLES_MAX) {
        lengthen_last(c, length_size + len);
        return;
    }
    c->clear += length_size;
    size_t header = len;
    if (type == H264_NAL_SLICE || type == H264_NAL_IDR) {
        header = h264_slice_header_len(&c->slices, nal, len);
        header = header == 0 ? HEADER_MAX : header;
    }
    if (header + BLOCK > len) {
        c->clear += len;
        return;
    }
    c->clear += header;
    put(c, len - header);
}

void cbcs_map_sample_end(Cbcs *c)
{
    if (c->clear > 0)
        put(c, 0);
    if (!c->map.failed)
        box_put_u16(&(BoxWriter){c->map.data + c->sample_at}, (uint16_t)c->subsamples);
}

const ByteBuffer *cbcs_map(const Cbcs *c)
{
    return &c->map;
}

/* ---- encryption ---- */

static int begin_chain(Cbcs *c)
{
    return EVP_EncryptInit_ex(c->aes, NULL, NULL, NULL, c->key.iv) == 1 ? 0 : -1;
}

/* Whole blocks, which follow the last ones in the chain. */
static int encrypt_blocks(Cbcs *c, uint8_t *data, size_t len)
{
    int written = 0;

    if (len == 0)
        return 0;
    return EVP_EncryptUpdate(c->aes, data, &written, data, (int)len) == 1 && written == (int)len
               ? 0
               : -1;
}

/* The blocks that the pattern has are one chain: they are brought together for that, since a call
 * of libcrypto costs as much as some blocks. */
static int encrypt_pattern(Cbcs *c, uint8_t *data, size_t len)
{
    const size_t crypt = CBCS_CRYPT_BLOCKS * BLOCK, step = crypt + CBCS_SKIP_BLOCKS * BLOCK;
    uint8_t together[GATHERED * CBCS_CRYPT_BLOCKS * BLOCK];

    if (begin_chain(c) < 0)
        return -1;
    for (size_t from = 0; from + crypt <= len;) {
        size_t n = 0, at = from;
        for (; n < GATHERED && at + crypt <= len; at += step)
            memcpy(together + n++ * crypt, data + at, crypt);
        if (encrypt_blocks(c, together, n * crypt) < 0)
            return -1;
        for (size_t i = 0; i < n; i++, from += step)
            memcpy(data + from, together + i * crypt, crypt);
    }
    return 0;
}

static int encrypt_picture(Cbcs *c, uint8_t *sample, size_t len)
{
    const uint8_t *entry = c->map.data + c->next;
    size_t n = (size_t)entry[0] << 8 | entry[1];

    entry += CBCS_COUNT_SIZE;
    for (; n > 0; n--, entry += CBCS_ENTRY_SIZE) {
        size_t clear = (size_t)entry[0] << 8 | entry[1];
        size_t is_protected = box_read_u32(entry + CBCS_CLEAR_SIZE);
        if (clear + is_protected > len || encrypt_pattern(c, sample + clear, is_protected) < 0)
            return -1;
        sample += clear + is_protected;
        len -= clear + is_protected;
    }
    c->next = (size_t)(entry - c->map.data);
    return len == 0 ? 0 : -1;
}

int cbcs_encrypt(Cbcs *c, uint8_t *sample, size_t len)
{
    if (c->pictures)
        return c->map.failed || c->next >= c->map.len ? -1 : encrypt_picture(c, sample, len);
    return begin_chain(c) < 0 ? -1 : encrypt_blocks(c, sample, len / BLOCK * BLOCK);
}
