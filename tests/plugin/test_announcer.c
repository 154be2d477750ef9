/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What becomes of a publisher by what the bridge says, and when it goes and comes back. */

#include <arpa/inet.h>
#include <sys/socket.h>

#include "tests/unit/harness.h"

#include "fibers.h"
#include "plugin_play.h"
#include "plugin_rules.h"
#include "stub_bridge.h"

#define SDP_HEAD "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
#define LOOPBACK "c=IN IP4 127.0.0.1\r\n"
/* A picture that names its layer in header extension 10, in two words. */
#define LAYER(named)                                                                               \
    "\x90\x66\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02\xbe\xde\x00\x02" named "\x41\x42"
#define LAYER_SIZE 26
#define PICTURE    "\x80\x66\x00\x01\x00\x00\x00\x01\x00\x00\x00\x02\x41\x42"

static PlayReceiver bridge;
static StubHandle *handle;

static void begin(void)
{
    bridge = play_receiver();
    handle = play_live(PUBLISH("shop"));
    fibers_require(stub_bridge_announced() == 1);
}

static void end(void)
{
    play_leave(handle);
    fibers_settle();
    plugin_check_nothing_is_left();
    close(bridge.fd);
}

static bool is_bridge(const char *state)
{
    json_t *info = stub_query(handle);
    bool is = play_says(info, "bridge", state);

    json_decref(info);
    return is;
}

/* Sends a picture. Returns whether it came to the bridge. */
static bool arrives(void)
{
    char packet[64];

    stub_rtp(handle, 1, PICTURE, sizeof(PICTURE) - 1);
    return play_receive(&bridge, packet, sizeof(packet), NULL) == sizeof(PICTURE) - 1;
}

/* The last status that the publisher was told, and how often. */
static bool was_told(const char *status, unsigned times)
{
    return stub_count_events(handle, "status") == times &&
           play_says(stub_last_event(handle, "status"), "status", status);
}

PLAY(a_bridge_that_accepts_is_sent_to, "open = true;")
{
    begin();
    fibers_require(is_bridge("announced") && !arrives());
    fibers_require(play_number(handle, "tracks.1.dropped") == 1);
    stub_bridge_accept(0, bridge.port);
    fibers_require(was_told("live", 1) && is_bridge("listening"));
    fibers_require(stub_plis == 1 && stub_pli_mindex == 1); /* viewers start with a key frame */
    fibers_require(arrives());
    fibers_require(play_number(handle, "tracks.1.forwarded") == 1);
    end();
}

PLAY(the_announcement_says_what_comes_and_from_where, "open = true;")
{
    StubAnnouncement announcement;
    char packet[64], line[64];
    uint16_t from;

    begin();
    fibers_require(stub_bridge_pick(0, &announcement));
    fibers_require(strcmp(announcement.name, "shop") == 0);
    fibers_require(strstr(announcement.offer, "\r\na=rtpmap:96 H264/90000\r\n"));
    fibers_require(strstr(announcement.offer, "\r\na=rtpmap:111 opus/48000/2\r\n"));
    stub_bridge_accept(0, bridge.port);
    stub_rtp(handle, 1, PICTURE, sizeof(PICTURE) - 1);
    fibers_require(play_receive(&bridge, packet, sizeof(packet), &from) > 0);
    snprintf(line, sizeof(line), "\r\nm=video %u RTP/AVPF 96\r\n", from);
    fibers_require(strstr(announcement.offer, line));
    end();
}

PLAY(a_bridge_that_refuses_ends_the_publisher, "open = true;")
{
    begin();
    stub_bridge_refuse(0);
    const json_t *event = stub_last_event(handle, "unpublished");
    fibers_require(play_says(event, "code", "refused"));
    fibers_require(play_says(event, "reason", "the bridge answers: no")); /* its own sentence */
    fibers_require(handle->close_pc && stub_bridge_announced() == 0);
    end();
}

