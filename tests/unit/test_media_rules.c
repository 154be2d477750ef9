/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings_text.h"

#include "instruments/hls-doctor/media_rules.h"

#define SECOND   1000000ll
#define TICKS    90000
#define FIRST_90 900000 /* where the media begins */

static Findings *findings;
static MediaRules *rules;

static int setup(void **state)
{
    (void)state;
    findings = findings_create();
    rules = media_rules_create(findings, "video");
    return rules ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    media_rules_destroy(&rules);
    findings_destroy(&findings);
    return 0;
}

/* One good segment, to be spoilt: two seconds of sixty pictures in two parts. */
typedef struct Sample {
    M3u8Segment listed;
    MediaPart part[2];
    MediaSegment segment;
} Sample;

static SegmentFacts pictures(int64_t start, int64_t duration_90k, size_t count, bool idr)
{
    SegmentFacts f = {.starts_with_idr = idr, .has_idr = idr, .has_parameter_sets = true};

    f.video = (ProbeTrack){.packets = count,
                           .first_pts = start,
                           .first_dts = start,
                           .end_dts = start + duration_90k,
                           .width = 1280,
                           .height = 720,
                           .codec = "avc1.42C01F"};
    return f;
}

static void make(Sample *s, uint64_t sequence)
{
    static char uri[] = "s.m4s", map[] = "init.mp4";
    int64_t start = FIRST_90 + (int64_t)sequence * 2 * TICKS;

    *s = (Sample){0};
    s->listed = (M3u8Segment){.uri = uri,
                              .map = map,
                              .duration_us = 2 * SECOND,
                              .sequence = sequence,
                              .time_unix_us = 1770000000 * SECOND + (int64_t)sequence * 2 * SECOND};
    s->part[0] = (MediaPart){{uri, SECOND, true, false, false}, pictures(start, TICKS, 30, true)};
    s->part[1] =
        (MediaPart){{uri, SECOND, false, false, false}, pictures(start + TICKS, TICKS, 30, false)};
    s->segment = (MediaSegment){.listed = &s->listed,
                                .target_us = 2 * SECOND,
                                .facts = pictures(start, 2 * TICKS, 60, true),
                                .len = 500000,
                                .part_count = 2,
                                .parts = s->part,
                                .is_its_parts = true};
}

/* What may be wrong in the second of two segments. */
static void no_segment_media(Sample *s)
{
    s->segment.facts.video.packets = 0;
}
static void no_idr(Sample *s)
{
    s->segment.facts.has_idr = s->part[0].facts.has_idr = s->part[0].listed.independent = false;
}
static void errors_alone(Sample *s)
{
    s->segment.facts.errors_alone = 1;
}
static void errors_in_sequence(Sample *s)
{
    s->segment.facts.errors_in_sequence = 1;
}
static void backward(Sample *s)
{
    s->segment.facts.video.backward = 1;
}
static void hole(Sample *s)
{
    s->segment.facts.audio.holes = 1;
}
static void extinf(Sample *s)
{
    s->listed.duration_us += 2000;
}
static void part_duration(Sample *s)
{
    s->part[1].listed.duration_us -= 2000;
}
static void not_independent(Sample *s)
{
    s->part[1].listed.independent = true;
}
static void not_marked(Sample *s)
{
    s->part[1].facts.has_idr = true;
}
static void independent_errors(Sample *s)
{
    s->part[0].facts.errors_alone = 1;
}
static void part_gap(Sample *s)
{
    s->part[1].facts.video.first_dts += 45;
    s->part[1].facts.video.end_dts += 45;
}
static void samples(Sample *s)
{
    s->part[1].facts.video.packets--;
}
static void bytes(Sample *s)
{
    s->segment.is_its_parts = false;
}
static void size(Sample *s)
{
    s->segment.facts.video.width = 720;
}
static void gap(Sample *s)
{
    for (int i = 0; i < 2; i++) {
        s->part[i].facts.video.first_dts += 90;
        s->part[i].facts.video.end_dts += 90;
    }
    s->segment.facts.video.first_dts += 90;
    s->segment.facts.video.end_dts += 90;
}
static void new_beginning(Sample *s)
{
    gap(s);
    size(s);
    s->listed.discontinuity++;
}
static void stream(Sample *s)
{
    s->listed.map = NULL;
    s->segment.facts.starts_with_idr = false;
}
static void nothing(Sample *s)
{
    (void)s;
}

