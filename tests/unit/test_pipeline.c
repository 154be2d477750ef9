/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hls-bridge/ingest/rtp_source.h"
#include "hls-bridge/stream/pipeline.h"
#include "temp_folder.h"

#define PACKET_SAMPLES 960            /* 20 ms */
#define WAIT_US        (5 * US_PER_S) /* for what must come; reached only by a test that fails */
#define ROOM           3000           /* bytes that may wait: a second of these packets, not two */

static char root[TEMP_FOLDER_SIZE];
static StandIn *stand_in;
static Packager *packager;
static Pipeline *pipeline;
static Ingest *source;
static int fd, wake_fd; /* the publisher's socket; what others wake by */
static uint16_t sequence;

static int64_t now(void)
{
    return clock_monotonic_us(clock_system());
}

/* A publisher of sound who sends from `fd`. */
static void open_source(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    SourceSdp sdp;
    char offer[256];
    uint16_t port;

    fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    int n = snprintf(offer, sizeof(offer),
                     "v=0\r\nc=IN IP4 127.0.0.1\r\nm=audio %u RTP/AVPF 111\r\n"
                     "a=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n",
                     ntohs(address.sin_port));
    assert_null(source_sdp_read(offer, (size_t)n, &sdp));
    RtpSourceParams params = {
        .sdp = &sdp, .stand_in = stand_in, .backlog = ROOM, .clock = clock_system()};
    source = rtp_source_create(&params, now(), NULL);
    assert_non_null(source);
    rtp_source_ports(source, &port);
    address.sin_port = htons(port);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
}

static int setup(void **state)
{
    const PackagerParams params = {
        .directory = root,
        .stream = "shop",
        .outputs = {.segment_us = 2 * US_PER_S, .window = 6, .writes_ts = true},
        .clock = clock_system(),
    };

    (void)state;
    temp_folder(root);
    sequence = 65500; /* it wraps */
    wake_fd = eventfd(0, EFD_NONBLOCK);
    stand_in = stand_in_create(clock_system());
    packager = packager_open(&params, now());
    assert_true(stand_in && packager);
    pipeline = pipeline_create("shop", packager, NULL, clock_system());
    open_source();
    pipeline_begin(pipeline, source);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ingest_destroy(&source);
    pipeline_destroy(&pipeline);
    assert_null(pipeline);
    packager_close(&packager);
    stand_in_destroy(&stand_in);
    close(fd);
    close(wake_fd);
    temp_folder_remove(root);
    return 0;
}

/* So many packets of silence. */
static void send_packets(int count)
{
    for (int i = 0; i < count; i++, sequence++) {
        uint32_t at = (uint32_t)(uint16_t)(sequence - 65500) * PACKET_SAMPLES;
        const uint8_t packet[] = {0x80,
                                  111,
                                  (uint8_t)(sequence >> 8),
                                  (uint8_t)sequence,
                                  (uint8_t)(at >> 24),
                                  (uint8_t)(at >> 16),
                                  (uint8_t)(at >> 8),
                                  (uint8_t)at,
                                  0,
                                  0,
                                  0,
                                  1,
                                  0xF8, /* Opus: 20 ms, stereo, of silence */
                                  0xFF,
                                  0xFE};
        assert_int_equal(send(fd, packet, sizeof(packet), 0), sizeof(packet));
    }
}

/* Waits for as long as the stream's thread would; returns whether it was woken. */
static bool rest(int64_t wait_us)
{
    int64_t now_us = now();

    return pipeline_rest(pipeline, now_us, now_us + wait_us, wake_fd);
}

/* Takes in all that has come. */
static void take_in(void)
{
    while (pipeline_run(pipeline, now()))
        continue;
}

static int64_t listed_ms(void)
{
    const WindowView view = playlist_view(packager_playlist(packager));

    return window_duration_90k(&view) / 90;
}

static void what_has_come_is_written_when_the_publisher_goes(void **state)
{
    (void)state;
    send_packets(40);
    pipeline_finish(pipeline, now());
    assert_in_range(listed_ms(), 700, 900);
    assert_false(packager_playlist(packager)->window.ended);
}

