/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <arpa/inet.h>

#include "hls-bridge/ingest/source_sdp.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
#define VIDEO                                                                                      \
    "m=video 5004 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"
#define AUDIO "m=audio 5006 RTP/AVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"

static SourceSdp sdp;

static const char *read_sdp(const char *text)
{
    return source_sdp_read(text, strlen(text), &sdp);
}

static void the_audio_stands_first(void **state)
{
    (void)state;
    assert_null(read_sdp(HEAD VIDEO AUDIO));
    assert_int_equal(sdp.count, 2);
    assert_int_equal(sdp.track[0].kind, TRACK_AUDIO);
    assert_int_equal(sdp.track[0].section, 1);
    assert_int_equal(sdp.track[0].clock_hz, 48000);
    assert_int_equal(sdp.track[0].payload_type, 111);
    assert_int_equal(sdp.track[1].kind, TRACK_VIDEO);
    assert_int_equal(sdp.track[1].port, 5004);
    assert_int_equal(ntohl(sdp.track[1].address.s_addr), INADDR_LOOPBACK);
}

static void reads_where_rtcp_goes(void **state)
{
    static const struct {
        const char *lines;
        uint16_t port;
    } rows[] = {{"", 5005},
                {"a=rtcp-mux\r\n", 0},
                {"a=rtcp:5999\r\n", 5999},
                {"a=rtcp:5999 IN IP4 127.0.0.1\r\n", 5999},
                {"a=rtcp:5004\r\n", 0},
                {"a=rtcp:99999\r\n", 0},
                {"a=rtcp-mux\r\na=rtcp:5999\r\n", 0}};
    char text[512];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(text, sizeof(text), HEAD VIDEO "%s", rows[i].lines);
        assert_row(!read_sdp(text), rows[i].lines, "was refused");
        assert_row(sdp.track[0].rtcp_port == rows[i].port, rows[i].lines, "%u",
                   sdp.track[0].rtcp_port);
    }
}

static void takes_the_first_codec_it_can_use(void **state)
{
    (void)state;
    assert_null(read_sdp(HEAD "m=video 5004 RTP/AVP 100 97 98\r\na=rtpmap:100 VP8/90000\r\n"
                              "a=rtpmap:97 h264/90000\r\na=fmtp:97 packetization-mode=2\r\n"
                              "a=rtpmap:98 h264/90000\r\na=rtcp-fb:* nack\r\n"));
    assert_int_equal(sdp.track[0].payload_type, 98);
    assert_true(sdp.track[0].nack);
}

static void assert_set(size_t track, size_t i, const char *four_bytes)
{
    assert_true(i < sdp.track[track].parameter_sets);
    assert_int_equal(sdp.track[track].parameter_set[i].len, 4);
    assert_memory_equal(sdp.sets + sdp.track[track].parameter_set[i].at, four_bytes, 4);
}

static void reads_parameter_sets(void **state)
{
    (void)state;
    assert_null(
        read_sdp(HEAD "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
                      "a=fmtp:96 packetization-mode=1; "
                      "sprop-parameter-sets=Z0LAHg==,aM48gA==,!!!; profile-level-id=42C01E\r\n"));
    assert_int_equal(sdp.track[0].parameter_sets, 2);
    assert_set(0, 0, "\x67\x42\xC0\x1E");
    assert_set(0, 1, "\x68\xCE\x3C\x80");
}

/* The tracks share the room; those that find none are without, as if they had said none. */
static void parameter_sets_of_each_track_are_its_own(void **state)
{
    char text[8192] = HEAD, set[341];

    (void)state;
    assert_null(read_sdp(HEAD "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
                              "a=fmtp:96 sprop-parameter-sets=Z0LAHg==\r\n"
                              "m=video 5008 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
                              "a=fmtp:96 sprop-parameter-sets=Z0LAHw==,aM48gA==\r\n" AUDIO));
    assert_set(1, 0, "\x67\x42\xC0\x1E");
    assert_set(2, 0, "\x67\x42\xC0\x1F");
    assert_set(2, 1, "\x68\xCE\x3C\x80");
    memset(set, 'A', 340); /* 255 bytes */
    set[340] = '\0';
    for (int i = 0; i < 4; i++) {
        char *at = text + strlen(text);
        snprintf(at, sizeof(text) - strlen(text),
                 "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
                 "a=fmtp:96 sprop-parameter-sets=%s,%s,%s\r\n",
                 set, set, set);
    }
    assert_null(read_sdp(text));
    assert_int_equal(sdp.count, 4);
    assert_int_equal(sdp.track[0].parameter_sets, 3);
    assert_int_equal(sdp.track[3].parameter_sets, 0);
    for (size_t i = 0; i < sdp.count; i++)
        for (size_t k = 0; k < sdp.track[i].parameter_sets; k++)
            assert_true((size_t)sdp.track[i].parameter_set[k].at +
                            sdp.track[i].parameter_set[k].len <=
                        sdp.sets_len);
    assert_true(sizeof(SourceSdp) < 4096);
}

