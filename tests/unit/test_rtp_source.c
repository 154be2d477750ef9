/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The ingest of RTP, over real sockets of this machine and a clock that is moved by hand: what is
 * sent to 127.0.0.1 is there when send() returns, so nothing here waits. */

#include "harness.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/rtcp_packet.h"
#include "hls-bridge/base/manual_clock.h"
#include "hls-bridge/ingest/rtp_source.h"

#define MS      US_PER_MS
#define START   (1000 * US_PER_S)
#define BACKLOG 20000

enum { SOUND, HIGH, MID, LOW, TRACKS };

static StandIn *stand_in;
static OpusToAac *transcoder;
static ManualClock clock_by_hand;
static Ingest *source;
static Trouble trouble; /* that a teacher makes; none unless a test orders some */
static int fd[TRACKS];  /* the publisher's */
static uint16_t sequence[TRACKS];
static int64_t now_us;
static unsigned pictures[TRACKS];

static void on_picture(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    (void)user, (void)pts_90k, (void)dts_90k;
    pictures[unit->track]++;
}

static void on_audio(void *user, const AacFrame *frame)
{
    (void)user, (void)frame;
}

static const IntakeSink sink = {.picture = on_picture, .audio = on_audio};

/* Opens the publisher's sockets, and describes it. */
static size_t describe(char *offer, size_t room)
{
    size_t n =
        (size_t)snprintf(offer, room, "v=0\r\ns=Shoes\r\nc=IN IP4 127.0.0.1\r\na=unlisted\r\n");

    for (int i = 0; i < TRACKS; i++) {
        struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t len = sizeof(own);
        fd[i] = socket(AF_INET, SOCK_DGRAM, 0);
        assert_int_equal(bind(fd[i], (struct sockaddr *)&own, len), 0);
        assert_int_equal(getsockname(fd[i], (struct sockaddr *)&own, &len), 0);
        n += (size_t)snprintf(offer + n, room - n,
                              i == SOUND ? "m=audio %u RTP/AVPF 111\r\n"
                                           "a=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n"
                                         : "m=video %u RTP/AVPF 96\r\na=rtpmap:96 H264/90000\r\n"
                                           "a=fmtp:96 packetization-mode=1\r\na=rtcp-mux\r\n",
                              ntohs(own.sin_port));
    }
    return n;
}

static int setup(void **state)
{
    char offer[1024];
    uint16_t ports[STREAM_TRACKS_MAX];
    SourceSdp sdp;

    (void)state;
    now_us = START;
    memset(&trouble, 0, sizeof(trouble));
    manual_clock_init(&clock_by_hand, START, 1800000000 * US_PER_S);
    stand_in = stand_in_create(&clock_by_hand.clock);
    transcoder = opus_to_aac_create(&(OpusToAacParams){0}, NULL);
    assert_true(stand_in && transcoder);
    assert_null(source_sdp_read(offer, describe(offer, sizeof(offer)), &sdp));
    const RtpSourceParams params = {.sdp = &sdp,
                                    .stand_in = stand_in,
                                    .backlog = BACKLOG,
                                    .clock = &clock_by_hand.clock,
                                    .trouble = &trouble};
    source = rtp_source_create(&params, now_us, NULL);
    assert_non_null(source);
    rtp_source_ports(source, ports);
    for (int i = 0; i < TRACKS; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons(ports[i])};
        assert_int_equal(connect(fd[i], (struct sockaddr *)&to, sizeof(to)), 0);
        sequence[i] = 65530;
        pictures[i] = 0;
    }
    source->does->start(source, &sink, transcoder, 10 * TICKS_PER_S);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ingest_destroy(&source);
    assert_null(source);
    stand_in_destroy(&stand_in);
    opus_to_aac_destroy(&transcoder);
    for (int i = 0; i < TRACKS; i++)
        close(fd[i]);
    return 0;
}

/* ---- a publisher ---- */

static void put(uint8_t *p, size_t bytes, uint64_t value)
{
    while (bytes-- > 0) {
        p[bytes] = (uint8_t)value;
        value >>= 8;
    }
}

