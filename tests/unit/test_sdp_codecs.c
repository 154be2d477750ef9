/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which of the video codecs that a browser offers is taken. */

#include "harness.h"

#include "janus-plugin/sdp/sdp_answer.h"
#include "sdp_reader.h"

#define HEAD "v=0\r\no=- 1 2 IN IP4 1.1.1.1\r\ns=-\r\nt=0 0\r\n"

/* As Chromium offers them: each with others of its name that are not taken. */
#define BROWSER                                                                                    \
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101 102 103 104 105\r\n"                          \
    "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"                      \
    "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"                                                \
    "a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=2\r\n"                                          \
    "a=rtpmap:99 VP9/90000\r\na=fmtp:99 profile-id=0\r\n"                                          \
    "a=rtpmap:100 AV1/90000\r\na=fmtp:100 level-idx=5;profile=1;tier=0\r\n"                        \
    "a=rtpmap:101 AV1/90000\r\na=fmtp:101 level-idx=5;profile=0;tier=0\r\n"                        \
    "a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=0;profile-level-id=42e01f\r\n"       \
    "a=rtpmap:103 H264/90000\r\na=fmtp:103 packetization-mode=1;profile-level-id=42e01f\r\n"       \
    "a=rtpmap:104 H265/90000\r\na=fmtp:104 profile-id=1;tx-mode=MRST\r\n"                          \
    "a=rtpmap:105 H265/90000\r\na=fmtp:105 level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST\r\n"

#define ONLY_VP8                                                                                   \
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n"                                  \
    "a=fmtp:96 x-google-per-layer-pli=1\r\n"

/* A value that is no number or word. */
#define ODD                                                                                        \
    "m=video 9 UDP/TLS/RTP/SAVPF 105\r\na=rtpmap:105 H265/90000\r\n"                               \
    "a=fmtp:105 level-id=93 x-google-per-layer-pli=1;profile-id=;tier-flag=0\r\n"

static int take(const char *offer, const char *codecs, char *answer, MediaTracks *tracks,
                RequestError *error)
{
    SdpAnswerParams params = {.session_id = 7, .version = 1, .bitrate = 2500000};
    char text[4096];
    size_t len = (size_t)snprintf(text, sizeof(text), HEAD "%s", offer);

    if (codecs)
        assert_true(codec_list_read(codecs, &params.codecs));
    uint8_t *copy = guarded_copy(text, len);
    int status = sdp_answer((char *)copy, len, &params, answer, tracks, error);
    guarded_free(copy, len);
    return status;
}

static void the_first_that_both_have_is_taken(void **state)
{
    static const struct {
        const char *offer, *codecs;
        Codec codec;
        int payload_type;
        const char *lines, *fmtp; /* of the answer, of the track */
    } rows[] = {
        {BROWSER, NULL, CODEC_H264, 103,
         "a=rtpmap:103 H264/90000\r\na=fmtp:103 packetization-mode=1;profile-level-id=42e01f;x-",
         "packetization-mode=1;profile-level-id=42e01f"},
        {BROWSER, "h264, vp9", CODEC_H264, 103, "a=rtpmap:103 H264/90000\r\n",
         "packetization-mode=1;profile-level-id=42e01f"},
        {BROWSER, "vp9, h264", CODEC_VP9, 99,
         "a=rtpmap:99 VP9/90000\r\na=fmtp:99 profile-id=0;x-google-start-bitrate=2250;"
         "x-google-max-bitrate=2500\r\n",
         "profile-id=0"},
        {BROWSER, "av1", CODEC_AV1, 101,
         "a=rtpmap:101 AV1/90000\r\na=fmtp:101 profile=0;level-idx=5;tier=0;x-google",
         "level-idx=5;profile=0;tier=0"},
        {BROWSER, "h265", CODEC_H265, 105,
         "a=rtpmap:105 H265/90000\r\na=fmtp:105 profile-id=1;tier-flag=0;level-id=93;tx-mode=SRST;"
         "x-google",
         "level-id=93;profile-id=1;tier-flag=0;tx-mode=SRST"},
        {BROWSER, "vp8, h264", CODEC_VP8, 96,
         "a=rtpmap:96 VP8/90000\r\na=fmtp:96 x-google-start-bitrate=2250;", ""},
        {ONLY_VP8, "h264, av1, vp8", CODEC_VP8, 96, "b=TIAS:2500000\r\na=rtpmap:96 VP8/90000\r\n",
         "x-google-per-layer-pli=1"},
        {ODD, "h265", CODEC_H265, 105, "a=fmtp:105 tier-flag=0;x-google-start-bitrate=2250;",
         "level-id=93 x-google-per-layer-pli=1;profile-id=;tier-flag=0"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char answer[SDP_ANSWER_SIZE];
        const char *name = rows[i].codecs ? rows[i].codecs : "by default";
        MediaTracks tracks;
        RequestError error = {0};
        int status = take(rows[i].offer, rows[i].codecs, answer, &tracks, &error);
        assert_row(status == 0, name, "%s", error.text);
        assert_row(tracks.count == 1, name, "%zu", tracks.count);
        assert_row(tracks.track[0].codec == rows[i].codec, name, "%d", tracks.track[0].codec);
        assert_row(tracks.track[0].payload_type == rows[i].payload_type, name, "%d",
                   tracks.track[0].payload_type);
        assert_row(strcmp(tracks.track[0].fmtp, rows[i].fmtp) == 0, name, "\"%s\"",
                   tracks.track[0].fmtp);
        assert_row(strstr(answer, rows[i].lines), name, "%s", answer);
        assert_row(!strstr(answer, "per-layer-pli"), name, "%s", answer);
    }
}

static void none_that_is_taken_is_said_with_their_names(void **state)
{
    static const struct {
        const char *codecs, *sentence;
    } rows[] = {
        {NULL, "offers no H.264 video"},
        {"h264", "offers no H.264 video"},
        {"h264, vp9", "none of the video codecs that this server takes (H264, VP9)"},
        {"av1", "(AV1)"},
        {"h264, vp9, av1, h265", "(H264, VP9, AV1, H265)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char answer[SDP_ANSWER_SIZE];
        MediaTracks tracks;
        RequestError error = {0};
        int status = take(ONLY_VP8, rows[i].codecs, answer, &tracks, &error);
        assert_row(status == -1 && error.code == HLS_ERROR_NO_H264, rows[i].sentence, "%d",
                   error.code);
        assert_row(strstr(error.text, rows[i].sentence), rows[i].sentence, "%s", error.text);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_first_that_both_have_is_taken),
    cmocka_unit_test(none_that_is_taken_is_said_with_their_names),
};

TEST_GROUP(sdp_codecs, tests);
