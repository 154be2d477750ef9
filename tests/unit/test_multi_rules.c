/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "findings_setup.h"
#include "multi_of.h"

#include "instruments/hls-doctor/report_rules.h"

#define MEDIA_OF(more)                                                                             \
    "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Sound\"," more ",URI=\"audio.m3u8\"\n"
#define MEDIA MEDIA_OF("DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"2\"")
#define INF                                                                                        \
    "#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1500000,"                               \
    "CODECS=\"avc1.42C01F,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO=\"a\""
#define IFRAMES(list) "#EXT-X-I-FRAME-STREAM-INF:" list "\n"
#define MULTI         "#EXTM3U\n#EXT-X-VERSION:4\n"

static void a_multivariant_playlist(void **state)
{
    static const struct {
        const char *rule, *text;
        bool remark;
    } rows[] = {
        {NULL, MULTI MEDIA INF "\nvideo.m3u8\n", false},
        {"a multivariant playlist with tags of a media playlist",
         MULTI "#EXT-X-TARGETDURATION:2\n" MEDIA INF "\nvideo.m3u8\n", false},
        {"a malformed attribute list", MULTI MEDIA INF ",\nvideo.m3u8\n", false},
        {"EXT-X-VERSION is higher", "#EXTM3U\n#EXT-X-VERSION:9\n" MEDIA INF "\nvideo.m3u8\n", true},
        {"EXT-X-STREAM-INF without its URI", MULTI MEDIA INF "\n", false},
        {"EXT-X-STREAM-INF without BANDWIDTH",
         MULTI "#EXT-X-STREAM-INF:CODECS=\"mp4a.40.2\"\naudio.m3u8\n", false},
        {"AVERAGE-BANDWIDTH above",
         MULTI "#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=2,CODECS=\"mp4a.40.2\"\na\n",
         false},
        {"EXT-X-STREAM-INF without CODECS", MULTI "#EXT-X-STREAM-INF:BANDWIDTH=1\na\n", true},
        {"AUDIO names a group", MULTI INF "\nvideo.m3u8\n", false},
        {"EXT-X-MEDIA without TYPE",
         MULTI MEDIA "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"b\",CHANNELS=\"2\"\n" INF "\nv\n", false},
        {"EXT-X-MEDIA is DEFAULT",
         MULTI MEDIA_OF("DEFAULT=YES,AUTOSELECT=NO,CHANNELS=\"2\"") INF "\nvideo.m3u8\n", false},
        {"EXT-X-MEDIA of sound without CHANNELS",
         MULTI MEDIA_OF("DEFAULT=YES,AUTOSELECT=YES") INF "\nvideo.m3u8\n", true},
        {"two EXT-X-MEDIA of a group have one NAME",
         MULTI MEDIA "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Sound\",CHANNELS=\"2\"\n" INF
                     "\nv\n",
         false},
        {"two EXT-X-MEDIA of a group are DEFAULT",
         MULTI MEDIA
         "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"B\",DEFAULT=YES,CHANNELS=\"2\"\n" INF
         "\nv\n",
         false},
        {NULL, MULTI MEDIA INF "\nvideo.m3u8\n" IFRAMES("BANDWIDTH=9,URI=\"i\""), false},
        {"EXT-X-I-FRAME-STREAM-INF without URI", MULTI MEDIA INF "\nv\n" IFRAMES("BANDWIDTH=9"),
         false},
        {"EXT-X-I-FRAME-STREAM-INF without BANDWIDTH", MULTI MEDIA INF "\nv\n" IFRAMES("URI=\"i\""),
         false},
        {"AVERAGE-BANDWIDTH above",
         MULTI MEDIA INF "\nv\n" IFRAMES("BANDWIDTH=1,AVERAGE-BANDWIDTH=2,URI=\"i\""), false},
        {"EXT-X-I-FRAME-STREAM-INF with FRAME-RATE",
         MULTI MEDIA INF "\nv\n" IFRAMES("BANDWIDTH=9,FRAME-RATE=1,URI=\"i\""), false},
        {"SCORE is not on all", MULTI MEDIA INF ",SCORE=1.0\nv\n" INF "\nw\n", true},
        {NULL, MULTI MEDIA INF ",SCORE=1.0\nv\n" INF ",SCORE=2.0\nw\n", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        M3u8Multi m = multi_of(rows[i].text);
        empty_findings();
        multi_rules_check(findings, &m);
        assert_found(findings, rows[i].rule ? rows[i].rule : "good", rows[i].rule, rows[i].remark);
    }
}

static const RenditionMedia good_video = {.uri = "video.m3u8",
                                          .codec = "avc1.42C01F",
                                          .width = 1280,
                                          .height = 720,
                                          .frame_rate = 30.5,
                                          .peak = 1900000,
                                          .average = 1400000};
static const RenditionMedia good_audio = {
    .uri = "audio.m3u8", .codec = "mp4a.40.2", .channels = 2, .peak = 100000, .average = 90000};

static void what_it_says_of_the_media(void **state)
{
    RenditionMedia rate = good_video, size = good_video, codec = good_video, peak = good_video,
                   average = good_video, mono = good_audio, he = good_audio;
    rate.frame_rate = 33.1;
    size.width = 720;
    strcpy(codec.codec, "avc1.640028");
    peak.peak = 1900300;
    average.average = 500000;
    mono.channels = 1;
    strcpy(he.codec, "mp4a.40.5");
    RenditionMedia muxed = good_video;
    strcpy(muxed.sound_codec, "mp4a.40.5");
    const struct {
        const char *rule, *text;
        const RenditionMedia *video, *audio;
        bool remark;
    } rows[] = {
        {NULL, MULTI MEDIA INF "\nvideo.m3u8\n", &good_video, &good_audio, false},
        {"FRAME-RATE is below", MULTI MEDIA INF "\nvideo.m3u8\n", &rate, &good_audio, false},
        {"RESOLUTION is not", MULTI MEDIA INF "\nvideo.m3u8\n", &size, &good_audio, false},
        {"CODECS lacks", MULTI MEDIA INF "\nvideo.m3u8\n", &codec, &good_audio, false},
        {"CODECS lacks", MULTI MEDIA INF "\nvideo.m3u8\n", &good_video, &he, false},
        {"CODECS lacks", MULTI MEDIA INF "\nvideo.m3u8\n", &muxed, &good_audio, false},
        {"CHANNELS is not", MULTI MEDIA INF "\nvideo.m3u8\n", &good_video, &mono, false},
        {"BANDWIDTH is below", MULTI MEDIA INF "\nvideo.m3u8\n", &peak, &good_audio, false},
        {"AVERAGE-BANDWIDTH is far", MULTI MEDIA INF "\nvideo.m3u8\n", &average, &good_audio, true},
        {"video without RESOLUTION",
         MULTI "#EXT-X-STREAM-INF:BANDWIDTH=2000000,CODECS=\"avc1.42C01F\"\nvideo.m3u8\n",
         &good_video, &good_audio, true},
        {"more than 30 pictures a second",
         MULTI "#EXT-X-STREAM-INF:BANDWIDTH=2000000,CODECS=\"avc1.42C01F\",RESOLUTION=1280x720\n"
               "video.m3u8\n",
         &rate, &good_audio, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const RenditionMedia media[] = {*rows[i].video, *rows[i].audio};
        M3u8Multi m = multi_of(rows[i].text);
        empty_findings();
        multi_rules_media(findings, only_version(&m), media, COUNT(media));
        assert_found(findings, rows[i].rule ? rows[i].rule : "good", rows[i].rule, rows[i].remark);
    }
}

/* A ladder may fill a rendition whose own pictures are absent with those of another. */
static void a_rendition_may_show_the_pictures_of_another(void **state)
{
#define LADDER                                                                                     \
    MULTI MEDIA INF                                                                                \
        "\nvideo.m3u8\n"                                                                           \
        "#EXT-X-STREAM-INF:BANDWIDTH=2000000,CODECS=\"avc1.42C015,mp4a.40.2\",RESOLUTION=640x360," \
        "FRAME-RATE=30.000,AUDIO=\"a\"\nlow.m3u8\n"
    RenditionMedia filled = good_video, unknown = good_video, higher = good_video;
    filled.width = 640;
    filled.height = 360;
    strcpy(filled.codec, "avc1.42C015");
    unknown.width = 640;
    unknown.height = 480;
    higher.uri = "low.m3u8"; /* its CODECS promise less */
    const struct {
        const char *row, *rule;
        const RenditionMedia *video;
        bool remark;
    } rows[] = {
        {"own", NULL, &good_video, false},
        {"filled", "a variant shows the pictures of another", &filled, true},
        {"unknown", "RESOLUTION is not", &unknown, false},
    };

    (void)state;
    M3u8Multi m = multi_of(LADDER);
    for (size_t i = 0; i < COUNT(rows); i++) {
        empty_findings();
        multi_rules_media(findings, only_version(&m), rows[i].video, 1);
        assert_found(findings, rows[i].row, rows[i].rule, rows[i].remark);
    }
    empty_findings();
    multi_rules_media(findings, only_version(&m), &higher, 1);
    assert_int_equal(findings_count(findings), 1); /* CODECS; and a remark that it is filled */
}

/* What a rendition shows may change before the playlist that says so is fetched, and after the
 * newest media that were looked at. A busy publisher does so twice between two looks. */
static void each_version_since_it_was_listed_may_be_right(void **state)
{
    M3u8Multi large = multi_of(MULTI MEDIA INF "\nvideo.m3u8\n"), small = large;
    const M3u8Multi *const seen[] = {&small, &large, &small, &large, &large};
    static MultiVersions versions;
    RenditionMedia media = good_video;

    (void)state;
    media.width = small.variant[0].width = 320;
    media.height = small.variant[0].height = 180;
    strcpy(media.codec, "avc1.42C00D");
    strcpy(small.variant[0].codecs, "avc1.42C00D,mp4a.40.2");
    for (size_t i = 0; i < COUNT(seen); i++)
        multi_versions_add(&versions, seen[i]);
    assert_int_equal(versions.count, 4); /* the last one says what the one before it says */
    for (size_t listed = 1; listed <= versions.count; listed++) {
        media.multi_version = listed;
        empty_findings();
        multi_rules_media(findings, &versions, &media, 1);
        assert_int_equal(findings_count(findings), listed <= 3 ? 0 : 2);
    }
    for (size_t i = 0; i < MULTI_VERSIONS_KEPT; i++) { /* which go, whenever it was listed */
        large.variant[0].bandwidth++;
        multi_versions_add(&versions, &large);
    }
    media.multi_version = 1;
    empty_findings();
    multi_rules_media(findings, &versions, &media, 1);
    assert_int_equal(findings_count(findings), 2);
    assert_null(multi_versions_at(&versions, 4));
    assert_non_null(multi_versions_at(&versions, 5));
    assert_null(multi_versions_at(&versions, versions.count + 1));
}

#define CONTROL "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.6"
#define LIST_OF(target, control, part)                                                             \
    "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:" target "\n#EXT-X-SERVER-CONTROL:" control  \
    "\n#EXT-X-PART-INF:PART-TARGET=" part "\n#EXT-X-MEDIA-SEQUENCE:5\n"
#define LIST    LIST_OF("2", CONTROL, "0.2")
#define DATE(s) "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:" s "Z\n"
#define SEG     "#EXTINF:2.0,\ns.m4s\n"
#define FOUR(a) DATE("00." a) SEG DATE("02." a) SEG DATE("04." a) SEG DATE("06." a) SEG

static void renditions_against_each_other(void **state)
{
    static const struct {
        const char *rule, *text;
        bool remark;
    } rows[] = {
        {NULL, LIST FOUR("020"), false},
        {NULL, LIST FOUR("020") "#EXT-X-DISCONTINUITY\n" DATE("18.000") SEG, false}, /* one more */
        {NULL, LIST DATE("04.000") SEG DATE("06.000") SEG DATE("08.000") "#EXTINF:1.65,\ns.m4s\n",
         false},
        {"renditions differ in TARGETDURATION", LIST_OF("3", CONTROL, "0.2") FOUR("000"), false},
        {"renditions differ in EXT-X-SERVER-CONTROL",
         LIST_OF("2", "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.7", "0.2") FOUR("000"), false},
        {"renditions differ in EXT-X-SERVER-CONTROL",
         LIST_OF("2", CONTROL ",CAN-SKIP-UNTIL=12", "0.2") FOUR("000"), false},
        {"some renditions have EXT-X-PROGRAM-DATE-TIME", LIST SEG SEG SEG SEG, false},
        {"renditions differ in their discontinuity numbers",
         LIST DATE("00.000") SEG DATE("02.000") SEG DATE("04.000") SEG
         "#EXT-X-DISCONTINUITY\n" DATE("06.000") SEG,
         false},
        {"one rendition has content that another lacks", LIST DATE("04.000") SEG DATE("06.000") SEG,
         false},
        {"one rendition has content that another lacks", LIST DATE("08.000") SEG, false},
        {"one rendition has content that another lacks",
         LIST DATE("00.000") SEG DATE("02.000") SEG DATE("04.000") SEG DATE("06.000")
             SEG DATE("08.000") SEG DATE("10.000") SEG DATE("12.000") SEG,
         false},
        {"PART-HOLD-BACK below three times the longest", LIST_OF("2", CONTROL, "0.3") FOUR("000"),
         true},
    };
    const char *wrong;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        M3u8 *video = m3u8_read(LIST FOUR("000"), strlen(LIST FOUR("000")), &wrong);
        M3u8 *audio = m3u8_read(rows[i].text, strlen(rows[i].text), &wrong);
        const RenditionView view[] = {{.uri = "video.m3u8", .list = video},
                                      {.uri = "audio.m3u8", .list = audio}};
        assert_true(video && audio);
        empty_findings();
        multi_rules_renditions(findings, view, COUNT(view));
        assert_found(findings, rows[i].rule ? rows[i].rule : "good", rows[i].rule, rows[i].remark);
        m3u8_destroy(&video);
        m3u8_destroy(&audio);
    }
}

/* What was asked for before the other came has what the other had by then. */
static void lists_of_other_moments_are_not_compared(void **state)
{
    static const char early[] = LIST DATE("00.000") SEG DATE("02.000") SEG DATE("04.000") SEG,
                      late[] = LIST DATE("08.000") SEG DATE("10.000") SEG DATE("12.000") SEG;
    static const struct {
        const char *row, *end;
        bool found;
        int64_t asked_us[2], came_us[2];
    } rows[] = {
        {"files", "", true, {0, 0}, {0, 0}},
        {"at once", "", true, {7000000, 7050000}, {7100000, 8100000}},
        {"after one another", "", false, {1000000, 8000000}, {1100000, 8100000}},
        {"late", "", false, {1000000, 1000000}, {1100000, 8100000}},
        {"the other late", "", false, {1000000, 1000000}, {8100000, 1100000}},
        {"ended", "#EXT-X-ENDLIST\n", true, {1000000, 8000000}, {1100000, 8100000}},
    };
    char first[sizeof(early) + 20], second[sizeof(late) + 20];
    const char *wrong;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(first, sizeof(first), "%s%s", early, rows[i].end);
        snprintf(second, sizeof(second), "%s%s", late, rows[i].end);
        M3u8 *a = m3u8_read(first, strlen(first), &wrong);
        M3u8 *b = m3u8_read(second, strlen(second), &wrong);
        const RenditionView view[] = {
            {"video.m3u8", a, rows[i].asked_us[0], rows[i].came_us[0]},
            {"audio.m3u8", b, rows[i].asked_us[1], rows[i].came_us[1]},
        };
        assert_true(a && b);
        empty_findings();
        multi_rules_renditions(findings, view, COUNT(view));
        assert_found(findings, rows[i].row,
                     rows[i].found ? "one rendition has content that another lacks" : NULL, false);
        m3u8_destroy(&a);
        m3u8_destroy(&b);
    }
}

