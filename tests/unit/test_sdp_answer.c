/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "golden.h"

#include "janus-plugin/sdp/sdp_answer.h"
#include "sdp_reader.h"

/* Offers. */
#define HEAD   "v=0\r\no=- 1 2 IN IP4 1.1.1.1\r\ns=-\r\nt=0 0\r\n"
#define AUDIO  "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
#define VIDEO  "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n"
#define MODE_1 "a=fmtp:96 packetization-mode=1\r\n"
#define VP8    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n"
#define PCMU   "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\n"
#define DATA   "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"

/* Answers. */
#define OUR_HEAD "v=0\r\no=- 7 %d IN IP4 127.0.0.1\r\ns=janus.plugin.hls\r\nt=0 0\r\n"
#define NOWHERE  "c=IN IP4 0.0.0.0\r\n"
#define REFUSED  NOWHERE "a=inactive\r\n"
#define OUR_AUDIO                                                                                  \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" NOWHERE                                                  \
    "a=rtpmap:111 opus/48000/2\r\n"                                                                \
    "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1;usedtx=0;"                      \
    "maxaveragebitrate=96000\r\n"
#define OUR_VIDEO_WITH(fmtp)                                                                       \
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" NOWHERE                                                   \
    "b=TIAS:2500000\r\na=rtpmap:96 H264/90000\r\n"                                                 \
    "a=fmtp:96 packetization-mode=1" fmtp                                                          \
    ";x-google-start-bitrate=2250;x-google-max-bitrate=2500\r\n"
#define OUR_VIDEO OUR_VIDEO_WITH("")
#define RECVONLY  "a=recvonly\r\n"
#define INACTIVE  "a=inactive\r\n"

#define TCC "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
#define MID "urn:ietf:params:rtp-hdrext:sdes:mid"

typedef struct Outcome {
    int status;
    char answer[SDP_ANSWER_SIZE];
    MediaTracks tracks;
    RequestError error;
} Outcome;

/* The answer number `version` of session 7, with a cap of 2.5 Mbit/s. */
static void answer(const char *offer, uint64_t version, Outcome *out)
{
    SdpAnswerParams params = {.session_id = 7, .version = version, .bitrate = 2500000};
    size_t len = strlen(offer);
    uint8_t *copy = guarded_copy(offer, len);

    memset(out, 0, sizeof(*out));
    out->status = sdp_answer((char *)copy, len, &params, out->answer, &out->tracks, &out->error);
    guarded_free(copy, len);
}

static void check_track(const char *name, const MediaTrack *got, const MediaTrack *expected)
{
    assert_row(got->kind == expected->kind, name, "kind %d", got->kind);
    assert_row(got->port == expected->port, name, "port %zu", got->port);
    assert_row(got->mindex == expected->mindex, name, "section %d", got->mindex);
    assert_row(got->payload_type == expected->payload_type, name, "type %d", got->payload_type);
    assert_row(got->nack == expected->nack, name, "nack %d", got->nack);
    assert_row(strcmp(got->fmtp, expected->fmtp) == 0, name, "\"%s\"", got->fmtp);
}

