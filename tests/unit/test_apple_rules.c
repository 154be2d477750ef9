/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings_setup.h"
#include "multi_of.h"

#include "instruments/hls-doctor/apple_rules.h"

#define MULTI "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n"
#define MEDIA                                                                                      \
    "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Sound\",LANGUAGE=\"und\",URI=\"audio.m3u8\"\n"
#define HIGH_OF(rate, more)                                                                        \
    "#EXT-X-STREAM-INF:BANDWIDTH=2000000," rate "RESOLUTION=1280x720," more                        \
    "CODECS=\"avc1.42C01F,mp4a.40.2\",AUDIO=\"a\"\nhigh.m3u8\n"
#define RATE "AVERAGE-BANDWIDTH=1500000,FRAME-RATE=30.000,"
#define HIGH HIGH_OF(RATE, "SCORE=2.0,")
#define LOW_OF(bandwidth, more)                                                                    \
    "#EXT-X-STREAM-INF:BANDWIDTH=" bandwidth ",AVERAGE-BANDWIDTH=90000,FRAME-RATE=30.000," more    \
    "CODECS=\"avc1.42C015,mp4a.40.2\",AUDIO=\"a\"\nlow.m3u8\n"
#define SMALL      "RESOLUTION=320x180,"
#define LOW        LOW_OF("192000", SMALL "SCORE=1.0,")
#define I_OF(more) "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000," more "URI=\"i.m3u8\"\n"
#define I          I_OF("RESOLUTION=1280x720,CODECS=\"avc1.42C01F\",")

static void multivariant_playlists(void **state)
{
    static const struct {
        const char *rule, *text;
        bool remark;
    } rows[] = {
        {NULL, MULTI MEDIA HIGH LOW I I, false},
        {"Apple 6.1:", MULTI MEDIA HIGH LOW, false},
        {"Apple 6.6:", MULTI MEDIA HIGH LOW I, true},
        {"Apple 8.10:",
         MULTI "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Sound\",URI=\"a\"\n" HIGH LOW I I,
         false},
        {"Apple 9.1:",
         MULTI MEDIA HIGH LOW
         "#EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=9,FRAME-RATE=9,SCORE=1," SMALL
         "AUDIO=\"a\"\nx\n" I I,
         false},
        {"Apple 9.2:", MULTI MEDIA HIGH LOW_OF("192000", "SCORE=1.0,") I I, false},
        {"Apple 9.3:", MULTI MEDIA HIGH LOW I I_OF("RESOLUTION=320x180,"), false},
        {"Apple 9.4:", MULTI MEDIA HIGH LOW I I_OF("CODECS=\"avc1.42C015\","), false},
        {"Apple 9.5:",
         MULTI HIGH LOW
         "#EXT-X-STREAM-INF:BANDWIDTH=9,AVERAGE-BANDWIDTH=9,FRAME-RATE=9,SCORE=1," SMALL
         "CODECS=\"avc1.42C015,mp4a.40.2\"\nx\n" I I,
         true},
        {"Apple 9.9:", MULTI MEDIA LOW LOW I I, false},
        {"Apple 9.11:", "#EXTM3U\n" MEDIA HIGH LOW I I, true},
        {"Apple 9.14:", MULTI MEDIA HIGH_OF("FRAME-RATE=30.000,", "SCORE=2.0,") LOW I I, false},
        {"Apple 9.15:", MULTI MEDIA HIGH_OF("AVERAGE-BANDWIDTH=9,", "SCORE=2.0,") LOW I I, false},
        {NULL, MULTI MEDIA HIGH_OF(RATE, "") LOW_OF("192000", SMALL) I I, false},
        {"Apple 9.19:", MULTI MEDIA HIGH_OF(RATE, "") LOW I I, false},
        {"Apple 9.21:", MULTI MEDIA HIGH LOW_OF("192001", SMALL "SCORE=1.0,") I I, false},
        {"Apple 1.33:", MULTI MEDIA HIGH LOW_OF("192000", "RESOLUTION=320x240,SCORE=1.0,") I I,
         true},
        {NULL, MULTI MEDIA HIGH LOW_OF("192000", "RESOLUTION=320x182,SCORE=1.0,") I I, false},
    };
    const AppleDelivery folder = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        M3u8Multi m = multi_of(rows[i].text);
        empty_findings();
        apple_rules_multi(findings, &m, &folder);
        assert_found(findings, rows[i].rule ? rows[i].rule : rows[i].text, rows[i].rule,
                     rows[i].remark);
    }
}

