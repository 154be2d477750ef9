/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "golden.h"
#include "hls-bridge/package/multivariant.h"

static char text[MULTIVARIANT_TEXT_SIZE];

static Multivariant ladder(void)
{
    return (Multivariant){
        .sound = true,
        .audio = "audio.m3u8",
        .language = "en",
        .variants = 3,
        .variant = {{.uri = "video.m3u8",
                     .codec = "avc1.42C01F",
                     .width = 1280,
                     .height = 720,
                     .frame_rate_milli = 29970,
                     .bandwidth = 2700000,
                     .average_bandwidth = 2300000},
                    {.uri = "video-mid.m3u8",
                     .codec = "avc1.42C01E",
                     .width = 640,
                     .height = 360,
                     .frame_rate_milli = 29970,
                     .bandwidth = 800000,
                     .average_bandwidth = 700000},
                    {.uri = "video-low.m3u8",
                     .codec = "avc1.42C00D",
                     .width = 320,
                     .height = 180,
                     .frame_rate_milli = 15000,
                     .bandwidth = 190000,
                     .average_bandwidth = 160000}},
    };
}

static void a_ladder(void **state)
{
    Multivariant m = ladder();

    (void)state;
    m.variant[0].iframes = "iframes.m3u8";
    m.variant[0].iframes_bandwidth = 90000;
    m.variant[0].iframes_average = 80000;
    m.variant[2].iframes = "iframes-low.m3u8";
    m.variant[2].iframes_bandwidth = 9000;
    m.variant[2].iframes_average = 8000;
    size_t len = multivariant_write(&m, text);
    assert_int_equal(len, strlen(text));
    assert_golden("multivariant/ladder.m3u8", text);
}

static void the_smallest_has_a_sound_of_its_own(void **state)
{
    Multivariant m = ladder(), listed = ladder();

    (void)state;
    m.low_audio = "audio-low.m3u8";
    m.variant[2].low = true;
    assert_true(multivariant_is_new(&m, &listed));
    multivariant_write(&m, text);
    assert_golden("multivariant/ladder-low-sound.m3u8", text);
    listed = m;
    assert_false(multivariant_is_new(&m, &listed));
    m.variant[2].low = false;
    m.variant[1].low = true;
    assert_true(multivariant_is_new(&m, &listed));
}

static void a_ladder_with_the_sound_in_it(void **state)
{
    Multivariant m = ladder();

    (void)state;
    m.audio = NULL;
    m.variant[0].uri = "index.m3u8";
    m.variant[1].uri = "index-mid.m3u8";
    m.variant[2].uri = "index-low.m3u8";
    multivariant_write(&m, text);
    assert_golden("multivariant/ladder-ts.m3u8", text);
}

static void one_size(void **state)
{
    Multivariant m = ladder();

    (void)state;
    m.variants = 1;
    m.language = "und";
    multivariant_write(&m, text);
    assert_golden("multivariant/master-both.m3u8", text);
    m.audio = NULL;
    m.sound = false;
    multivariant_write(&m, text);
    assert_golden("multivariant/master-video.m3u8", text);
    m.sound = true;
    m.variant[0].uri = m.audio = "audio.m3u8";
    m.variant[0].codec[0] = '\0';
    multivariant_write(&m, text);
    assert_golden("multivariant/master-audio.m3u8", text);
}

/* Variants that differ in nothing would be taken for one in several places. */
static void sizes_that_show_the_same_are_told_apart(void **state)
{
    Multivariant m = ladder();

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const char *uri = m.variant[i].uri;
        m.variant[i] = m.variant[2];
        m.variant[i].uri = uri;
    }
    m.variant[3] = m.variant[2];
    m.variant[3].opus = true;
    m.opus = "audio-opus.m3u8";
    m.variants = 4;
    multivariant_write(&m, text);
    assert_non_null(strstr(text, "BANDWIDTH=190002,"));
    assert_non_null(strstr(text, "BANDWIDTH=190001,"));
    const char *low = strstr(text, "BANDWIDTH=190000,"); /* of the smallest, and with Opus */
    assert_non_null(low);
    assert_non_null(strstr(low + 1, "BANDWIDTH=190000,"));

    m.variant[1].bandwidth = 190001;
    multivariant_write(&m, text);
    assert_non_null(strstr(text, "BANDWIDTH=190002,"));
    m.variant[0].width = 321;
    multivariant_write(&m, text);
    assert_null(strstr(text, "BANDWIDTH=190002,"));
}

