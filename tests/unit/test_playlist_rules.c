/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <stdlib.h>

#include "instruments/hls-doctor/playlist_rules.h"

#define SECOND 1000000ll
#define HEAD(sequence)                                                                             \
    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:" sequence "\n"
#define SEG(n) "#EXTINF:2.0,\ns" n ".ts\n"

/* hls-doctor's own rules: each sort of fault is seen, and a server that keeps to them is left
 * alone. */
static Findings *findings;
static PlaylistRules *rules;

static int setup(void **state)
{
    (void)state;
    findings = findings_create();
    rules = playlist_rules_create(findings);
    return rules ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    playlist_rules_destroy(&rules);
    findings_destroy(&findings);
    return 0;
}

static void version_between(const char *text, int64_t asked_us, int64_t came_us)
{
    const char *wrong;
    M3u8 *m = m3u8_read(text, strlen(text), &wrong);

    if (!m)
        print_error("%s\n", wrong);
    assert_non_null(m);
    playlist_rules_version(rules, m, asked_us, came_us);
}

static void version(const char *text, int64_t now_us)
{
    version_between(text, now_us, now_us);
}

#define NUMBERED "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"

static void a_good_server_is_left_alone(void **state)
{
    (void)state;
    version(HEAD("0") SEG("0"), 0);
    version(HEAD("0") SEG("0") SEG("1"), 2 * SECOND);
    version(HEAD("0") NUMBERED SEG("0") SEG("1") "#EXT-X-DISCONTINUITY\n" SEG("2"), 4 * SECOND);
    version(HEAD("1") NUMBERED SEG("1") "#EXT-X-DISCONTINUITY\n" SEG("2") SEG("3"), 6 * SECOND);
    version(HEAD("2") NUMBERED "#EXT-X-DISCONTINUITY\n" SEG("2") SEG("3") SEG("4"), 8 * SECOND);
    version(HEAD("3") "#EXT-X-DISCONTINUITY-SEQUENCE:1\n" SEG("3") SEG("4") SEG("5"), 10 * SECOND);
    version(HEAD("3") "#EXT-X-DISCONTINUITY-SEQUENCE:1\n" SEG("3") SEG("4")
                SEG("5") "#EXT-X-ENDLIST\n",
            12 * SECOND);
    assert_int_equal(findings_count(findings), 0);
    PlaylistHistory h = playlist_rules_history(rules);
    assert_int_equal(h.versions, 7);
    assert_int_equal(h.discontinuities, 1);
    assert_true(h.ended);
}

static void each_fault_is_seen(void **state)
{
    static const char good[] = HEAD("5") SEG("5") SEG("6") SEG("7");
    static const struct {
        const char *rule, *next;
        int64_t after_us;
    } rows[] = {
        {"EXTINF, rounded", HEAD("5") SEG("5") SEG("6") SEG("7") "#EXTINF:2.5,\ns8.ts\n",
         2 * SECOND},
        {"MEDIA-SEQUENCE decreases", HEAD("4") SEG("4") SEG("5") SEG("6") SEG("7"), 2 * SECOND},
        {"TARGETDURATION changes",
         "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXT-X-MEDIA-SEQUENCE:5\n" SEG("5")
             SEG("6") SEG("7"),
         2 * SECOND},
        {"a listed segment changes", HEAD("5") SEG("5") SEG("x") SEG("7") SEG("8"), 2 * SECOND},
        {"a listed segment changes", HEAD("5") SEG("5") "#EXTINF:1.9,\ns6.ts\n" SEG("7") SEG("8"),
         2 * SECOND},
        {"segments vanish", HEAD("5") SEG("5") SEG("6"), 2 * SECOND},
        {"falls below three target durations", HEAD("7") SEG("7") SEG("8"), 2 * SECOND},
        {"discontinuity number of a segment changes",
         HEAD("5") SEG("5") "#EXT-X-DISCONTINUITY\n" SEG("6") SEG("7") SEG("8"), 2 * SECOND},
        {"no new segment for 1.5", HEAD("6") SEG("6") SEG("7") SEG("8"), 4 * SECOND},
        {"PLAYLIST-TYPE", HEAD("6") "#EXT-X-PLAYLIST-TYPE:EVENT\n" SEG("6") SEG("7") SEG("8"),
         2 * SECOND},
        {"listed twice", HEAD("6") SEG("6") SEG("7") SEG("8") SEG("8"), 2 * SECOND},
        {"PROGRAM-DATE-TIME",
         HEAD("6") "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n" SEG(
             "6") "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.100Z\n" SEG("7") SEG("8"),
         2 * SECOND},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        teardown(NULL);
        setup(NULL);
        version(HEAD("4") SEG("4") SEG("5") SEG("6"), 0);
        version(good, 2 * SECOND);
        assert_int_equal(findings_count(findings), 0);
        playlist_rules_same(rules, 2 * SECOND + rows[i].after_us - SECOND / 5);
        version(rows[i].next, 2 * SECOND + rows[i].after_us);
        json_t *all = findings_json(findings);
        char *text = json_dumps(all, 0);
        assert_row(strstr(text, rows[i].rule), rows[i].rule, "%s", text);
        free(text);
        json_decref(all);
    }
}

/* Segments are decoded between two looks, which takes a busy machine seconds. */
static void a_segment_is_not_late_if_nobody_looked(void **state)
{
    (void)state;
    version(HEAD("0") SEG("0") SEG("1") SEG("2"), 0);
    version(HEAD("1") SEG("1") SEG("2") SEG("3"), 4 * SECOND);
    assert_int_equal(findings_count(findings), 0);
    playlist_rules_same(rules, 7 * SECOND);
    version(HEAD("2") SEG("2") SEG("3") SEG("4"), 9 * SECOND);
    assert_int_equal(findings_count(findings), 1); /* it was not there 3 s later */
}