static void send_packet(int track, bool marker, const void *payload, size_t len)
{
    uint8_t data[1200] = {0};

    put(data, 2, 0x8000u | (unsigned)marker << 7 | (track == SOUND ? 111 : 96));
    put(data + 2, 2, sequence[track]++);
    put(data + 4, 4, (uint64_t)((now_us - START) * (track == SOUND ? 48 : 90) / 1000));
    put(data + 8, 4, 1000u + (unsigned)track);
    memcpy(data + 12, payload, len);
    assert_int_equal(send(fd[track], data, 12 + len, 0), 12 + len);
}

static void send_picture(int track, bool idr)
{
    static const uint8_t sps[] = {0x67, 0x42, 0xC0, 0x20, 0x8C, 0x8D, 0x40, 0x28, 0x02,
                                  0xDD, 0x37, 0x01, 0x0D, 0x01, 0x07, 0x84, 0x42, 0x35};

    if (idr) {
        send_packet(track, false, sps, sizeof(sps));
        send_packet(track, false, "\x68\xCE\x3C\x80", 4);
    }
    send_packet(track, true, idr ? "\x65\x88\x80" : "\x41\x9A\x02", 3);
}

static void send_all(bool idr)
{
    send_packet(SOUND, false, "\xF8\xFF\xFE", 3); /* silence */
    for (int i = HIGH; i < TRACKS; i++)
        send_picture(i, idr);
}

/* What the stream's thread does at a time. */
static void look(int64_t after_us)
{
    int64_t at_us;

    now_us += after_us;
    manual_clock_set(&clock_by_hand, now_us);
    source->does->read(source, now_us);
    while (source->does->receive(source, &at_us) == INGEST_MEDIA)
        assert_int_equal(at_us, now_us);
    source->does->tick(source, now_us);
    source->does->rest(source); /* or the stand-in would read beside it */
}

/* What was asked of a track's sender: PLIs, and reports, since the last call. */
typedef struct Asked {
    unsigned plis, reports;
} Asked;

static Asked asked(int track)
{
    uint8_t data[256];
    Asked asked = {0};
    ssize_t n;

    while ((n = recv(fd[track], data, sizeof(data), MSG_DONTWAIT)) > 0) {
        asked.plis += n == RTCP_PLI_SIZE;
        asked.reports += n == RTCP_RR_SIZE;
        if (n == RTCP_PLI_SIZE) /* of this track */
            assert_int_equal(data[10] << 8 | data[11], 1000 + track);
    }
    return asked;
}

static void nobody_is_asked(void)
{
    for (int i = 0; i < TRACKS; i++)
        assert_int_equal(asked(i).plis, 0);
}

/* Pictures come in all tracks, and nothing is asked any more. */
static void begin(void)
{
    source->does->keep_asking(source, NEVER_US, 0); /* as the stream's thread does that is here */
    send_all(true);
    look(0);
    look(100 * MS);
    for (int i = 0; i < TRACKS; i++)
        asked(i);
    send_all(false);
    look(0);
    for (int i = HIGH; i < TRACKS; i++)
        assert_int_equal(pictures[i], 2);
}

/* ---- tests ---- */

static void it_says_what_it_is(void **state)
{
    (void)state;
    assert_int_equal(source->renditions.count, TRACKS);
    assert_int_equal(source->renditions.item[SOUND].kind, TRACK_AUDIO);
    assert_string_equal(source->renditions.item[HIGH].name, "");
    assert_string_equal(source->renditions.item[LOW].name, "3");
    assert_string_equal(source->title, "Shoes");
    assert_true(source->unlisted);
    assert_false(source->heard);
    assert_int_equal(source->does->last_heard_us(source), START);
    send_all(true);
    look(700 * MS);
    assert_true(source->heard);
    assert_int_equal(source->does->last_heard_us(source), START + 700 * MS);
}