static void the_largest_fits(void **state)
{
    Multivariant m = ladder();

    (void)state;
    m.variants = VIDEO_TRACKS_MAX;
    m.low_audio = "audio-low.m3u8";
    m.language = "abcdefgh-abcdefgh-abcdefgh-abcdefgh";
    m.opus = "audio-opus.m3u8";
    m.variants *= 2;
    for (size_t i = 0; i < m.variants; i++) {
        m.variant[i] = m.variant[0];
        m.variant[i].opus = i >= VIDEO_TRACKS_MAX;
        m.variant[i].uri = "video-01234567890123456789012345678901.m3u8";
        m.variant[i].bandwidth = m.variant[i].average_bandwidth = 1000000000000;
        m.variant[i].frame_rate_milli = 1000000000;
        m.variant[i].iframes = "iframes-01234567890123456789012345678901.m3u8";
        m.variant[i].iframes_bandwidth = m.variant[i].iframes_average = 1000000000000;
    }
    assert_in_range(multivariant_write(&m, text), 1000, MULTIVARIANT_TEXT_SIZE / 2);
}

/* Behind all others stands each size once more, with the Opus. */
static void opus_is_a_group_of_its_own(void **state)
{
    Multivariant m = ladder(), listed = m;

    (void)state;
    m.opus = "audio-opus.m3u8";
    assert_true(multivariant_is_new(&m, &listed));
    for (size_t i = 0; i < listed.variants; i++) {
        m.variant[m.variants] = m.variant[i];
        m.variant[m.variants].iframes = NULL;
        m.variant[m.variants++].opus = true;
    }
    multivariant_write(&m, text);
    assert_golden("multivariant/ladder-opus.m3u8", text);
    listed = m;
    assert_false(multivariant_is_new(&m, &listed));
    m.variant[m.variants - 1].opus = false;
    assert_true(multivariant_is_new(&m, &listed));
}

static void what_is_new(void **state)
{
    const Multivariant listed = ladder();
    const struct {
        const char *name;
        size_t variants, rate, average, peak, width;
        bool is_new;
    } rows[] = {
        {"nothing", 3, 29970, 2300000, 2700000, 1280, false},
        {"a higher peak, which BANDWIDTH must not lie below", 3, 29970, 2300000, 2700001, 1280,
         true},
        {"a little lower peak", 3, 29970, 2300000, 2500000, 1280, false},
        {"a much lower peak", 3, 29970, 2300000, 2000000, 1280, true},
        {"a higher frame rate, likewise", 3, 29971, 2300000, 2700000, 1280, true},
        {"a little lower frame rate", 3, 25000, 2300000, 2700000, 1280, false},
        {"a much lower frame rate", 3, 15000, 2300000, 2700000, 1280, true},
        {"a little other average", 3, 29970, 2400000, 2700000, 1280, false},
        {"another average", 3, 29970, 2600000, 2700000, 1280, true},
        {"another size", 3, 29970, 2300000, 2700000, 1920, true},
        {"one size less", 2, 29970, 2300000, 2700000, 1280, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Multivariant m = ladder();
        m.variants = rows[i].variants;
        m.variant[0].frame_rate_milli = (int64_t)rows[i].rate;
        m.variant[0].average_bandwidth = (int64_t)rows[i].average;
        m.variant[0].bandwidth = (int64_t)rows[i].peak;
        m.variant[0].width = (int)rows[i].width;
        assert_row(multivariant_is_new(&m, &listed) == rows[i].is_new, rows[i].name, "%d",
                   rows[i].is_new);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_ladder),
    cmocka_unit_test(a_ladder_with_the_sound_in_it),
    cmocka_unit_test(one_size),
    cmocka_unit_test(sizes_that_show_the_same_are_told_apart),
    cmocka_unit_test(the_largest_fits),
    cmocka_unit_test(what_is_new),
    cmocka_unit_test(the_smallest_has_a_sound_of_its_own),
    cmocka_unit_test(opus_is_a_group_of_its_own),
};

TEST_GROUP(multivariant, tests);
