/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A publisher that sends its picture in three layers. */

#include <arpa/inet.h>
#include <sys/socket.h>

#include "tests/unit/harness.h"

#include "fibers.h"
#include "plugin_play.h"
#include "plugin_rules.h"
#include "stub_bridge.h"
#include "stub_clock.h"

#define SECOND   INT64_C(1000000)
#define SETTINGS "open = true;"
#define PLI_US   50000 /* requests within so long are one */

/* Sequence parameter sets as OpenH264 makes them. */
#define SPS_720 "\x67\x42\xc0\x1f\x8c\x8d\x40\x28\x02\xdc\x80"
#define SPS_360 "\x67\x42\xc0\x1e\x8c\x8d\x40\x50\x17\xfc\xb8"

enum { HIGH = 1000, MID, LOW, NOBODY }; /* SSRCs */
static const char *const rids[] = {"high", "mid", "low"};

static PlayReceiver bridge;
static StubHandle *handle;

static StubHandle *publish(const char *offer)
{
    StubHandle *publisher = stub_attach();

    play_ask(publisher, PUBLISH("shop"), offer);
    fibers_require(publisher->answers == 1);
    stub_setup(publisher);
    fibers_settle();
    return publisher;
}

static void begin(const char *offer)
{
    bridge = play_receiver();
    handle = publish(offer);
    stub_bridge_accept(0, bridge.port);
    stub_plis = 0;
}

static void end(void)
{
    play_leave(handle);
    fibers_settle();
    plugin_check_nothing_is_left();
    close(bridge.fd);
}

/* Sends a picture packet; `rid` may be NULL, then the SSRC alone tells the layer. */
static void send_packet(uint32_t ssrc, const char *rid, const char *payload, size_t len)
{
    uint8_t packet[1400] = {0x80, 102, 0, 1, 0, 0, 0, 2};
    size_t at = 12;

    for (int i = 0; i < 4; i++)
        packet[8 + i] = (uint8_t)(ssrc >> (24 - 8 * i));
    if (rid) { /* two words hold any of ours */
        packet[0] |= 0x10;
        memcpy(packet + 12, "\xbe\xde\0\2", 4);
        packet[16] = (uint8_t)(10 << 4 | (strlen(rid) - 1));
        memcpy(packet + 17, rid, strlen(rid));
        at = 24;
    }
    memcpy(packet + at, payload, len);
    stub_rtp(handle, 1, packet, at + len);
}

static void send_first_packets(void)
{
    for (int i = 0; i < 3; i++)
        send_packet(HIGH + (uint32_t)i, rids[i], "\x41", 1);
}

/* The port from which the next packet came to the bridge; 0: none has come. Its SSRC goes to
 * `ssrc`, if that is not NULL. */
static uint16_t take_arrived(uint32_t *ssrc)
{
    uint8_t packet[2048] = {0};
    uint16_t from = 0;
    size_t len = play_receive(&bridge, packet, sizeof(packet), &from);
    size_t at = packet[1] >= 192 && packet[1] <= 223 ? 4 : 8; /* RTCP has it earlier */

    if (ssrc && len)
        *ssrc = (uint32_t)packet[at] << 24 | (uint32_t)packet[at + 1] << 16 |
                (uint32_t)packet[at + 2] << 8 | packet[at + 3];
    return len ? from : 0;
}

static unsigned count_arrived(void)
{
    unsigned n = 0;

    while (take_arrived(NULL))
        n++;
    return n;
}

/* The port of a section of the announcement: the one that has this label. */
static uint16_t announced_port(const char *label)
{
    StubAnnouncement announcement;
    char line[64];

    fibers_require(stub_bridge_pick(0, &announcement));
    snprintf(line, sizeof(line), "\r\na=label:%s\r\n", label);
    const char *found = strstr(announcement.offer, line), *section = NULL;
    fibers_require(found);
    for (const char *at = announcement.offer; (at = strstr(at, "\r\nm=")) && at < found; at++)
        section = at;
    fibers_require(section && strncmp(section, "\r\nm=video ", 10) == 0);
    return (uint16_t)strtoul(section + 10, NULL, 10);
}

