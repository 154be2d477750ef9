/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <pthread.h>
#include <stdlib.h>

#include "hls-bridge/serve/ll_text.h"
#include "instruments/hls-viewers/gunzip.h"

static const char line[] = "#EXT-X-PART:DURATION=0.19200,URI=\"video-1770000000-12.3.m4s\"\n";

static void assert_unpacks_to(const LlText *packed, const char *bytes, size_t len)
{
    const char *wrong;
    size_t out_len;

    assert_non_null(packed);
    char *out = gunzip(packed->bytes, packed->len, len + 1, &out_len, &wrong);
    assert_non_null(out);
    assert_int_equal(out_len, len);
    assert_memory_equal(out, bytes, len);
    free(out);
}

static void it_is_compressed_once(void **state)
{
    char list[40 * (sizeof(line) - 1)];

    (void)state;
    for (size_t i = 0; i < sizeof(list); i++)
        list[i] = line[i % (sizeof(line) - 1)];
    LlText *text = ll_text_create(list, sizeof(list));
    const LlText *packed = ll_text_gzip(text);
    assert_unpacks_to(packed, list, sizeof(list));
    assert_in_range(packed->len, 1, sizeof(list) / 10);
    assert_ptr_equal(ll_text_gzip(text), packed);
    assert_int_equal(text->len, sizeof(list));
    assert_memory_equal(text->bytes, list, sizeof(list));
    ll_text_release(text);
}

/* Also what gzip does not make shorter. */
static void any_text_is_compressed(void **state)
{
    char noise[5000];
    uint32_t x = 1;

    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++) {
        x = x * 1664525 + 1013904223;
        noise[i] = (char)(x >> 24);
    }
    for (size_t len = 0; len <= sizeof(noise); len += 1250) {
        LlText *text = ll_text_create(noise, len);
        assert_unpacks_to(ll_text_gzip(text), noise, len);
        ll_text_release(text);
    }
}

static void *compress(void *user)
{
    const LlText *packed = ll_text_gzip(user);

    ll_text_release(user);
    return (void *)packed;
}

/* Whoever comes first, all are given the same one. */
static void many_may_ask_at_once(void **state)
{
    pthread_t thread[8];
    LlText *text = ll_text_create(line, sizeof(line));

    (void)state;
    for (size_t i = 0; i < COUNT(thread); i++)
        assert_int_equal(pthread_create(&thread[i], NULL, compress, ll_text_hold(text)), 0);
    for (size_t i = 0; i < COUNT(thread); i++) {
        void *packed;
        pthread_join(thread[i], &packed);
        assert_ptr_equal(packed, ll_text_gzip(text));
    }
    assert_unpacks_to(ll_text_gzip(text), line, sizeof(line));
    ll_text_release(text);
    ll_text_release(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(it_is_compressed_once),
    cmocka_unit_test(any_text_is_compressed),
    cmocka_unit_test(many_may_ask_at_once),
};

TEST_GROUP(ll_text, tests);
