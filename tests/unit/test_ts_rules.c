/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings_setup.h"

#include "instruments/hls-doctor/ts_rules.h"

#define SECOND 1000000ll
#define TICKS  90000

/* One good segment, to be spoilt: two seconds with sound. */
static TsSegment sample(uint64_t sequence)
{
    int64_t start = 900000 + (int64_t)sequence * 2 * TICKS;
    TsSegment s = {.uri = "s.ts", .sequence = sequence, .duration_us = 2 * SECOND};

    s.facts = (SegmentFacts){.starts_with_idr = true, .has_idr = true, .has_parameter_sets = true};
    s.facts.video = (ProbeTrack){.packets = 60,
                                 .first_pts = start,
                                 .first_dts = start,
                                 .last_dts = start + 2 * TICKS - 3000,
                                 .end_pts = start + 2 * TICKS};
    s.facts.audio =
        (ProbeTrack){.packets = 94, .first_pts = start + 7, .end_pts = start + 2 * TICKS + 7};
    return s;
}

static void nothing(TsSegment *s)
{
    (void)s;
}
static void no_idr(TsSegment *s)
{
    s->facts.starts_with_idr = false;
}
static void no_parameter_sets(TsSegment *s)
{
    s->facts.has_parameter_sets = false;
}
static void errors_alone(TsSegment *s)
{
    s->facts.errors_alone = 1;
}
static void errors_in_sequence(TsSegment *s)
{
    s->facts.errors_in_sequence = 1;
}
static void backward(TsSegment *s)
{
    s->facts.audio.backward = 1;
}
static void hole(TsSegment *s)
{
    s->facts.audio.holes = 1;
}
static void back_in_time(TsSegment *s)
{
    s->facts.video.first_dts -= 3000;
}
static void sound_late(TsSegment *s)
{
    s->facts.audio.first_pts += 1920;
}
static void both_late(TsSegment *s)
{
    s->facts.video.first_pts += 3700;
    s->facts.audio = (ProbeTrack){0};
}
static void picture_late(TsSegment *s)
{
    s->facts.video.first_pts += 9000; /* sound tells better */
}
static void behind_a_discontinuity(TsSegment *s)
{
    back_in_time(s);
    sound_late(s);
    s->discontinuity++;
}
static void behind_a_hole(TsSegment *s)
{
    sound_late(s);
    s->sequence++;
}

static void segments(void **state)
{
    static const struct {
        const char *row, *rule;
        void (*spoil)(TsSegment *);
    } rows[] = {
        {"good", NULL, nothing},
        {"no IDR", "a segment does not begin with an IDR", no_idr},
        {"no SPS", "a segment's first picture lacks", no_parameter_sets},
        {"alone", "decode errors in a segment alone", errors_alone},
        {"in sequence", "decode errors in sequence", errors_in_sequence},
        {"backward", "decoding times go back", backward},
        {"hole", "a gap or an overlap in the sound", hole},
        {"back", "the picture's times go back", back_in_time},
        {"gap", "a gap or an overlap in the sound between", sound_late},
        {"EXTINF", "EXTINF is off by more than a picture", both_late},
        {"a late picture", NULL, picture_late},
        {"a new beginning", NULL, behind_a_discontinuity},
        {"one left out", NULL, behind_a_hole},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        TsSegment one = sample(1), two = sample(2);
        rows[i].spoil(&two);
        teardown(NULL);
        setup(NULL);
        ts_rules_segment(findings, &one);
        ts_rules_segment(findings, &two);
        ts_rules_join(findings, &one, &two);
        assert_found(findings, rows[i].row, rows[i].rule, false);
    }
}

static void how_far_the_duration_is_off(void **state)
{
    TsSegment one = sample(1), two = sample(2);

    (void)state;
    two.facts.audio = (ProbeTrack){0};
    two.facts.video.first_pts += 900;
    assert_true(ts_rules_join(findings, &one, &two) == -10);
    two.facts.video = (ProbeTrack){0};
    assert_true(ts_rules_join(findings, &one, &two) == 0);
}

/* Three segments without sound. The last picture of the first one stands for half a second, and the
 * list says that it ends within that; or nothing stands, and the list is wrong. */
static void a_picture_that_stands_tells_not_where_a_segment_ends(void **state)
{
    (void)state;
    for (int stands = 1; stands >= 0; stands--) {
        TsSegment s[] = {sample(1), sample(2), sample(3)};
        for (size_t i = 0; i < COUNT(s); i++)
            s[i].facts.audio = (ProbeTrack){0};
        s[1].facts.video.first_pts += TICKS / 2;
        s[1].facts.video.first_dts += TICKS / 2;
        if (!stands)
            s[0].facts.video.last_dts += TICKS / 2;
        teardown(NULL);
        setup(NULL);
        ts_rules_join(findings, &s[0], &s[1]);
        ts_rules_join(findings, &s[1], &s[2]);
        assert_found(findings, stands ? "stands" : "does not",
                     stands ? NULL : "EXTINF is off by more than a picture", false);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(segments),
    TEST(how_far_the_duration_is_off),
    TEST(a_picture_that_stands_tells_not_where_a_segment_ends),
};

TEST_GROUP(ts_rules, tests);