static void how_playlists_are_delivered(void **state)
{
    static const struct {
        const char *rule;
        AppleDelivery how;
        bool remark;
    } rows[] = {
        {NULL, {.http = true, .secure = true}, false},
        {NULL, {.plain = 9}, false}, /* a folder */
        {"Apple 10.1:", {.http = true, .secure = true, .plain = 1}, false},
        {"Apple 11.1", {.http = true}, true},
    };

    (void)state;
    M3u8Multi m = multi_of(MULTI MEDIA HIGH LOW I I);
    for (size_t i = 0; i < COUNT(rows); i++) {
        empty_findings();
        apple_rules_multi(findings, &m, &rows[i].how);
        assert_found(findings, rows[i].rule ? rows[i].rule : "good", rows[i].rule, rows[i].remark);
    }
}

#define LIST_OF(target, more) "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:" target "\n" more
#define SEQUENCE              "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
#define LIST                  LIST_OF("6", SEQUENCE)
#define DATE                  "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n"
#define SEG(n)                "#EXTINF:180.0,\ns" n ".m4s\n"
#define FIVE                  SEG("1") SEG("2") SEG("3") SEG("4") SEG("5")
#define SIX                   FIVE SEG("6")
#define PARTS(s)              "#EXT-X-PART-INF:PART-TARGET=" s "\n"
#define SKIP                  "#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=36.0"
#define DATERANGE             "#EXT-X-DATERANGE:ID=\"x\",START-DATE=\"2026-01-01T00:00:00Z\"\n"

static const struct Row {
    const char *row, *rule, *text;
    AppleList with;
    bool remark;
} list_rows[] = {
    {"good", NULL, LIST DATE SIX, {.slides = true}, false},
    {"IDR", "Apple 7.4:", LIST DATE SIX, {.without_idr = 1}, false},
    {"target", "Apple 7.5:", LIST_OF("2", SEQUENCE) DATE SIX, {0}, true},
    {"no date", "Apple 8.4:", LIST SIX, {0}, false},
    {"ended, no date", NULL, LIST SIX "#EXT-X-ENDLIST\n", {0}, false},
    {"five", "Apple 8.11:", LIST DATE FIVE "#EXTINF:180,\n", {.slides = true}, false},
    {"five so far", NULL, LIST DATE FIVE, {0}, false},
    {"short",
     "Apple 8.12:",
     LIST DATE SEG("1") SEG("2") SEG("3") SEG("4") "#EXTINF:1,\ns5\n#EXTINF:1,\ns6\n",
     {.slides = true},
     true},
    {"no sequence", "Apple 8.17:", LIST_OF("6", "") DATE SIX, {.discontinuities = true}, false},
    {"no sequence yet", "Apple 8.17:", LIST_OF("6", "") DATE SIX, {0}, true},
    {"neither", "Apple 9.12:", LIST DATE SIX, {.shows_pictures = true}, false},
    {"here", NULL, LIST "#EXT-X-INDEPENDENT-SEGMENTS\n" DATE SIX, {.shows_pictures = true}, false},
    {"plain", "Apple 10.1:", LIST DATE SIX, {.delivery = {true, true, 1}}, false},
    {"parts", "Apple 14.2:", LIST_OF("6", SEQUENCE PARTS("0.5") SKIP "\n") DATE SIX, {0}, true},
    {"a second", NULL, LIST_OF("6", SEQUENCE PARTS("1.0") SKIP "\n") DATE SIX, {0}, false},
    {"no deltas", "Apple 14.4:", LIST_OF("6", SEQUENCE PARTS("1.0")) DATE SIX, {0}, true},
    {"dates stay", "Apple 14.5:", LIST_OF("6", SEQUENCE SKIP "\n") DATERANGE DATE SIX, {0}, true},
    {"dates go",
     NULL,
     LIST_OF("6", SEQUENCE SKIP ",CAN-SKIP-DATERANGES=YES\n") DATERANGE DATE SIX,
     {0},
     false},
};

static void media_playlists(void **state)
{
    const M3u8Multi multi = {.variant_count = 1}; /* says nothing of independent segments */
    const char *wrong;

    (void)state;
    for (size_t i = 0; i < COUNT(list_rows); i++) {
        const struct Row *row = &list_rows[i];
        M3u8 *m = m3u8_read(row->text, strlen(row->text), &wrong);
        AppleList a = row->with;
        assert_row(m, row->row, "%s", wrong);
        a.uri = "video.m3u8";
        a.list = m;
        if (strcmp(row->row, "five") == 0)
            m->duration_us = 3600 * 1000000ll; /* long enough all the same */
        empty_findings();
        apple_rules_list(findings, &multi, &a);
        assert_found(findings, row->row, row->rule, row->remark);
        m3u8_destroy(&m);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(multivariant_playlists),
    TEST(how_playlists_are_delivered),
    TEST(media_playlists),
};

TEST_GROUP(apple_rules, tests);
