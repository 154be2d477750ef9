/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/package/cmaf_mux.h"
#include "instruments/hls-doctor/cenc_reader.h"
#include "unit_of.h"

/* What the bridge encrypts is what it would have written clear, when hls-doctor's own reader has
 * decrypted it: one knows nothing of the other. */

static const CbcsKey first_key = {.id = {1, 2, 3}, .key = {4, 5, 6}, .iv = {7, 8, 9}};
static const CbcsKey second_key = {.id = {11, 2, 3}, .key = {14, 5, 6}, .iv = {17, 8, 9}};
static const uint8_t aac_config[] = {0x11, 0x90};
static const uint8_t sets[] = {0,    0,    0,    1,    0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D,
                               0x40, 0x28, 0x02, 0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84,
                               0x42, 0x35, 0,    0,    0,    1,    0x68, 0xCE, 0x3C, 0x80};

static CmafMux *plain, *locked;
static CmafFragment plain_out, locked_out;
static ByteBuffer plain_bytes, locked_bytes;

static CmafMux *open_mux(TrackKind kind, const CbcsKey *key)
{
    static const VideoFormat format = {.width = 1280, .height = 720};
    const bool video = kind == TRACK_VIDEO;
    const CmafMuxParams params = {.kind = kind,
                                  .config = video ? sets : aac_config,
                                  .config_len = video ? sizeof(sets) : sizeof(aac_config),
                                  .format = &format,
                                  .key = key};
    const char *error;
    CmafMux *mux = cmaf_mux_create(&params, &error);

    assert_non_null(mux);
    return mux;
}

static void open_both(TrackKind kind)
{
    plain = open_mux(kind, NULL);
    locked = open_mux(kind, &first_key);
}

static int teardown(void **state)
{
    (void)state;
    cmaf_mux_destroy(&plain);
    cmaf_mux_destroy(&locked);
    byte_buffer_free(&plain_bytes);
    byte_buffer_free(&locked_bytes);
    return 0;
}

/* A picture of `slices` slices, each of `len` bytes, behind a delimiter and an SEI. */
static void picture(int64_t at, size_t slices, size_t len)
{
    static uint8_t data[8192];
    size_t n = 0;

    static const uint8_t head[] = {0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1, 6, 5, 4, 1, 2, 3, 4, 0x80};
    memcpy(data, head, sizeof(head));
    n += sizeof(head);
    for (size_t i = 0; i < slices; i++) {
        static const uint8_t begin[] = {0, 0, 0, 1, 0x41, 0x9A, 0x10, 0x55, 0x66};
        assert_in_range(n + len, 0, sizeof(data));
        memcpy(data + n, begin, sizeof(begin));
        for (size_t k = sizeof(begin); k < len; k++)
            data[n + k] = (uint8_t)(1 + (k * 7 + i + (size_t)at) % 255); /* no start code */
        n += len;
    }
    AccessUnit unit = unit_of(data, n, false);
    assert_int_equal(unit.nals, 2 + slices);
    assert_int_equal(cmaf_mux_picture(plain, &unit, at, at), 0);
    assert_int_equal(cmaf_mux_picture(locked, &unit, at, at), 0);
}

static void sound(int64_t at, size_t len)
{
    uint8_t data[1024];

    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(i * 3 + len);
    const AacFrame frame = {.data = data, .len = len, .pts_samples = at};
    assert_int_equal(cmaf_mux_sound(plain, &frame), 0);
    assert_int_equal(cmaf_mux_sound(locked, &frame), 0);
}

static void cut(int64_t start, int64_t end)
{
    const PartCut part = {start, end, end, false};

    byte_buffer_clear(&plain_bytes);
    byte_buffer_clear(&locked_bytes);
    assert_int_equal(cmaf_mux_cut(plain, &part, &plain_bytes, &plain_out), 0);
    assert_int_equal(cmaf_mux_cut(locked, &part, &locked_bytes, &locked_out), 0);
}

/* ---- reading ---- */

static const uint8_t *key_of(const void *user, const uint8_t *kid)
{
    const CbcsKey *key = user;

    return key && memcmp(kid, key->id, sizeof(key->id)) == 0 ? key->key : NULL;
}

/* The media of a fragment, from its mdat's body on. */
static CmafBytes media(CmafBytes fragment)
{
    const uint8_t *at = memmem(fragment.data, fragment.len, "mdat", 4);

    assert_non_null(at);
    at += 4;
    return (CmafBytes){at, fragment.len - (size_t)(at - fragment.data)};
}

/* Reads the initialisation segment, and decrypts what was cut last. */
static CencResult decrypt(const CbcsKey *key)
{
    static uint8_t init[4096];
    CmafBytes from = cmaf_mux_init(locked);
    CencTracks tracks;

    assert_in_range(from.len, 1, sizeof(init));
    memcpy(init, from.data, from.len);
    cenc_reader_init(init, from.len, &tracks);
    assert_int_equal(tracks.count, 1);
    assert_string_equal(tracks.track[0].scheme, "cbcs");
    assert_memory_equal(tracks.track[0].kid, cmaf_mux_key(locked)->id, AES_BYTES);
    assert_null(memmem(init, from.len, "encv", 4));
    assert_null(memmem(init, from.len, "sinf", 4));
    return cenc_reader_media(&tracks, locked_bytes.data, locked_bytes.len, key_of, key);
}

