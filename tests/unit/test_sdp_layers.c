/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Simulcast by rid: what Janus makes of an offer, and what of it is taken. */

#include <jansson.h>

#include "harness.h"

#include "janus-plugin/sdp/layer_names.h"
#include "janus-plugin/sdp/sdp_answer.h"
#include "tests/plugin/janus_offer.h"

#define HEAD  "v=0\r\no=- 1 2 IN IP4 1.1.1.1\r\ns=-\r\nt=0 0\r\n"
#define AUDIO "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n"
#define VIDEO                                                                                      \
    "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n"                                 \
    "a=fmtp:96 packetization-mode=1\r\n"
#define MID      "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
#define RID      "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
#define REPAIRED "a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n"
#define RIDS(a, b, c)                                                                              \
    "a=rid:" a " send\r\na=rid:" b " send\r\na=rid:" c                                             \
    " send\r\n"                                                                                    \
    "a=simulcast:send " a ";" b ";" c "\r\n"

typedef struct Outcome {
    int status;
    char answer[SDP_ANSWER_SIZE];
    MediaTracks tracks;
    RequestError error;
} Outcome;

/* Answers what Janus hands on of an offer. */
static void answer(const char *offer, Outcome *out)
{
    json_t *jsep = janus_offer(offer);
    const char *sdp = json_string_value(json_object_get(jsep, "sdp"));
    SdpAnswerParams params = {.session_id = 7,
                              .version = 1,
                              .bitrate = 2500000,
                              .simulcast = json_object_get(jsep, "simulcast")};

    memset(out, 0, sizeof(*out));
    assert_null(strstr(sdp, "a=rid"));
    out->status = sdp_answer(sdp, strlen(sdp), &params, out->answer, &out->tracks, &out->error);
    json_decref(jsep);
}

/* The rids of what was taken of a video, in order, with a space behind each; "- " for a track
 * without one. */
static void list_rids(const MediaTracks *tracks, char *text)
{
    *text = '\0';
    for (size_t i = 0; i < tracks->count; i++)
        if (tracks->track[i].kind == MEDIA_VIDEO)
            sprintf(text + strlen(text), "%s ",
                    tracks->track[i].rid[0] ? tracks->track[i].rid : "-");
}