static void reads_the_title(void **state)
{
    static const struct {
        const char *name, *title;
    } rows[] = {{"-", ""}, {" ", ""}, {"Sandals & more", "Sandals & more"}, {"a\tb\x7F", "a b "}};
    char text[1024], name[INGEST_TITLE_SIZE + 2];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(text, sizeof(text), "v=0\r\ns=%s\r\nc=IN IP4 127.0.0.1\r\n" AUDIO, rows[i].name);
        assert_row(!read_sdp(text), rows[i].name, "was refused");
        assert_row(strcmp(sdp.title, rows[i].title) == 0, rows[i].name, "%s", sdp.title);
    }
    /* cut before a character of two bytes that would be cut in two */
    memset(name, 'x', sizeof(name));
    memcpy(name + INGEST_TITLE_SIZE - 2, "\xC3\xA9", 3);
    snprintf(text, sizeof(text), "v=0\r\ns=%s\r\nc=IN IP4 127.0.0.1\r\n" AUDIO, name);
    assert_null(read_sdp(text));
    assert_int_equal(strlen(sdp.title), INGEST_TITLE_SIZE - 2);
}

static void reads_whether_it_is_listed(void **state)
{
    (void)state;
    assert_null(read_sdp("v=0\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\na=unlisted\r\n" AUDIO));
    assert_true(sdp.unlisted);
    assert_null(read_sdp(HEAD AUDIO "a=unlisted\r\n")); /* of a track: it means nothing there */
    assert_false(sdp.unlisted);
    assert_null(read_sdp(HEAD AUDIO));
    assert_false(sdp.unlisted);
}

static void reads_who_may_watch(void **state)
{
    static const struct {
        const char *lines;
        bool unlisted, protected;
    } rows[] = {
        {"", false, false},
        {"a=access:public\r\n", false, false},
        {"a=access:unlisted\r\n", true, false},
        {"a=access:protected\r\n", true, true},
        {"a=unlisted\r\na=access:public\r\n", true, false},
    };
    static const char *const wrong[] = {"a=access\r\n", "a=access:\r\n", "a=access:Protected\r\n",
                                        "a=access:protected \r\n", "a=access:members\r\n"};
    char text[1024];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(text, sizeof(text), HEAD "%s" AUDIO, rows[i].lines);
        assert_null(read_sdp(text));
        assert_row(sdp.unlisted == rows[i].unlisted, rows[i].lines, "unlisted %d", sdp.unlisted);
        assert_row(sdp.protected == rows[i].protected, rows[i].lines, "protected %d",
                   sdp.protected);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        snprintf(text, sizeof(text), HEAD "%s" AUDIO, wrong[i]);
        assert_string_equal(read_sdp(text), "a=access must be public, unlisted or protected");
    }
}

static void video_sections_are_renditions(void **state)
{
    (void)state;
    assert_null(read_sdp(HEAD VIDEO "a=label:camera 1\r\n" VIDEO "a=label:mid\r\n" VIDEO AUDIO VIDEO
                                    "a=label:low\r\n"));
    Renditions r = source_sdp_renditions(&sdp);
    assert_int_equal(r.count, 5);
    assert_int_equal(r.item[0].kind, TRACK_AUDIO);
    assert_string_equal(r.item[1].name, ""); /* whatever its label is */
    assert_string_equal(r.item[2].name, "mid");
    assert_string_equal(r.item[3].name, "3");
    assert_string_equal(r.item[4].name, "low");
    for (size_t i = 1; i < r.count; i++)
        assert_int_equal(r.item[i].kind, TRACK_VIDEO);
    assert_int_equal(sdp.track[4].section, 4);
}