/* A publisher was away for three seconds behind the oldest segment, which only one list has. */
static void an_oldest_segment_may_lie_before_a_hole(void **state)
{
#define AWAY(sequence) LIST "#EXT-X-MEDIA-SEQUENCE:" sequence "\n#EXT-X-DISCONTINUITY-SEQUENCE:"
    static const char whole[] = AWAY("16") "0\n" DATE("00.000") SEG
        "#EXT-X-DISCONTINUITY\n" DATE("05.000") SEG DATE("07.000") SEG DATE("09.000") SEG;
    static const struct {
        const char *row, *list, *rule;
    } rows[] = {
        {"one less", AWAY("17") "1\n" DATE("05.000") SEG DATE("07.000") SEG DATE("09.000") SEG,
         NULL},
        {"one less, and one more",
         AWAY("17") "1\n" DATE("05.000") SEG DATE("07.000") SEG DATE("09.000") SEG DATE("11.000")
             SEG,
         NULL},
        {"two less", AWAY("18") "1\n" DATE("07.000") SEG DATE("09.000") SEG,
         "one rendition has content that another lacks"},
    };
#undef AWAY
    const char *wrong;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        M3u8 *video = m3u8_read(whole, strlen(whole), &wrong);
        M3u8 *audio = m3u8_read(rows[i].list, strlen(rows[i].list), &wrong);
        const RenditionView ways[][2] = {
            {{.uri = "video.m3u8", .list = video}, {.uri = "audio.m3u8", .list = audio}},
            {{.uri = "audio.m3u8", .list = audio}, {.uri = "video.m3u8", .list = video}}};
        assert_true(video && audio);
        for (size_t k = 0; k < COUNT(ways); k++) {
            empty_findings();
            multi_rules_renditions(findings, ways[k], 2);
            assert_found(findings, rows[i].row, rows[i].rule, false);
        }
        m3u8_destroy(&video);
        m3u8_destroy(&audio);
    }
}

