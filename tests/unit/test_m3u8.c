/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden.h"

#include "instruments/hls-doctor/m3u8.h"
#include "instruments/hls-doctor/m3u8_attributes.h"
#include "instruments/hls-doctor/m3u8_multi.h"
#include "instruments/hls-doctor/m3u8_values.h"

/* hls-doctor's readers: attribute lists, media playlists with parts and their delta updates, and
 * multivariant playlists. */

#define HEAD                                                                                       \
    "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:2\n"                                         \
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6,CAN-SKIP-UNTIL=12.0\n"          \
    "#EXT-X-PART-INF:PART-TARGET=0.2\n"
#define SEG(n) "#EXTINF:2.0,\ns" n ".m4s\n"
#define TAIL                                                                                       \
    "#EXT-X-PART:DURATION=0.2,URI=\"p.0\",INDEPENDENT=YES\n"                                       \
    "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p.1\"\n"                                                  \
    "#EXT-X-RENDITION-REPORT:URI=\"audio.m3u8\",LAST-MSN=9,LAST-PART=3\n"

static M3u8 *list_of(const char *text)
{
    const char *wrong;
    uint8_t *copy = guarded_copy(text, strlen(text));
    M3u8 *m = m3u8_read((const char *)copy, strlen(text), &wrong);

    guarded_free(copy, strlen(text));
    if (!m)
        fail_msg("%s:\n%s", wrong, text);
    return m;
}

