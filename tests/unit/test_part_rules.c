/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings_text.h"
#include "golden.h"

#include "instruments/hls-doctor/part_rules.h"

#define SECOND 1000000ll

/* Two seconds of target, parts of 0.2 s. */
#define CONTROL "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6,CAN-SKIP-UNTIL=12.0"
#define HEAD_OF(version, control)                                                                  \
    "#EXTM3U\n#EXT-X-VERSION:" version                                                             \
    "\n#EXT-X-TARGETDURATION:2\n"                                                                  \
    "#EXT-X-SERVER-CONTROL:" control                                                               \
    "\n#EXT-X-PART-INF:PART-TARGET=0.2\n"                                                          \
    "#EXT-X-MEDIA-SEQUENCE:5\n"
#define HEAD        HEAD_OF("6", CONTROL)
#define MAP         "#EXT-X-MAP:URI=\"5.mp4\"\n"
#define DATE(s)     "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:" s ".000Z\n"
#define PART(u)     "#EXT-X-PART:DURATION=0.19200,URI=\"" u "\"\n"
#define FIRST(u)    "#EXT-X-PART:DURATION=0.19200,URI=\"" u "\",INDEPENDENT=YES\n"
#define LAST(u)     "#EXT-X-PART:DURATION=0.08000,URI=\"" u "\"\n"
#define SEG(n)      "#EXTINF:2.00000,\n" n ".m4s\n"
#define HINT(u)     "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"" u "\"\n"
#define PARTS_OF(n) FIRST(n ".0") PART(n ".1") LAST(n ".2")
#define SHORT(n)    "#EXTINF:0.46400,\n" n ".m4s\n"
#define OLD         MAP DATE("00") SEG("5") DATE("02") SEG("6") DATE("04") SEG("7")
#define GOOD        HEAD OLD DATE("06") PARTS_OF("8") SHORT("8") DATE("07") FIRST("9.0")

static Findings *findings;
static PartRules *rules;

static int setup(void **state)
{
    (void)state;
    findings = findings_create();
    rules = part_rules_create(findings, "video");
    return rules ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    part_rules_destroy(&rules);
    findings_destroy(&findings);
    return 0;
}

static M3u8 *read_list(const char *text)
{
    const char *wrong;
    M3u8 *m = m3u8_read(text, strlen(text), &wrong);

    if (!m)
        fail_msg("%s:\n%s", wrong, text);
    return m;
}

/* Shows `first`, NULL: none, and `second` so much later. */
static void show(const char *first, const char *second, int64_t later_us)
{
    M3u8 *before = first ? read_list(first) : NULL, *now = read_list(second);

    if (before)
        part_rules_version(rules, NULL, before, true, 0, SECOND);
    part_rules_version(rules, before, now, true, SECOND, SECOND + later_us);
    m3u8_destroy(&before);
    m3u8_destroy(&now);
}