/* A server that stood still writes several segments at once. The list that is asked for later has
 * them all, and has dropped as many; there may be a hole on either side. */
static void the_later_of_two_lists_may_be_ahead_by_anything(void **state)
{
#define NUMBERED(sequence)                                                                         \
    LIST "#EXT-X-MEDIA-SEQUENCE:" sequence "\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
#define FIRST  DATE("00.000") SEG DATE("02.000") SEG
#define BEHIND "#EXT-X-DISCONTINUITY\n" DATE("35.000") SEG DATE("37.000") SEG
#define GROWN  DATE("39.000") SEG DATE("41.000") SEG
    static const struct {
        const char *row, *before, *after;
    } rows[] = {
        {"three more", NUMBERED("16") FOUR("000"),
         NUMBERED("19") DATE("06.000") SEG DATE("08.000") SEG DATE("10.000") SEG DATE("12.000")
             SEG},
        {"two more, behind a hole", NUMBERED("16") FIRST, NUMBERED("16") FIRST BEHIND},
        {"two less, before a hole", NUMBERED("16") FIRST BEHIND, NUMBERED("18") BEHIND GROWN},
    };
#undef GROWN
#undef BEHIND
#undef FIRST
#undef NUMBERED
    static const char lacks[] = "one rendition has content that another lacks";
    const char *wrong;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        M3u8 *before = m3u8_read(rows[i].before, strlen(rows[i].before), &wrong);
        M3u8 *after = m3u8_read(rows[i].after, strlen(rows[i].after), &wrong);
        const RenditionView early = {"video.m3u8", before, 1000000, 1002000},
                            late = {"audio.m3u8", after, 1003000, 1005000},
                            meanwhile = {"audio.m3u8", after, 1001000, 1005000},
                            too_early = {"audio.m3u8", after, 996000, 998000};
        const struct {
            RenditionView view[2];
            const char *rule;
        } ways[] = {
            {{early, late}, NULL},       {{late, early}, NULL},       {{early, meanwhile}, lacks},
            {{meanwhile, early}, lacks}, {{early, too_early}, lacks}, {{too_early, early}, lacks},
        };
        assert_true(before && after);
        for (size_t k = 0; k < COUNT(ways); k++) {
            empty_findings();
            multi_rules_renditions(findings, ways[k].view, 2);
            assert_found(findings, rows[i].row, ways[k].rule, false);
        }
        m3u8_destroy(&before);
        m3u8_destroy(&after);
    }
}