PLAY(each_layer_has_a_section_and_a_socket_of_its_own, SETTINGS)
{
    StubAnnouncement announcement;
    unsigned sections = 0;
    uint32_t ssrc;

    begin(OFFER_LAYERS);
    fibers_require(stub_bridge_pick(0, &announcement));
    for (const char *at = announcement.offer; (at = strstr(at, "\r\nm=video ")); at++)
        sections++;
    fibers_require(sections == 3 && strstr(announcement.offer, "\r\nm=audio "));
    send_first_packets();
    for (uint32_t i = 0; i < 3; i++) /* from now on the SSRC tells */
        send_packet(HIGH + i, NULL, "\x41", 1);
    for (uint32_t i = 0; i < 6; i++)
        fibers_require(take_arrived(&ssrc) == announced_port(rids[i % 3]) && ssrc == HIGH + i % 3);
    fibers_require(announced_port("high") != announced_port("mid") &&
                   announced_port("mid") != announced_port("low"));
    end();
}

PLAY(reports_go_with_the_layer_that_they_are_about, SETTINGS)
{
    char both[2 * (sizeof(RTCP_SENDER) - 1)];
    uint32_t ssrc;

    begin(OFFER_LAYERS);
    send_first_packets();
    fibers_require(count_arrived() == 3);
    memcpy(both, RTCP_SENDER, sizeof(RTCP_SENDER) - 1);
    memcpy(both + sizeof(RTCP_SENDER) - 1, RTCP_SENDER, sizeof(RTCP_SENDER) - 1);
    memcpy(both + 6, "\x03\xea", 2); /* the low one's, and behind it the high one's */
    memcpy(both + sizeof(RTCP_SENDER) - 1 + 6, "\x03\xe8", 2);
    stub_rtcp(handle, 1, both, sizeof(both));
    fibers_require(take_arrived(&ssrc) == announced_port("low") && ssrc == LOW);
    fibers_require(take_arrived(&ssrc) == announced_port("high") && ssrc == HIGH);
    fibers_require(play_number(handle, "unknown") == 0);
    stub_rtcp(handle, 1, RTCP_SENDER, sizeof(RTCP_SENDER) - 1); /* nobody's */
    stub_rtcp(handle, 1, RTCP_REPORT, sizeof(RTCP_REPORT) - 1); /* no sender's */
    fibers_require(count_arrived() == 0 && play_number(handle, "unknown") == 1);
    stub_rtcp(handle, 0, RTCP_SENDER, sizeof(RTCP_SENDER) - 1); /* the sound's go on as they are */
    fibers_require(count_arrived() == 1);
    end();
}

/* However many there are. */
PLAY(what_is_of_no_layer_is_dropped_and_counted, SETTINGS)
{
    begin(OFFER_LAYERS);
    send_packet(NOBODY, NULL, "\x41", 1);
    for (uint32_t i = 0; i < 200; i++) {
        char rid[8];
        snprintf(rid, sizeof(rid), "r%u", i);
        send_packet(NOBODY + i, rid, "\x41", 1);
    }
    fibers_require(count_arrived() == 0 && play_number(handle, "unknown") == 201);
    fibers_require(play_number(handle, "tracks.1.packets") == 0);
    send_packet(HIGH, "high", "\x41", 1);
    fibers_require(count_arrived() == 1 && play_number(handle, "layers.0.packets") == 1);
    end();
}

/* An SSRC is of one layer, the last that named it; and what has come before is not told again. */
PLAY(layers_that_lie_about_each_other_are_taken_at_their_last_word, SETTINGS)
{
    begin(OFFER_LAYERS);
    for (uint32_t i = 0; i < 300; i++) { /* all of them claim one SSRC, in turn */
        send_packet(HIGH, rids[i % 3], "\x41", 1);
        fibers_require(take_arrived(NULL) == announced_port(rids[i % 3]));
        send_packet(HIGH, NULL, "\x41", 1);
        fibers_require(take_arrived(NULL) == announced_port(rids[i % 3]));
    }
    for (uint32_t i = 0; i < 300; i++) { /* and each packet is of another one */
        send_packet(NOBODY + i, rids[i % 3], "\x41", 1);
        fibers_require(take_arrived(NULL) == announced_port(rids[i % 3]));
    }
    send_packet(NOBODY + 1, NULL, "\x41", 1); /* which is forgotten again */
    fibers_require(count_arrived() == 0 && play_number(handle, "unknown") == 1);
    end();
}

