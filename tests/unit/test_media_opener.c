/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings_setup.h"

#include <stdlib.h>

#include "instruments/hls-doctor/m3u8_key.h"
#include "instruments/hls-doctor/media_opener.h"
#include "temp_file.h"

/* "Hello, this is a segment." by node's crypto module: AES-128-CBC with the key 00 01 … 0f and the
 * vector 263, padded. */
static const uint8_t encrypted[] = {
    0x5b, 0xbb, 0x90, 0x48, 0xbf, 0xfd, 0x90, 0x26, 0x2c, 0x83, 0x72, 0x08, 0xce, 0x79, 0xe6, 0x3d,
    0xe7, 0x62, 0xc6, 0x96, 0xca, 0xb2, 0x01, 0xdc, 0xd7, 0xba, 0x7a, 0x46, 0xa6, 0xc5, 0x08, 0xbb};
static const char hello[] = "Hello, this is a segment.";
#define KEY "000102030405060708090a0b0c0d0e0f"
static const uint8_t key[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static char aes_128[] = "METHOD=AES-128,URI=\"k.bin\"";
static char sample_aes[] = "METHOD=SAMPLE-AES,URI=\"k.bin\",KEYFORMAT=\"identity\"";
static char fairplay[] = "METHOD=SAMPLE-AES,URI=\"skd://k\",KEYFORMAT=\"com.apple.x\"";
static char uri[] = "7.ts";

static M3u8Segment segment_of(char *list)
{
    return (M3u8Segment){.uri = uri, .key = list, .sequence = 263, .range = M3U8_WHOLE};
}

static void keys_are_given_in_hexadecimal(void **state)
{
    GivenKeys keys = {0};
    char path[TEMP_FILE_SIZE];
    const uint8_t kid[AES_BYTES] = {0xA0, 0xFF};

    (void)state;
    assert_null(given_keys_find(&keys, kid));
    assert_null(given_keys_add(&keys, "a0ff0000-0000-0000-0000-000000000000:" KEY));
    assert_memory_equal(given_keys_find(&keys, kid), key, sizeof(key));
    assert_null(given_keys_find(&keys, key));
    assert_null(given_keys_find(&keys, NULL));
    assert_null(given_keys_add(&keys, "0X" KEY));
    assert_memory_equal(given_keys_find(&keys, NULL), key, sizeof(key));

    keys = (GivenKeys){0};
    temp_file(path, "# all there are\n\n" KEY ":A0FF0000000000000000000000000000\n");
    assert_null(given_keys_add(&keys, path));
    assert_memory_equal(given_keys_find(&keys, key), kid, sizeof(kid));
    assert_int_equal(unlink(path), 0);
    assert_non_null(given_keys_add(&keys, path));
    temp_file(path, KEY ":" KEY "\nnonsense\n");
    assert_non_null(given_keys_add(&keys, path));
    assert_int_equal(unlink(path), 0);
    static const char *const wrong[] = {
        "", "00", KEY "0", KEY ":", ":" KEY, KEY ":" KEY "0", "0g0102030405060708090a0b0c0d0e0f"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_row(given_keys_add(&keys, wrong[i]), wrong[i], "it was taken");
}

static void a_key_of_a_list_is_read(void **state)
{
    uint8_t vector[AES_BYTES];
    M3u8Key k = m3u8_key_read("METHOD=AES-128,URI=\"a?b\",IV=0x" KEY
                              ",KEYID=0x000102030405060708090a0b0c0d0e0f");

    (void)state;
    assert_int_equal(k.method, M3U8_AES_128);
    assert_true(k.is_identity && k.has_vector && k.has_kid);
    assert_string_equal(k.uri, "a?b");
    m3u8_key_vector(&k, 5, vector);
    assert_memory_equal(vector, key, sizeof(key));
    assert_memory_equal(k.kid, key, sizeof(key));
    k = m3u8_key_read(aes_128);
    m3u8_key_vector(&k, 0x0102, vector);
    assert_memory_equal(vector, ((uint8_t[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2}), 16);
    assert_int_equal(m3u8_key_read(NULL).method, M3U8_CLEAR);
    assert_int_equal(m3u8_key_read("").method, M3U8_CLEAR);
    assert_int_equal(m3u8_key_read("METHOD=AES-256").method, M3U8_OTHER_METHOD);
    assert_int_equal(m3u8_key_read(fairplay).method, M3U8_SAMPLE_AES);
    assert_false(m3u8_key_read(fairplay).is_identity);
}

static void the_key_itself_is_kept_of_several_formats(void **state)
{
    (void)state;
    char *now = m3u8_key_after(NULL, fairplay);
    assert_string_equal(now, fairplay);
    now = m3u8_key_after(now, sample_aes);
    assert_string_equal(now, sample_aes);
    now = m3u8_key_after(now, fairplay); /* another format of the same key */
    assert_string_equal(now, sample_aes);
    now = m3u8_key_after(now, aes_128);
    assert_string_equal(now, aes_128);
    now = m3u8_key_after(now, "METHOD=NONE");
    assert_string_equal(now, "");
    now = m3u8_key_after(now, fairplay);
    assert_string_equal(now, fairplay);
    free(now);
}

static void a_key_is_wanted_that_nobody_gave(void **state)
{
    GivenKeys keys = {0};
    char wanted[M3U8_URI_SIZE];
    M3u8Segment s = segment_of(aes_128);

    (void)state;
    assert_true(media_opener_wants_key(&keys, &s, wanted));
    assert_string_equal(wanted, "k.bin");
    s = segment_of(fairplay);
    assert_false(media_opener_wants_key(&keys, &s, wanted));
    s = segment_of(NULL);
    assert_false(media_opener_wants_key(&keys, &s, wanted));
    assert_null(given_keys_add(&keys, KEY));
    s = segment_of(aes_128);
    assert_false(media_opener_wants_key(&keys, &s, wanted));
}

static void a_key_that_came_has_16_bytes(void **state)
{
    static const uint8_t long_one[AES_BYTES + 1];
    uint8_t out[AES_BYTES];

    (void)state;
    assert_true(media_opener_take_key(findings, "k.bin", 200, key, sizeof(key), out));
    assert_memory_equal(out, key, sizeof(key));
    assert_found(findings, "a key", NULL, false);
    assert_false(media_opener_take_key(findings, "k.bin", 403, NULL, 0, out));
    assert_found(findings, "for others", "a key cannot be fetched", true);
    empty_findings();
    assert_false(media_opener_take_key(findings, "k.bin", 200, long_one, sizeof(long_one), out));
    assert_found(findings, "too long", "a key is not of 16 bytes (4.4.4.4)", false);
    empty_findings();
    assert_false(media_opener_take_key(findings, "k.bin", 200, NULL, 0, out));
    assert_found(findings, "empty", "a key is not of 16 bytes (4.4.4.4)", false);
}

static void a_file_is_decrypted(void **state)
{
    static const GivenKeys none;
    M3u8Segment s = segment_of(aes_128);
    uint8_t data[sizeof(encrypted)];
    size_t len = sizeof(data);

    (void)state;
    memcpy(data, encrypted, len);
    assert_int_equal(media_opener_file(findings, &none, &s, key, data, &len), MEDIA_OPEN);
    assert_int_equal(len, strlen(hello));
    assert_memory_equal(data, hello, len);
    assert_found(findings, "the right key", NULL, false);
}

static void a_file_that_cannot_be_decrypted_is_no_media(void **state)
{
    static const GivenKeys none;
    static const uint8_t other[AES_BYTES] = {9};
    M3u8Segment s = segment_of(aes_128);
    uint8_t data[sizeof(encrypted)];
    size_t len = sizeof(data);

    (void)state;
    memcpy(data, encrypted, len);
    assert_int_equal(media_opener_file(findings, &none, &s, other, data, &len), MEDIA_LOCKED);
    assert_found(findings, "another key", "a segment or part cannot be decrypted", false);
    empty_findings();
    len = sizeof(data) - 1;
    assert_int_equal(media_opener_file(findings, &none, &s, key, data, &len), MEDIA_LOCKED);
    assert_found(findings, "cut short", "a segment or part cannot be decrypted", false);
    empty_findings();
    len = sizeof(data);
    assert_int_equal(media_opener_file(findings, &none, &s, NULL, data, &len), MEDIA_LOCKED);
    assert_found(findings, "no key", "encrypted, and there is no key for it", true);
    empty_findings();
    s = segment_of(sample_aes); /* of a transport stream */
    assert_int_equal(media_opener_file(findings, &none, &s, key, data, &len), MEDIA_LOCKED);
    assert_found(findings, "SAMPLE-AES", "encrypted, and there is no key for it", true);
}

static void the_range_of_a_picture_is_decrypted_in_whole_blocks(void **state)
{
    static const GivenKeys none;
    MediaJob job = {.is_iframe = true, .segment = segment_of(aes_128), .has_key = true};
    uint8_t data[AES_BYTES];

    (void)state;
    memcpy(job.key, key, sizeof(key));
    job.segment.range = (M3u8Range){0, 10};
    M3u8Range whole = media_opener_range(&job.segment);
    assert_int_equal(whole.len, sizeof(data));
    memcpy(data, encrypted, sizeof(data));
    job.bytes = (MediaBytes){data, sizeof(data)};
    assert_int_equal(media_opener_open(findings, &none, &job), MEDIA_OPEN);
    assert_int_equal(job.bytes.len, 10);
    assert_memory_equal(data, hello, 10);
    assert_found(findings, "a range", NULL, false);
    job.segment.key = NULL;
    assert_int_equal(media_opener_range(&job.segment).len, 10);
}

#define OF(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static const struct CMUnitTest tests[] = {
    OF(keys_are_given_in_hexadecimal),
    OF(a_key_of_a_list_is_read),
    OF(the_key_itself_is_kept_of_several_formats),
    OF(a_key_is_wanted_that_nobody_gave),
    OF(a_key_that_came_has_16_bytes),
    OF(a_file_is_decrypted),
    OF(a_file_that_cannot_be_decrypted_is_no_media),
    OF(the_range_of_a_picture_is_decrypted_in_whole_blocks),
};
TEST_GROUP(media_opener, tests);
