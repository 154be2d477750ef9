/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include "hls-bridge/transcode/transcoder_try.h"

static void what_cannot_be_done_is_said(void **state)
{
    static const struct {
        const char *program, *encoder, *sentence; /* how that begins; "": it can be done */
    } rows[] = {
        {TRANSCODER, "libx264", ""},
        {TRANSCODER, "h264_nothing", "this libavcodec has no encoder \"h264_nothing\""},
        {TRANSCODER, "libx264rgb", "the encoder \"libx264rgb\" takes no pictures of yuv420p"},
        {TRANSCODER, "h264_vaapi", "the encoder \"h264_vaapi\" takes no pictures of yuv420p"},
        {TRANSCODER, "h264_qsv", "the encoder \"h264_qsv\" takes no pictures of yuv420p"},
        {"/nowhere/hls-transcoder", "libx264", "the transcoder /nowhere/hls-transcoder cannot be"},
        {"/bin/false", "libx264", "the transcoder /bin/false cannot be used: it "},
    };
    char error[TRANSCODER_TRY_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        TranscodeConfig config = {
            .ladder = {.count = 1, .rung = {{90, 60000, false}}}, .threads = 1, .memory_mib = 256};

        snprintf(config.encoder, sizeof(config.encoder), "%s", rows[i].encoder);
        error[0] = '\0';
        int status = transcoder_try(rows[i].program, &config, error);
        assert_row((status == 0) == (rows[i].sentence[0] == '\0'), rows[i].encoder, "%d", status);
        assert_row(strncmp(error, rows[i].sentence, strlen(rows[i].sentence)) == 0, rows[i].encoder,
                   "%s", error);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_cannot_be_done_is_said),
};

TEST_GROUP(transcoder_try, tests);