static void one_version(void **state)
{
    static const struct {
        const char *rule, *text;
        bool remark;
    } rows[] = {
        {NULL, GOOD HINT("9.1"), false},
        {NULL, HEAD_OF("6", CONTROL ",HOLD-BACK=6.0") OLD HINT("8.0"), false},
        {"parts without EXT-X-PART-INF",
         "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-SERVER-CONTROL:" CONTROL
         "\n" OLD FIRST("8.0") HINT("8.1"),
         false},
        {"EXT-X-PART-INF without PART-TARGET",
         "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-SERVER-CONTROL:" CONTROL
         "\n#EXT-X-PART-INF:X=1\n" OLD FIRST("8.0") HINT("8.1"),
         false},
        {"EXT-X-PART-INF without PART-HOLD-BACK", HEAD_OF("6", "CAN-BLOCK-RELOAD=YES") OLD, false},
        {"PART-HOLD-BACK below twice",
         HEAD_OF("6", "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.399") OLD, false},
        {"PART-HOLD-BACK below three times",
         HEAD_OF("6", "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.4") OLD, true},
        {"HOLD-BACK below three times TARGETDURATION", HEAD_OF("6", CONTROL ",HOLD-BACK=5.9") OLD,
         false},
        {"CAN-SKIP-UNTIL below six times",
         HEAD_OF("6", "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6,CAN-SKIP-UNTIL=11.9") OLD, false},
        {"parts without CAN-BLOCK-RELOAD",
         HEAD_OF("6", "PART-HOLD-BACK=0.6") OLD FIRST("8.0") HINT("8.1"), true},
        {"a malformed attribute list", HEAD_OF("6", CONTROL ",") OLD, false},
        {"a malformed attribute list", HEAD_OF("6", CONTROL ",PART-HOLD-BACK=0.6") OLD, false},
        {"a tag stands twice", HEAD "#EXT-X-PART-INF:PART-TARGET=0.2\n" OLD, false},
        {"EXT-X-VERSION is too low", HEAD_OF("5", CONTROL) OLD, false},
        {"EXT-X-VERSION is higher than needed", HEAD_OF("7", CONTROL) OLD, true},
        {"EXT-X-PRELOAD-HINT without URI", GOOD "#EXT-X-PRELOAD-HINT:TYPE=PART\n", false},
        {"EXT-X-PRELOAD-HINT in an ended", GOOD HINT("9.1") "#EXT-X-ENDLIST\n", false},
        {"several EXT-X-PRELOAD-HINT", GOOD HINT("9.1") HINT("9.2"), true},
        {"parts without EXT-X-PRELOAD-HINT", GOOD, true},
        {"EXT-X-PART without URI", GOOD "#EXT-X-PART:DURATION=0.19\n" HINT("9.2"), false},
        {"EXT-X-PART without URI", GOOD "#EXT-X-PART:URI=\"9.1\"\n" HINT("9.2"), false},
        {"a part is longer than PART-TARGET",
         GOOD "#EXT-X-PART:DURATION=0.20001,URI=\"9.1\"\n" HINT("9.2"), false},
        {"a part is shorter than 85 %",
         GOOD "#EXT-X-PART:DURATION=0.16999,URI=\"9.1\"\n" PART("9.2") HINT("9.3"), false},
        {NULL, GOOD "#EXT-X-PART:DURATION=0.17,URI=\"9.1\"\n" PART("9.2") HINT("9.3"), false},
        {NULL, GOOD "#EXT-X-PART:DURATION=0.01,URI=\"9.1\"\n" HINT("9.2"), false},
        {NULL,
         GOOD "#EXT-X-PART:DURATION=0.01,URI=\"9.1\",INDEPENDENT=YES\n" PART("9.2") HINT("9.3"),
         false},
        {NULL,
         GOOD "#EXT-X-PART:DURATION=0.01,URI=\"9.1\"\n"
              "#EXT-X-PART:DURATION=0.01,URI=\"9.2\",GAP=YES\n" PART("9.3") HINT("9.4"),
         false},
        {"a part is a gap, its segment is none",
         HEAD MAP DATE("00") "#EXT-X-PART:DURATION=0.2,URI=\"5.0\",GAP=YES\n"
                             "#EXTINF:0.2,\n5.m4s\n" HINT("6.0"),
         true},
        {NULL,
         HEAD MAP DATE("00") "#EXT-X-GAP\n#EXT-X-PART:DURATION=0.2,URI=\"5.0\",GAP=YES\n"
                             "#EXTINF:0.2,\n5.m4s\n" HINT("6.0"),
         false},
        {"EXTINF is not the sum",
         HEAD OLD DATE("06") PARTS_OF("8") SHORT("8") DATE("07") PARTS_OF("9") SEG("9")
             HINT("10.0"),
         false},
        {"EXTINF is not the sum",
         HEAD OLD DATE("06") PARTS_OF("8") "#EXTINF:0.4,\n8.m4s\n" HINT("9.0"), false},
        {NULL, HEAD OLD DATE("06") PART("8.8") LAST("8.9") SEG("8") HINT("9.0"), false},
        {"a tag of a segment stands behind",
         HEAD OLD FIRST("8.0") DATE("06") PART("8.1") HINT("8.2"), false},
        {"a tag of a segment stands behind",
         HEAD OLD DATE("06") FIRST("8.0") MAP PART("8.1") HINT("8.2"), false},
        {"a tag of a segment stands behind",
         HEAD OLD DATE("06") FIRST("8.0") "#EXT-X-DISCONTINUITY\n" PART("8.1") HINT("8.2"), false},
        {"a segment without EXT-X-MAP", HEAD DATE("00") SEG("5") MAP SEG("6") HINT("7.0"), false},
        {NULL, HEAD DATE("00") "#EXT-X-GAP\n" SEG("5") MAP SEG("6") HINT("7.0"), false},
        {"a discontinuity without EXT-X-PROGRAM-DATE-TIME",
         HEAD OLD "#EXT-X-DISCONTINUITY\n" SEG("8") HINT("9.0"), true},
        {"parts further than three",
         HEAD MAP DATE("00") PARTS_OF("5") SHORT("5") SEG("6") SEG("7") SEG("8") FIRST("9.0")
             HINT("9.1"),
         true},
        {"no EXT-X-PROGRAM-DATE-TIME", HEAD MAP SEG("5") FIRST("6.0") HINT("6.1"), true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        teardown(NULL);
        setup(NULL);
        show(NULL, rows[i].text, 0);
        assert_found(findings, rows[i].rule ? rows[i].rule : "good", rows[i].rule, rows[i].remark);
    }
}

/* What the bridge's own tests hold its playlists to. */
static void golden_playlists_are_good(void **state)
{
    static const char *const names[] = {"ll/open.m3u8", "ll/whole.m3u8", "ll/ended.m3u8",
                                        "ll/moved-on.m3u8", "ll/delta-discontinuity-whole.m3u8"};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        char *text = fixture_read(names[i], NULL);
        teardown(NULL);
        setup(NULL);
        show(NULL, text, 0);
        assert_found(findings, names[i], NULL, false);
        free(text);
    }
}