static void a_track_that_needs_an_idr_is_asked(void **state)
{
    (void)state;
    begin();
    look(1000 * MS);
    nobody_is_asked();
    sequence[MID]++; /* one is lost */
    send_all(false);
    look(0);
    look(300 * MS); /* so long it was waited for */
    assert_int_equal(asked(HIGH).plis, 0);
    assert_int_equal(asked(MID).plis, 1);
    assert_int_equal(asked(LOW).plis, 0);
    assert_int_equal(asked(SOUND).plis, 0);
    IngestStats stats = source->does->stats(source);
    assert_int_equal(stats.track[MID].keyframe_requests - stats.track[LOW].keyframe_requests, 1);
    send_picture(MID, true);
    look(0);
    look(1000 * MS);
    nobody_is_asked();
}

/* It needs one and does not send: a browser that pauses it. Who sends is asked again. */
static void a_track_that_is_silent_is_not_asked_again(void **state)
{
    (void)state;
    begin();
    sequence[MID]++;
    send_all(false);
    look(0);
    look(300 * MS);
    assert_int_equal(asked(MID).plis, 1);
    for (int i = 0; i < 20; i++)
        look(500 * MS);
    assert_int_equal(asked(MID).plis, 0);
    send_picture(MID, false);
    look(0);
    assert_int_equal(asked(MID).plis, 1);
}

static void at_a_cut_all_are_asked(void **state)
{
    (void)state;
    begin();
    look(1000 * MS);
    source->does->ask_for_idr(source, now_us);
    source->does->ask_for_idr(source, now_us); /* just now, so it says nothing */
    for (int i = HIGH; i < TRACKS; i++)
        assert_int_equal(asked(i).plis, 1);
    assert_int_equal(asked(SOUND).plis, 0);
}

/* The thread is held up: whoever reads in its place asks all of them. */
static void while_held_up_all_are_asked(void **state)
{
    (void)state;
    begin();
    source->does->keep_asking(source, now_us + 500 * MS, 2 * US_PER_S);
    source->does->read(source, now_us);
    nobody_is_asked();
    now_us += 600 * MS;
    manual_clock_set(&clock_by_hand, now_us);
    source->does->read(source, now_us);
    for (int i = HIGH; i < TRACKS; i++)
        assert_int_equal(asked(i).plis, 1);
    source->does->keep_asking(source, NEVER_US, 0);
}

/* ---- a class ---- */

static void a_teacher_holds_requests_back(void **state)
{
    (void)state;
    begin();
    uint64_t before = source->does->stats(source).track[HIGH].keyframe_requests;
    trouble_order(&trouble, &(TroubleOrder){.holds_back = true, .for_us = US_PER_S}, now_us);
    look(500 * MS);
    source->does->ask_for_idr(source, now_us);
    nobody_is_asked();
    assert_int_equal(trouble_stats(&trouble).held_back, TRACKS - HIGH);
    assert_int_equal(source->does->stats(source).track[HIGH].keyframe_requests, before);
    look(600 * MS);
    source->does->ask_for_idr(source, now_us);
    assert_int_equal(asked(HIGH).plis, 1);
    IngestTrackStats high = source->does->stats(source).track[HIGH];
    assert_int_equal(high.asked_for, ASK_FOR_CUT);
    assert_int_equal(high.asked_us, now_us);
}

static void a_teacher_lets_packets_be_lost(void **state)
{
    (void)state;
    begin();
    uint64_t before = source->does->stats(source).media.track[HIGH].packets;
    trouble_order(&trouble, &(TroubleOrder){.lose_percent = 100, .for_us = US_PER_S}, now_us);
    send_picture(HIGH, false);
    look(20 * MS);
    assert_int_equal(source->does->stats(source).media.track[HIGH].packets, before);
    assert_int_equal(trouble_stats(&trouble).lost, 1);
    look(US_PER_S);
    send_picture(HIGH, false);
    look(20 * MS);
    assert_int_equal(source->does->stats(source).media.track[HIGH].packets, before + 1);
    look(600 * MS); /* what was lost is given up, and asked for again */
    assert_int_equal(source->does->stats(source).track[HIGH].asked_for, ASK_FOR_REPAIR);
    assert_int_equal(source->does->stats(source).media.track[HIGH].reorder.lost, 1);
}

