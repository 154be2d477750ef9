/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings_setup.h"
#include "multi_of.h"

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
        iframe_rules_list(findings, "i.m3u8", m);
        assert_found(findings, rows[i].row, rows[i].rule, false);
        m3u8_destroy(&m);
    }
}

#define DATE(s)  "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:" s "Z\n"
#define WHOLE(n) "#EXTINF:2.0,\ns" n ".m4s\n"
#define CUT(n)   "#EXTINF:2.0,\n#EXT-X-BYTERANGE:100@0\ns" n ".m4s\n"

static void lists_against_media_playlists(void **state)
{
    static const char video[] = LIST_OF("6", "2") MAP DATE("01.000") WHOLE("7") DATE("03.000")
        WHOLE("8") "#EXT-X-DISCONTINUITY\n" DATE("09.000") WHOLE("9");
    static const struct {
        const char *row, *rule, *text;
        const char *uri;
    } rows[] = {
        {"good", NULL,
         LIST_OF("5", "2") ONLY MAP DATE("01.000") CUT("7") DATE("03.020")
             CUT("8") "#EXT-X-DISCONTINUITY\n" DATE("09.000") CUT("9"),
         "i.m3u8"},
        {"target", "an I-frame playlist has another TARGETDURATION",
         LIST_OF("5", "3") ONLY MAP DATE("01.000") CUT("7"), "i.m3u8"},
        {"no discontinuity", "an I-frame has another discontinuity number",
         LIST_OF("5", "2") ONLY MAP DATE("01.000") CUT("7") DATE("03.000") CUT("8") DATE("09.000")
             CUT("9"),
         "i.m3u8"},
        {"number", "an I-frame has another number",
         LIST_OF("5", "2") ONLY MAP DATE("03.000") CUT("8"), "i.m3u8"},
        {"date", "the date of an I-frame is not within its segment",
         LIST_OF("5", "2") ONLY MAP DATE("01.000") CUT("7") DATE("05.100") CUT("8"), "i.m3u8"},
        {"of another folder", NULL,
         LIST_OF("5", "2") ONLY MAP DATE("01.000") CUT("8") DATE("03.000") CUT("7"),
         "other/i.m3u8"},
    };
    const char *wrong;
    M3u8 *media = m3u8_read(video, strlen(video), &wrong);

    (void)state;
    assert_non_null(media);
    for (size_t i = 0; i < COUNT(rows); i++) {
        M3u8 *m = m3u8_read(rows[i].text, strlen(rows[i].text), &wrong);
        assert_row(m, rows[i].row, "%s", wrong);
        const RenditionView view = {.uri = "video.m3u8", .list = media},
                            iframes = {.uri = rows[i].uri, .list = m};
        empty_findings();
        iframe_rules_across(findings, true, &iframes, &view, 1);
        assert_found(findings, rows[i].row, rows[i].rule, false);
        m3u8_destroy(&m);
    }
    m3u8_destroy(&media);
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
                  .width = 640,
                  .height = 360,
                  .codec = "avc1.42C01F",
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
        iframe_rules_segment(r, &one.segment, &one.facts, 1000, 1);
        iframe_rules_segment(r, &two.segment, two.lost ? NULL : &two.facts, 1000, 1);
        assert_found(findings, rows[i].row, rows[i].rule, false);
        assert_int_equal(iframe_rules_history(r).pictures, two.lost || !two.facts.decoded ? 1 : 2);
        iframe_rules_destroy(&r);
    }
}

