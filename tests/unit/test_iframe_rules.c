/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings_setup.h"

#include "instruments/hls-doctor/iframe_rules.h"

#define SECOND 1000000ll
#define TICKS  90000

#define LIST_OF(version, target)                                                                   \
    "#EXTM3U\n#EXT-X-VERSION:" version "\n#EXT-X-TARGETDURATION:" target                           \
    "\n#EXT-X-MEDIA-SEQUENCE:7\n"
#define ONLY  "#EXT-X-I-FRAMES-ONLY\n"
#define MAP   "#EXT-X-MAP:URI=\"init.mp4\"\n"
#define FRAME "#EXTINF:2.0,\n#EXT-X-BYTERANGE:100@0\ns7.m4s\n"

static void lists(void **state)
{
    static const struct {
        const char *row, *rule, *text;
    } rows[] = {
        {"good", NULL, LIST_OF("5", "2") ONLY MAP FRAME},
        {"transport streams", NULL, LIST_OF("4", "2") ONLY FRAME},
        {"no tag", "an I-frame playlist without EXT-X-I-FRAMES-ONLY", LIST_OF("5", "2") MAP FRAME},
        {"version", "EXT-X-VERSION is too low", LIST_OF("4", "2") ONLY MAP FRAME},
        {"target", "an I-frame playlist has another TARGETDURATION",
         LIST_OF("5", "3") ONLY MAP FRAME},
        {"twice", "an I-frame playlist with a tag", LIST_OF("5", "2") ONLY ONLY MAP FRAME},
        {"malformed", "an I-frame playlist with a tag",
         LIST_OF("5", "2") ONLY "#EXT-X-MAP:URI=\"init.mp4\",\n" FRAME},
        {"parts", "an I-frame playlist with parts",
         LIST_OF("5", "2") ONLY MAP FRAME "#EXT-X-PART:DURATION=0.2,URI=\"p\"\n"},
    };
    const char *wrong;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        M3u8 *m = m3u8_read(rows[i].text, strlen(rows[i].text), &wrong);
        assert_row(m, rows[i].row, "%s", wrong);
        empty_findings();
        iframe_rules_list(findings, "i.m3u8", m, 2);
        assert_found(findings, rows[i].row, rows[i].rule, false);
        m3u8_destroy(&m);
    }
}

/* One good I-frame, to be spoilt. */
typedef struct Sample {
    M3u8Segment segment;
    IframeFacts facts;
    bool lost;
} Sample;

static Sample sample(uint64_t sequence)
{
    static char uri[] = "s.m4s";

    return (Sample){
        .segment = {.uri = uri, .sequence = sequence, .duration_us = 2 * SECOND},
        .facts = {.pictures = 1,
                  .decoded = 1,
                  .is_idr = true,
                  .pts_90k = 900000 + (int64_t)sequence * 2 * TICKS},
    };
}

static void nothing(Sample *s)
{
    (void)s;
}
static void lost(Sample *s)
{
    s->lost = true;
}
static void no_idr(Sample *s)
{
    s->facts.is_idr = false;
}
static void cut(Sample *s)
{
    s->facts.is_cut = true;
    s->facts.errors = 1;
}
static void errors(Sample *s)
{
    s->facts.errors = 1;
}
static void not_decoded(Sample *s)
{
    s->facts.decoded = 0;
}
static void more(Sample *s)
{
    s->facts.pictures = 2;
}
static void late(Sample *s)
{
    s->facts.pts_90k += 300;
}
static void late_behind_a_discontinuity(Sample *s)
{
    late(s);
    s->segment.discontinuity++;
}
static void late_behind_a_hole(Sample *s)
{
    late(s);
    s->segment.sequence++;
}

static void segments(void **state)
{
    static const struct {
        const char *row, *rule;
        void (*spoil)(Sample *);
    } rows[] = {
        {"good", NULL, nothing},
        {"lost", "no picture is found in a range", lost},
        {"no IDR", "an I-frame that is no IDR picture", no_idr},
        {"cut", "a range ends within its I-frame", cut},
        {"errors", "an I-frame cannot be decoded alone", errors},
        {"nothing comes", "an I-frame cannot be decoded alone", not_decoded},
        {"more", "a range holds more than its I-frame", more},
        {"late", "EXTINF of an I-frame is not the time to the next", late},
        {"a new beginning", NULL, late_behind_a_discontinuity},
        {"one left out", NULL, late_behind_a_hole},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Sample one = sample(1), two = sample(2);
        rows[i].spoil(&two);
        empty_findings();
        IframeRules *r = iframe_rules_create(findings, "i.m3u8");
        iframe_rules_segment(r, &one.segment, &one.facts, 1000);
        iframe_rules_segment(r, &two.segment, two.lost ? NULL : &two.facts, 1000);
        assert_found(findings, rows[i].row, rows[i].rule, false);
        assert_int_equal(iframe_rules_history(r).pictures, two.lost || !two.facts.decoded ? 1 : 2);
        iframe_rules_destroy(&r);
    }
}

static void what_the_multivariant_playlist_says(void **state)
{
    static const char text[] =
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9\nv\n"
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=4000,URI=\"i.m3u8\"\n";
    IframeRules *r = iframe_rules_create(findings, "i.m3u8");
    Sample one = sample(1), two = sample(2);
    const char *wrong;
    M3u8Multi m;

    (void)state;
    assert_int_equal(m3u8_multi_read(text, strlen(text), &m, &wrong), 0);
    two.segment.duration_us = SECOND / 10; /* too short to count alone */
    iframe_rules_segment(r, &one.segment, &one.facts, 1000);
    iframe_rules_segment(r, &two.segment, &two.facts, 1000);
    iframe_rules_bandwidth(findings, &m, "i.m3u8", iframe_rules_peak(r, 0));
    assert_found(findings, "good", NULL, false);
    two = sample(4);
    iframe_rules_segment(r, &two.segment, &two.facts, 1001);
    iframe_rules_bandwidth(findings, &m, "i.m3u8", iframe_rules_peak(r, 0));
    assert_found(findings, "more", "BANDWIDTH is below the peak", false);
    assert_true(iframe_rules_peak(r, 4) > iframe_rules_peak(r, 0) - 100);
    assert_int_equal(iframe_rules_peak(r, 5), 0); /* it has left the list */
    iframe_rules_destroy(&r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(lists),
    TEST(segments),
    TEST(what_the_multivariant_playlist_says),
};

TEST_GROUP(iframe_rules, tests);