/* A number that stands in for a label is not one that another section has as its label. */
static void sections_without_a_label_have_a_name_of_their_own(void **state)
{
    static const struct {
        const char *text, *names[3];
    } rows[] = {
        {HEAD VIDEO VIDEO VIDEO VIDEO, {"2", "3", "4"}},
        {HEAD VIDEO VIDEO "a=label:3\r\n" VIDEO VIDEO, {"3", "4", "5"}},
        {HEAD VIDEO VIDEO VIDEO "a=label:2\r\n" VIDEO, {"3", "2", "4"}},
        {HEAD VIDEO "a=label:2\r\n" VIDEO VIDEO "a=label:high\r\n" VIDEO, {"3", "high", "4"}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_row(!read_sdp(rows[i].text) && sdp.count == 4, rows[i].text, "was not read");
        for (size_t k = 0; k < 3; k++)
            assert_row(strcmp(sdp.track[1 + k].name, rows[i].names[k]) == 0, rows[i].text, "%s",
                       sdp.track[1 + k].name);
    }
}

static void video_sections_beyond_eight_are_refused(void **state)
{
    static const uint16_t ports[STREAM_TRACKS_MAX] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    char text[4096] = HEAD AUDIO AUDIO, answer[SOURCE_ANSWER_SIZE];

    (void)state;
    for (int i = 0; i < 12; i++)
        strcat(text, VIDEO);
    assert_null(read_sdp(text));
    assert_int_equal(sdp.count, STREAM_TRACKS_MAX);
    assert_string_equal(sdp.track[8].name, "8");
    source_sdp_answer(&sdp, "127.0.0.1", ports, answer);
    assert_non_null(strstr(answer, "m=video 9 RTP/AVPF 96"));
    assert_non_null(strstr(answer, "m=video 0 RTP/AVPF 0"));
}

/* One in a codec that we do not know does not keep its publisher out. */
static void further_video_that_cannot_be_read_is_refused_alone(void **state)
{
    static const uint16_t ports[] = {40001, 40002};
    char answer[SOURCE_ANSWER_SIZE];

    (void)state;
    assert_null(
        read_sdp(HEAD VIDEO "m=video 5008 RTP/AVP 98\r\na=rtpmap:98 VP8/90000\r\n" VIDEO AUDIO));
    assert_int_equal(sdp.count, 3);
    assert_int_equal(sdp.track[1].section, 0);
    assert_int_equal(sdp.track[2].section, 2);
    assert_string_equal(sdp.track[2].name, "2");
    assert_null(read_sdp(HEAD VIDEO "m=video 5008 RTP/AVP 98\r\na=rtpmap:98 VP8/90000\r\n"));
    assert_int_equal(sdp.count, 1);
    source_sdp_answer(&sdp, "127.0.0.1", ports, answer);
    assert_non_null(strstr(answer, "m=video 40001 RTP/AVPF 96"));
    assert_non_null(strstr(answer, "m=video 0 RTP/AVPF 0"));
}

/* H.264 if it is there, else the first that players take. */
static void takes_the_codec_that_most_can_play(void **state)
{
    static const struct {
        const char *video;
        Codec codec;
        const char *answer;
    } rows[] = {
        {"m=video 5004 RTP/AVP 98 96\r\na=rtpmap:98 VP9/90000\r\na=rtpmap:96 H264/90000\r\n",
         CODEC_H264, "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"},
        {"m=video 5004 RTP/AVP 97 98 99\r\na=rtpmap:97 VP8/90000\r\na=rtpmap:98 VP9/90000\r\n"
         "a=rtpmap:99 AV1/90000\r\n",
         CODEC_VP9, "a=rtpmap:98 VP9/90000\r\na=rtcp-fb:98 nack pli\r\n"},
        {"m=video 5004 RTP/AVP 99\r\na=rtpmap:99 AV1/90000\r\n", CODEC_AV1,
         "a=rtpmap:99 AV1/90000\r\n"},
        {"m=video 5004 RTP/AVP 97\r\na=rtpmap:97 VP8/90000\r\n", CODEC_VP8,
         "a=rtpmap:97 VP8/90000\r\n"},
    };
    static const uint16_t ports[] = {40000};
    char answer[SOURCE_ANSWER_SIZE], text[512];

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        snprintf(text, sizeof(text), HEAD "%s", rows[i].video);
        const char *wrong = read_sdp(text);
        assert_row(!wrong && sdp.count == 1, rows[i].video, "%s", wrong ? wrong : "");
        assert_row(sdp.track[0].codec == rows[i].codec, rows[i].video, "%d", sdp.track[0].codec);
        assert_int_equal(source_sdp_renditions(&sdp).item[0].codec, rows[i].codec);
        source_sdp_answer(&sdp, "127.0.0.1", ports, answer);
        assert_row(strstr(answer, rows[i].answer), rows[i].video, "%s", answer);
    }
}