static void what_the_multivariant_playlist_says(void **state)
{
    static const char text[] =
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9\nv\n"
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=4000,CODECS=\"avc1.42C01F\",RESOLUTION=640x360,"
        "URI=\"i.m3u8\"\n"
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=4000,CODECS=\"avc1.42C015\",RESOLUTION=320x180,"
        "URI=\"low.m3u8\"\n";
    IframeRules *r = iframe_rules_create(findings, "i.m3u8");
    Sample one = sample(1), two = sample(2);
    const char *wrong;
    M3u8Multi m;

    (void)state;
    assert_int_equal(m3u8_multi_read(text, strlen(text), &m, &wrong), 0);
    two.segment.duration_us = SECOND / 10; /* too short to count alone */
    iframe_rules_segment(r, &one.segment, &one.facts, 1000, 1);
    iframe_rules_segment(r, &two.segment, &two.facts, 1000, 1);
    RenditionMedia media = iframe_rules_media(r, "i.m3u8", 0, UINT64_MAX);
    multi_rules_iframes(findings, only_version(&m), &media);
    assert_found(findings, "good", NULL, false);
    two = sample(4);
    iframe_rules_segment(r, &two.segment, &two.facts, 1001, 1);
    media = iframe_rules_media(r, "i.m3u8", 0, UINT64_MAX);
    multi_rules_iframes(findings, only_version(&m), &media);
    assert_found(findings, "more", "BANDWIDTH is below the peak", false);
    assert_int_equal(iframe_rules_media(r, "i.m3u8", 4, UINT64_MAX).peak, media.peak);
    assert_int_equal(iframe_rules_media(r, "i.m3u8", 5, UINT64_MAX).peak,
                     0);   /* it has left the list */
    two.facts.width = 320; /* and what was listed since the multivariant playlist was asked for */
    two.segment.sequence = 5;
    iframe_rules_segment(r, &two.segment, &two.facts, 2000, 2);
    assert_int_equal(iframe_rules_media(r, "i.m3u8", 0, 6).width, 320);
    assert_int_equal(iframe_rules_media(r, "i.m3u8", 0, 5).width, 640);
    assert_int_equal(iframe_rules_media(r, "i.m3u8", 0, 5).multi_version, 1);
    assert_int_equal(iframe_rules_media(r, "i.m3u8", 0, 5).peak, media.peak);
    assert_int_equal(iframe_rules_media(r, "i.m3u8", 0, 1).width, 0);
    iframe_rules_destroy(&r);
}

/* As an I-frame playlist's pictures turned out to be. */
#define PICTURES(of, as, w, h) .media = {.uri = of, .codec = as, .width = w, .height = h}

static void pictures_that_are_not_what_is_announced(void **state)
{
    static const char text[] =
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9\nv\n"
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=4000,AVERAGE-BANDWIDTH=3000,CODECS=\"avc1.42C01F\","
        "RESOLUTION=640x360,URI=\"i.m3u8\"\n"
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=4000,CODECS=\"avc1.42C015\",RESOLUTION=320x180,"
        "URI=\"low.m3u8\"\n";
    static const struct {
        const char *row, *rule;
        RenditionMedia media;
        bool remark;
    } rows[] = {
        {"good", NULL, PICTURES("i.m3u8", "avc1.42C01F", 640, 360)},
        {"size", "RESOLUTION is not", PICTURES("i.m3u8", "avc1.42C01F", 1280, 720)},
        {"codec", "CODECS lacks", PICTURES("i.m3u8", "avc1.64001F", 640, 360)},
        {"filled", "a variant shows", PICTURES("i.m3u8", "avc1.42C015", 320, 180), .remark = true},
        {"average", "AVERAGE-BANDWIDTH is far", PICTURES("i.m3u8", "avc1.42C01F", 640, 360),
         .media.average = 1000, .remark = true},
    };
    const char *wrong;
    M3u8Multi m;

    (void)state;
    assert_int_equal(m3u8_multi_read(text, strlen(text), &m, &wrong), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        empty_findings();
        multi_rules_iframes(findings, only_version(&m), &rows[i].media);
        assert_found(findings, rows[i].row, rows[i].rule, rows[i].remark);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(lists),
    TEST(segments),
    TEST(lists_against_media_playlists),
    TEST(what_the_multivariant_playlist_says),
    TEST(pictures_that_are_not_what_is_announced),
};

TEST_GROUP(iframe_rules, tests);