static void dates(void **state)
{
    static const struct {
        const char *text;
        int64_t unix_us; /* 0: it is none */
    } rows[] = {
        {"2026-01-01T00:00:01Z", 1767225601000000},
        {"2026-01-01T00:00:01.25Z", 1767225601250000},
        {"2026-01-01T05:30:01+05:30", 1767225601000000},
        {"2026-01-01T05:30:01.25+0530", 1767225601250000},
        {"2025-12-31T20:30:01-0330", 1767225601000000},
        {"2025-12-31T21:00:01-03", 1767225601000000},
        {"2026-01-01T00:00:01", 0},
        {"2026-01-01", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t unix_us = 0;
        bool read = m3u8_time_read(rows[i].text, &unix_us);
        assert_row(read == (rows[i].unix_us != 0) && unix_us == rows[i].unix_us, rows[i].text,
                   "%lld", (long long)unix_us);
    }
}

static void attribute_lists(void **state)
{
    static const struct {
        const char *list;
        bool sound;
    } rows[] = {
        {"A=1", true},       {"A=1,B=\"x,y\",C=YES", true},
        {"A=\"\"", true},    {"", true},
        {"A", false},        {"A=", false},
        {"a=1", false},      {"A=1,", false},
        {"A=\"x", false},    {"A=\"x\"y", false},
        {"A=1, B=2", false}, {"A=1,B=2,A=3", false},
        {"=1", false},
    };
    char text[4];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_row(m3u8_attributes_sound(rows[i].list) == rows[i].sound, rows[i].list, "not so");
    static const char list[] = "URI=\"a,b\",DURATION=0.25,INDEPENDENT=YES,N=12,Q=\"3\"";
    char *uri = m3u8_attribute_copy(list, "URI");
    assert_string_equal(uri, "a,b");
    free(uri);
    assert_null(m3u8_attribute_copy(list, "UR"));
    m3u8_attribute_text(list, "INDEPENDENT", text, sizeof(text));
    assert_string_equal(text, "YES");
    assert_true(m3u8_attribute_yes(list, "INDEPENDENT"));
    assert_false(m3u8_attribute_yes(list, "N"));
    assert_int_equal(m3u8_attribute_us(list, "DURATION"), 250000);
    assert_int_equal(m3u8_attribute_us(list, "Q"), -1);
    assert_int_equal(m3u8_attribute_integer(list, "N"), 12);
    assert_int_equal(m3u8_attribute_integer(list, "DURATION"), -1);
    assert_int_equal(m3u8_attribute_integer(list, "X"), -1);
}

static void a_list_with_parts(void **state)
{
    M3u8 *m = list_of(HEAD "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI=\"7.mp4\"\n" SEG(
        "7") "#EXT-X-PART:DURATION=0.2,URI=\"8.0\"\n"
             "#EXT-X-PART:DURATION=0.1,URI=\"8.1\",GAP=YES,BYTERANGE=\"1@0\"\n"
             "#EXT-X-GAP\n#EXTINF:0.3,\ns8.m4s\n" TAIL);

    (void)state;
    assert_int_equal(m->count, 2);
    assert_int_equal(m->part_target_us, 200000);
    assert_int_equal(m->part_hold_back_us, 600000);
    assert_int_equal(m->can_skip_until_us, 12000000);
    assert_int_equal(m->hold_back_us, -1);
    assert_true(m->can_block);
    const M3u8Segment *s = m3u8_segment(m, 8);
    assert_int_equal(s->part_count, 2);
    assert_string_equal(s->map, "7.mp4");
    assert_true(s->gap && s->parts[1].gap && s->parts[1].ranged && !s->parts[0].gap);
    assert_false(s->late_tag);
    assert_int_equal(m->open->sequence, 9);
    assert_true(m->open->parts[0].independent);
    assert_string_equal(m->hints[0].uri, "p.1");
    assert_int_equal(m->reports[0].last_part, 3);
    assert_true(m3u8_has(m, 9, 0));
    assert_false(m3u8_has(m, 9, 1));
    m3u8_destroy(&m);
}

/* What a delta update leaves out is filled in from before, and both come to the same. */
static void a_delta_update_is_completed(void **state)
{
    static const char old[] = HEAD
        "#EXT-X-MEDIA-SEQUENCE:5\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n#EXT-X-MAP:URI=\"5.mp4\"\n" SEG(
            "5") "#EXT-X-DISCONTINUITY\n" SEG("6") SEG("7") SEG("8");
    static const char whole[] = HEAD
        "#EXT-X-MEDIA-SEQUENCE:6\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n#EXT-X-DISCONTINUITY\n"
        "#EXT-X-MAP:URI=\"5.mp4\"\n" SEG("6") SEG("7") SEG("8") SEG("9") TAIL;
    static const char update[] = HEAD
        "#EXT-X-MEDIA-SEQUENCE:6\n#EXT-X-DISCONTINUITY-SEQUENCE:2\n"
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n" SEG("8") SEG("9") TAIL;
    M3u8 *before = list_of(old), *full = list_of(whole), *delta = list_of(update);
    const char *wrong;

    (void)state;
    assert_true(delta->is_delta);
    assert_int_equal(delta->segments[0].sequence, 8);
    assert_int_equal(m3u8_complete(delta, before, &wrong), 0);
    assert_null(m3u8_difference(delta, full));
    assert_int_equal(delta->duration_us, full->duration_us);
    assert_int_equal(delta->open->discontinuity, 3);
    m3u8_destroy(&delta);
    m3u8_destroy(&before);

    /* what was never seen cannot be filled in */
    before = list_of(HEAD "#EXT-X-MEDIA-SEQUENCE:7\n" SEG("7"));
    delta = list_of(update);
    assert_int_equal(m3u8_complete(delta, before, &wrong), -1);
    assert_non_null(wrong);
    m3u8_destroy(&delta);
    m3u8_destroy(&before);
    m3u8_destroy(&full);
}

/* The bridge's delta update comes to what its whole list is. */
static void the_bridges_delta_update_is_completed(void **state)
{
    char *whole = fixture_read("ll/delta-discontinuity-whole.m3u8", NULL);
    char *update = fixture_read("ll/delta-discontinuity.m3u8", NULL);
    M3u8 *full = list_of(whole), *before = list_of(whole), *delta = list_of(update);
    const char *wrong;

    (void)state;
    assert_int_equal(delta->skipped, 3);
    assert_int_equal(m3u8_complete(delta, before, &wrong), 0);
    const char *difference = m3u8_difference(delta, full);
    if (difference)
        fail_msg("they differ in %s", difference);
    m3u8_destroy(&full);
    m3u8_destroy(&before);
    m3u8_destroy(&delta);
    free(whole);
    free(update);
}

static void differences(void **state)
{
    static const char good[] = HEAD "#EXT-X-MEDIA-SEQUENCE:7\n" SEG("7") TAIL;
    static const struct {
        const char *difference, *text;
    } rows[] = {
        {NULL, HEAD "#EXT-X-MEDIA-SEQUENCE:7\n" SEG("7") TAIL},
        {"MEDIA-SEQUENCE", HEAD "#EXT-X-MEDIA-SEQUENCE:8\n" SEG("7") TAIL},
        {"DISCONTINUITY-SEQUENCE",
         HEAD "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n" SEG("7") TAIL},
        {"how many", HEAD "#EXT-X-MEDIA-SEQUENCE:7\n" SEG("7") SEG("8") TAIL},
        {"a segment's URI", HEAD "#EXT-X-MEDIA-SEQUENCE:7\n" SEG("x") TAIL},
        {"EXTINF", HEAD "#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:1.9,\ns7.m4s\n" TAIL},
        {"EXT-X-GAP", HEAD "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-GAP\n" SEG("7") TAIL},
        {"EXT-X-MAP", HEAD "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-MAP:URI=\"x\"\n" SEG("7") TAIL},
        {"a discontinuity", HEAD "#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-DISCONTINUITY\n" SEG("7") TAIL},
        {"EXT-X-PROGRAM", HEAD "#EXT-X-MEDIA-SEQUENCE:7\n"
                               "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z\n" SEG("7") TAIL},
        {"EXT-X-PART",
         HEAD "#EXT-X-MEDIA-SEQUENCE:7\n" SEG("7") "#EXT-X-PART:DURATION=0.2,URI=\"p.0\"\n"
                                                   "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p.1\"\n"},
        {"EXT-X-PRELOAD-HINT", HEAD "#EXT-X-MEDIA-SEQUENCE:7\n" SEG(
                                   "7") "#EXT-X-PART:DURATION=0.2,URI=\"p.0\",INDEPENDENT=YES\n"},
        {"EXT-X-TARGETDURATION",
         "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXT-X-MEDIA-SEQUENCE:7\n" SEG("7") TAIL},
    };
    M3u8 *a = list_of(good);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        M3u8 *b = list_of(rows[i].text);
        const char *d = m3u8_difference(a, b), *expected = rows[i].difference;
        assert_row(expected ? d && strncmp(d, expected, strlen(expected)) == 0 : !d,
                   expected ? expected : "same", "%s", d);
        m3u8_destroy(&b);
    }
    m3u8_destroy(&a);
}

