/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media_rig.h"

#include "hls-bridge/ingest/source_problem.h"

/* Of several sizes it is that of the one that viewers see as the best, in whatever order they come.
 */
static void it_is_that_of_the_best_size(void **state)
{
    IntakeStats media = {.tracks = 3};

    (void)state;
    media.track[0] = (IntakeTrackStats){.kind = TRACK_AUDIO, .packets = 1000000};
    media.track[1] = (IntakeTrackStats){
        .kind = TRACK_VIDEO, .packets = 200, .video = {.undecodable = 90, .has_sets = true}};
    media.track[2] =
        (IntakeTrackStats){.kind = TRACK_VIDEO,
                           .packets = 900,
                           .video = {.access_units = 500},
                           .format = {.width = 640, .chroma_format = 1, .bit_depth = 8}};
    assert_int_equal(source_problem(&media, false),
                     PROBLEM_NO_IDR); /* it is not known: the first */
    media.best = 2;
    assert_int_equal(source_problem(&media, false), PROBLEM_NONE);
    assert_ptr_equal(intake_stats_best(&media), &media.track[2]);
    assert_ptr_equal(intake_stats_video(&media), &media.track[1]);
}

static void each_has_its_name(void **state)
{
    static const struct {
        const char *row;
        VideoDepayStats video;
        VideoFormat format;
        uint64_t packets;
        const char *name;
    } rows[] = {
        {"all is well",
         {.access_units = 500, .idrs = 9},
         {.width = 640, .chroma_format = 1, .bit_depth = 8},
         900,
         ""},
        {"it has just begun", {.undecodable = 29}, {0}, 60, ""},
        {"no sets", {.undecodable = 30}, {0}, 60, "no-parameter-sets"},
        {"sets, and no IDR yet", {.undecodable = 89, .has_sets = true}, {0}, 200, ""},
        {"sets, and no IDR", {.undecodable = 90, .has_sets = true}, {0}, 200, "no-key-frames"},
        {"VP8", {.malformed = 300, .damaged = 100}, {0}, 300, "not-h264"},
        {"another codec, half of whose packets look right",
         {.malformed = 30, .undecodable = 40},
         {0},
         60,
         "not-h264"},
        {"a few that are broken", {.malformed = 30, .undecodable = 10}, {0}, 200, ""},
        {"4:2:2",
         {.access_units = 1},
         {.width = 640, .chroma_format = 2, .bit_depth = 8},
         9,
         "format"},
        {"4:4:4",
         {.access_units = 1},
         {.width = 640, .chroma_format = 3, .bit_depth = 8},
         9,
         "format"},
        {"grey", {.access_units = 1}, {.width = 640, .bit_depth = 8}, 9, "format"},
        {"10 bits",
         {.access_units = 1},
         {.width = 640, .chroma_format = 1, .bit_depth = 10},
         9,
         "format"},
        {"of two fields",
         {.access_units = 1},
         {.width = 640, .chroma_format = 1, .bit_depth = 8, .interlaced = true},
         9,
         "interlaced"},
        {"sound alone", {0}, {0}, 0, ""},
        {"VP8 that says so", {.access_units = 1}, {.codec = CODEC_VP8}, 9, "no-player"},
        {"VP9", {.access_units = 1}, {.codec = CODEC_VP9, .width = 640}, 9, "codec"},
        {"AV1 that has none yet", {.malformed = 50}, {.codec = CODEC_AV1}, 60, ""},
        {"AV1 without a key frame", {.undecodable = 90}, {.codec = CODEC_AV1}, 99, "no-key-frames"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        IntakeStats media = {.tracks = 2};
        media.track[0] = (IntakeTrackStats){.kind = TRACK_AUDIO, .packets = 1000000};
        media.track[1] = (IntakeTrackStats){.kind = TRACK_VIDEO,
                                            .packets = rows[i].packets,
                                            .video = rows[i].video,
                                            .format = rows[i].format};
        const char *name = source_problem_name(source_problem(&media, false));
        assert_row(strcmp(name, rows[i].name) == 0, rows[i].row, "\"%s\", not \"%s\"", name,
                   rows[i].name);
    }
}

static void what_is_transcoded_may_have_any_codec(void **state)
{
    static const struct {
        const char *name;
        Codec codec;
        uint8_t chroma;
        SourceProblem problem;
    } rows[] = {
        {"VP8", CODEC_VP8, 1, PROBLEM_NONE},
        {"AV1", CODEC_AV1, 1, PROBLEM_NONE},
        {"H.264 that few play, and is copied all the same", CODEC_H264, 3, PROBLEM_FORMAT},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        IntakeStats media = {.tracks = 1};
        media.track[0] = (IntakeTrackStats){.kind = TRACK_VIDEO,
                                            .packets = 9,
                                            .video = {.access_units = 1},
                                            .format = {.codec = rows[i].codec,
                                                       .width = 640,
                                                       .chroma_format = rows[i].chroma,
                                                       .bit_depth = 8}};
        SourceProblem problem = source_problem(&media, true);
        assert_row(problem == rows[i].problem, rows[i].name, "%s", source_problem_name(problem));
    }
}

static void each_says_what_to_do(void **state)
{
    (void)state;
    assert_string_equal(source_problem_text(PROBLEM_NONE), "");
    for (SourceProblem p = PROBLEM_NONE + 1; p < SOURCE_PROBLEMS; p++) {
        assert_non_null(strstr(source_problem_text(p), "let "));
        assert_true(strlen(source_problem_name(p)) > 0);
    }
}

/* A second of what a stranger sends as video, a packet for each picture; `sets` stand before the
 * first, which is an IDR then. Returns what is wrong with it. */
static const char *send_strange(const uint8_t *picture, size_t len, const uint8_t *sps,
                                size_t sps_len)
{
    static const uint8_t pps[] = {0x68, 0xCE, 0x3C, 0x80}, idr[] = {0x65, 0x9A, 0x00, 0x04};
    MediaRig rig;

    rig_open(&rig, false);
    if (sps_len > 0) {
        rig_send(&rig, RIG_PICTURES, 0, false, sps, sps_len);
        rig_send(&rig, RIG_PICTURES, 0, false, pps, sizeof(pps));
        rig_send(&rig, RIG_PICTURES, 0, true, idr, sizeof(idr));
    }
    for (uint32_t i = 1; i <= 30; i++) {
        rig.now_us += 33 * US_PER_MS;
        rig_send(&rig, RIG_PICTURES, i * 3000, true, picture, len);
        rig_tick(&rig);
    }
    IntakeStats media = intake_stats(rig.intake);
    rig_close(&rig);
    return source_problem_name(source_problem(&media, false));
}

static void strangers_are_found_out_by_what_they_send(void **state)
{
    static const uint8_t slice[] = {0x41, 0x9A, 0x00, 0x04}, vp8[] = {0x90, 0xE0, 0x12, 0x34};
    static const uint8_t plain_vp8[] = {0x10, 0x50, 0x2C, 0x00};
    static const uint8_t sps[] = {0x67, 0x42, 0xC0, 0x1F, 0x8C, 0x8D, 0x40, 0x28, 0x02,
                                  0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};
    static const uint8_t high_422[] = {0x67, 0x7A, 0x00, 0x20, 0xBC, 0xD9, 0x40, 0x51, 0x05, 0xDE,
                                       0x22, 0x3F, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00,
                                       0x00, 0x03, 0x03, 0xC0, 0xF1, 0x83, 0x19, 0x60};

    (void)state;
    assert_string_equal(send_strange(slice, sizeof(slice), NULL, 0), "no-parameter-sets");
    assert_string_equal(send_strange(vp8, sizeof(vp8), NULL, 0), "not-h264");
    assert_string_equal(send_strange(plain_vp8, sizeof(plain_vp8), NULL, 0), "not-h264");
    assert_string_equal(send_strange(slice, sizeof(slice), high_422, sizeof(high_422)), "format");
    assert_string_equal(send_strange(slice, sizeof(slice), sps, sizeof(sps)), "");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(strangers_are_found_out_by_what_they_send),
    cmocka_unit_test(each_has_its_name),
    cmocka_unit_test(it_is_that_of_the_best_size),
    cmocka_unit_test(what_is_transcoded_may_have_any_codec),
    cmocka_unit_test(each_says_what_to_do),
};

TEST_GROUP(source_problem, tests);