/* It is no part of what begins behind it, though it begins nearly when that does. */
static void a_short_segment_has_a_number_of_its_own(void **state)
{
    static const char list[] = LIST DATE("00.000") SEG DATE("02.000") SEG DATE("04.000")
        SEG DATE("06.000") "#EXTINF:0.3,\ns.m4s\n#EXT-X-DISCONTINUITY\n" DATE("06.300") SEG;
    const char *wrong;
    M3u8 *m = m3u8_read(list, strlen(list), &wrong);
    const RenditionView view[] = {{.uri = "video.m3u8", .list = m},
                                  {.uri = "audio.m3u8", .list = m}};

    (void)state;
    assert_non_null(m);
    multi_rules_renditions(findings, view, COUNT(view));
    assert_found(findings, "short", NULL, false);
    m3u8_destroy(&m);
}

#define OPEN      LIST FOUR("000") "#EXT-X-PART:DURATION=0.2,URI=\"p\"\n"
#define REPORT(u) "#EXT-X-RENDITION-REPORT:URI=\"" u "\",LAST-MSN=9,LAST-PART=0\n"

static void each_rendition_reports_the_others(void **state)
{
    static const struct {
        const char *rule, *text;
    } rows[] = {
        {NULL, OPEN REPORT("audio.m3u8")},
        {"not one EXT-X-RENDITION-REPORT", OPEN},
        {"not one EXT-X-RENDITION-REPORT", OPEN REPORT("audio.m3u8") REPORT("audio.m3u8")},
        {"an EXT-X-RENDITION-REPORT of the list", OPEN REPORT("audio.m3u8") REPORT("video.m3u8")},
        {"an EXT-X-RENDITION-REPORT without a relative",
         OPEN REPORT("audio.m3u8") REPORT("http://x/audio.m3u8")},
        {NULL, LIST FOUR("000") "#EXT-X-ENDLIST\n"},
    };
    const char *wrong;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        M3u8 *m = m3u8_read(rows[i].text, strlen(rows[i].text), &wrong);
        const RenditionView view[] = {{.uri = "video.m3u8", .list = m},
                                      {.uri = "audio.m3u8", .list = m}};
        empty_findings();
        report_rules_list(findings, view, COUNT(view), 0);
        assert_found(findings, rows[i].text, rows[i].rule, false);
        m3u8_destroy(&m);
    }
}