static bool is_as_plain(void)
{
    CmafBytes a = media(plain_out.bytes),
              b = media((CmafBytes){locked_bytes.data, locked_bytes.len});

    assert_int_equal(a.len, b.len);
    return memcmp(a.data, b.data, a.len) == 0;
}

static void pictures_come_back(void **state)
{
    (void)state;
    open_both(TRACK_VIDEO);
    picture(900000, 1, 700);
    picture(903000, 3, 250);
    picture(906000, 1, 20); /* nothing of it is protected */
    cut(900000, 909000);
    assert_false(is_as_plain());
    assert_int_equal(decrypt(&first_key), CENC_DECRYPTED);
    assert_true(is_as_plain());
    assert_null(memmem(locked_bytes.data, locked_bytes.len, "senc", 4));
}

static void sound_comes_back(void **state)
{
    (void)state;
    open_both(TRACK_AUDIO);
    sound(480000, 300);
    sound(481024, 15);
    sound(482048, 32);
    cut(480000, 483072);
    assert_false(is_as_plain());
    assert_int_equal(decrypt(&first_key), CENC_DECRYPTED);
    assert_true(is_as_plain());
}

static void each_fragment_decrypts_alone(void **state)
{
    (void)state;
    open_both(TRACK_VIDEO);
    for (int64_t at = 900000; at < 900000 + 5 * 9000; at += 9000) {
        picture(at, 2, 400);
        picture(at + 3000, 1, 900);
        cut(at, at + 9000);
        assert_false(is_as_plain());
        assert_int_equal(decrypt(&first_key), CENC_DECRYPTED); /* with nothing from before */
        assert_true(is_as_plain());
    }
}

static void another_key_has_another_initialisation_segment(void **state)
{
    (void)state;
    open_both(TRACK_VIDEO);
    picture(900000, 1, 700);
    cut(900000, 903000);
    assert_int_equal(cmaf_mux_set_key(locked, &second_key), 0);
    picture(903000, 1, 700);
    cut(903000, 906000);
    assert_int_equal(decrypt(&first_key), CENC_NO_KEY);
    assert_false(is_as_plain());
    picture(906000, 1, 700);
    cut(906000, 909000);
    assert_int_equal(decrypt(&second_key), CENC_DECRYPTED);
    assert_true(is_as_plain());
}

static void a_wrong_key_gives_other_media(void **state)
{
    CbcsKey wrong = first_key;

    (void)state;
    wrong.key[15] ^= 1;
    open_both(TRACK_VIDEO);
    picture(900000, 1, 700);
    cut(900000, 903000);
    assert_int_equal(decrypt(&wrong), CENC_DECRYPTED);
    assert_false(is_as_plain());
}

/* The name of a box in what was cut last, or a place in it. */
static uint8_t *find(const char *type)
{
    uint8_t *at = memmem(locked_bytes.data, locked_bytes.len, type, 4);

    assert_non_null(at);
    return at;
}

static void what_does_not_fit_is_said(void **state)
{
    (void)state;
    open_both(TRACK_VIDEO);
    for (int fault = 0; fault < 2; fault++) {
        picture(900000 + fault * 3000, 1, 700);
        cut(900000 + fault * 3000, 903000 + fault * 3000);
        if (fault == 0)
            find("senc")[4 + 8 + 1] = 9; /* more subsamples than there are */
        else
            find("senc")[4 + 8 + 2 + 2] = 1; /* more bytes than the sample has */
        assert_int_equal(decrypt(&first_key), CENC_BROKEN);
    }
}

static void a_fragment_without_its_end_is_decrypted_as_far_as_it_goes(void **state)
{
    (void)state;
    open_both(TRACK_VIDEO);
    picture(900000, 1, 700);
    picture(903000, 1, 700);
    cut(900000, 906000);
    locked_bytes.len = locked_out.first_len;
    /* as the range of an I-frame playlist; mdat has the length of all */
    assert_int_equal(decrypt(&first_key), CENC_DECRYPTED);
    CmafBytes a = media(plain_out.bytes),
              b = media((CmafBytes){locked_bytes.data, locked_bytes.len});
    assert_in_range(b.len, 600, 800);
    assert_memory_equal(a.data, b.data, b.len);
}

static void what_is_clear_stays_so(void **state)
{
    static uint8_t init[4096];
    CencTracks tracks;

    (void)state;
    open_both(TRACK_VIDEO);
    CmafBytes from = cmaf_mux_init(plain);
    memcpy(init, from.data, from.len);
    cenc_reader_init(init, from.len, &tracks);
    assert_int_equal(tracks.count, 0);
    assert_memory_equal(init, from.data, from.len);
    picture(900000, 1, 700);
    cut(900000, 903000);
    assert_int_equal(cenc_reader_media(&tracks, locked_bytes.data, locked_bytes.len, key_of, NULL),
                     CENC_CLEAR);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(pictures_come_back, teardown),
    cmocka_unit_test_teardown(sound_comes_back, teardown),
    cmocka_unit_test_teardown(each_fragment_decrypts_alone, teardown),
    cmocka_unit_test_teardown(another_key_has_another_initialisation_segment, teardown),
    cmocka_unit_test_teardown(a_wrong_key_gives_other_media, teardown),
    cmocka_unit_test_teardown(what_does_not_fit_is_said, teardown),
    cmocka_unit_test_teardown(a_fragment_without_its_end_is_decrypted_as_far_as_it_goes, teardown),
    cmocka_unit_test_teardown(what_is_clear_stays_so, teardown),
};
TEST_GROUP(cenc_reader, tests);
