/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <errno.h>
#include <limits.h>

#include "hls-bridge/package/segment_cipher.h"

/* NIST SP 800-38A, F.2.1: CBC-AES128.Encrypt */
static const uint8_t key[SEGMENT_KEY_SIZE] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                                              0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
static const uint8_t nist_iv[SEGMENT_IV_SIZE] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t plain[64] = {
    0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
    0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51,
    0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4, 0x11, 0xe5, 0xfb, 0xc1, 0x19, 0x1a, 0x0a, 0x52, 0xef,
    0xf6, 0x9f, 0x24, 0x45, 0xdf, 0x4f, 0x9b, 0x17, 0xad, 0x2b, 0x41, 0x7b, 0xe6, 0x6c, 0x37, 0x10};
static const uint8_t cipher_text[64] = {
    0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46, 0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d,
    0x50, 0x86, 0xcb, 0x9b, 0x50, 0x72, 0x19, 0xee, 0x95, 0xdb, 0x11, 0x3a, 0x91, 0x76, 0x78, 0xb2,
    0x73, 0xbe, 0xd6, 0xb8, 0xe3, 0xc1, 0x74, 0x3b, 0x71, 0x16, 0xe6, 0x9e, 0x22, 0x22, 0x95, 0x16,
    0x3f, 0xf1, 0xca, 0xa1, 0x68, 0x1f, 0xac, 0x09, 0x12, 0x0e, 0xca, 0x30, 0x75, 0x86, 0xe1, 0xa7};

static SegmentCipher *cipher;
static ByteBuffer out;

static int setup(void **state)
{
    (void)state;
    cipher = segment_cipher_create();
    assert_non_null(cipher);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    segment_cipher_destroy(&cipher);
    assert_null(cipher);
    segment_cipher_destroy(&cipher);
    byte_buffer_free(&out);
    return 0;
}

static void encrypts_as_nist_says_and_pads(void **state)
{
    (void)state;
    assert_int_equal(segment_cipher_encrypt(cipher, key, nist_iv, plain, sizeof(plain), &out), 0);
    /* a whole block of padding behind what is whole blocks */
    assert_int_equal(out.len, sizeof(plain) + SEGMENT_PAD_MOST);
    assert_memory_equal(out.data, cipher_text, sizeof(cipher_text));
}

static void begins_again_with_each_part(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(segment_cipher_encrypt(cipher, key, nist_iv, plain, 33, &out), 0);
        assert_int_equal(out.len, 48);
        assert_memory_equal(out.data, cipher_text, 32);
    }
}

static void encrypts_in_place(void **state)
{
    (void)state;
    byte_buffer_clear(&out);
    assert_int_equal(byte_buffer_add(&out, plain, 33), 0);
    assert_int_equal(segment_cipher_encrypt_in_place(cipher, key, nist_iv, &out), 0);
    assert_int_equal(out.len, 48);
    assert_memory_equal(out.data, cipher_text, 32);
}

static void nothing_is_a_block_of_padding(void **state)
{
    (void)state;
    assert_int_equal(segment_cipher_encrypt(cipher, key, nist_iv, plain, 0, &out), 0);
    assert_int_equal(out.len, SEGMENT_PAD_BLOCK);
}

static void what_is_too_long_is_refused(void **state)
{
    (void)state;
    assert_int_equal(segment_cipher_encrypt(cipher, key, nist_iv, plain, (size_t)INT_MAX - 3, &out),
                     -1);
    assert_int_equal(errno, ENOMEM);
    assert_int_equal(out.len, 0);
    assert_int_equal(segment_cipher_encrypt(cipher, key, nist_iv, plain, 16, &out), 0);
}

static void a_number_is_a_vector(void **state)
{
    static const struct {
        const char *name;
        int64_t msn;
        uint8_t iv[SEGMENT_IV_SIZE];
    } rows[] = {
        {"0", 0, {0}},
        {"1", 1, {[15] = 1}},
        {"a second of today", 1795974000, {[12] = 0x6b, 0x0c, 0x63, 0x70}},
        {"more than 32 bits", 0x123456789a, {[11] = 0x12, 0x34, 0x56, 0x78, 0x9a}},
    };
    uint8_t iv[SEGMENT_IV_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        segment_cipher_iv(rows[i].msn, iv);
        assert_row(memcmp(iv, rows[i].iv, sizeof(iv)) == 0, rows[i].name, "%02x%02x%02x%02x",
                   iv[12], iv[13], iv[14], iv[15]);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(encrypts_as_nist_says_and_pads),
    cmocka_unit_test(begins_again_with_each_part),
    cmocka_unit_test(encrypts_in_place),
    cmocka_unit_test(nothing_is_a_block_of_padding),
    cmocka_unit_test(what_is_too_long_is_refused),
    cmocka_unit_test(a_number_is_a_vector),
};

TEST_GROUP(segment_cipher, tests, .setup = setup, .teardown = teardown);