static void reports_tell_what_is_there(void **state)
{
    char uri[] = "audio.m3u8";
    const M3u8Report report = {uri, 9, 3}, same = {uri, -1, -1};
    const ListEdge own = {9, 5};

    (void)state;
    report_rules_one(findings, "video", &report, own, (ListEdge){9, 3});
    report_rules_one(findings, "video", &same, own, (ListEdge){9, 5});
    report_rules_promise(findings, "audio", (ListEdge){9, 3}, (ListEdge){10, 0});
    assert_found(findings, "good", NULL, false);
    report_rules_one(findings, "video", &report, own, (ListEdge){9, 4});
    assert_found(findings, "old", "an EXT-X-RENDITION-REPORT is older", false);
    empty_findings();
    report_rules_promise(findings, "audio", (ListEdge){9, 3}, (ListEdge){9, 2});
    assert_found(findings, "not there", "an EXT-X-RENDITION-REPORT names what", false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(a_multivariant_playlist),
    TEST(what_it_says_of_the_media),
    TEST(renditions_against_each_other),
    TEST(each_rendition_reports_the_others),
    TEST(reports_tell_what_is_there),
    TEST(lists_of_other_moments_are_not_compared),
    TEST(an_oldest_segment_may_lie_before_a_hole),
    TEST(the_later_of_two_lists_may_be_ahead_by_anything),
    TEST(a_short_segment_has_a_number_of_its_own),
    TEST(a_rendition_may_show_the_pictures_of_another),
    TEST(each_version_since_it_was_listed_may_be_right),
};

TEST_GROUP(multi_rules, tests);
