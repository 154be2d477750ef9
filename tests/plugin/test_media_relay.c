/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The packet path: what of a publisher's packets comes to the bridge, and what is noted of them. */

#include "tests/unit/harness.h"

#include "fibers.h"
#include "plugin_play.h"
#include "stub_bridge.h"
#include "stub_clock.h"

#define SECOND          INT64_C(1000000)
#define CONFIGURE(what) "{\"request\":\"configure\"," what "}"

/* A sequence parameter set of 1280x720, as OpenH264 makes it. */
#define SPS "\x67\x42\xc0\x1f\x8c\x8d\x40\x28\x02\xdc\x80"

static PlayReceiver bridge;
static StubHandle *handle;

static void begin(void)
{
    bridge = play_receiver();
    handle = play_live(PUBLISH("shop"));
    stub_bridge_accept(0, bridge.port);
    stub_plis = 0;
}

static void end(void)
{
    play_leave(handle);
    close(bridge.fd);
}

/* An RTP packet. Returns its length. */
static size_t make_packet(uint8_t *packet, uint16_t sequence, uint32_t ssrc, const char *payload,
                          size_t len)
{
    const uint8_t head[] = {0x80,
                            0x80 | 102,
                            (uint8_t)(sequence >> 8),
                            (uint8_t)sequence,
                            1,
                            2,
                            3,
                            4,
                            (uint8_t)(ssrc >> 24),
                            (uint8_t)(ssrc >> 16),
                            (uint8_t)(ssrc >> 8),
                            (uint8_t)ssrc};

    memcpy(packet, head, sizeof(head));
    memcpy(packet + sizeof(head), payload, len);
    return sizeof(head) + len;
}

static void send_payload(int mindex, uint16_t sequence, const char *payload, size_t len)
{
    uint8_t packet[256];

    stub_rtp(handle, mindex, packet, make_packet(packet, sequence, 7, payload, len));
}

/* How many packets have come to the bridge since the last call. */
static unsigned count_arrived(void)
{
    char packet[2048];
    unsigned n = 0;

    while (play_receive(&bridge, packet, sizeof(packet), NULL) > 0)
        n++;
    return n;
}

/* Whatever a browser calls its codecs, the bridge has fixed numbers; all else stays as it is. */
PLAY(changes_the_payload_type_alone, "open = true;")
{
    const int types[] = {BRIDGE_PT_OPUS, codec_payload_type(CODEC_H264)}; /* by section */
    uint8_t sent[64], got[64];

    begin();
    for (int mindex = 0; mindex < 2; mindex++) {
        size_t len = make_packet(sent, 0xfffe, 0xdeadbeef, "\x41 a payload", 11);
        stub_rtp(handle, mindex, sent, len);
        fibers_require(play_receive(&bridge, got, sizeof(got), NULL) == len);
        fibers_require(got[1] == (0x80 | types[mindex])); /* the marker stays */
        got[1] = sent[1];
        fibers_require(memcmp(got, sent, len) == 0);
    }
    end();
}

/* Sender reports and all other RTCP go on as they are. */
PLAY(forwards_reports_as_they_are, "open = true;")
{
    static const struct {
        const char *bytes;
        size_t len;
    } packets[] = {{RTCP_SENDER, sizeof(RTCP_SENDER) - 1},
                   {RTCP_REPORT, sizeof(RTCP_REPORT) - 1},
                   {RTCP_SENDER RTCP_PLI, sizeof(RTCP_SENDER RTCP_PLI) - 1},
                   {"no RTCP", 7}};
    char got[64];

    begin();
    for (size_t i = 0; i < COUNT(packets); i++) {
        stub_rtcp(handle, (int)i % 2, packets[i].bytes, packets[i].len);
        fibers_require(play_receive(&bridge, got, sizeof(got), NULL) == packets[i].len);
        fibers_require(memcmp(got, packets[i].bytes, packets[i].len) == 0);
    }
    stub_rtcp(handle, 2, RTCP_REPORT, sizeof(RTCP_REPORT) - 1); /* of no track */
    fibers_require(count_arrived() == 0 && stub_plis == 0);
    end();
}

PLAY(drops_what_belongs_to_no_track, "open = true;")
{
    begin();
    send_payload(2, 1, "\x41", 1); /* no such section */
    send_payload(-1, 1, "\x41", 1);
    stub_rtp(handle, 1, "", 0);
    stub_rtp(handle, 1, RTP_PACKET, 11);                            /* half a header */
    stub_rtp(handle, 1, "\x40" RTP_PACKET, sizeof(RTP_PACKET) - 1); /* another version */
    fibers_require(count_arrived() == 0);
    fibers_require(play_number(handle, "tracks.0.packets") == 0);
    fibers_require(play_number(handle, "tracks.1.packets") == 0);
    end();
}

PLAY(counts_what_comes_before_the_bridge_listens, "open = true;")
{
    bridge = play_receiver();
    handle = play_prepare(PUBLISH("shop"));
    send_payload(1, 1, "\x41", 1); /* before its media is said to flow */
    stub_setup(handle);
    send_payload(1, 2, "\x41", 1);
    fibers_require(play_number(handle, "tracks.1.packets") == 2);
    fibers_require(play_number(handle, "tracks.1.dropped") == 2);
    stub_bridge_accept(0, bridge.port);
    send_payload(1, 3, "\x41", 1);
    fibers_require(count_arrived() == 1);
    fibers_require(play_number(handle, "tracks.1.forwarded") == 1);
    fibers_require(play_number(handle, "tracks.1.dropped") == 2);
    end();
}