PLAY(an_answer_that_cannot_be_used_ends_the_publisher, "open = true;")
{
    static const struct {
        const char *name, *sdp, *reason;
    } rows[] = {
        {"garbage", "{\"title\": \"no\"}", "does not begin with v=0"},
        {"nothing", "", "does not begin with v=0"},
        {"a track too few", SDP_HEAD LOOPBACK "m=audio 5000 RTP/AVPF 111\r\n", "another number"},
        {"no address", SDP_HEAD "m=audio 1 RTP/AVPF 111\r\nm=video 2 RTP/AVPF 96\r\n",
         "no IPv4 address"},
        {"an address that loopback cannot reach",
         SDP_HEAD "c=IN IP4 192.0.2.1\r\nm=audio 1 RTP/AVPF 111\r\nm=video 2 RTP/AVPF 96\r\n",
         "cannot be sent to"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        StubAnnouncement announcement;
        begin();
        fibers_require(stub_bridge_pick(0, &announcement));
        stub_bridge_answer(&announcement, rows[i].sdp, strlen(rows[i].sdp));
        const char *reason =
            json_string_value(json_object_get(stub_last_event(handle, "unpublished"), "reason"));
        if (!reason || !strstr(reason, rows[i].reason))
            print_error("%s: %s\n", rows[i].name, reason ? reason : "not ended");
        fibers_require(reason && strstr(reason, rows[i].reason));
        fibers_require(play_says(stub_last_event(handle, "unpublished"), "code", "refused"));
        end();
    }
}

PLAY(a_track_that_the_bridge_refuses_is_not_sent, "open = true;")
{
    StubAnnouncement announcement;
    char sdp[256], packet[64];

    begin();
    stub_bridge_accept(0, bridge.port);
    fibers_require(stub_bridge_pick(0, &announcement) && arrives());
    int len = snprintf(sdp, sizeof(sdp),
                       SDP_HEAD LOOPBACK "m=audio %u RTP/AVPF 111\r\nm=video 0 RTP/AVPF 96\r\n",
                       bridge.port);
    stub_bridge_answer(&announcement, sdp, (size_t)len);
    fibers_require(was_told("live", 2) && !arrives());
    stub_rtp(handle, 0, PICTURE, sizeof(PICTURE) - 1);
    fibers_require(play_receive(&bridge, packet, sizeof(packet), NULL) > 0);
    end();
}

PLAY(a_bridge_that_is_away_keeps_the_publisher_waiting, "open = true;")
{
    begin();
    stub_bridge_lose(0);
    fibers_require(was_told("waiting", 1) && is_bridge("lost"));
    fibers_require(json_string_value(json_object_get(stub_last_event(handle, "status"), "text")));
    fibers_require(!handle->close_pc);
    stub_bridge_accept(0, bridge.port);
    fibers_require(was_told("live", 2) && is_bridge("listening") && arrives());
    end();
}

/* One that was silent has lost nothing: it is sent to as before. */
PLAY(a_bridge_that_was_silent_is_sent_to_all_the_while, "open = true;")
{
    begin();
    stub_bridge_accept(0, bridge.port);
    stub_bridge_lose(0);
    fibers_require(was_told("waiting", 2) && arrives());
    stub_bridge_regain(0);
    fibers_require(was_told("live", 3) && is_bridge("listening") && arrives());
    fibers_require(stub_plis == 1); /* no viewer needs another */
    end();
}

PLAY(a_bridge_whose_port_is_closed_is_told_again, "open = true;")
{
    PlayReceiver back = play_receiver();
    char packet[64];

    begin();
    stub_bridge_accept(0, play_closed_port());
    for (int i = 0; i < 3; i++) { /* the first is answered by ICMP */
        stub_rtp(handle, 1, PICTURE, sizeof(PICTURE) - 1);
        fibers_settle();
    }
    fibers_require(stub_bridge_agains() == 1); /* once */
    stub_bridge_accept(0, back.port);          /* the bridge has been restarted */
    fibers_require(stub_plis == 2);
    stub_rtp(handle, 1, PICTURE, sizeof(PICTURE) - 1);
    fibers_require(play_receive(&back, packet, sizeof(packet), NULL) > 0);
    fibers_settle();
    fibers_require(stub_bridge_agains() == 1);
    stub_bridge_accept(0, play_closed_port());
    for (int i = 0; i < 3; i++) {
        stub_rtp(handle, 1, PICTURE, sizeof(PICTURE) - 1);
        fibers_settle();
    }
    fibers_require(stub_bridge_agains() == 2); /* and once more after each answer */
    close(back.fd);
    end();
}

/* What the bridge still says of an announcement that counts no more. */
PLAY(what_comes_too_late_changes_nothing, "open = true;")
{
    StubAnnouncement old;

    begin();
    fibers_require(stub_bridge_pick(0, &old));
    play_ask(handle, PUBLISH("shop"), OFFER_NACK); /* it is announced again */
    stub_bridge_accept_it(&old, bridge.port);
    stub_bridge_refuse_it(&old);
    fibers_require(stub_count_events(handle, "status") == 0 && is_bridge("announced"));
    fibers_require(stub_count_events(handle, "unpublished") == 0);
    stub_bridge_accept(0, bridge.port);
    fibers_require(was_told("live", 1));
    fibers_require(stub_bridge_pick(0, &old));
    stub_hangup(handle);
    stub_bridge_accept_it(&old, bridge.port); /* it is held until it is released */
    fibers_require(was_told("live", 1));
    end();
}

PLAY(a_key_frame_that_the_bridge_asks_for_is_asked_of_the_publisher, "open = true;")
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char packet[64];
    uint16_t from;

    begin();
    stub_bridge_accept(0, bridge.port);
    stub_rtp(handle, 1, PICTURE, sizeof(PICTURE) - 1);
    fibers_require(play_receive(&bridge, packet, sizeof(packet), &from) > 0);
    to.sin_port = htons(from);
    stub_plis = 0;
    for (int i = 0; i < 2; i++) /* a report asks for nothing */
        sendto(bridge.fd, i ? RTCP_PLI : RTCP_REPORT,
               i ? sizeof(RTCP_PLI) - 1 : sizeof(RTCP_REPORT) - 1, 0, (struct sockaddr *)&to,
               sizeof(to));
    fibers_settle();
    fibers_require(stub_plis == 1 && stub_pli_mindex == 1);
    end();
}