static void what_is_no_playlist_is_refused(void **state)
{
    static const char *const texts[] = {
        HEAD "#EXT-X-SKIP:SKIPPED-SEGMENTS=x\n", HEAD "#EXT-X-SKIP:A=1\n",
        HEAD "#EXT-X-SKIP:SKIPPED-SEGMENTS=-1\n", HEAD SEG("1") "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n"};
    const char *wrong;

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_row(!m3u8_read(texts[i], strlen(texts[i]), &wrong), texts[i], "was read");
        assert_non_null(wrong);
    }
}

/* Section 4.4.4.2. */
/* A list of `count` times `text` behind a head, which may be read or not. */
static const char *wrong_with(const char *text, size_t count)
{
    static const char head[] = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n";
    size_t len = strlen(text);
    char *all = malloc(sizeof(head) + len * count + 1);
    const char *wrong;

    assert_non_null(all);
    strcpy(all, head);
    for (size_t i = 0; i < count; i++)
        memcpy(all + sizeof(head) - 1 + i * len, text, len);
    M3u8 *m = m3u8_read(all, sizeof(head) - 1 + len * count, &wrong);
    m3u8_destroy(&m);
    free(all);
    return wrong;
}

#define COMMENT                                                                                    \
    "# a comment that is somewhat long, so that there are not too many lines of them in all\n"

static void what_is_endless_is_refused(void **state)
{
    static const struct {
        const char *row, *text;
        size_t most; /* so many times it may be there */
        const char *wrong;
    } rows[] = {
        {"segments", "#EXTINF:2,\na\n", M3U8_SEGMENTS_MAX, "it has too many segments"},
        {"parts", "#EXT-X-PART:URI=\"a\",DURATION=1\n", M3U8_PARTS_MAX,
         "a segment has too many parts"},
        {"all", COMMENT, (M3U8_BYTES_MAX - 60) / (sizeof(COMMENT) - 1), "it is too long"},
    };
    char *line = malloc(M3U8_LINE_MAX + 3);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_null(wrong_with(rows[i].text, rows[i].most));
        const char *wrong = wrong_with(rows[i].text, rows[i].most + 30);
        assert_row(wrong && strcmp(wrong, rows[i].wrong) == 0, rows[i].row, "%s", wrong);
    }
    memset(line, '#', M3U8_LINE_MAX + 1);
    strcpy(line + M3U8_LINE_MAX, "\n");
    assert_null(wrong_with(line, 1));
    strcpy(line + M3U8_LINE_MAX, "#\n");
    assert_string_equal(wrong_with(line, 1), "a line is too long");
    free(line);
}

/* To compare each with all that stand before it would take minutes. */
static void attributes_without_end_are_not_compared(void **state)
{
    size_t count = 400000, at = 0;
    char *list = malloc(count * 16);

    (void)state;
    assert_non_null(list);
    for (size_t i = 0; i < count; i++)
        at += (size_t)sprintf(list + at, "%sA%zu=1", i > 0 ? "," : "", i);
    assert_false(m3u8_attributes_sound(list));
    free(list);
}

