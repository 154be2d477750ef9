/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>
#include <zlib.h>

#include "instruments/hls-viewers/gunzip.h"

#define TEXT_LEN 50000 /* more than is unpacked at once */

static char text[TEXT_LEN], packed[TEXT_LEN];
static size_t packed_len;

static int setup(void **state)
{
    z_stream z = {.next_in = (Bytef *)text,
                  .avail_in = TEXT_LEN,
                  .next_out = (Bytef *)packed,
                  .avail_out = sizeof(packed)};

    (void)state;
    for (size_t i = 0; i < TEXT_LEN; i++)
        text[i] = (char)('a' + i % 7 + i / 1000 % 13);
    deflateInit2(&z, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    packed_len = z.total_out;
    return 0;
}

/* Unpacks a copy that nobody may read past. */
static char *unpack(size_t len, size_t max, size_t *out_len, const char **wrong)
{
    uint8_t *copy = guarded_copy(packed, len);
    char *out = gunzip((const char *)copy, len, max, out_len, wrong);

    guarded_free(copy, len);
    return out;
}

static void gives_back_what_was_packed(void **state)
{
    const char *wrong;
    size_t len;

    (void)state;
    char *out = unpack(packed_len, TEXT_LEN + 1, &len, &wrong);
    assert_non_null(out);
    assert_null(wrong);
    assert_int_equal(len, TEXT_LEN);
    assert_memory_equal(out, text, TEXT_LEN);
    free(out);
}

static void refuse(const char *name, size_t len, size_t max)
{
    const char *wrong;
    size_t out_len;

    assert_row(!unpack(len, max, &out_len, &wrong), name, "it is unpacked");
    assert_row(wrong != NULL, name, "nobody says why");
}

static void refuses_bytes_that_are_not_gzip(void **state)
{
    (void)state;
    refuse("too much", packed_len, TEXT_LEN - 1);
    refuse("cut off", packed_len - 1, TEXT_LEN + 1);
    refuse("nothing", 0, TEXT_LEN + 1);
    refuse("more behind it", packed_len + 1, TEXT_LEN + 1);
    packed[packed_len - 8] ^= 1; /* its CRC */
    refuse("another text", packed_len, TEXT_LEN + 1);
    packed[0] = '#';
    refuse("no gzip", packed_len, TEXT_LEN + 1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup(gives_back_what_was_packed, setup),
    cmocka_unit_test_setup(refuses_bytes_that_are_not_gzip, setup),
};

TEST_GROUP(gunzip, tests);
