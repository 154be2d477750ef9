/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "clock.h"
#include "harness.h"

#include "hls-bridge/ingest/stand_in.h"
#include "rtcp_packet.h"

#define WAIT_MS 60000 /* for what must come; reached only by a test that fails */

/* A publisher of one track, and the sockets that it sends to. */
typedef struct Pair {
    StandIn *stand_in;
    RtpIngest *ingest;
    int fd;
} Pair;

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* The next datagram, or -1 after WAIT_MS. A process that is stopped and goes on waits once more. */
static ssize_t receive(int fd, void *out, size_t size)
{
    return TEMP_FAILURE_RETRY(recv(fd, out, size, 0));
}

static Pair open_pair_by(const Clock *clock, size_t backlog)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval wait = {WAIT_MS / 1000, 0};
    socklen_t len = sizeof(own);
    Pair p = {.stand_in = stand_in_create(clock_system()), .fd = socket(AF_INET, SOCK_DGRAM, 0)};

    assert_non_null(p.stand_in);
    assert_int_equal(bind(p.fd, (struct sockaddr *)&own, len), 0);
    assert_int_equal(getsockname(p.fd, (struct sockaddr *)&own, &len), 0);
    assert_int_equal(setsockopt(p.fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
    RtpIngestParams params = {.count = 1, .backlog = backlog, .clock = clock};
    params.track[0] = (RtpIngestTrack){.local = own, .peer = own};
    params.track[0].local.sin_port = 0;
    p.ingest = rtp_ingest_create(&params, NULL);
    assert_non_null(p.ingest);
    own.sin_port = htons(rtp_ingest_port(p.ingest, 0));
    assert_int_equal(connect(p.fd, (struct sockaddr *)&own, len), 0);
    return p;
}

static Pair open_pair(size_t backlog)
{
    return open_pair_by(clock_system(), backlog);
}

static void close_pair(Pair *p)
{
    stand_in_remove(p->stand_in, p->ingest);
    rtp_ingest_destroy(&p->ingest);
    stand_in_destroy(&p->stand_in);
    assert_null(p->stand_in);
    close(p->fd);
}

static void send_text(const Pair *p, const char *text)
{
    assert_int_equal(send(p->fd, text, strlen(text), 0), strlen(text));
}

/* The next one that waits; nobody reads for it here. Returns when it came. */
static int64_t take(const Pair *p, const char *text)
{
    Datagram d;

    for (int ms = 0; ms < WAIT_MS && !rtp_ingest_peek(p->ingest, &d); ms++)
        sleep_ms(1);
    assert_true(rtp_ingest_peek(p->ingest, &d));
    assert_int_equal(d.len, strlen(text));
    assert_memory_equal(d.data, text, d.len);
    assert_true(d.arrival_us <= d.read_us);
    assert_true(d.read_us <= clock_us(CLOCK_MONOTONIC));
    rtp_ingest_pop(p->ingest);
    return d.arrival_us;
}

/* A thread that is at work and reads nothing: others do, and when a packet came stays known. */
static void reads_for_a_thread_that_is_held_up(void **state)
{
    Pair p = open_pair(1 << 16);
    static const char *const text[] = {"one", "two", "three"};
    int known = 0;

    (void)state;
    assert_int_equal(stand_in_add(p.stand_in, p.ingest), 0);
    /* the kernel begins to stamp after a while, and does not where the two clocks were read with
     * something in between */
    for (int ms = 0; ms < WAIT_MS && known < 3; ms += 15) {
        int64_t before_us[3], after_us[3];
        known = 0;
        for (int i = 0; i < 3; i++) {
            before_us[i] = clock_us(CLOCK_MONOTONIC) - 1000; /* of the two clocks */
            send_text(&p, text[i]);
            after_us[i] = clock_us(CLOCK_MONOTONIC) + 1000;
            sleep_ms(5);
        }
        for (int i = 0; i < 3; i++) {
            int64_t arrival_us = take(&p, text[i]);
            assert_true(arrival_us >= before_us[i]);
            known += arrival_us <= after_us[i];
        }
        assert_true(rtp_ingest_stats(p.ingest).last_us >= before_us[2]);
    }
    assert_int_equal(known, 3);
    close_pair(&p);
}

static void leaves_a_resting_thread_alone(void **state)
{
    Pair p = open_pair(1 << 16), other = open_pair(1 << 16);
    Datagram d;

    (void)state;
    rtp_ingest_rest(p.ingest);
    rtp_ingest_work(other.ingest, clock_us(CLOCK_MONOTONIC));
    assert_int_equal(stand_in_add(p.stand_in, p.ingest), 0);
    assert_int_equal(stand_in_add(p.stand_in, other.ingest), 0);
    send_text(&p, "rests");
    send_text(&other, "is held up");
    take(&other, "is held up"); /* so it has looked */
    assert_false(rtp_ingest_peek(p.ingest, &d));
    rtp_ingest_read(p.ingest, clock_us(CLOCK_MONOTONIC));
    take(&p, "rests");
    stand_in_remove(p.stand_in, other.ingest);
    close_pair(&other);
    close_pair(&p);
}

static void counts_what_finds_no_room(void **state)
{
    static const char big[1000];
    Pair p = open_pair(2000);

    (void)state;
    assert_int_equal(stand_in_add(p.stand_in, p.ingest), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(send(p.fd, big, sizeof(big), 0), sizeof(big));
    for (int ms = 0; ms < WAIT_MS && rtp_ingest_stats(p.ingest).backlog_drops < 4; ms++)
        sleep_ms(1);
    assert_int_equal(rtp_ingest_stats(p.ingest).backlog_drops, 4);
    assert_int_equal(rtp_ingest_stats(p.ingest).kernel_drops, 0);
    close_pair(&p);
}

/* IDR pictures are asked for in time, and again, and no more once that is called off. */
static void asks_for_a_thread_that_is_held_up(void **state)
{
    uint8_t pli[RTCP_PLI_SIZE], got[RTCP_PLI_SIZE + 1];
    Pair p = open_pair(1 << 16);

    (void)state;
    rtcp_write_pli(pli, 1, 2);
    int64_t at_us = clock_us(CLOCK_MONOTONIC) + 100 * US_PER_MS;
    rtp_ingest_repeat(p.ingest, 0, pli, at_us, 50 * US_PER_MS);
    assert_int_equal(stand_in_add(p.stand_in, p.ingest), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(receive(p.fd, got, sizeof(got)), sizeof(pli));
        assert_memory_equal(got, pli, sizeof(pli));
        assert_true(clock_us(CLOCK_MONOTONIC) >= at_us + i * 50 * US_PER_MS);
    }
    rtp_ingest_repeat(p.ingest, 0, pli, NEVER_US, 0);
    uint64_t sent = rtp_ingest_stats(p.ingest).repeats;
    assert_true(sent >= 3);
    sleep_ms(120);
    assert_int_equal(rtp_ingest_stats(p.ingest).repeats, sent);
    close_pair(&p);
}

/* Sound that is missing holds up a cut, and with it what is due. */
static void asks_no_more_often_if_it_is_told_so_again(void **state)
{
    uint8_t pli[RTCP_PLI_SIZE];
    Pair p = open_pair(1 << 16);

    (void)state;
    rtcp_write_pli(pli, 1, 2);
    for (int i = 0; i < 4; i++) {
        int64_t now_us = clock_us(CLOCK_MONOTONIC);
        rtp_ingest_repeat(p.ingest, 0, pli, now_us - US_PER_S, 3600 * US_PER_S);
        rtp_ingest_read(p.ingest, now_us);
    }
    assert_int_equal(rtp_ingest_stats(p.ingest).repeats, 1);
    close_pair(&p);
}

/* A clock of the test's: both of its times are that many microseconds. */
static int64_t set_us(void *user)
{
    return *(const int64_t *)user;
}

/* The next one that waits. Returns how long before it was read it came. */
static int64_t take_age_us(const Pair *p, const char *text)
{
    Datagram d;

    assert_true(rtp_ingest_peek(p->ingest, &d));
    assert_int_equal(d.len, strlen(text));
    assert_memory_equal(d.data, text, d.len);
    rtp_ingest_pop(p->ingest);
    return d.read_us - d.arrival_us;
}

/* A bridge that stood still finds in its sockets what came meanwhile: in order, and each as old as
 * it is. */
static void what_waited_in_a_socket_is_in_order_however_long_it_waited(void **state)
{
    static const struct {
        int64_t waited_us;
        bool known; /* when it came */
    } rows[] = {
        {US_PER_S, true},
        {5 * US_PER_S, true},
        {10 * US_PER_S + US_PER_MS, false}, /* but for the second one, which came later */
    };
    int64_t now_us = clock_us(CLOCK_REALTIME);
    const Clock clock = {.monotonic_us = set_us, .unix_us = set_us, .user = &now_us};
    Pair p = open_pair_by(&clock, 1 << 16);

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool good = false;
        for (int ms = 0; ms < WAIT_MS && !good; ms += 5) { /* until the kernel stamps, as above */
            send_text(&p, "one");
            int64_t sent_us = clock_us(CLOCK_REALTIME);
            sleep_ms(5);
            send_text(&p, "two");
            now_us = sent_us + rows[i].waited_us;
            rtp_ingest_read(p.ingest, now_us);
            int64_t one_us = take_age_us(&p, "one"), two_us = take_age_us(&p, "two");
            assert_true(two_us <= one_us);
            good = rows[i].known ? one_us >= rows[i].waited_us && two_us < one_us : one_us == 0;
        }
        assert_row(good, "a wait", "of %lld us", (long long)rows[i].waited_us);
    }
    close_pair(&p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(reads_for_a_thread_that_is_held_up),
    cmocka_unit_test(leaves_a_resting_thread_alone),
    cmocka_unit_test(counts_what_finds_no_room),
    cmocka_unit_test(asks_for_a_thread_that_is_held_up),
    cmocka_unit_test(asks_no_more_often_if_it_is_told_so_again),
    cmocka_unit_test(what_waited_in_a_socket_is_in_order_however_long_it_waited),
};

TEST_GROUP(stand_in, tests);