/* Sizes say nothing about whose packet it is. */
PLAY(layers_whose_sizes_are_in_another_order_stay_what_they_are, SETTINGS)
{
    begin(OFFER_LAYERS);
    send_packet(HIGH, "high", SPS_360, sizeof(SPS_360) - 1);
    send_packet(MID, "mid", SPS_720, sizeof(SPS_720) - 1);
    send_packet(LOW, "low", SPS_720, 4); /* cut off */
    fibers_require(count_arrived() == 3);
    fibers_require(play_number(handle, "layers.0.width") == 640);
    fibers_require(play_number(handle, "layers.1.width") == 1280);
    fibers_require(play_number(handle, "layers.2.width") == 0);
    fibers_require(play_number(handle, "tracks.1.width") == 1280);
    end();
}

PLAY(a_layer_goes_on_under_another_ssrc, SETTINGS)
{
    begin(OFFER_LAYERS);
    send_first_packets();
    send_packet(NOBODY, "mid", "\x41", 1);
    send_packet(NOBODY, NULL, "\x41", 1);
    fibers_require(count_arrived() == 5);
    fibers_require(play_number(handle, "layers.1.ssrc") == NOBODY);
    fibers_require(play_number(handle, "layers.1.packets") == 3);
    end();
}

/* Requests at the ports of all layers at once are one, since Janus asks all layers. */
PLAY(key_frames_are_asked_of_all_layers_at_once, SETTINGS)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    begin(OFFER_LAYERS);
    stub_clock_pass(SECOND);
    for (int round = 1; round <= 3; round++) {
        for (int i = 0; i < 3; i++) {
            to.sin_port = htons(announced_port(rids[i]));
            sendto(bridge.fd, RTCP_PLI, sizeof(RTCP_PLI) - 1, 0, (struct sockaddr *)&to,
                   sizeof(to));
        }
        fibers_settle();
        fibers_require(stub_plis == round && stub_pli_mindex == 1);
        stub_clock_pass(PLI_US);
    }
    end();
}

PLAY(the_list_tells_of_each_layer, SETTINGS)
{
    static const int widths[] = {1280, 640, 0};
    static const struct {
        const char *sps;
        size_t len;
    } pictures[] = {{SPS_720, sizeof(SPS_720) - 1}, {SPS_360, sizeof(SPS_360) - 1}, {"\x41", 1}};
    char path[32];

    begin(OFFER_LAYERS);
    fibers_require(play_number(handle, "layers.0.ssrc") == 0);
    for (int i = 0; i < 3; i++)
        send_packet(HIGH + (uint32_t)i, rids[i], pictures[i].sps, pictures[i].len);
    json_t *info = stub_query(handle);
    const json_t *layers = json_object_get(info, "layers");
    fibers_require(json_array_size(layers) == 3);
    for (int i = 0; i < 3; i++) {
        const json_t *layer = json_array_get(layers, (size_t)i);
        fibers_require(play_says(layer, "rid", rids[i]));
        fibers_require(json_is_true(json_object_get(layer, "live")));
        snprintf(path, sizeof(path), "layers.%d.ssrc", i);
        fibers_require(play_number(handle, path) == HIGH + i);
        snprintf(path, sizeof(path), "layers.%d.width", i);
        fibers_require(play_number(handle, path) == widths[i]);
    }
    /* and they are one track, of the largest size */
    fibers_require(json_array_size(json_object_get(info, "tracks")) == 2);
    fibers_require(play_number(handle, "tracks.1.packets") == 3);
    fibers_require(play_number(handle, "tracks.1.width") == 1280);
    json_decref(info);
    stub_clock_pass(3 * SECOND); /* two of them pause */
    send_packet(LOW, NULL, "\x41", 1);
    info = stub_query(handle);
    for (size_t i = 0; i < 3; i++) {
        const json_t *layer = json_array_get(json_object_get(info, "layers"), i);
        fibers_require(json_is_true(json_object_get(layer, "live")) == (i == 2));
    }
    json_decref(info);
    end();
}