static void takes_layers_by_rid(void **state)
{
    static const struct {
        const char *name, *offer, *rids;
    } rows[] = {
        {"Chromium", HEAD AUDIO MID VIDEO MID RID REPAIRED RIDS("high", "mid", "low"),
         "high mid low "},
        {"Firefox: rids before all else, its own numbers",
         HEAD AUDIO "m=video 9 UDP/TLS/RTP/SAVPF 126\r\na=sendonly\r\n"
                    "a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
                    "a=extmap:7 urn:ietf:params:rtp-hdrext:toffset\r\n"
                    "a=extmap:8/sendonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
                    "a=fmtp:126 profile-level-id=42e01f;packetization-mode=1\r\n"
                    "a=rid:f send\r\na=rid:h send\r\na=rid:q send\r\na=rtpmap:126 H264/90000\r\n"
                    "a=simulcast:send f;h;q\r\n",
         "f h q "},
        {"OBS: the lowest first, numbers for names",
         HEAD VIDEO MID RID REPAIRED RIDS("2", "1", "0") AUDIO, "2 1 0 "},
        {"the order of its rids", HEAD VIDEO MID RID RIDS("low", "high", "mid"), "low high mid "},
        {"two", HEAD VIDEO MID RID "a=rid:a send\r\na=rid:b send\r\na=simulcast:send a;b\r\n",
         "a b "},
        {"one", HEAD VIDEO MID RID "a=rid:a send\r\na=simulcast:send a\r\n", "a "},
        {"one that is paused, and what Janus cannot hand on",
         HEAD VIDEO MID RID "a=rid:a send max-br=500000\r\na=rid:b send pt=96\r\n"
                            "a=simulcast:send a;~b\r\n",
         "a b "},
        {"four: Janus knows three", HEAD VIDEO MID RID RIDS("a", "b", "c") "a=rid:d send\r\n",
         "a b c "},
        {"none", HEAD VIDEO MID RID REPAIRED, "- "},
        {"no header extension for the rid", HEAD VIDEO MID RIDS("a", "b", "c"), "- "},
        {"none for the mid", HEAD VIDEO RID RIDS("a", "b", "c"), "- "},
        {"an extension without a number",
         HEAD VIDEO MID
         "a=extmap:x urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n" RIDS("a", "b", "c"),
         "- "},
        {"number 0 of an extension",
         HEAD VIDEO MID
         "a=extmap:0 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n" RIDS("a", "b", "c"),
         "- "},
        {"an extension many times before the one for the rid",
         HEAD VIDEO MID MID MID MID MID MID MID MID MID RID RIDS("a", "b", "c"), "a b c "},
        {"the longest", HEAD VIDEO MID RID RIDS("fourteen-bytes", "b", "c"), "fourteen-bytes b c "},
        {"of a second video, which is refused",
         HEAD VIDEO MID RID VIDEO MID RID RIDS("a", "b", "c"), "- "},
        {"of a video that follows one which is none",
         HEAD "m=video 0 RTP/AVP 96\r\na=rid:x send\r\n" VIDEO MID RID RIDS("a", "b", "c"),
         "a b c "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Outcome o;
        char rids[128];
        answer(rows[i].offer, &o);
        assert_row(o.status == 0, rows[i].name, "%s", o.error.text);
        list_rids(&o.tracks, rids);
        assert_row(strcmp(rids, rows[i].rids) == 0, rows[i].name, "\"%s\"", rids);
        /* to answer it is to take simulcast: Janus forgets the rids else */
        bool taken = strstr(o.answer, "hdrext:sdes:rtp-stream-id\r\n") != NULL;
        assert_row(taken == (rows[i].rids[0] != '-'), rows[i].name, "%s", o.answer);
        /* these are Janus's to write */
        assert_row(!strstr(o.answer, "a=rid") && !strstr(o.answer, "simulcast"), rows[i].name, "%s",
                   o.answer);
    }
}

static void refuses_names_that_cannot_be_taken(void **state)
{
    static const struct {
        const char *name, *offer;
    } rows[] = {
        {"one that Janus may have cut", HEAD VIDEO MID RID RIDS("fifteen---bytes", "b", "c")},
        {"one that Janus has cut", HEAD VIDEO MID RID RIDS("a-name-that-is-long", "b", "c")},
        {"a name twice", HEAD AUDIO VIDEO MID RID RIDS("a", "b", "a")},
        {"a name that is no label", HEAD VIDEO MID RID RIDS("a", "b/c", "d")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        Outcome o;
        answer(rows[i].offer, &o);
        assert_row(o.status == -1 && o.error.code == HLS_ERROR_INVALID_SDP, rows[i].name, "%d %d",
                   o.status, o.error.code);
        assert_row(strstr(o.error.text, "1 to 14 letters"), rows[i].name, "%s", o.error.text);
    }
}

/* A PLI must bring key frames on all layers. */
static void never_asks_for_one_layer_alone(void **state)
{
    Outcome o;

    (void)state;
    answer(HEAD
           "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 H264/90000\r\n"
           "a=fmtp:96 packetization-mode=1;x-google-per-layer-pli=1\r\n" MID RID REPAIRED RIDS(
               "a", "b", "c"),
           &o);
    assert_int_equal(o.status, 0);
    assert_int_equal(o.tracks.count, 3);
    assert_null(strstr(o.answer, "per-layer-pli"));
    assert_non_null(strstr(o.answer, REPAIRED));
}

/* The layers of one section differ in name and port alone; the cap is that of all together. */
static void a_layer_is_a_track(void **state)
{
    static const char *const rids[] = {"", "high", "mid", "low"};
    Outcome o;

    (void)state;
    answer(HEAD AUDIO VIDEO "a=rtcp-fb:96 nack\r\n" MID RID RIDS("high", "mid", "low"), &o);
    assert_int_equal(o.status, 0);
    assert_int_equal(o.tracks.count, 4);
    for (size_t i = 0; i < 4; i++) {
        const MediaTrack *track = &o.tracks.track[i];
        assert_int_equal(track->port, i);
        assert_string_equal(track->rid, rids[i]);
        assert_int_equal(track->mindex, i ? 1 : 0);
        assert_int_equal(track->payload_type, i ? 96 : 111);
        assert_int_equal(track->rid_extension, i ? 10 : 0);
        assert_int_equal(track->nack, i > 0);
    }
    const char *cap = strstr(o.answer, "b=TIAS:2500000\r\n");
    assert_non_null(cap);
    assert_null(strstr(cap + 1, "b=TIAS"));
}

/* What Janus would not write is no simulcast, or is refused. */
static void reads_names_of_its_section(void **state)
{
    static const struct {
        const char *name, *json;
        int status;
        size_t count;
    } rows[] = {
        {"its section", "[{\"mindex\":0,\"rids\":[\"x\"]},{\"mindex\":1,\"rids\":[\"a\",\"b\"]}]",
         0, 2},
        {"another section", "[{\"mindex\":2,\"rids\":[\"a\",\"b\"]}]", 0, 0},
        {"no section", "[{\"rids\":[\"a\",\"b\"]}]", 0, 0},
        {"SSRCs", "[{\"mindex\":1,\"ssrcs\":[1,2,3]}]", 0, 0},
        {"no list", "{\"mindex\":1,\"rids\":[\"a\"]}", 0, 0},
        {"a number", "[{\"mindex\":1,\"rids\":[\"a\",1]}]", -1, 0},
        {"an empty name", "[{\"mindex\":1,\"rids\":[\"a\",\"\"]}]", -1, 0},
        {"four names", "[{\"mindex\":1,\"rids\":[\"a\",\"b\",\"c\",\"d\"]}]", -1, 0},
    };
    LayerNames names;

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *json = json_loads(rows[i].json, 0, NULL);
        assert_non_null(json);
        int status = layer_names_read(json, 1, &names);
        assert_row(status == rows[i].status, rows[i].name, "%d", status);
        assert_row(status < 0 || names.count == rows[i].count, rows[i].name, "%zu", names.count);
        json_decref(json);
    }
    assert_int_equal(layer_names_read(NULL, 1, &names), 0);
    assert_int_equal(names.count, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(takes_layers_by_rid),
    cmocka_unit_test(refuses_names_that_cannot_be_taken),
    cmocka_unit_test(never_asks_for_one_layer_alone),
    cmocka_unit_test(a_layer_is_a_track),
    cmocka_unit_test(reads_names_of_its_section),
};

TEST_GROUP(sdp_layers, tests);