/* A transport stream goes on after a segment of sound alone as it was before. */
static void a_segment_without_pictures_changes_nothing(void **state)
{
    static const int widths[] = {640, 720};

    (void)state;
    for (size_t i = 0; i < COUNT(widths); i++) {
        Sample sample[3];
        teardown(NULL);
        setup(NULL);
        for (uint64_t k = 0; k < 3; k++) {
            make(&sample[k], k + 1);
            sample[k].listed.map = NULL;
            sample[k].segment.part_count = 0;
            sample[k].segment.facts.has_parameter_sets = true;
            sample[k].segment.facts.video.width = 640;
        }
        SegmentFacts *facts = &sample[1].segment.facts;
        facts->audio = facts->video;
        facts->audio.width = facts->audio.height = 0;
        facts->audio.channels = 2;
        strcpy(facts->audio.codec, "mp4a.40.2");
        facts->video = (ProbeTrack){0};
        sample[2].segment.facts.video.width = widths[i];
        for (size_t k = 0; k < 3; k++)
            media_rules_segment(rules, &sample[k].segment);
        assert_found(findings, i == 0 ? "the same" : "another size",
                     i == 0 ? NULL : "encoding parameters change", false);
    }
}

static void segments(void **state)
{
    static const struct {
        const char *row, *rule;
        void (*spoil)(Sample *);
        bool remark;
    } rows[] = {
        {"good", NULL, nothing, false},
        {"a new beginning", NULL, new_beginning, false},
        {"empty", "a segment without media", no_segment_media, false},
        {"no IDR", "a segment without an IDR picture", no_idr, true},
        {"alone", "decode errors in a segment alone", errors_alone, false},
        {"in sequence", "decode errors in sequence", errors_in_sequence, false},
        {"backward", "decoding times go back", backward, false},
        {"hole", "a gap or an overlap in the sound", hole, false},
        {"EXTINF", "EXTINF is not the duration", extinf, false},
        {"DURATION", "DURATION of a part", part_duration, false},
        {"dependent", "INDEPENDENT=YES of a part that depends", not_independent, false},
        {"not marked", "an independent part is not marked", not_marked, true},
        {"undecodable", "decode errors in an independent part", independent_errors, false},
        {"part gap", "a part does not begin where", part_gap, false},
        {"samples", "a segment has not the samples", samples, false},
        {"bytes", "a segment's bytes are not", bytes, true},
        {"gap", "a segment does not begin where", gap, false},
        {"size", "encoding parameters change", size, false},
        {"a transport stream", "a segment does not begin with an IDR picture", stream, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Sample one, two;
        make(&one, 1);
        make(&two, 2);
        rows[i].spoil(&two);
        teardown(NULL);
        setup(NULL);
        media_rules_segment(rules, &one.segment);
        media_rules_segment(rules, &two.segment);
        assert_found(findings, rows[i].row, rows[i].rule, rows[i].remark);
    }
}

/* They have times and durations as transport streams have, which say less. */
static void transport_streams(void **state)
{
    Sample s;

    (void)state;
    for (uint64_t n = 1; n <= 3; n++) {
        make(&s, n);
        s.listed.map = NULL;
        s.segment.part_count = 0;
        s.segment.facts.video.end_dts -= 3000; /* of the last picture it is not said */
        s.listed.duration_us += 300;
        media_rules_segment(rules, &s.segment);
    }
    assert_found(findings, "streams", NULL, false);

    /* without parameter sets it is not known what they are encoded as */
    make(&s, 4);
    s.listed.map = NULL;
    s.segment.part_count = 0;
    s.segment.facts.video.width = s.segment.facts.video.height = 0;
    s.segment.facts.video.codec[0] = '\0';
    s.segment.facts.has_parameter_sets = false;
    media_rules_segment(rules, &s.segment);
    assert_found(findings, "no parameter sets", "a segment's first picture lacks", false);
    assert_int_equal(media_rules_media(rules, "", 0, UINT64_MAX).width, 1280);
}

/* Section 4.1: what is too short to be a target's worth does not count alone. */
static void figures(void **state)
{
    Sample s;

    (void)state;
    for (uint64_t n = 1; n <= 4; n++) {
        make(&s, n);
        s.segment.part_count = 0;
        s.segment.len = n == 3 ? 1000000 : 500000;
        if (n == 4)
            s.segment.facts.video.packets = 50;
        media_rules_segment(rules, &s.segment);
    }
    assert_int_equal(findings_count(findings), 0);
    RenditionMedia m = media_rules_media(rules, "video.m3u8", 0, UINT64_MAX);
    assert_int_equal(m.peak, 4000000);
    assert_int_equal(m.average, 2500000);
    assert_true(m.frame_rate == 30);
    assert_true(media_rules_media(rules, "video.m3u8", 4, UINT64_MAX).frame_rate == 25);
    assert_int_equal(media_rules_media(rules, "video.m3u8", 4, UINT64_MAX).peak, 2000000);
    assert_string_equal(m.codec, "avc1.42C01F");

    make(&s, 5);
    s.segment.part_count = 0;
    s.segment.facts = pictures(FIRST_90 + 5 * 2 * TICKS, TICKS / 2, 15, true);
    s.listed.duration_us = SECOND / 2;
    s.segment.len = 1000000;
    media_rules_segment(rules, &s.segment);
    assert_int_equal(media_rules_media(rules, "", 0, UINT64_MAX).peak, 4800000);
}

/* What was listed since the multivariant playlist was asked for, it need not speak of. */
static void figures_of_what_was_listed_then(void **state)
{
    Sample s;

    (void)state;
    for (uint64_t n = 1; n <= 3; n++) {
        make(&s, n);
        s.segment.part_count = 0;
        s.segment.multi_version = n;
        s.listed.discontinuity = n / 3;
        if (n == 3) {
            s.segment.len = 1000000;
            s.segment.facts = pictures(FIRST_90 + 3 * 2 * TICKS, 2 * TICKS, 120, true);
            s.segment.facts.video.width = 640;
            strcpy(s.segment.facts.video.codec, "avc1.64001F");
        }
        media_rules_segment(rules, &s.segment);
    }
    RenditionMedia all = media_rules_media(rules, "v", 1, 4),
                   then = media_rules_media(rules, "v", 1, 3);
    assert_int_equal(all.peak, 4000000);
    assert_true(all.frame_rate == 60);
    assert_int_equal(all.width, 640);
    assert_int_equal(all.multi_version, 3);
    assert_int_equal(then.peak, 2000000);
    assert_true(then.frame_rate == 30);
    assert_int_equal(then.width, 1280);
    assert_string_equal(then.codec, "avc1.42C01F");
    assert_int_equal(then.multi_version, 2);
    assert_string_equal(then.uri, "v");
    RenditionMedia none = media_rules_media(rules, "v", 0, 1);
    assert_int_equal(none.peak, 0);
    assert_int_equal(none.width, 0);
    assert_string_equal(none.codec, "");
    assert_string_equal(none.uri, "v");
}

/* The peak of a list that loses nothing is that of all, however many there are. */
static void the_peak_of_a_long_list(void **state)
{
    Sample s;

    (void)state;
    for (uint64_t n = 0; n < 200; n++) {
        make(&s, n);
        s.segment.part_count = 0;
        s.segment.len = n == 2 ? 1000000 : 500000;
        media_rules_segment(rules, &s.segment);
    }
    assert_int_equal(media_rules_media(rules, "", 0, 200).peak, 4000000);
    assert_int_equal(media_rules_media(rules, "", 3, 200).peak, 2000000);
}

static void dates_of_renditions(void **state)
{
    MediaRules *other = media_rules_create(findings, "audio");
    Sample s;

    (void)state;
    make(&s, 1);
    media_rules_segment(rules, &s.segment);
    s.listed.time_unix_us += 40000;
    media_rules_segment(other, &s.segment);
    media_rules_compare(findings, rules, other);
    /* a first picture that is shown late */
    make(&s, 2);
    media_rules_segment(rules, &s.segment);
    s.segment.facts.video.first_pts += TICKS / 5;
    media_rules_segment(other, &s.segment);
    media_rules_compare(findings, rules, other);
    media_rules_compare(findings, other, rules);
    assert_found(findings, "near", NULL, false);
    make(&s, 3);
    media_rules_segment(rules, &s.segment);
    s.listed.time_unix_us += 60000;
    media_rules_segment(other, &s.segment);
    media_rules_compare(findings, rules, other);
    assert_found(findings, "far", "renditions give one media time two dates", false);
    media_rules_destroy(&other);
}

/* One transport stream has no picture, and the other has its first one late. */
static void dates_are_compared_by_the_sound_if_only_one_has_pictures(void **state)
{
    static const int64_t dated_us[] = {0, 60000};

    (void)state;
    for (size_t i = 0; i < COUNT(dated_us); i++) {
        MediaRules *one = media_rules_create(findings, "video");
        MediaRules *other = media_rules_create(findings, "low");
        Sample s;
        make(&s, 1);
        s.listed.map = NULL;
        s.segment.part_count = 0;
        s.segment.facts.audio = s.segment.facts.video;
        s.segment.facts.video.first_pts += TICKS;
        s.segment.facts.video.first_dts += TICKS;
        media_rules_segment(one, &s.segment);
        s.segment.facts.video = (ProbeTrack){0};
        s.listed.time_unix_us += dated_us[i];
        media_rules_segment(other, &s.segment);
        size_t before = findings_count(findings); /* of the segments alone */
        media_rules_compare(findings, one, other);
        media_rules_compare(findings, other, one);
        assert_int_equal(findings_count(findings) - before, dated_us[i] ? 2 : 0);
        media_rules_destroy(&one);
        media_rules_destroy(&other);
    }
}

/* Some count media time from 1970, and a server may send any time. */
static void times_may_be_large(void **state)
{
    static const int64_t later[] = {1770000000ll * TICKS, 1ll << 56, -(1ll << 56)};
    Sample s;

    (void)state;
    for (size_t i = 0; i < COUNT(later); i++) {
        MediaRules *one = media_rules_create(findings, "video");
        MediaRules *other = media_rules_create(findings, "low");
        make(&s, 1);
        s.segment.part_count = 0;
        s.segment.facts.video.first_pts += later[i];
        s.segment.facts.video.first_dts += later[i];
        s.segment.facts.video.end_dts += later[i];
        media_rules_segment(one, &s.segment);
        media_rules_segment(other, &s.segment);
        media_rules_compare(findings, one, other);
        assert_found(findings, "the same", NULL, false);
        media_rules_destroy(&one);
        media_rules_destroy(&other);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(segments),
    TEST(transport_streams),
    TEST(figures),
    TEST(figures_of_what_was_listed_then),
    TEST(the_peak_of_a_long_list),
    TEST(dates_of_renditions),
    TEST(dates_are_compared_by_the_sound_if_only_one_has_pictures),
    TEST(a_segment_without_pictures_changes_nothing),
    TEST(times_may_be_large),
};

TEST_GROUP(media_rules, tests);
