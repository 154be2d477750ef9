/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which video codec a publisher sends, and what the bridge is told of it. */

#include "tests/unit/harness.h"

#include "fibers.h"
#include "janus-plugin/core/request.h"
#include "plugin_play.h"
#include "stub_bridge.h"

#define CHOOSE(codec)                                                                              \
    "{\"request\":\"publish\",\"stream\":\"shop\",\"key\":\"a long key\",\"codec\":\"" codec "\"}"

/* The pictures may come as H.264 or VP9. */
#define OFFER_VIDEO(formats)                                                                       \
    OFFER_HEAD "m=video 9 UDP/TLS/RTP/SAVPF " formats "\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\n"
#define H264                                                                                       \
    "a=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1;profile-level-id=42e01f\r\n"
#define VP9              "a=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\n"
#define ONLY_H264        OFFER_VIDEO("102") H264
#define OFFER_TWO_CODECS OFFER_VIDEO("102 98") H264 VP9
#define ONLY_VP9         OFFER_VIDEO("98") VP9

/* A sequence parameter set of 1280x720 in a packet. */
#define SPS_PACKET                                                                                 \
    "\x80\x66\x00\x01\x00\x00\x00\x01\x00\x00\x00\x07"                                             \
    "\x67\x42\xc0\x1f\x8c\x8d\x40\x28\x02\xdc\x80"

static StubHandle *handle;

/* The publisher has this codec, in its status and for the bridge. Returns its serial. */
static unsigned require_codec(const char *name, const char *line)
{
    StubAnnouncement announcement;
    json_t *info = stub_query(handle);

    fibers_require(play_says(json_array_get(json_object_get(info, "tracks"), 1), "codec", name));
    json_decref(info);
    fibers_require(stub_bridge_announced() == 1 && stub_bridge_pick(0, &announcement));
    fibers_require(strstr(announcement.offer, line));
    return announcement.serial;
}

static void publish(const char *request, const char *offer)
{
    handle = stub_attach();
    play_ask(handle, request, offer);
    fibers_require(handle->answers == 1);
    stub_setup(handle);
    fibers_settle();
}

static void require_refused(int code)
{
    const json_t *error = stub_last_event(handle, "error");

    fibers_require(json_integer_value(json_object_get(error, "error_code")) == code);
}

PLAY(takes_what_is_asked_for_of_what_the_server_takes, "open = true; video_codecs = \"h264, vp9\";")
{
    PlayReceiver bridge = play_receiver();
    uint8_t packet[64];

    publish(PUBLISH("shop"), OFFER_TWO_CODECS);
    require_codec("H264", "RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n");
    play_leave(handle);

    publish(CHOOSE("vp9"), ONLY_H264); /* what it lacks is no error: there is another */
    require_codec("H264", "RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n");
    play_leave(handle);

    publish(CHOOSE("vp9"), OFFER_TWO_CODECS);
    require_codec("VP9", "RTP/AVPF 98\r\na=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\n");
    stub_bridge_accept(0, bridge.port);
    stub_rtp(handle, 1, RTP_PACKET, sizeof(RTP_PACKET) - 1);
    fibers_require(play_receive(&bridge, packet, sizeof(packet), NULL) == sizeof(RTP_PACKET) - 1);
    fibers_require((packet[1] & 0x7f) == codec_payload_type(CODEC_VP9));
    play_leave(handle);
    close(bridge.fd);
}

PLAY(keeps_its_codec_while_it_is_offered, "open = true; video_codecs = \"h264, vp9\";")
{
    publish(CHOOSE("vp9"), OFFER_TWO_CODECS);
    unsigned serial = require_codec("VP9", "VP9/90000");

    play_ask(handle, PUBLISH("shop"), OFFER_TWO_CODECS); /* an ICE restart */
    fibers_require(handle->answers == 2 && require_codec("VP9", "VP9/90000") == serial);
    play_ask(handle, CHOOSE("h264"), OFFER_TWO_CODECS); /* too late: it sends already */
    fibers_require(handle->answers == 3 && require_codec("VP9", "VP9/90000") == serial);
    play_ask(handle, PUBLISH("shop"), ONLY_H264);
    fibers_require(handle->answers == 4 && require_codec("H264", "H264/90000") != serial);
    play_leave(handle);
}

/* Of VP9 nobody reads the size here, so it is not known any more. */
PLAY(forgets_the_size_of_pictures_of_another_codec, "open = true; video_codecs = \"h264, vp9\";")
{
    publish(PUBLISH("shop"), ONLY_H264);
    stub_rtp(handle, 1, SPS_PACKET, sizeof(SPS_PACKET) - 1);
    fibers_require(play_number(handle, "tracks.1.width") == 1280);
    play_ask(handle, PUBLISH("shop"), ONLY_VP9);
    fibers_require(handle->answers == 2);
    require_codec("VP9", "VP9/90000");
    fibers_require(play_number(handle, "tracks.1.width") == 0);
    play_leave(handle);
}

PLAY(refuses_a_codec_that_the_server_does_not_take, "open = true;")
{
    handle = stub_attach();
    play_ask(handle, CHOOSE("vp9"), OFFER_TWO_CODECS);
    require_refused(HLS_ERROR_NO_CODEC);
    fibers_require(handle->answers == 0 && stub_bridge_announced() == 0);
    play_require_state(handle, "idle");

    play_ask(handle, CHOOSE("h264"), OFFER_TWO_CODECS); /* on the same handle */
    stub_setup(handle);
    fibers_settle();
    unsigned serial = require_codec("H264", "H264/90000");
    play_ask(handle, CHOOSE("av1"), OFFER_TWO_CODECS);
    require_refused(HLS_ERROR_NO_CODEC);
    play_require_state(handle, "live");
    fibers_require(handle->answers == 1 && require_codec("H264", "H264/90000") == serial);
    play_leave(handle);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(takes_what_is_asked_for_of_what_the_server_takes),
    cmocka_unit_test(keeps_its_codec_while_it_is_offered),
    cmocka_unit_test(forgets_the_size_of_pictures_of_another_codec),
    cmocka_unit_test(refuses_a_codec_that_the_server_does_not_take),
};

TEST_GROUP(codecs, tests);