/* Nothing is told of layers if there are none. */
PLAY(one_layer_without_a_rid_is_a_track_as_ever, SETTINGS)
{
    StubAnnouncement announcement;

    begin(OFFER_BOTH);
    send_packet(HIGH, NULL, SPS_720, sizeof(SPS_720) - 1);
    send_packet(NOBODY, "any", "\x41", 1);
    fibers_require(count_arrived() == 2);
    json_t *info = stub_query(handle);
    fibers_require(!json_object_get(info, "layers") && !json_object_get(info, "unknown"));
    json_decref(info);
    fibers_require(stub_bridge_pick(0, &announcement));
    fibers_require(!strstr(announcement.offer, "a=label"));
    end();
}

/* The cap is that of all layers together. */
PLAY(the_cap_holds_for_the_sum, "open = true; bitrate = 400000;")
{
    static char picture[1226] = "\x41"; /* 10 kbit with its header */

    begin(OFFER_LAYERS);
    send_first_packets();
    for (int i = 0; i < 3 * 54; i++) { /* 180 kbit/s each: 540 of 400 */
        send_packet(HIGH + (uint32_t)(i % 3), NULL, picture, sizeof(picture));
        stub_clock_pass(SECOND / 54);
    }
    fibers_require(stub_rembs >= 1 && stub_remb_bitrate == 400000);
    play_require_state(handle, "live");
    for (int i = 0; i < 10 * 120; i++) { /* 400 kbit/s each: far too much together */
        send_packet(HIGH + (uint32_t)(i % 3), NULL, picture, sizeof(picture));
        stub_clock_pass(SECOND / 120);
    }
    fibers_set_ticks(1);
    fibers_settle();
    play_require_ended(handle, "too-much");
    end();
}

PLAY(a_pause_holds_all_layers_back, SETTINGS)
{
    begin(OFFER_LAYERS);
    play_ask(handle, "{\"request\":\"configure\",\"video\":false}", NULL);
    send_first_packets();
    fibers_require(count_arrived() == 0 && play_number(handle, "tracks.1.packets") == 3);
    play_ask(handle, "{\"request\":\"configure\",\"video\":true}", NULL);
    fibers_require(stub_plis == 1);
    send_packet(LOW, NULL, "\x41", 1); /* what came meanwhile has told its SSRC */
    fibers_require(count_arrived() == 1);
    end();
}

/* An ICE restart offers the same again: the rids do not come again, nor is it announced again. */
PLAY(an_offer_of_the_same_layers_changes_nothing, SETTINGS)
{
    StubAnnouncement before, after;

    begin(OFFER_LAYERS);
    send_first_packets();
    fibers_require(count_arrived() == 3 && stub_bridge_pick(0, &before));
    play_ask(handle, PUBLISH("shop"), OFFER_LAYERS);
    fibers_require(stub_bridge_pick(0, &after) && after.serial == before.serial);
    for (uint32_t i = 0; i < 3; i++)
        send_packet(HIGH + i, NULL, "\x41", 1);
    fibers_require(count_arrived() == 3 && play_number(handle, "unknown") == 0);
    fibers_require(play_number(handle, "layers.2.packets") == 2);
    end();
}