/* ---- without a bridge ---- */

static PlayReceiver video, audio;

/* Two receivers whose ports are two apart, as general.forward has them. */
static bool find_pair(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    video = play_receiver();
    audio.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    audio.port = (uint16_t)(video.port + 2);
    address.sin_port = htons(audio.port);
    if (bind(audio.fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return true;
    close(video.fd);
    close(audio.fd);
    return false;
}

static void forward_to_a_stranger(void)
{
    char packet[64];

    handle = play_live(PUBLISH("shop"));
    fibers_require(stub_bridge_announced() == 0 && was_told("live", 1));
    stub_rtp(handle, 0, PICTURE, sizeof(PICTURE) - 1);
    fibers_require(play_receive(&audio, packet, sizeof(packet), NULL) > 0);
    fibers_require((packet[1] & 0x7f) == BRIDGE_PT_OPUS);
    stub_rtp(handle, 1, PICTURE, sizeof(PICTURE) - 1);
    fibers_require(play_receive(&video, packet, sizeof(packet), NULL) > 0);
    fibers_require((packet[1] & 0x7f) == codec_payload_type(CODEC_H264));
    play_leave(handle);
}

static void forwards_to_a_stranger(void **state)
{
    char settings[64];
    bool found = false;

    (void)state;
    for (int i = 0; i < 50 && !found; i++)
        found = find_pair();
    assert_true(found);
    snprintf(settings, sizeof(settings), "open = true; forward = \"127.0.0.1:%u\";", video.port);
    play_streams(settings, "", forward_to_a_stranger);
    close(video.fd);
    close(audio.fd);
}

/* Layers go four and six ports above the first. */
static void forward_layers(void)
{
    static const uint16_t above[] = {0, 4, 6};

    handle = stub_attach();
    play_ask(handle, PUBLISH("shop"), OFFER_LAYERS);
    stub_setup(handle);
    fibers_settle();
    fibers_require(was_told("live", 1));
    for (int i = 0; i < 3; i++) {
        PlayReceiver to = {socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), 0};
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                      .sin_port = htons((uint16_t)(video.port + above[i]))};
        char packet[64];
        bool ours = i == 0 || bind(to.fd, (struct sockaddr *)&address, sizeof(address)) == 0;
        static const char *const named[] = {LAYER("\xa3high\0\0\0"), LAYER("\xa2mid\0\0\0\0"),
                                            LAYER("\xa2low\0\0\0\0")};
        stub_rtp(handle, 1, named[i], LAYER_SIZE);
        if (ours) /* else another program has this port */
            fibers_require(play_receive(i ? &to : &video, packet, sizeof(packet), NULL) > 0);
        close(to.fd);
    }
    play_leave(handle);
}

