/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden.h"

#include "hls-bridge/package/dash_manifest.h"

#define STARTS  1770000000000000ll /* 2026-02-02T02:40:00Z, where the stream's clock is at 10 s */
#define SEGMENT 180000             /* two seconds */

static const bool both[RENDITIONS_MAX] = {true, true}, sight[RENDITIONS_MAX] = {true, false},
                  sound[RENDITIONS_MAX] = {false, true};
static const DashPicture picture = {"avc1.42C01F", 1280, 720, 29970};
static const DashPicture aac = {"mp4a.40.2", 0, 0, 0}, opus = {"opus", 0, 0, 0};
static const DashPicture upright = {"avc1.42C01E", 720, 1280, 30000};
static LlPlaylist lists[DASH_OTHERS];
static DashTrack tracks[RENDITIONS_MAX];
static DashManifest manifest;
static char text[DASH_TEXT_SIZE];

static int setup(void **state)
{
    (void)state;
    lists[DASH_VIDEO] = (LlPlaylist){.kind = "video", .epoch = 1770000000};
    lists[DASH_AUDIO] = (LlPlaylist){.kind = "audio", .epoch = 1770000000};
    tracks[DASH_VIDEO] =
        (DashTrack){.list = &lists[DASH_VIDEO], .kind = TRACK_VIDEO, .bandwidth = 2500000};
    tracks[DASH_AUDIO] = (DashTrack){.list = &lists[DASH_AUDIO], .bandwidth = 131000};
    manifest = (DashManifest){.renditions = DASH_OTHERS,
                              .track = {&tracks[DASH_VIDEO], &tracks[DASH_AUDIO]},
                              .target_duration_s = 2};
    dash_manifest_begin(&manifest, both);
    return 0;
}

/* What a test may make different of a segment. */
typedef struct Unlike {
    int64_t init, late_us;
    bool discontinuity, gap;
    const DashPicture *picture;
    const MediaKey *key;
} Unlike;

static LlSegment segment(int64_t start_90k, const Unlike *u)
{
    return (LlSegment){.start = start_90k,
                       .common = {SEGMENT, STARTS + ticks_to_us(start_90k - 900000) + u->late_us,
                                  u->discontinuity},
                       .init_msn = u->init,
                       .key = u->key,
                       .gap = u->gap};
}

static void add_video(int64_t msn, Unlike u)
{
    LlSegment s = segment(900000 + msn * SEGMENT, &u);

    dash_manifest_add(&manifest, DASH_VIDEO, msn, &s, u.picture ? u.picture : &picture);
}

/* Sound begins 7 ms behind the picture, and its segments are of whole AAC frames. */
static void add_audio(int64_t msn, Unlike u)
{
    LlSegment s = segment(900000 + msn * SEGMENT, &u);
    int64_t frame = msn * 2 * SAMPLES_PER_S / AAC_FRAME_SAMPLES;
    int64_t next = (msn + 1) * 2 * SAMPLES_PER_S / AAC_FRAME_SAMPLES;

    s.start = 480336 + frame * AAC_FRAME_SAMPLES;
    s.common.duration_90k = samples_to_90k((next - frame) * AAC_FRAME_SAMPLES);
    if (s.start < 480000 + msn * 2 * SAMPLES_PER_S) {
        s.start += AAC_FRAME_SAMPLES;
    }
    dash_manifest_add(&manifest, DASH_AUDIO, msn, &s, &aac);
}

static void add(int64_t msn, Unlike u)
{
    add_video(msn, u);
    add_audio(msn, u);
}

static void golden(const char *name)
{
    size_t len = dash_manifest_write(&manifest, STARTS + 20500000, text);

    assert_int_equal(len, strlen(text));
    assert_golden(name, text);
}