/* The segment that is open in GOOD is whole, or another. */
#define WHOLE_9 HEAD OLD DATE("06") PARTS_OF("8") SHORT("8") DATE("07") PARTS_OF("9") SHORT("9")

static void two_versions(void **state)
{
    static const struct {
        const char *row, *rule, *first, *second;
        int64_t later_us;
        bool remark;
    } rows[] = {
        {"a part more", NULL, GOOD HINT("9.1"), GOOD PART("9.1") HINT("9.2"), 200000, false},
        {"a whole segment", NULL, GOOD PART("9.1") HINT("9.2"), WHOLE_9 HINT("10.0"), 200000,
         false},
        {"a name", "a listed part changes", GOOD PART("9.1") HINT("9.2"),
         GOOD PART("x") PART("9.2") HINT("9.3"), 200000, false},
        {"a duration", "a listed part changes", GOOD PART("9.1") HINT("9.2"),
         GOOD "#EXT-X-PART:DURATION=0.191,URI=\"9.1\"\n" PART("9.2") HINT("9.3"), 200000, false},
        {"the end", "parts vanish from the end", GOOD PART("9.1") HINT("9.2"),
         HEAD OLD DATE("06") PARTS_OF("8") SHORT("8") HINT("9.0"), 200000, false},
        {"too soon", "parts go within three target durations", GOOD HINT("9.1"),
         HEAD OLD DATE("06") SHORT("8") DATE("07") FIRST("9.0") PART("9.1") HINT("9.2"), 200000,
         false},
        {"another hint", "a hinted part comes under another name", GOOD HINT("9.x"),
         GOOD PART("9.1") HINT("9.2"), 200000, false},
        {"a new map", "a new EXT-X-MAP without a hint",
         HEAD OLD DATE("06") PARTS_OF("8") SHORT("8") HINT("9.0"),
         HEAD OLD DATE("06") PARTS_OF("8") SHORT("8") "#EXT-X-DISCONTINUITY\n"
                                                      "#EXT-X-MAP:URI=\"9.mp4\"\n" DATE("07")
                                                          FIRST("9.0") HINT("9.1"),
         200000, true},
        {"a new map with a hint", NULL,
         HEAD OLD DATE("06") PARTS_OF("8") SHORT("8")
             HINT("9.0") "#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=\"9.mp4\"\n",
         HEAD OLD DATE("06") PARTS_OF("8") SHORT("8") "#EXT-X-DISCONTINUITY\n"
                                                      "#EXT-X-MAP:URI=\"9.mp4\"\n" DATE("07")
                                                          FIRST("9.0") HINT("9.1"),
         200000, false},
        {"the map", "the EXT-X-MAP of a listed segment changes", GOOD HINT("9.1"),
         HEAD OLD "#EXT-X-MAP:URI=\"8.mp4\"\n" DATE("06") PARTS_OF("8") SHORT("8") MAP DATE("07")
             FIRST("9.0") PART("9.1") HINT("9.2"),
         200000, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        teardown(NULL);
        setup(NULL);
        show(rows[i].first, rows[i].second, rows[i].later_us);
        assert_found(findings, rows[i].row, rows[i].rule, rows[i].remark);
    }
}

/* Where somebody looks now and then, how fast parts come is not known. */
static void what_is_not_waited_for_has_no_pace(void **state)
{
    M3u8 *a = read_list(GOOD HINT("9.1")), *b = read_list(GOOD PART("9.1") HINT("9.2"));
    M3u8 *c = read_list(GOOD PART("9.1") PART("9.2") HINT("9.3"));

    (void)state;
    part_rules_version(rules, NULL, a, false, 0, SECOND);
    part_rules_version(rules, a, b, false, SECOND, 2 * SECOND);
    part_rules_version(rules, b, c, false, 2 * SECOND, 3 * SECOND);
    m3u8_destroy(&a);
    m3u8_destroy(&b);
    m3u8_destroy(&c);
    assert_found(findings, "looked at", NULL, false);
    assert_int_equal(part_rules_history(rules).longest_gap_us, 0);
}

/* Three versions, each so long after the one before. */
static void pace(const char *first, const char *second, const char *third, int64_t gap_us)
{
    M3u8 *a = read_list(first), *b = read_list(second), *c = read_list(third);

    part_rules_version(rules, NULL, a, true, 0, SECOND);
    part_rules_version(rules, a, b, true, SECOND, SECOND + 200000);
    part_rules_version(rules, b, c, true, SECOND + 200000, SECOND + 200000 + gap_us);
    m3u8_destroy(&a);
    m3u8_destroy(&b);
    m3u8_destroy(&c);
}

static void parts_and_segments_come_in_time(void **state)
{
    static const char back[] = HEAD OLD DATE("06") PARTS_OF("8") SHORT("8") DATE("07") FIRST("9.0")
        PART("9.1") "#EXTINF:0.384,\n9.m4s\n#EXT-X-DISCONTINUITY\n" DATE("20") FIRST("10.0")
            HINT("10.1");
    static const struct {
        const char *row, *rule, *third;
        int64_t gap_us;
        bool remark;
    } rows[] = {
        {"in time", NULL, GOOD PART("9.1") PART("9.2") HINT("9.3"), 290000, false},
        {"a little late", "no new part for PART-TARGET", GOOD PART("9.1") PART("9.2") HINT("9.3"),
         310000, true},
        {"too late", "no new part for longer than PART-HOLD-BACK",
         GOOD PART("9.1") PART("9.2") HINT("9.3"), 610000, false},
        {"the source was away", "media is absent", back, 9 * SECOND, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        teardown(NULL);
        setup(NULL);
        pace(GOOD HINT("9.1"), GOOD PART("9.1") HINT("9.2"), rows[i].third, rows[i].gap_us);
        assert_found(findings, rows[i].row, rows[i].rule, rows[i].remark);
    }
    assert_int_equal(part_rules_history(rules).longest_away_us, 9 * SECOND);
}

static void a_segment_is_late(void **state)
{
    M3u8 *a = read_list(HEAD OLD DATE("06") HINT("8.0")), *b, *c;

    (void)state;
    b = read_list(HEAD OLD DATE("06") SEG("8") HINT("9.0"));
    c = read_list(HEAD OLD DATE("06") SEG("8") DATE("08") SEG("9") HINT("10.0"));
    part_rules_version(rules, NULL, a, true, 0, SECOND);
    part_rules_version(rules, a, b, true, SECOND, 2 * SECOND);
    part_rules_version(rules, b, c, true, 2 * SECOND, 2 * SECOND + 3200000);
    m3u8_destroy(&a);
    m3u8_destroy(&b);
    m3u8_destroy(&c);
    assert_found(findings, "late", "no new segment for 1.5 target durations", false);
}

/* For three target durations after its tag has gone, it must be there: it was there when the list
 * that names it was asked for, and nobody knows for how long after that. */
static void parts_that_have_gone_are_tried_at_the_last_moment(void **state)
{
    (void)state;
    show(HEAD MAP DATE("00") FIRST("5.0") "#EXTINF:0.192,\n5.m4s\n" SEG("6") SEG("7") SEG("8")
             HINT("9.0"),
         HEAD MAP DATE("00") "#EXTINF:0.192,\n5.m4s\n" SEG("6") SEG("7") SEG("8") FIRST("9.0")
             HINT("9.1"),
         200000);
    int64_t until = SECOND + 6 * SECOND, must_be = 0;
    assert_null(part_rules_retained(rules, until - 600000, &must_be));
    assert_string_equal(part_rules_retained(rules, until - 400000, &must_be), "5.0");
    assert_int_equal(must_be, until);
    assert_null(part_rules_retained(rules, until - 400000, &must_be));
    assert_int_equal(findings_count(findings), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(one_version),
    TEST(golden_playlists_are_good),
    TEST(two_versions),
    TEST(parts_and_segments_come_in_time),
    TEST(what_is_not_waited_for_has_no_pace),
    TEST(a_segment_is_late),
    TEST(parts_that_have_gone_are_tried_at_the_last_moment),
};

TEST_GROUP(part_rules, tests);