/* sprop-vps, -sps and -pps, RFC 7798 section 7.1. */
static void takes_the_parameter_sets_of_h265(void **state)
{
    (void)state;
    assert_null(read_sdp(HEAD "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n"
                              "a=fmtp:96 sprop-pps=RAHA; sprop-vps=QAEM; sprop-sps=QgEB\r\n"));
    assert_int_equal(sdp.track[0].codec, CODEC_H265);
    assert_int_equal(sdp.track[0].parameter_sets, 3);
    assert_int_equal(sdp.sets[sdp.track[0].parameter_set[0].at], 0x40);
    assert_int_equal(sdp.sets[sdp.track[0].parameter_set[1].at], 0x42);
    assert_int_equal(sdp.sets[sdp.track[0].parameter_set[2].at], 0x44);
}

static void refuses_with_a_sentence(void **state)
{
    static const struct {
        const char *text, *sentence;
    } rows[] = {
        {"", "v=0"},
        {HEAD, "neither audio nor video"},
        {HEAD "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n", "neither audio nor video"},
        {HEAD "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", "neither audio nor video"},
        {HEAD "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H263/90000\r\n", "no H264/90000"},
        {HEAD "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
              "a=fmtp:96 packetization-mode=2\r\n",
         "no H264/90000"},
        {HEAD "m=audio 5006 RTP/AVP 0\r\n", "no opus/48000"},
        {HEAD AUDIO "m=video 5004 RTP/AVP 96\r\n", "no H264/90000"},
        {"v=0\r\n" AUDIO, "no c= line"},
        {"v=0\r\nc=IN IP6 ::1\r\n" AUDIO, "no c= line"},
        {HEAD VIDEO VIDEO "a=label:../x\r\n", "a=label of a video section"},
        {HEAD VIDEO VIDEO "a=label:\r\n", "a=label of a video section"},
        {HEAD VIDEO VIDEO "a=label:123456789012345678901234567890123\r\n",
         "a=label of a video section"},
        {HEAD VIDEO VIDEO "a=label:low\r\n" VIDEO "a=label:low\r\n", "the same a=label"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *wrong = read_sdp(rows[i].text);
        assert_row(wrong && strstr(wrong, rows[i].sentence), rows[i].text, "%s",
                   wrong ? wrong : "was read");
    }
}

static void answers_section_by_section(void **state)
{
    static const uint16_t ports[] = {40001, 40002, 40003};
    char text[SOURCE_ANSWER_SIZE];

    (void)state;
    assert_null(read_sdp(HEAD VIDEO "a=rtcp-mux\r\n"
                                    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" AUDIO
                                    "m=audio 5010 RTP/AVP 0\r\n"
                                    "m=video 5008 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"));
    size_t len = source_sdp_answer(&sdp, "127.0.0.1", ports, text);
    assert_int_equal(len, strlen(text));
    assert_string_equal(text,
                        "v=0\r\no=- 0 1 IN IP4 127.0.0.1\r\ns=hls-bridge\r\n"
                        "c=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                        "m=video 40002 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n"
                        "a=fmtp:96 packetization-mode=1\r\na=rtcp-fb:96 nack pli\r\n"
                        "a=rtcp-mux\r\na=recvonly\r\n"
                        "m=application 0 RTP/AVPF 0\r\na=inactive\r\n"
                        "m=audio 40001 RTP/AVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
                        "a=rtcp:40001\r\na=recvonly\r\n"
                        "m=audio 0 RTP/AVPF 0\r\na=inactive\r\n"
                        "m=video 40003 RTP/AVPF 97\r\na=rtpmap:97 H264/90000\r\n"
                        "a=fmtp:97 packetization-mode=1\r\na=rtcp-fb:97 nack pli\r\n"
                        "a=rtcp:40003\r\na=recvonly\r\n");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_audio_stands_first),
    cmocka_unit_test(reads_where_rtcp_goes),
    cmocka_unit_test(takes_the_first_codec_it_can_use),
    cmocka_unit_test(reads_parameter_sets),
    cmocka_unit_test(parameter_sets_of_each_track_are_its_own),
    cmocka_unit_test(reads_the_title),
    cmocka_unit_test(reads_whether_it_is_listed),
    cmocka_unit_test(reads_who_may_watch),
    cmocka_unit_test(video_sections_are_renditions),
    cmocka_unit_test(sections_without_a_label_have_a_name_of_their_own),
    cmocka_unit_test(video_sections_beyond_eight_are_refused),
    cmocka_unit_test(further_video_that_cannot_be_read_is_refused_alone),
    cmocka_unit_test(takes_the_codec_that_most_can_play),
    cmocka_unit_test(takes_the_parameter_sets_of_h265),
    cmocka_unit_test(refuses_with_a_sentence),
    cmocka_unit_test(answers_section_by_section),
};

TEST_GROUP(source_sdp, tests);