static void a_class_sees_a_packet_of_each_track(void **state)
{
    (void)state;
    begin();
    IngestStats stats = source->does->stats(source);
    for (int i = 0; i < TRACKS; i++) {
        assert_int_equal(stats.track[i].packet.ssrc, 1000 + i);
        assert_int_equal(stats.track[i].packet.sequence, 65530);
        assert_int_equal(stats.track[i].packet.payload_type, i == SOUND ? 111 : 96);
        assert_true(stats.track[i].port > 0);
    }
}

/* ---- what is told ---- */

static void every_sender_gets_its_report(void **state)
{
    (void)state;
    begin();
    look(3 * US_PER_S);
    for (int i = 0; i < TRACKS; i++)
        assert_int_equal(asked(i).reports, 1);
}

static void each_tracks_rate_is_measured(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 50; i++) {
        send_picture(HIGH, false);
        if (i % 2 == 0)
            send_picture(LOW, false);
        look(40 * MS);
    }
    IngestStats stats = source->does->stats(source);
    assert_in_range((int)(stats.track[HIGH].frame_rate * 10), 240, 260);
    assert_in_range((int)(stats.track[LOW].frame_rate * 10), 120, 130);
    assert_true(stats.frame_rate == stats.track[HIGH].frame_rate);
    assert_in_range(stats.track[HIGH].bitrate, 25 * 15 * 8 - 200, 25 * 15 * 8 + 200);
    assert_int_equal(stats.video_bitrate, stats.track[HIGH].bitrate + stats.track[MID].bitrate +
                                              stats.track[LOW].bitrate);
}

/* More comes than may wait: what follows is told as of another beginning. */
static void what_finds_no_room_is_a_gap(void **state)
{
    static const uint8_t large[1000] = {0x41};
    int64_t at_us;

    (void)state;
    begin();
    for (int i = 0; i < 30; i++)
        send_packet(HIGH, true, large, sizeof(large));
    now_us += 100 * MS;
    manual_clock_set(&clock_by_hand, now_us);
    source->does->read(source, now_us);
    assert_int_equal(source->does->receive(source, &at_us), INGEST_MEDIA);
    assert_int_equal(source->does->receive(source, &at_us), INGEST_NOTHING);
    send_all(true);
    source->does->read(source, now_us);
    assert_int_equal(source->does->receive(source, &at_us), INGEST_GAP);
    assert_true(source->does->stats(source).backlog_drops > 0);
    source->does->begin_again(source);
    source->does->start(source, &sink, transcoder, 20 * TICKS_PER_S);
    assert_int_equal(source->does->receive(source, &at_us), INGEST_MEDIA);
    assert_int_equal(source->does->receive(source, &at_us), INGEST_NOTHING);
}

static void a_port_that_is_taken_is_named(void **state)
{
    char offer[256];
    uint16_t ports[STREAM_TRACKS_MAX], failed = 0;
    SourceSdp sdp;

    (void)state;
    rtp_source_ports(source, ports);
    int n = snprintf(offer, sizeof(offer),
                     "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio %u RTP/AVPF 111\r\n"
                     "a=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n",
                     ports[LOW]);
    assert_null(source_sdp_read(offer, (size_t)n, &sdp));
    const RtpSourceParams params = {.sdp = &sdp,
                                    .fixed_ports = true,
                                    .stand_in = stand_in,
                                    .backlog = BACKLOG,
                                    .clock = &clock_by_hand.clock};
    assert_null(rtp_source_create(&params, now_us, &failed));
    assert_int_equal(failed, ports[LOW]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(it_says_what_it_is),
    TEST(a_track_that_needs_an_idr_is_asked),
    TEST(a_track_that_is_silent_is_not_asked_again),
    TEST(at_a_cut_all_are_asked),
    TEST(while_held_up_all_are_asked),
    TEST(a_teacher_holds_requests_back),
    TEST(a_teacher_lets_packets_be_lost),
    TEST(a_class_sees_a_packet_of_each_track),
    TEST(every_sender_gets_its_report),
    TEST(each_tracks_rate_is_measured),
    TEST(what_finds_no_room_is_a_gap),
    TEST(a_port_that_is_taken_is_named),
};

TEST_GROUP(rtp_source, tests);