static void forwards_layers_to_a_stranger(void **state)
{
    char settings[64];

    (void)state;
    video = play_receiver();
    snprintf(settings, sizeof(settings), "open = true; forward = \"127.0.0.1:%u\";", video.port);
    play_streams(settings, "", forward_layers);
    close(video.fd);
}

static void be_refused_with_layers(void)
{
    handle = stub_attach();
    play_ask(handle, PUBLISH("shop"), OFFER_LAYERS);
    stub_setup(handle);
    fibers_settle();
    const json_t *event = stub_last_event(handle, "unpublished");
    fibers_require(play_says(event, "code", "refused"));
    fibers_require(strstr(json_string_value(json_object_get(event, "reason")), "65529"));
    play_leave(handle);
}

static void says_that_layers_have_no_room(void **state)
{
    (void)state;
    play_streams("open = true; forward = \"127.0.0.1:65530\";", "", be_refused_with_layers);
}

static void be_refused(void)
{
    handle = play_live(PUBLISH("shop"));
    const json_t *event = stub_last_event(handle, "unpublished");
    fibers_require(play_says(event, "code", "refused"));
    fibers_require(strstr(json_string_value(json_object_get(event, "reason")), "general.forward"));
    play_leave(handle);
}

static void says_which_setting_is_wrong(void **state)
{
    static const char *const rows[] = {"127.0.0.1",      "127.0.0.1:",      "127.0.0.1:0",
                                       "localhost:5004", "127.0.0.1:65534", "192.0.2.1:5004"};

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char settings[64];
        snprintf(settings, sizeof(settings), "open = true; forward = \"%s\";", rows[i]);
        play_streams(settings, "", be_refused);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_bridge_that_accepts_is_sent_to),
    cmocka_unit_test(the_announcement_says_what_comes_and_from_where),
    cmocka_unit_test(a_bridge_that_refuses_ends_the_publisher),
    cmocka_unit_test(an_answer_that_cannot_be_used_ends_the_publisher),
    cmocka_unit_test(a_track_that_the_bridge_refuses_is_not_sent),
    cmocka_unit_test(a_bridge_that_is_away_keeps_the_publisher_waiting),
    cmocka_unit_test(a_bridge_that_was_silent_is_sent_to_all_the_while),
    cmocka_unit_test(a_bridge_whose_port_is_closed_is_told_again),
    cmocka_unit_test(what_comes_too_late_changes_nothing),
    cmocka_unit_test(a_key_frame_that_the_bridge_asks_for_is_asked_of_the_publisher),
    cmocka_unit_test(forwards_to_a_stranger),
    cmocka_unit_test(forwards_layers_to_a_stranger),
    cmocka_unit_test(says_that_layers_have_no_room),
    cmocka_unit_test(says_which_setting_is_wrong),
};

TEST_GROUP(announcer, tests);