PLAY(sends_nothing_of_one_that_has_ended, "open = true;")
{
    begin();
    play_ask(handle, "{\"request\":\"unpublish\"}", NULL);
    send_payload(1, 1, "\x41", 1);
    stub_rtcp(handle, 1, RTCP_REPORT, sizeof(RTCP_REPORT) - 1);
    fibers_require(count_arrived() == 0);
    end();
}

PLAY(keeps_back_what_is_paused, "open = true;")
{
    begin();
    play_ask(handle, CONFIGURE("\"video\":false"), NULL);
    send_payload(0, 1, "sound", 5);
    send_payload(1, 1, "\x41", 1);
    fibers_require(count_arrived() == 1);
    fibers_require(play_number(handle, "tracks.1.packets") == 1); /* it has come all the same */
    fibers_require(play_number(handle, "tracks.1.forwarded") == 0);
    stub_rtcp(handle, 1, RTCP_REPORT, sizeof(RTCP_REPORT) - 1); /* the clock goes on */
    fibers_require(count_arrived() == 1);
    play_ask(handle, CONFIGURE("\"audio\":false,\"video\":true"), NULL);
    send_payload(0, 2, "sound", 5);
    send_payload(1, 2, "\x41", 1);
    fibers_require(count_arrived() == 1);
    fibers_require(play_number(handle, "tracks.0.forwarded") == 1);
    end();
}

PLAY(counts_what_was_lost, "open = true;")
{
    static const uint16_t sequences[] = {65533, 65534, 1, 3, 0}; /* 65535 and 2 never come */

    begin();
    for (size_t i = 0; i < COUNT(sequences); i++)
        send_payload(1, sequences[i], "\x41", 1);
    fibers_require(play_number(handle, "tracks.1.packets") == 5);
    fibers_require(play_number(handle, "tracks.1.bytes") == 5 * 13);
    fibers_require(play_number(handle, "tracks.1.lost") == 2);
    send_payload(1, 3, "\x41", 1); /* twice: nothing below 0 */
    send_payload(1, 3, "\x41", 1);
    send_payload(1, 3, "\x41", 1);
    fibers_require(play_number(handle, "tracks.1.lost") == 0);
    end();
}

/* A page that starts another camera sends another SSRC. */
PLAY(another_source_goes_on_to_the_same_place, "open = true;")
{
    uint8_t packet[64];

    begin();
    stub_rtp(handle, 1, packet, make_packet(packet, 100, 1, "\x41", 1));
    stub_rtp(handle, 1, packet, make_packet(packet, 40000, 2, "\x41", 1));
    fibers_require(count_arrived() == 2);
    fibers_require(play_number(handle, "tracks.1.packets") == 2);
    end();
}

PLAY(reads_the_size_of_the_picture, "open = true;")
{
    /* RFC 6184 section 5.7.1: an aggregate, two bytes with the length before each unit */
    static const char aggregate[] = "\x78\x00\x0b" SPS "\x00\x02\x68\xce";
    static const char cut[] = "\x78\x00\x02" SPS; /* the first unit has two bytes of it */
    static const char sound[] = SPS;

    begin();
    send_payload(0, 1, sound, sizeof(sound) - 1); /* sound that looks like one */
    send_payload(1, 1, "\x67\x42", 2);            /* half of one */
    send_payload(1, 2, "\x78\xff\xff\x67", 4);    /* an aggregate that promises too much */
    send_payload(1, 3, cut, sizeof(cut) - 1);
    fibers_require(play_number(handle, "tracks.1.width") == 0);
    send_payload(1, 4, aggregate, sizeof(aggregate) - 1);
    fibers_require(play_number(handle, "tracks.1.width") == 1280);
    fibers_require(play_number(handle, "tracks.1.height") == 720);
    end();
    begin();
    send_payload(1, 1, SPS, sizeof(SPS) - 1); /* alone in its packet */
    fibers_require(play_number(handle, "tracks.1.width") == 1280);
    end();
}

/* Sends pictures of `bitrate` bit/s for some seconds, and one packet more, which ends the last. */
static void send_for(int bitrate, int seconds)
{
    static char packet[1250] = RTP_PACKET; /* 10 kbit */

    for (int i = 0, n = bitrate / 10000; i < n * seconds; i++) {
        stub_rtp(handle, 1, packet, sizeof(packet));
        stub_clock_pass(SECOND / n);
    }
    stub_rtp(handle, 1, packet, sizeof(packet));
}

/* By REMB, since the answer alone has not helped. */
PLAY(says_the_cap_again_to_one_that_exceeds_it, "open = true; bitrate = 400000;")
{
    begin();
    send_for(480000, 3); /* encoders overshoot: a quarter more is nothing */
    int64_t bitrate = play_number(handle, "tracks.1.bitrate");
    fibers_require(bitrate > 450000 && bitrate < 500000);
    fibers_require(stub_rembs == 0);
    send_for(520000, 3);
    fibers_require(stub_rembs >= 2 && stub_remb_bitrate == 400000);
    int before = stub_rembs;
    send_for(100000, 3); /* and from then on, once a second */
    fibers_require(stub_rembs - before >= 2 && stub_rembs - before <= 3);
    end();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(changes_the_payload_type_alone),
    cmocka_unit_test(forwards_reports_as_they_are),
    cmocka_unit_test(drops_what_belongs_to_no_track),
    cmocka_unit_test(counts_what_comes_before_the_bridge_listens),
    cmocka_unit_test(sends_nothing_of_one_that_has_ended),
    cmocka_unit_test(keeps_back_what_is_paused),
    cmocka_unit_test(counts_what_was_lost),
    cmocka_unit_test(another_source_goes_on_to_the_same_place),
    cmocka_unit_test(reads_the_size_of_the_picture),
    cmocka_unit_test(says_the_cap_again_to_one_that_exceeds_it),
};

TEST_GROUP(media_relay, tests);