static void the_next_publisher_goes_on_behind_a_discontinuity(void **state)
{
    const Playlist *list = packager_playlist(packager);

    (void)state;
    send_packets(40);
    pipeline_finish(pipeline, now());
    size_t first = list->window.count;
    ingest_destroy(&source);
    close(fd);
    open_source();
    pipeline_begin(pipeline, source);
    send_packets(40);
    pipeline_finish(pipeline, now());
    assert_true(list->window.count > first && first > 0);
    assert_true(list->segments[first].common.discontinuity);
    assert_in_range(listed_ms(), 1400, 1800);
}

static void it_rests_until_something_comes(void **state)
{
    eventfd_t ignored;

    (void)state;
    take_in(); /* what is due at the beginning is done */
    assert_false(rest(0));
    int64_t rested_us = US_PER_S;                           /* the next report is due in two */
    for (int i = 0; i < 10 && rested_us >= US_PER_S; i++) { /* we may be held up now and then */
        send_packets(1);
        int64_t began_us = now();
        assert_false(rest(WAIT_US));
        rested_us = now() - began_us;
        take_in();
    }
    assert_true(rested_us < US_PER_S);
    eventfd_write(wake_fd, 1);
    assert_true(rest(WAIT_US));
    send_packets(1);
    assert_true(rest(WAIT_US)); /* whatever else there is */
    eventfd_read(wake_fd, &ignored);
}

/* The thread gets no time between a look at its sockets and what it does then. */
static void what_comes_unseen_is_not_late(void **state)
{
    (void)state;
    send_packets(1);
    take_in();
    assert_false(rest(0));
    send_packets(1);
    usleep(700000);
    take_in();
    take_in();
    assert_int_equal(source->does->stats(source).media.audio.dropped_samples, 0);
}

static void what_finds_no_room_parts_the_stream(void **state)
{
    const Playlist *list = packager_playlist(packager);
    int parted = 0;

    (void)state;
    send_packets(100);
    take_in();
    uint64_t drops = source->does->stats(source).backlog_drops;
    assert_true(drops > 0 && drops < 100);
    rest(0);
    send_packets(20);
    take_in();
    pipeline_finish(pipeline, now());
    for (size_t i = 0; i < list->window.count; i++)
        parted += list->segments[i].common.discontinuity;
    assert_int_equal(parted, 1);
    /* nothing is made up for what was dropped */
    assert_in_range(listed_ms(), (120 - (int)drops) * 20 - 100, (120 - (int)drops) * 20 + 100);
}

static const IngestTable *real;
static int64_t late_us; /* how long what is taken in has waited */

static IngestNews receive_late(Ingest *ingest, int64_t *at_us)
{
    IngestNews news = real->receive(ingest, at_us);

    *at_us -= late_us;
    return news;
}

static void run_late(int64_t us)
{
    late_us = us;
    send_packets(1);
    take_in();
}

static void what_has_waited_for_long_holds_up_until_all_is_taken_in(void **state)
{
    static const struct {
        int64_t late_ms;
        bool held_up;
    } rows[] = {{0, false},   {900, false}, {1100, true}, {200, true},
                {5000, true}, {99, false},  {200, false}, {1100, true}};
    static IngestTable table; /* if the test fails, it is still used */

    (void)state;
    real = source->does;
    table = *real;
    table.receive = receive_late;
    source->does = &table;
    for (size_t i = 0; i < COUNT(rows); i++) {
        run_late(rows[i].late_ms * US_PER_MS);
        int64_t since_us = pipeline_held_up_since_us(pipeline);
        assert_true((since_us != 0) == rows[i].held_up);
        assert_true(since_us <= now() - (rows[i].held_up ? US_PER_S : 0));
    }
    pipeline_finish(pipeline, now());
    assert_int_equal(pipeline_held_up_since_us(pipeline), 0);
    source->does = real;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
    TEST(what_has_come_is_written_when_the_publisher_goes),
    TEST(the_next_publisher_goes_on_behind_a_discontinuity),
    TEST(it_rests_until_something_comes),
    TEST(what_comes_unseen_is_not_late),
    TEST(what_finds_no_room_parts_the_stream),
    TEST(what_has_waited_for_long_holds_up_until_all_is_taken_in),
};

TEST_GROUP(pipeline, tests);
