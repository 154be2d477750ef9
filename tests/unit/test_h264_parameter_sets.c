/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/codec/h264_parameter_sets.h"
#include "hls-bridge/codec/picture_config.h"
#include "synthetic_sps.h"
#include "unit_of.h"

/* As Chromium sends them: of 1280x720 and of 720x1280, and their PPS. */
static const uint8_t wide[] = {0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02,
                               0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};
static const uint8_t tall[] = {0x67, 0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0x40, 0x5A, 0x05,
                               0x0D, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};
static const uint8_t pps[] = {0x68, 0xCE, 0x3C, 0x80};
static const uint8_t idr[] = {0x65, 0x9A, 0x00, 0x04};

/* An access unit of these. */
typedef struct Unit {
    uint8_t data[128];
    size_t len;
} Unit;

static void append(Unit *u, const uint8_t *nal, size_t len)
{
    static const uint8_t start_code[] = {0, 0, 0, 1};

    memcpy(u->data + u->len, start_code, sizeof(start_code));
    memcpy(u->data + u->len + sizeof(start_code), nal, len);
    u->len += sizeof(start_code) + len;
}

static Unit unit_with(const uint8_t *sps, size_t len)
{
    Unit u = {.len = 0};

    append(&u, sps, len);
    append(&u, pps, sizeof(pps));
    append(&u, idr, sizeof(idr));
    return u;
}

/* Its first `len` bytes. */
static AccessUnit first_of(const Unit *u, size_t len)
{
    return unit_of(u->data, len, true);
}

static void read_sets(ParameterSets *sets, const Unit *u, size_t len)
{
    AccessUnit unit = first_of(u, len);

    parameter_sets_read(sets, &unit);
}

static bool differ(const ParameterSets *sets, const Unit *u, size_t len)
{
    AccessUnit unit = first_of(u, len);

    return parameter_sets_differ(sets, &unit);
}

static void an_access_unit_is_read_for_its_own(void **state)
{
    Unit first = unit_with(wide, sizeof(wide)), other = unit_with(tall, sizeof(tall)),
         bare = {.len = 0};
    ParameterSets sets;
    uint8_t written[128];

    (void)state;
    read_sets(&sets, &first, first.len);
    assert_true(parameter_sets_complete(&sets));
    assert_int_equal(sets.newest.width, 1280);
    read_sets(&sets, &other, other.len);
    assert_int_equal(sets.newest.width, 720);
    /* the sets, each behind its start code, and nothing of the slice */
    assert_int_equal(parameter_sets_write(&sets, written, sizeof(written)),
                     other.len - 4 - sizeof(idr));
    assert_memory_equal(written, other.data, other.len - 4 - sizeof(idr));

    append(&bare, idr, sizeof(idr));
    read_sets(&sets, &bare, bare.len);
    assert_false(parameter_sets_complete(&sets));
    assert_int_equal(sets.newest.width, 0);
}

/* Of several sets, the picture is of the one that its slice names. */
static void a_picture_is_of_the_set_that_it_names(void **state)
{
    PictureConfig config = {0}, other;

    (void)state;
    for (size_t named = 0; named < 3; named++) {
        uint8_t sps[32];
        Unit u = {.len = 0};
        VideoFormat format;

        append(&u, sps, synthetic_sps_of(0, 80, 45, sps));
        append(&u, sps, synthetic_sps_of(1, 40, 30, sps));
        for (size_t i = 0; i < 2; i++)
            append(&u, synthetic_pps[i], sizeof(synthetic_pps[i]));
        append(&u, synthetic_idr[named % 2], sizeof(synthetic_idr[0]));
        AccessUnit unit = first_of(&u, u.len);
        assert_true(picture_format(&unit, &format));
        assert_int_equal(format.width, named % 2 ? 640 : 1280);
        /* its track has the sets by now, and is to say what it changes to */
        assert_true(picture_config_read_other(&config, &unit, &other));
        assert_int_equal(other.format.width, named % 2 ? 640 : 1280);
        config = other;
        assert_false(picture_config_read_other(&config, &unit, &other));
    }
}

/* One that names none has the newest. */
static void a_picture_without_its_set_is_of_the_newest(void **state)
{
    uint8_t sps[32];
    Unit u = {.len = 0};
    VideoFormat format;

    (void)state;
    append(&u, sps, synthetic_sps_of(1, 80, 45, sps));
    append(&u, sps, synthetic_sps_of(0, 40, 30, sps));
    append(&u, synthetic_idr[1], sizeof(synthetic_idr[1]));
    AccessUnit unit = first_of(&u, u.len);
    assert_true(picture_format(&unit, &format));
    assert_int_equal(format.width, 640);
}

static void sets_are_the_same_if_their_bytes_are(void **state)
{
    Unit first = unit_with(wide, sizeof(wide)), other = unit_with(tall, sizeof(tall));
    ParameterSets a, b;

    (void)state;
    read_sets(&a, &first, first.len);
    read_sets(&b, &first, first.len);
    assert_true(parameter_sets_same(&a, &b));
    b.pps[0].nal[2] ^= 1;
    assert_false(parameter_sets_same(&a, &b));
    read_sets(&b, &other, other.len);
    assert_false(parameter_sets_same(&a, &b));
    read_sets(&b, &first, first.len - 4 - sizeof(idr) - 4 - sizeof(pps));
    assert_false(parameter_sets_same(&a, &b));
}

/* Asked of every picture: so it is not found out by reading them. */
static void a_picture_brings_other_sets(void **state)
{
    Unit first = unit_with(wide, sizeof(wide)), other = unit_with(tall, sizeof(tall)), more = first,
         bare = {.len = 0};
    size_t sps_alone = first.len - 4 - sizeof(idr) - 4 - sizeof(pps);
    ParameterSets sets = {0};

    (void)state;
    append(&bare, idr, sizeof(idr));
    assert_true(differ(&sets, &first, first.len)); /* nothing was known */
    assert_false(differ(&sets, &bare, bare.len));
    read_sets(&sets, &first, first.len);
    assert_false(differ(&sets, &first, first.len));
    assert_false(differ(&sets, &bare, bare.len));
    assert_true(differ(&sets, &other, other.len));
    assert_true(differ(&sets, &first, sps_alone)); /* one is missing */
    more.len -= 4 + sizeof(idr);
    append(&more, pps, sizeof(pps)); /* or there is one too many */
    append(&more, idr, sizeof(idr));
    assert_true(differ(&sets, &more, more.len));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_access_unit_is_read_for_its_own),
    cmocka_unit_test(a_picture_is_of_the_set_that_it_names),
    cmocka_unit_test(a_picture_without_its_set_is_of_the_newest),
    cmocka_unit_test(sets_are_the_same_if_their_bytes_are),
    cmocka_unit_test(a_picture_brings_other_sets),
};

TEST_GROUP(h264_parameter_sets, tests);