/* How often `what` stands in the text. */
static int times(const char *what)
{
    int n = 0;

    dash_manifest_write(&manifest, STARTS, text);
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

static void assert_has(const char *what)
{
    if (times(what) != 1)
        fail_msg("\"%s\" is not once in\n%s", what, text);
}

static void a_live_stream(void **state)
{
    (void)state;
    for (int64_t msn = 3; msn < 9; msn++)
        add(msn, (Unlike){.init = 3});
    golden("dash/live.mpd");
}

static void another_publisher_and_size(void **state)
{
    (void)state;
    add(3, (Unlike){.init = 3});
    add(4, (Unlike){.init = 3});
    /* three seconds without a publisher are no media, but time of day */
    dash_manifest_begin(&manifest, both);
    add(5, (Unlike){.init = 5, .late_us = 3000000});
    add(6, (Unlike){.init = 5, .late_us = 3000000});
    /* another size joins exactly, though dates are a little off */
    add_video(7,
              (Unlike){.init = 7, .discontinuity = true, .late_us = 3020000, .picture = &upright});
    add_audio(7, (Unlike){.init = 5, .discontinuity = true, .late_us = 3020000});
    golden("dash/periods.mpd");
}

/* Sound of the second key begins before its pictures. */
static void a_period_for_each_key(void **state)
{
    static const MediaKey first = {.cipher = MEDIA_CBCS, .id = {0x0F, 0x8F, 0xAD, 0x5B}},
                          second = {.cipher = MEDIA_CBCS, .id = {1, 2, 3, 4, 5, 6, 7, 8, 9}};
    LlSegment s = segment(0, &(Unlike){.init = 5, .key = &second});

    (void)state;
    manifest.stream = "shop";
    manifest.clearkey_uri = "https://keys.example/{stream}/{id}";
    add(3, (Unlike){.init = 3, .key = &first});
    add(4, (Unlike){.init = 3, .key = &first});
    add_video(5, (Unlike){.init = 5, .key = &second});
    s.start = (10 + 5 * 2) * SAMPLES_PER_S - 300;
    dash_manifest_add(&manifest, DASH_AUDIO, 5, &s, &aac);
    golden("dash/keys.mpd");
    manifest.clearkey_uri = "";
    assert_int_equal(times("Laurl"), 0);
    assert_int_equal(times("cenc:default_KID"), 4);
}

static void an_end(void **state)
{
    (void)state;
    add(3, (Unlike){.init = 3});
    add(4, (Unlike){.init = 3});
    add(5, (Unlike){.init = 3});
    dash_manifest_drop(&manifest, DASH_VIDEO, 4);
    dash_manifest_drop(&manifest, DASH_AUDIO, 4);
    dash_manifest_end(&manifest);
    golden("dash/ended.mpd");
    /* whoever publishes then begins again */
    dash_manifest_begin(&manifest, both);
    assert_false(dash_manifest_has_media(&manifest));
    add(9, (Unlike){.init = 9});
    assert_has("type=\"dynamic\"");
    assert_int_equal(times("<Period "), 1);
}

static void an_end_of_what_is_not_listed(void **state)
{
    (void)state;
    dash_manifest_end(&manifest);
    assert_false(dash_manifest_has_media(&manifest));
    dash_manifest_begin(&manifest, both);
    add_video(3, (Unlike){.init = 3});
    add(4, (Unlike){.init = 4});
    dash_manifest_end(&manifest);
    assert_has("<Period id=\"4\" start=\"PT1770000008.000000S\">");
    assert_int_equal(times("<Period "), 1);
}

static void sound_alone(void **state)
{
    (void)state;
    dash_manifest_begin(&manifest, sound);
    add_audio(3, (Unlike){.init = 3});
    add_audio(4, (Unlike){.init = 3});
    golden("dash/sound.mpd");
    dash_manifest_drop(&manifest, DASH_AUDIO, 4);
    assert_has("startNumber=\"4\"");
    dash_manifest_drop(&manifest, DASH_AUDIO, 5);
    assert_false(dash_manifest_has_media(&manifest));
    assert_int_equal(manifest.periods, 0);
}

static void a_period_keeps_its_beginning_and_numbers(void **state)
{
    (void)state;
    for (int64_t msn = 3; msn < 9; msn++)
        add(msn, (Unlike){.init = 3});
    dash_manifest_drop(&manifest, DASH_VIDEO, 5);
    dash_manifest_drop(&manifest, DASH_AUDIO, 5);
    assert_has("<Period id=\"3\" start=\"PT1770000006.000000S\">");
    assert_has("timescale=\"90000\" presentationTimeOffset=\"1440000\" startNumber=\"5\"");
    assert_has("<S t=\"1800000\" d=\"180000\" r=\"3\"/>");
    assert_has("timescale=\"48000\" presentationTimeOffset=\"768000\" startNumber=\"5\"");
    /* and goes with its last segment */
    add(9, (Unlike){.init = 9});
    assert_int_equal(times("<Period "), 2);
    dash_manifest_drop(&manifest, DASH_VIDEO, 9);
    assert_has("<Period id=\"9\"");
    dash_manifest_drop(&manifest, DASH_AUDIO, 9);
    assert_has("<Period id=\"9\"");
    assert_int_equal(tracks[DASH_AUDIO].count, 1);
}

static void a_period_is_listed_when_all_of_it_is_there(void **state)
{
    (void)state;
    add_video(3, (Unlike){.init = 3});
    assert_false(dash_manifest_has_media(&manifest));
    assert_int_equal(times("<Period "), 0);
    add_audio(3, (Unlike){.init = 3});
    assert_true(dash_manifest_has_media(&manifest));
    assert_int_equal(times("<AdaptationSet "), 2);
    /* sound that comes before its publisher's picture has nowhere to stand */
    dash_manifest_begin(&manifest, both);
    add_audio(4, (Unlike){.init = 4});
    add(5, (Unlike){.init = 4});
    assert_has("<Period id=\"5\"");
    assert_int_equal(times("<Period "), 2);
}

static void sound_before_the_first_picture_is_nobodys(void **state)
{
    (void)state;
    dash_manifest_begin(&manifest, sight);
    add_video(3, (Unlike){.init = 3});
    dash_manifest_begin(&manifest, both);
    add_audio(4, (Unlike){.init = 4});
    assert_int_equal(tracks[DASH_AUDIO].count, 0);
}

static void late_sound_is_placed_at_its_own_time(void **state)
{
    (void)state;
    add_video(3, (Unlike){.init = 3});
    /* the same parameter sets, though decoding begins again */
    add_video(4, (Unlike){.init = 3, .discontinuity = true});
    add_audio(3, (Unlike){.init = 3});
    assert_int_equal(manifest.periods, 2);
    assert_has("<Period id=\"3\"");
    assert_int_equal(times("<Period "), 1);
    add_audio(4, (Unlike){.init = 3});
    assert_int_equal(times("<Period "), 2);
}

static void a_number_that_is_missing_parts_two_periods(void **state)
{
    (void)state;
    add(3, (Unlike){.init = 3});
    add_video(4, (Unlike){.init = 3});
    add_video(5, (Unlike){.init = 3});
    add_audio(5, (Unlike){.init = 3});
    assert_int_equal(tracks[DASH_AUDIO].count, 1);
    add(6, (Unlike){.init = 3});
    assert_has("<Period id=\"6\"");
    assert_int_equal(times("startNumber=\"6\""), 2);
}

static void what_could_not_be_written_parts_two_periods(void **state)
{
    static const bool lost[][DASH_OTHERS] = {{true, false}, {false, true}, {true, true}};

    for (size_t i = 0; i < COUNT(lost); i++) {
        setup(state);
        add(3, (Unlike){.init = 3});
        add_video(4, (Unlike){.init = 3, .gap = lost[i][DASH_VIDEO]});
        add_audio(4, (Unlike){.init = 3, .gap = lost[i][DASH_AUDIO]});
        add(5, (Unlike){.init = 3});
        add(6, (Unlike){.init = 3});
        assert_int_equal(times("<Period "), 2);
        assert_has("<Period id=\"5\" start=\"PT1770000010.000000S\">");
        assert_int_equal(times("startNumber=\"5\""), 2);
    }
}

static void the_time_of_day_is_followed(void **state)
{
    (void)state;
    add(3, (Unlike){.init = 3});
    add(4, (Unlike){.init = 3, .late_us = 900000});
    assert_int_equal(times("<Period "), 1);
    add(5, (Unlike){.init = 3, .late_us = 1100000});
    assert_has("<Period id=\"5\" start=\"PT1770000011.100000S\">");
    /* a clock that is set back a little cuts the end of what was before */
    add(6, (Unlike){.init = 3, .late_us = 0});
    assert_has("<Period id=\"6\" start=\"PT1770000012.000000S\">");
    assert_int_equal(times("<Period "), 3);
    /* one that is set back by an hour leaves nothing of it */
    add(7, (Unlike){.init = 3, .late_us = -3600000000});
    assert_has("<Period id=\"7\" start=\"PT1769996414.000000S\">");
    assert_int_equal(times("<Period "), 1);
}

static void as_many_as_can_be(void **state)
{
    (void)state;
    for (int64_t msn = 0; msn < LL_SEGMENTS_MAX; msn++)
        add(msn, (Unlike){.init = msn, .discontinuity = true});
    assert_int_equal(times("<Period "), DASH_PERIODS_MAX);
    assert_has("<Period id=\"79\"");
    setup(state);
    for (int64_t msn = 0; msn < LL_SEGMENTS_MAX; msn++)
        add(msn, (Unlike){.init = 0});
    assert_has("r=\"79\"");
    assert_has("timeShiftBufferDepth=\"PT160.");
}

/* Every size that a stream may have, with names as long as they may be, in as many periods as there
 * may be, whose segments are all of another length. */
static void as_many_sizes_as_can_be(void **state)
{
    static char name[RENDITIONS_MAX][RENDITION_NAME_SIZE + 8];
    static bool all[RENDITIONS_MAX];
    static LlPlaylist list[RENDITIONS_MAX];

    (void)state;
    for (size_t i = DASH_OTHERS; i < RENDITIONS_MAX; i++) {
        snprintf(name[i], sizeof(name[i]), "video-%032zu", i);
        list[i] = (LlPlaylist){.kind = name[i], .epoch = 1770000000};
        tracks[i] = (DashTrack){.list = &list[i], .kind = TRACK_VIDEO, .bandwidth = 1000000000};
        manifest.track[i] = &tracks[i];
    }
    memset(all, true, sizeof(all));
    manifest.renditions = RENDITIONS_MAX;
    dash_manifest_begin(&manifest, all);
    for (int64_t msn = 0; msn < LL_SEGMENTS_MAX; msn++) {
        Unlike unlike = {.init = msn / 2, .discontinuity = msn % 2 == 0};
        add(msn, unlike);
        for (size_t i = DASH_OTHERS; i < RENDITIONS_MAX; i++) {
            LlSegment s = segment(900000 + msn * SEGMENT, &unlike);
            s.common.duration_90k += msn % 7;
            dash_manifest_add(&manifest, i, msn, &s, &picture);
        }
    }
    assert_int_equal(times("<Period "), DASH_PERIODS_MAX);
    assert_int_equal(times("<Representation "), DASH_PERIODS_MAX * RENDITIONS_MAX);
    assert_int_equal(strcmp(text + strlen(text) - 7, "</MPD>\n"), 0);
}

/* Nor do they change from AAC to Opus. */
static void opus_is_a_set_of_its_own(void **state)
{
    static LlPlaylist list[] = {{.kind = "audio-low"}, {.kind = "audio-opus"}};
    static const bool all[RENDITIONS_MAX] = {true, true, true, true};

    (void)state;
    for (size_t i = 0; i < COUNT(list); i++) {
        tracks[DASH_OTHERS + i] =
            (DashTrack){.list = &list[i], .kind = TRACK_AUDIO, .bandwidth = 1000};
        manifest.track[DASH_OTHERS + i] = &tracks[DASH_OTHERS + i];
    }
    manifest.renditions = DASH_OTHERS + COUNT(list);
    dash_manifest_begin(&manifest, all);
    add(0, (Unlike){0});
    for (size_t i = 0; i < COUNT(list); i++) {
        LlSegment s = segment(480000, &(Unlike){0});
        dash_manifest_add(&manifest, DASH_OTHERS + i, 0, &s, i ? &opus : &aac);
    }
    assert_int_equal(times("<AdaptationSet "), 3);
    assert_int_equal(times("contentType=\"audio\""), 2);
    const char *set = strstr(text, "<AdaptationSet id=\"3\"");
    assert_non_null(set);
    assert_true(strstr(text, "id=\"audio-low\"") < set);
    assert_non_null(strstr(set, "id=\"audio-opus\" bandwidth=\"1000\" codecs=\"opus\""));
}

/* Players change between pictures of one codec alone: those of others are a set of their own. */
static void each_codec_is_a_set_of_its_own(void **state)
{
    static const char *const codecs[] = {"vp09.00.20.08", "", "avc1.64001F", "avc1.64000D",
                                         "vp09.00.10.08"};
    static LlPlaylist list[COUNT(codecs)];
    static const bool all[RENDITIONS_MAX] = {true, true, true, true, true};

    (void)state;
    for (size_t i = DASH_OTHERS; i < COUNT(codecs); i++) {
        list[i] = (LlPlaylist){.kind = codecs[i], .epoch = 1770000000};
        tracks[i] = (DashTrack){.list = &list[i], .kind = TRACK_VIDEO, .bandwidth = 1000};
        manifest.track[i] = &tracks[i];
    }
    manifest.renditions = COUNT(codecs);
    dash_manifest_begin(&manifest, all);
    for (size_t i = 0; i < COUNT(codecs); i++) {
        LlSegment s = segment(900000, &(Unlike){0});
        DashPicture p = {.width = 1280 - (int)i, .height = 720};
        strcpy(p.codec, codecs[i]);
        if (i == DASH_AUDIO)
            add_audio(0, (Unlike){0});
        else
            dash_manifest_add(&manifest, i, 0, &s, &p);
    }
    assert_int_equal(times("<AdaptationSet "), 3);
    assert_int_equal(times("contentType=\"video\""), 2);
    assert_int_equal(times("<Representation "), 5);
    const char *second = strstr(text, "<AdaptationSet id=\"2\"");
    assert_non_null(second);
    assert_true(strstr(text, "vp09.00.10.08") < second);
    assert_true(strstr(text, "avc1.64001F") > second && strstr(text, "avc1.64000D") > second);
}

/* The times of segments are held twice, here and in the list: that must not cost a stream with one
 * picture and sound more than this. */
static void memory_is_for_the_renditions_that_there_are(void **state)
{
    (void)state;
    assert_in_range(sizeof(DashManifest) + DASH_OTHERS * sizeof(DashTrack), 1, 8300);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)
static const struct CMUnitTest tests[] = {
    TEST(a_live_stream),
    TEST(another_publisher_and_size),
    TEST(a_period_for_each_key),
    TEST(an_end),
    TEST(an_end_of_what_is_not_listed),
    TEST(sound_alone),
    TEST(a_period_keeps_its_beginning_and_numbers),
    TEST(a_period_is_listed_when_all_of_it_is_there),
    TEST(sound_before_the_first_picture_is_nobodys),
    TEST(late_sound_is_placed_at_its_own_time),
    TEST(a_number_that_is_missing_parts_two_periods),
    TEST(what_could_not_be_written_parts_two_periods),
    TEST(the_time_of_day_is_followed),
    TEST(as_many_as_can_be),
    TEST(as_many_sizes_as_can_be),
    TEST(each_codec_is_a_set_of_its_own),
    TEST(opus_is_a_set_of_its_own),
    TEST(memory_is_for_the_renditions_that_there_are),
};

TEST_GROUP(dash_manifest, tests);