static void byte_ranges(void **state)
{
    static const char text[] =
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-I-FRAMES-ONLY\n"
        "#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"700@30\"\n"
        "#EXTINF:2,\n#EXT-X-BYTERANGE:100@20\ns\n"
        "#EXTINF:2,\n#EXT-X-BYTERANGE:50\ns\n"
        "#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"5\"\n#EXTINF:2,\nwhole\n";
    static const M3u8Range ranges[] = {{20, 100}, {120, 50}, {-1, -1}};
    static const M3u8Range maps[] = {{30, 700}, {30, 700}, {0, 5}};
    static const char *const bad[] = {"x",    "-1@2", "1@-2", "1@",
                                      "1@2x", "",     "50",   "99999999999999999@1"};
    const char *wrong;
    char line[128];

    (void)state;
    M3u8 *m = m3u8_read(text, strlen(text), &wrong);
    assert_non_null(m);
    assert_true(m->iframes_only && m->count == 3);
    for (size_t i = 0; i < COUNT(ranges); i++) {
        assert_memory_equal(&m->segments[i].range, &ranges[i], sizeof(ranges[i]));
        assert_memory_equal(&m->segments[i].map_range, &maps[i], sizeof(maps[i]));
    }
    m3u8_destroy(&m);
    for (size_t i = 0; i < COUNT(bad); i++) {
        snprintf(line, sizeof(line),
                 "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n#EXT-X-BYTERANGE:%s\ns\n", bad[i]);
        assert_row(!m3u8_read(line, strlen(line), &wrong), bad[i], "was read");
        assert_non_null(wrong);
    }
}

static void multivariant_playlists(void **state)
{
    static const char text[] =
        "#EXTM3U\n#EXT-X-VERSION:4\n"
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=NO,"
        "CHANNELS=\"2\",LANGUAGE=\"de-CH\",URI=\"audio.m3u8\"\n"
        "#EXT-X-STREAM-INF:BANDWIDTH=100,AVERAGE-BANDWIDTH=90,CODECS=\"avc1.42C01F,mp4a.40.2\","
        "RESOLUTION=1280x720,FRAME-RATE=29.970,SCORE=1.5,AUDIO=\"a\"\nvideo.m3u8\n"
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=50,CODECS=\"avc1.42C01F\",RESOLUTION=1280x720,"
        "URI=\"i.m3u8\"\n#EXT-X-INDEPENDENT-SEGMENTS\n";
    static const char *const bad[] = {"", "#EXTM3U\n", "#EXTM3UX\n#EXT-X-STREAM-INF:A=1\nx\n"};
    const char *wrong;
    M3u8Multi m;

    (void)state;
    assert_int_equal(m3u8_multi_read(text, strlen(text), &m, &wrong), 0);
    assert_int_equal(m.variant_count, 1);
    const M3u8Variant *v = &m.variant[0];
    assert_string_equal(v->uri, "video.m3u8");
    assert_string_equal(v->codecs, "avc1.42C01F,mp4a.40.2");
    assert_int_equal(v->width * 10000 + v->height, 12800720);
    assert_int_equal(v->frame_rate_us, 29970000);
    assert_int_equal(v->bandwidth - v->average_bandwidth, 10);
    assert_string_equal(m.media[0].uri, "audio.m3u8");
    assert_string_equal(m.media[0].language, "de-CH");
    assert_int_equal(v->score_us, 1500000);
    assert_true(m.independent && m.iframe_count == 1);
    assert_string_equal(m.iframe[0].uri, "i.m3u8");
    assert_int_equal(m.iframe[0].bandwidth, 50);
    assert_int_equal(m.iframe[0].score_us, -1);
    assert_true(m.media[0].is_default && m.media[0].refuses_autoselect);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_row(m3u8_multi_read(bad[i], strlen(bad[i]), &m, &wrong) < 0, bad[i], "was read");
        assert_non_null(wrong);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(dates),
    cmocka_unit_test(attribute_lists),
    cmocka_unit_test(a_list_with_parts),
    cmocka_unit_test(a_delta_update_is_completed),
    cmocka_unit_test(the_bridges_delta_update_is_completed),
    cmocka_unit_test(differences),
    cmocka_unit_test(what_is_no_playlist_is_refused),
    cmocka_unit_test(what_is_endless_is_refused),
    cmocka_unit_test(attributes_without_end_are_not_compared),
    cmocka_unit_test(byte_ranges),
    cmocka_unit_test(multivariant_playlists),
};

TEST_GROUP(m3u8, tests);