static void what_counts_discontinuities_is_there_before_they_go(void **state)
{
    (void)state;
    version(HEAD("0") SEG("0") SEG("1") "#EXT-X-DISCONTINUITY\n" SEG("2") SEG("3"), 0);
    version(HEAD("1") SEG("1") "#EXT-X-DISCONTINUITY\n" SEG("2") SEG("3") SEG("4"), 2 * SECOND);
    json_t *all = findings_json(findings);
    char *text = json_dumps(all, 0);
    assert_int_equal(findings_count(findings), 1);
    assert_non_null(strstr(text, "loses segments without EXT-X-DISCONTINUITY-SEQUENCE"));
    free(text);
    json_decref(all);
}

/* A segment that has left must be there for its duration and that of the longest list that had it;
 * it is tried just before that is over. */
static void what_has_left_is_tried_at_the_last_moment(void **state)
{
    int64_t until = 0;

    (void)state;
    version(HEAD("0") SEG("0") SEG("1") SEG("2") SEG("3"), 0);
    playlist_rules_same(rules, 2 * SECOND);
    version(HEAD("1") SEG("1") SEG("2") SEG("3") SEG("4"), 3 * SECOND);
    assert_null(playlist_rules_retained(rules, (2 + 2 + 8 - 1) * SECOND - 1, &until));
    assert_string_equal(playlist_rules_retained(rules, (2 + 2 + 8 - 1) * SECOND, &until), "s0.ts");
    assert_int_equal(until, (2 + 2 + 8) * SECOND);
    assert_null(playlist_rules_retained(rules, 100 * SECOND, &until));
}

/* A server may stand still between reading a list and sending it; meanwhile segments may leave. */
static void what_has_left_stays_from_when_its_list_was_asked_for(void **state)
{
    int64_t until = 0;

    (void)state;
    version_between(HEAD("0") SEG("0") SEG("1") SEG("2") SEG("3"), 2 * SECOND, 5 * SECOND);
    version_between(HEAD("1") SEG("1") SEG("2") SEG("3") SEG("4"), 5 * SECOND, 5 * SECOND);
    assert_int_equal(playlist_rules_seen_us(rules), 5 * SECOND);
    assert_string_equal(playlist_rules_retained(rules, (2 + 2 + 8 - 1) * SECOND, &until), "s0.ts");
    assert_int_equal(until, (2 + 2 + 8) * SECOND);
}

/* The pace is of when lists came: who waits for a segment is answered when it is there. */
static void a_segment_that_was_waited_for_is_late(void **state)
{
    (void)state;
    version_between(HEAD("0") SEG("0") SEG("1") SEG("2"), SECOND, SECOND);
    playlist_rules_same(rules, 4 * SECOND);
    version_between(HEAD("1") SEG("1") SEG("2") SEG("3"), 4 * SECOND, 4300000);
    assert_int_equal(findings_count(findings), 1);
}

static void what_is_tried_too_late_is_not_tried(void **state)
{
    int64_t until = 0;

    (void)state;
    version(HEAD("0") SEG("0") SEG("1") SEG("2") SEG("3"), 0);
    version(HEAD("1") SEG("1") SEG("2") SEG("3") SEG("4"), 2 * SECOND);
    assert_null(playlist_rules_retained(rules, (0 + 2 + 8) * SECOND, &until));
}

static void a_gap_has_no_file_that_must_stay(void **state)
{
    int64_t until = 0;

    (void)state;
    version(HEAD("0") "#EXT-X-GAP\n" SEG("0") SEG("1") SEG("2") SEG("3"), 0);
    playlist_rules_same(rules, 2 * SECOND);
    version(HEAD("1") SEG("1") SEG("2") SEG("3") SEG("4"), 3 * SECOND);
    assert_null(playlist_rules_retained(rules, (2 + 2 + 8 - 1) * SECOND, &until));
}

static void what_is_no_playlist_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "<html>",
                                        "#EXTM3U",
                                        "#EXTM3UX\n",
                                        "#EXTM3U\n#EXTINF:2.0,\ns.ts\n",
                                        "#EXTM3U\n#EXT-X-TARGETDURATION:two\n",
                                        HEAD("0") "s.ts\n",
                                        HEAD("0") "#EXTINF:x,\ns.ts\n",
                                        HEAD("0") "#EXT-X-PROGRAM-DATE-TIME:today\n",
                                        HEAD("0") SEG("0") "#EXT-X-MEDIA-SEQUENCE:3\n"};
    const char *wrong;

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_row(!m3u8_read(texts[i], strlen(texts[i]), &wrong), texts[i], "was read");
        assert_non_null(wrong);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(a_good_server_is_left_alone),
    TEST(each_fault_is_seen),
    TEST(a_segment_is_not_late_if_nobody_looked),
    TEST(what_counts_discontinuities_is_there_before_they_go),
    TEST(what_has_left_is_tried_at_the_last_moment),
    TEST(what_has_left_stays_from_when_its_list_was_asked_for),
    TEST(a_segment_that_was_waited_for_is_late),
    TEST(what_is_tried_too_late_is_not_tried),
    TEST(a_gap_has_no_file_that_must_stay),
    TEST(what_is_no_playlist_is_refused),
};

TEST_GROUP(playlist_rules, tests);
