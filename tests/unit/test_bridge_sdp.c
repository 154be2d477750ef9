/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>

#include "harness.h"

#include "janus-plugin/core/request.h"
#include "janus-plugin/sdp/bridge_sdp.h"

#define HEAD  "v=0\r\no=- 7 1 IN IP4 127.0.0.1\r\ns=a title\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
#define TAIL  "a=rtcp-mux\r\na=sendonly\r\n"
#define AUDIO "m=audio 40000 RTP/AVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
#define VIDEO "m=video 40002 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n"
#define PLI   "a=rtcp-fb:96 nack pli\r\n"

static void has_fixed_payload_types(void **state)
{
    (void)state;
    assert_int_equal(bridge_payload_type(&(MediaTrack){.kind = MEDIA_VIDEO}), 96);
    assert_int_equal(bridge_payload_type(&(MediaTrack){.kind = MEDIA_VIDEO, .codec = CODEC_VP9}),
                     98);
    assert_int_equal(bridge_payload_type(&(MediaTrack){.kind = MEDIA_AUDIO}), 111);
}

static void writes_offers(void **state)
{
    static const struct {
        const char *name;
        MediaTracks tracks;
        uint16_t ports[MEDIA_TRACKS_MAX];
        const char *offer;
        bool unlisted, protected;
    } rows[] = {
        {"audio and video",
         {{{.kind = MEDIA_AUDIO, .port = 0, .nack = false, .fmtp = "minptime=10;useinbandfec=1"},
           {.kind = MEDIA_VIDEO,
            .port = 1,
            .nack = true,
            .fmtp = "packetization-mode=1;profile-level-id=42001f"}},
          2},
         {40000, 40002},
         HEAD AUDIO "a=fmtp:111 minptime=10;useinbandfec=1\r\n" TAIL VIDEO
                    "a=fmtp:96 packetization-mode=1;profile-level-id=42001f\r\n"
                    "a=rtcp-fb:96 nack\r\n" PLI TAIL,
         false,
         false},
        {"video first, as it was offered",
         {{{.kind = MEDIA_VIDEO, .port = 1, .nack = false, .fmtp = ""},
           {.kind = MEDIA_AUDIO, .port = 0, .nack = true, .fmtp = ""}},
          2},
         {40002, 40000},
         HEAD VIDEO PLI TAIL AUDIO "a=rtcp-fb:111 nack\r\n" TAIL,
         false,
         false},
        {"audio alone",
         {{{.kind = MEDIA_AUDIO, .port = 0, .nack = false, .fmtp = ""}}, 1},
         {40000},
         HEAD AUDIO TAIL,
         false,
         false},
        {"three layers",
         {{{.kind = MEDIA_VIDEO, .port = 1, .rid = "high"},
           {.kind = MEDIA_VIDEO, .port = 2, .rid = "mid"},
           {.kind = MEDIA_VIDEO, .port = 3, .rid = "0_-"}},
          3},
         {40002, 40004, 40006},
         HEAD VIDEO PLI
         "a=label:high\r\n" TAIL "m=video 40004 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n" PLI
         "a=label:mid\r\n" TAIL "m=video 40006 RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n" PLI
         "a=label:0_-\r\n" TAIL,
         false,
         false},
        {"VP9",
         {{{.kind = MEDIA_VIDEO, .codec = CODEC_VP9, .port = 1, .fmtp = "profile-id=0"}}, 1},
         {40002},
         HEAD "m=video 40002 RTP/AVPF 98\r\na=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\n"
              "a=rtcp-fb:98 nack pli\r\n" TAIL,
         false,
         false},
        {"nothing", {.count = 0}, {0}, HEAD, false, false},
        {"unlisted",
         {{{.kind = MEDIA_AUDIO, .port = 0, .nack = false, .fmtp = ""}}, 1},
         {40000},
         HEAD "a=unlisted\r\n" AUDIO TAIL,
         true,
         false},
        {"protected",
         {{{.kind = MEDIA_AUDIO, .port = 0, .nack = false, .fmtp = ""}}, 1},
         {40000},
         HEAD "a=unlisted\r\na=access:protected\r\n" AUDIO TAIL,
         true,
         true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[BRIDGE_SDP_SIZE];
        int len =
            bridge_sdp_offer(&rows[i].tracks, rows[i].ports, 7,
                             &(StreamFace){"a\ntitle", rows[i].unlisted, rows[i].protected}, text);
        assert_row(len == (int)strlen(rows[i].offer), rows[i].name, "%d bytes", len);
        assert_row(strcmp(text, rows[i].offer) == 0, rows[i].name, "%s", text);
    }
}

/* The longest that there can be: the size promises to hold any offer. */
static void holds_any_offer(void **state)
{
    static const uint16_t ports[] = {65535, 65535, 65535, 65535};
    MediaTracks tracks = {.count = MEDIA_TRACKS_MAX};
    char text[BRIDGE_SDP_SIZE], title[REQUEST_TITLE_MAX + 1] = "";

    (void)state;
    memset(title, 'x', REQUEST_TITLE_MAX);
    for (size_t i = 0; i < MEDIA_TRACKS_MAX; i++) {
        MediaTrack *track = &tracks.track[i];
        *track = (MediaTrack){.kind = i ? MEDIA_VIDEO : MEDIA_AUDIO, .nack = true};
        memset(track->fmtp, 'x', FMTP_SIZE - 1);
        memset(track->rid, 'x', i ? RID_SIZE - 1 : 0);
    }
    int len = bridge_sdp_offer(&tracks, ports, UINT64_MAX, &(StreamFace){title, true, true}, text);
    assert_true(len > 0);
    assert_int_equal(len, strlen(text));
}

static void reads_answers(void **state)
{
    static const struct {
        const char *name, *answer;
        size_t count;
        struct {
            const char *address;
            uint16_t port;
        } destinations[3];
    } rows[] = {
        {"one address for all",
         "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 5006 RTP/AVPF 111\r\nm=video 5004 RTP/AVPF 96\r\n",
         2,
         {{"127.0.0.1", 5006}, {"127.0.0.1", 5004}}},
        {"an address each",
         "v=0\r\nm=audio 5006 RTP/AVPF 111\r\nc=IN IP4 10.0.0.1\r\n"
         "m=video 65535 RTP/AVPF 96\r\nc=IN IP4 255.255.255.255\r\n",
         2,
         {{"10.0.0.1", 5006}, {"255.255.255.255", 65535}}},
        {"a refused track",
         "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 0 RTP/AVPF 111\r\nm=video 5004 RTP/AVPF 96\r\n",
         2,
         {{"127.0.0.1", 0}, {"127.0.0.1", 5004}}},
        {"nothing", "v=0\r\n", 0, {{NULL, 0}}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sockaddr_in got[3] = {0};
        size_t len = strlen(rows[i].answer);
        uint8_t *answer = guarded_copy(rows[i].answer, len);
        const char *wrong = bridge_sdp_answer((char *)answer, len, rows[i].count, got);
        assert_row(!wrong, rows[i].name, "%s", wrong);
        for (size_t d = 0; d < rows[i].count; d++) {
            assert_row(got[d].sin_family == AF_INET, rows[i].name, "%d", got[d].sin_family);
            assert_row(got[d].sin_addr.s_addr == inet_addr(rows[i].destinations[d].address),
                       rows[i].name, "%s", inet_ntoa(got[d].sin_addr));
            assert_row(ntohs(got[d].sin_port) == rows[i].destinations[d].port, rows[i].name, "%d",
                       ntohs(got[d].sin_port));
        }
        guarded_free(answer, len);
    }
}

static void refuses_answers(void **state)
{
    static const struct {
        const char *name, *answer;
        const char *sentence; /* a part of it */
    } rows[] = {
        {"not SDP", "{\"title\": \"no\"}", "does not begin with v=0"},
        {"a section too few", "v=0\r\nc=IN IP4 127.0.0.1\r\n", "another number"},
        {"a section too many",
         "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio 1 RTP/AVP 0\r\nm=video 2 RTP/AVP 0\r\n",
         "another number"},
        {"no address", "v=0\r\nm=audio 1 RTP/AVP 0\r\n", "no IPv4 address"},
        {"a name", "v=0\r\nc=IN IP4 localhost\r\nm=audio 1 RTP/AVP 0\r\n", "no IPv4 address"},
        {"IPv6", "v=0\r\nc=IN IP6 ::1\r\nm=audio 1 RTP/AVP 0\r\n", "no IPv4 address"},
        {"an address too long", "v=0\r\nc=IN IP4 127.000.000.0001\r\nm=audio 1 RTP/AVP 0\r\n",
         "no IPv4 address"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sockaddr_in got[1];
        const char *wrong = bridge_sdp_answer(rows[i].answer, strlen(rows[i].answer), 1, got);
        assert_row(wrong && strstr(wrong, rows[i].sentence), rows[i].name, "%s",
                   wrong ? wrong : "read");
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(has_fixed_payload_types), cmocka_unit_test(writes_offers),
    cmocka_unit_test(holds_any_offer),         cmocka_unit_test(reads_answers),
    cmocka_unit_test(refuses_answers),
};

TEST_GROUP(bridge_sdp, tests);