PLAY(an_offer_of_other_layers_is_announced_again, SETTINGS)
{
    begin(OFFER_LAYERS);
    send_packet(HIGH, "high", SPS_720, sizeof(SPS_720) - 1);
    send_packet(LOW, "low", "\x41", 1);
    fibers_require(count_arrived() == 2);
    play_ask(handle, PUBLISH("shop"), OFFER_TWO);
    stub_bridge_accept(0, bridge.port);
    fibers_require(play_number(handle, "layers.0.width") == 1280); /* it is the same picture */
    send_packet(LOW, NULL, "\x41", 1);
    fibers_require(take_arrived(NULL) == announced_port("low"));
    send_packet(MID, "mid", "\x41", 1);
    fibers_require(count_arrived() == 0 && play_number(handle, "unknown") == 1);
    play_ask(handle, PUBLISH("shop"), OFFER_BOTH); /* and none */
    stub_bridge_accept(0, bridge.port);
    send_packet(HIGH, NULL, "\x41", 1);
    fibers_require(count_arrived() == 1);
    play_ask(handle, PUBLISH("shop"), OFFER_LAYERS); /* and all */
    stub_bridge_accept(0, bridge.port);
    send_first_packets();
    fibers_require(count_arrived() == 3);
    end();
}

/* As many as before, under other names. */
PLAY(other_names_are_announced_again, SETTINGS)
{
    begin(OFFER_TWO);
    play_ask(handle, PUBLISH("shop"), OFFER_IN_LAYERS(OFFER_RID("a") OFFER_RID("b")));
    stub_bridge_accept(0, bridge.port);
    send_packet(HIGH, "b", "\x41", 1);
    fibers_require(take_arrived(NULL) == announced_port("b"));
    end();
}

/* One that begins again on the same connection has nothing of before. */
PLAY(who_publishes_again_knows_nothing, SETTINGS)
{
    begin(OFFER_LAYERS);
    send_first_packets();
    send_packet(NOBODY, NULL, "\x41", 1);
    play_ask(handle, "{\"request\":\"unpublish\"}", NULL);
    stub_hangup(handle);
    play_ask(handle, PUBLISH("shop"), OFFER_LAYERS);
    stub_setup(handle);
    fibers_settle();
    stub_bridge_accept(0, bridge.port);
    fibers_require(count_arrived() == 3 && play_number(handle, "unknown") == 0);
    send_packet(HIGH, NULL, "\x41", 1);
    fibers_require(count_arrived() == 0 && play_number(handle, "unknown") == 1);
    end();
}

PLAY(another_with_fewer_layers_takes_over, SETTINGS)
{
    begin(OFFER_LAYERS);
    send_first_packets();
    fibers_require(count_arrived() == 3);
    StubHandle *before = handle;
    handle = publish(OFFER_TWO);
    stub_bridge_accept(0, bridge.port);
    play_require_ended(before, "taken-over");
    send_packet(HIGH, NULL, "\x41", 1); /* it knows nothing of the other's */
    fibers_require(count_arrived() == 0);
    send_packet(LOW, "low", "\x41", 1);
    fibers_require(take_arrived(NULL) == announced_port("low"));
    play_leave(before);
    end();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_layer_has_a_section_and_a_socket_of_its_own),
    cmocka_unit_test(reports_go_with_the_layer_that_they_are_about),
    cmocka_unit_test(what_is_of_no_layer_is_dropped_and_counted),
    cmocka_unit_test(layers_that_lie_about_each_other_are_taken_at_their_last_word),
    cmocka_unit_test(layers_whose_sizes_are_in_another_order_stay_what_they_are),
    cmocka_unit_test(a_layer_goes_on_under_another_ssrc),
    cmocka_unit_test(key_frames_are_asked_of_all_layers_at_once),
    cmocka_unit_test(the_list_tells_of_each_layer),
    cmocka_unit_test(one_layer_without_a_rid_is_a_track_as_ever),
    cmocka_unit_test(the_cap_holds_for_the_sum),
    cmocka_unit_test(a_pause_holds_all_layers_back),
    cmocka_unit_test(an_offer_of_the_same_layers_changes_nothing),
    cmocka_unit_test(an_offer_of_other_layers_is_announced_again),
    cmocka_unit_test(other_names_are_announced_again),
    cmocka_unit_test(who_publishes_again_knows_nothing),
    cmocka_unit_test(another_with_fewer_layers_takes_over),
};

TEST_GROUP(layers, tests);