/* Janus hands on less than a browser says; the answer is the same. */
static void answers_browsers(void **state)
{
#define OPUS          "minptime=10;useinbandfec=1"
#define OPUS_FIREFOX  "maxplaybackrate=48000;stereo=1;useinbandfec=1"
#define H264(profile) "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" profile
#define H264_FIREFOX  "profile-level-id=42e01f;level-asymmetry-allowed=1;packetization-mode=1"
#define AUDIO_TRACK(type, sent_again, parameters)                                                  \
    {                                                                                              \
        .kind = MEDIA_AUDIO, .port = 0, .mindex = 0, .payload_type = (type), .nack = (sent_again), \
        .fmtp = parameters                                                                         \
    }
#define VIDEO_TRACK(type, sent_again, parameters)                                                  \
    {                                                                                              \
        .kind = MEDIA_VIDEO, .port = 1, .mindex = 1, .payload_type = (type), .nack = (sent_again), \
        .fmtp = parameters                                                                         \
    }
    static const struct {
        const char *offer, *answer;
        MediaTracks tracks;
    } rows[] = {
        {"chrome-desktop",
         "chrome-desktop",
         {{AUDIO_TRACK(111, false, OPUS), VIDEO_TRACK(102, true, H264("42001f"))}, 2}},
        {"chrome-desktop-janus",
         "chrome-desktop",
         {{AUDIO_TRACK(111, false, OPUS), VIDEO_TRACK(102, true, H264("42001f"))}, 2}},
        {"chrome-android",
         "chrome-android",
         {{AUDIO_TRACK(111, false, OPUS), VIDEO_TRACK(100, true, H264("42e01f"))}, 2}},
        {"chrome-microphone-nack", "chrome-microphone-nack", {{AUDIO_TRACK(111, true, OPUS)}, 1}},
        {"firefox",
         "firefox",
         {{AUDIO_TRACK(109, false, OPUS_FIREFOX), VIDEO_TRACK(126, true, H264_FIREFOX)}, 2}},
        {"firefox-janus",
         "firefox",
         {{AUDIO_TRACK(109, false, OPUS_FIREFOX), VIDEO_TRACK(126, true, H264_FIREFOX)}, 2}},
        {"safari-ios",
         "safari-ios",
         {{AUDIO_TRACK(111, false, OPUS), VIDEO_TRACK(96, true, H264("640c1f"))}, 2}},
        {"safari-ios-janus",
         "safari-ios",
         {{AUDIO_TRACK(111, false, OPUS), VIDEO_TRACK(96, true, H264("640c1f"))}, 2}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *name = rows[i].offer;
        char path[64];
        Outcome o;
        snprintf(path, sizeof(path), "offers/%s.sdp", name);
        char *offer = fixture_read(path, NULL);
        answer(offer, 1, &o);
        free(offer);
        assert_row(o.status == 0, name, "%s", o.error.text);
        assert_row(o.tracks.count == rows[i].tracks.count, name, "%zu", o.tracks.count);
        for (size_t t = 0; t < o.tracks.count; t++)
            check_track(name, &o.tracks.track[t], &rows[i].tracks.track[t]);
        snprintf(path, sizeof(path), "answers/%s.sdp", rows[i].answer);
        assert_golden(path, o.answer);
    }
}

static void answers_section_by_section(void **state)
{
    static const struct {
        const char *name;
        int version;
        const char *offer;  /* below its head */
        const char *answer; /* below ours */
        size_t tracks;
    } rows[] = {
        {"audio alone", 1, AUDIO, OUR_AUDIO RECVONLY, 1},
        {"video alone", 1, VIDEO MODE_1, OUR_VIDEO RECVONLY, 1},
        {"video first", 1, VIDEO MODE_1 AUDIO, OUR_VIDEO RECVONLY OUR_AUDIO RECVONLY, 2},
        {"only sending", 1, AUDIO "a=sendonly\r\n", OUR_AUDIO RECVONLY, 1},
        {"a second video", 1, VIDEO MODE_1 VIDEO MODE_1,
         OUR_VIDEO RECVONLY "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n" REFUSED, 1},
        {"a second audio that we could not take", 1, AUDIO PCMU,
         OUR_AUDIO RECVONLY "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n" REFUSED, 1},
        {"data", 1, DATA AUDIO,
         "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" REFUSED OUR_AUDIO RECVONLY, 1},
        {"text without a format", 1, "m=text 9 RTP/AVP\r\n" AUDIO,
         "m=text 0 RTP/AVP 0\r\n" REFUSED OUR_AUDIO RECVONLY, 1},
        {"a section given up", 1, "m=video 0 UDP/TLS/RTP/SAVPF 120 121\r\n" AUDIO,
         "m=video 0 UDP/TLS/RTP/SAVPF 120\r\n" REFUSED OUR_AUDIO RECVONLY, 1},
        {"a section on another's port", 1,
         "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=bundle-only\r\na=rtpmap:111 opus/48000/2\r\n",
         OUR_AUDIO RECVONLY, 1},
        {"video that is not sent", 1, VIDEO MODE_1 "a=recvonly\r\n" AUDIO,
         OUR_VIDEO INACTIVE OUR_AUDIO RECVONLY, 1},
        {"video that is not sent, nor ours", 1, VP8 "a=recvonly\r\n" AUDIO,
         "m=video 0 UDP/TLS/RTP/SAVPF 96\r\n" REFUSED OUR_AUDIO RECVONLY, 1},
        {"a paused video, then another", 1, VIDEO MODE_1 "a=inactive\r\n" VIDEO MODE_1,
         OUR_VIDEO INACTIVE OUR_VIDEO RECVONLY, 1},
        {"everything paused, later", 2, AUDIO "a=inactive\r\n" VIDEO MODE_1 "a=inactive\r\n",
         OUR_AUDIO INACTIVE OUR_VIDEO INACTIVE, 0},
        {"nothing, later", 2, "", "", 0},
        {"names without regard to case", 1,
         "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 OPUS/48000/2\r\n", OUR_AUDIO RECVONLY, 1},
        {"the publisher's order", 1,
         "m=video 9 UDP/TLS/RTP/SAVPF 120 96 97\r\na=rtpmap:97 H264/90000\r\n"
         "a=fmtp:97 packetization-mode=1\r\na=rtpmap:96 H264/90000\r\n" MODE_1,
         OUR_VIDEO RECVONLY, 1},
        {"feedback that is offered", 1,
         VIDEO MODE_1 "a=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 goog-remb\r\na=rtcp-fb:* nack\r\n"
                      "a=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 ccm fir\r\n",
         OUR_VIDEO "a=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 nack\r\n"
                   "a=rtcp-fb:96 nack pli\r\n" RECVONLY,
         1},
        {"extensions, but not the one that leaves pictures on their side", 1,
         AUDIO "a=extmap:1 urn:3gpp:video-orientation\r\na=extmap:2/sendonly " MID "\r\n"
               "a=extmap:3 " TCC "\r\na=extmap:4\r\na=extmap:5 " MID "x\r\n",
         OUR_AUDIO "a=extmap:2/sendonly " MID "\r\na=extmap:3 " TCC "\r\n" RECVONLY, 1},
        {"a profile at the offered level", 1,
         VIDEO "a=fmtp:96 profile-level-id=640c1f;packetization-mode=1\r\n",
         OUR_VIDEO_WITH(";profile-level-id=640c1f") RECVONLY, 1},
        {"a profile at any level", 1,
         VIDEO "a=fmtp:96 profile-level-id=640c1f;packetization-mode=1;"
               "level-asymmetry-allowed=1\r\n",
         OUR_VIDEO_WITH(";level-asymmetry-allowed=1;profile-level-id=640c34") RECVONLY, 1},
        {"asymmetry denied", 1,
         VIDEO "a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;"
               "level-asymmetry-allowed=0\r\n",
         OUR_VIDEO_WITH(";profile-level-id=42e01f") RECVONLY, 1},
        {"a profile of the wrong length", 1,
         VIDEO "a=fmtp:96 profile-level-id=42e0;packetization-mode=1\r\n", OUR_VIDEO RECVONLY, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char offer[2048], expected[2048];
        Outcome o;
        snprintf(offer, sizeof(offer), HEAD "%s", rows[i].offer);
        snprintf(expected, sizeof(expected), OUR_HEAD "%s", rows[i].version, rows[i].answer);
        answer(offer, (uint64_t)rows[i].version, &o);
        assert_row(o.status == 0, rows[i].name, "%s", o.error.text);
        if (strcmp(o.answer, expected) != 0)
            print_difference(expected, o.answer);
        assert_row(strcmp(o.answer, expected) == 0, rows[i].name, "another answer");
        assert_row(o.tracks.count == rows[i].tracks, rows[i].name, "%zu tracks", o.tracks.count);
    }
}

static void refuses_with_code_and_sentence(void **state)
{
    static const struct {
        const char *name, *offer;
        int code;
        const char *sentence; /* a part of it */
    } rows[] = {
        {"not SDP", "hello", HLS_ERROR_INVALID_SDP, "does not begin with v=0"},
        {"empty", "", HLS_ERROR_INVALID_SDP, "does not begin with v=0"},
        {"no section", HEAD, HLS_ERROR_NO_MEDIA, "neither audio nor video"},
        {"data alone", HEAD DATA, HLS_ERROR_NO_MEDIA, "neither audio nor video"},
        {"a viewer", HEAD AUDIO "a=recvonly\r\n" VIDEO MODE_1 "a=recvonly\r\n", HLS_ERROR_NO_MEDIA,
         "neither audio nor video"},
        {"paused from the start", HEAD AUDIO "a=inactive\r\n", HLS_ERROR_NO_MEDIA, "neither"},
        {"VP8 alone", HEAD AUDIO VP8, HLS_ERROR_NO_H264, "H.264"},
        {"H.264 with no mode", HEAD VIDEO, HLS_ERROR_NO_H264, "packetization mode 1"},
        {"H.264 in mode 0", HEAD VIDEO "a=fmtp:96 packetization-mode=0\r\n", HLS_ERROR_NO_H264,
         "packetization mode 1"},
        {"H.264 in mode 10", HEAD VIDEO "a=fmtp:96 packetization-mode=10\r\n", HLS_ERROR_NO_H264,
         "packetization mode 1"},
        {"H.264 on another clock", HEAD "m=video 9 RTP/AVP 96\r\na=rtpmap:96 H264/48000\r\n" MODE_1,
         HLS_ERROR_NO_H264, "H.264"},
        {"H.264 that is not in the list",
         HEAD "m=video 9 RTP/AVP 97\r\na=rtpmap:96 H264/90000\r\n" MODE_1, HLS_ERROR_NO_H264,
         "H.264"},
        {"no Opus", HEAD PCMU, HLS_ERROR_NO_OPUS, "Opus"},
        {"Opus on another clock", HEAD "m=audio 9 RTP/AVP 111\r\na=rtpmap:111 opus/16000/2\r\n",
         HLS_ERROR_NO_OPUS, "Opus"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Outcome o;
        answer(rows[i].offer, 1, &o);
        assert_row(o.status == -1, rows[i].name, "%d", o.status);
        assert_row(o.error.code == rows[i].code, rows[i].name, "%d", o.error.code);
        assert_row(strstr(o.error.text, rows[i].sentence), rows[i].name, "%s", o.error.text);
    }
}

static void starts_near_the_cap(void **state)
{
    static const struct {
        const char *name;
        uint32_t bitrate;
        const char *tias, *google;
    } rows[] = {
        {"the least", REQUEST_BITRATE_MIN, "b=TIAS:50000\r\n",
         ";x-google-start-bitrate=45;x-google-max-bitrate=50\r\n"},
        {"not whole kbit/s", 1234567, "b=TIAS:1234567\r\n",
         ";x-google-start-bitrate=1110;x-google-max-bitrate=1234\r\n"},
        {"the most", REQUEST_BITRATE_MAX, "b=TIAS:50000000\r\n",
         ";x-google-start-bitrate=45000;x-google-max-bitrate=50000\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        static const char offer[] = HEAD VIDEO MODE_1;
        SdpAnswerParams params = {.session_id = 7, .version = 1, .bitrate = rows[i].bitrate};
        Outcome o;
        assert_int_equal(sdp_answer(offer, strlen(offer), &params, o.answer, &o.tracks, &o.error),
                         0);
        assert_row(strstr(o.answer, rows[i].tias), rows[i].name, "%s", o.answer);
        assert_row(strstr(o.answer, rows[i].google), rows[i].name, "%s", o.answer);
    }
}

static void keeps_the_origin_of_its_session(void **state)
{
    static const char offer[] = HEAD AUDIO;
    SdpAnswerParams params = {.session_id = UINT64_MAX, .version = UINT64_MAX, .bitrate = 2500000};
    Outcome o;

    (void)state;
    assert_int_equal(sdp_answer(offer, strlen(offer), &params, o.answer, &o.tracks, &o.error), 0);
    assert_non_null(
        strstr(o.answer, "o=- 18446744073709551615 18446744073709551615 IN IP4 127.0.0.1\r\n"));
}

/* The bridge is told the codec's parameters wholly or not at all. */
static void passes_parameters_on_that_fit(void **state)
{
    static const struct {
        const char *name;
        int len;
        size_t kept;
    } rows[] = {{"the longest", FMTP_SIZE - 1, FMTP_SIZE - 1}, {"one too long", FMTP_SIZE, 0}};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char offer[1024];
        Outcome o;
        snprintf(offer, sizeof(offer), HEAD VIDEO "a=fmtp:96 packetization-mode=1;x=%0*d\r\n",
                 rows[i].len - (int)strlen("packetization-mode=1;x="), 0);
        answer(offer, 1, &o);
        assert_int_equal(o.status, 0);
        assert_row(strlen(o.tracks.track[0].fmtp) == rows[i].kept, rows[i].name, "\"%s\"",
                   o.tracks.track[0].fmtp);
    }
}

/* However often it is offered: else what is offered after many would not be answered. */
static void answers_an_extension_once(void **state)
{
    char offer[2048] = HEAD AUDIO;
    Outcome o;
    int answered = 0;

    (void)state;
    for (int i = 0; i < 9; i++)
        snprintf(offer + strlen(offer), sizeof(offer) - strlen(offer), "a=extmap:%d " MID "\r\n",
                 i + 1);
    strcat(offer, "a=extmap:14 " TCC "\r\n");
    answer(offer, 1, &o);
    assert_int_equal(o.status, 0);
    for (const char *at = o.answer; (at = strstr(at, "a=extmap")); at++)
        answered++;
    assert_int_equal(answered, 2);
    assert_non_null(strstr(o.answer, "a=extmap:1 " MID "\r\n"));
    assert_non_null(strstr(o.answer, "a=extmap:14 " TCC "\r\n"));
}

/* Sixteen sections of a browser fit; what no browser writes may not. */
static void holds_to_the_size_of_an_answer(void **state)
{
    static char offer[SDP_MAX_BYTES];
    Outcome o;

    (void)state;
    strcpy(offer, HEAD AUDIO);
    for (int i = 1; i < SDP_MAX_MEDIA; i++)
        strcat(offer, VIDEO MODE_1 "a=inactive\r\na=extmap:3 " TCC "\r\na=extmap:4 " MID
                                   "\r\n"
                                   "a=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 nack\r\n");
    answer(offer, 1, &o);
    assert_row(o.status == 0, "sixteen sections", "%s", o.error.text);

    snprintf(offer, sizeof(offer), HEAD AUDIO "m=%0*d 9 RTP/AVP 0\r\n", SDP_ANSWER_SIZE, 0);
    answer(offer, 1, &o);
    assert_int_equal(o.status, -1);
    assert_int_equal(o.error.code, HLS_ERROR_INVALID_SDP);
    assert_string_equal(o.error.text, "the offer is too large to answer");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(answers_browsers),
    cmocka_unit_test(answers_section_by_section),
    cmocka_unit_test(refuses_with_code_and_sentence),
    cmocka_unit_test(starts_near_the_cap),
    cmocka_unit_test(keeps_the_origin_of_its_session),
    cmocka_unit_test(passes_parameters_on_that_fit),
    cmocka_unit_test(answers_an_extension_once),
    cmocka_unit_test(holds_to_the_size_of_an_answer),
};

TEST_GROUP(sdp_answer, tests);
