/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "harness.h"

#include "janus-plugin/rtp/rtp_sender.h"
#include "rtcp_packet.h"

#define WAIT_MS 60000 /* for what must come; reached only by a test that fails */

enum { AUDIO, VIDEO, PORTS };

/* What the senders of a test have said. */
typedef struct Heard {
    atomic_int keyframes[PORTS];
    atomic_int gone;
} Heard;

static void on_keyframe(void *user, size_t port)
{
    Heard *heard = user;

    atomic_fetch_add(&heard->keyframes[port], 1);
}

static void on_gone(void *user)
{
    Heard *heard = user;

    atomic_fetch_add(&heard->gone, 1);
}

static void sleep_ms(int ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* Waits until `count` has come to `n`. */
static void await(const char *name, atomic_int *count, int n)
{
    for (int ms = 0; ms < WAIT_MS && atomic_load(count) < n; ms++)
        sleep_ms(1);
    assert_row(atomic_load(count) == n, name, "%d", atomic_load(count));
}

static RtpSender *new_sender(Heard *heard)
{
    RtpSenderEvents events = {.user = heard, .keyframe = on_keyframe, .gone = on_gone};
    RtpSender *sender = rtp_sender_create(&events, PORTS);

    assert_non_null(sender);
    return sender;
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* The next datagram, or -1 after WAIT_MS. A process that is stopped and goes on waits once more. */
static ssize_t receive(int fd, void *out, size_t size)
{
    return TEMP_FAILURE_RETRY(recv(fd, out, size, 0));
}

/* A receiver on a port of its own, which is written to `address`. */
static int new_receiver(struct sockaddr_in *address)
{
    struct timeval wait = {WAIT_MS / 1000, 0};
    socklen_t len = sizeof(*address);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    *address = loopback(0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
    return fd;
}

static void send_to(int fd, uint16_t port, const void *bytes, size_t len)
{
    struct sockaddr_in to = loopback(port);

    assert_int_equal(sendto(fd, bytes, len, 0, (struct sockaddr *)&to, sizeof(to)), len);
}

static void send_pli(int fd, uint16_t port)
{
    uint8_t pli[RTCP_PLI_SIZE];

    send_to(fd, port, pli, rtcp_write_pli(pli, 1, 2));
}

/* Returns once the listener has dealt with all that came before: it takes a PLI to a sender of its
 * own as the last. */
static void await_listener(void)
{
    Heard heard = {0};
    struct sockaddr_in from;
    int fd = new_receiver(&from);
    RtpSender *sender = new_sender(&heard);

    for (int i = 1; i <= 3; i++) { /* epoll goes round: three times is past everybody's turn */
        send_pli(fd, rtp_sender_number(sender, AUDIO));
        await("the listener", &heard.keyframes[AUDIO], i);
    }
    rtp_sender_destroy(&sender);
    close(fd);
}

static int start(void **state)
{
    (void)state;
    return rtp_sender_listener_start();
}

static int stop(void **state)
{
    (void)state;
    rtp_sender_listener_stop();
    return 0;
}

static void needs_its_listener(void **state)
{
    RtpSenderEvents events = {.keyframe = on_keyframe, .gone = on_gone};

    (void)state;
    rtp_sender_listener_stop(); /* it does not run */
    errno = 0;
    assert_null(rtp_sender_create(&events, PORTS));
    assert_int_equal(errno, EBADF);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rtp_sender_listener_start(), 0);
        RtpSender *sender = rtp_sender_create(&events, PORTS);
        assert_non_null(sender);
        rtp_sender_destroy(&sender);
        assert_null(sender);
        rtp_sender_destroy(&sender);
        rtp_sender_listener_stop();
    }
}

static void sends_from_each_port(void **state)
{
    static const size_t ports[] = {AUDIO, VIDEO};
    Heard heard = {0};
    RtpSender *sender = new_sender(&heard);

    (void)state;
    assert_int_not_equal(rtp_sender_number(sender, AUDIO), 0);
    assert_int_not_equal(rtp_sender_number(sender, AUDIO), rtp_sender_number(sender, VIDEO));
    for (size_t k = 0; k < COUNT(ports); k++) {
        struct sockaddr_in to, from;
        socklen_t len = sizeof(from);
        char got[16];
        int fd = new_receiver(&to);
        assert_int_equal(rtp_sender_connect(sender, ports[k], &to), 0);
        rtp_sender_send(sender, ports[k], "packet", 6);
        rtp_sender_send(sender, ports[k], "next", 4);
        assert_int_equal(recvfrom(fd, got, sizeof(got), 0, (struct sockaddr *)&from, &len), 6);
        assert_memory_equal(got, "packet", 6);
        assert_int_equal(ntohs(from.sin_port), rtp_sender_number(sender, ports[k]));
        assert_int_equal(from.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
        assert_int_equal(receive(fd, got, sizeof(got)), 4);
        RtpSenderStats stats = rtp_sender_stats(sender, ports[k]);
        assert_int_equal(stats.packets, 2);
        assert_int_equal(stats.bytes, 10);
        assert_int_equal(stats.dropped, 0);
        close(fd);
    }
    rtp_sender_destroy(&sender);
    assert_int_equal(atomic_load(&heard.gone), 0);
}

/* One for each track, as many as there are. */
static void has_as_many_ports_as_it_is_asked_for(void **state)
{
    static const size_t counts[] = {0, 1, 4, 9};
    Heard heard = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        RtpSenderEvents events = {.user = &heard, .keyframe = on_keyframe, .gone = on_gone};
        RtpSender *sender = rtp_sender_create(&events, counts[i]);
        assert_non_null(sender);
        for (size_t port = 0; port < counts[i]; port++) {
            struct sockaddr_in to;
            char got[16];
            int fd = new_receiver(&to);
            assert_int_equal(rtp_sender_connect(sender, port, &to), 0);
            rtp_sender_send(sender, port, "packet", 6);
            assert_int_equal(receive(fd, got, sizeof(got)), 6);
            assert_int_equal(rtp_sender_stats(sender, port).packets, 1);
            for (size_t other = 0; other < port; other++)
                assert_int_not_equal(rtp_sender_number(sender, port),
                                     rtp_sender_number(sender, other));
            close(fd);
        }
        rtp_sender_destroy(&sender);
    }
}

static void counts_what_it_cannot_send(void **state)
{
    static char huge[70000]; /* more than UDP takes */
    struct sockaddr_in to, nowhere = loopback(0);
    int fd = new_receiver(&to);
    Heard heard = {0};
    RtpSender *sender = new_sender(&heard);

    (void)state;
    rtp_sender_send(sender, VIDEO, "x", 1);
    assert_int_equal(rtp_sender_stats(sender, VIDEO).dropped, 1);
    assert_int_equal(rtp_sender_connect(sender, VIDEO, &to), 0);
    rtp_sender_send(sender, VIDEO, huge, sizeof(huge));
    assert_int_equal(rtp_sender_stats(sender, VIDEO).dropped, 2);
    rtp_sender_send(sender, VIDEO, "x", 1);
    assert_int_equal(rtp_sender_connect(sender, VIDEO, &nowhere), 0);
    rtp_sender_send(sender, VIDEO, "x", 1);
    RtpSenderStats stats = rtp_sender_stats(sender, VIDEO);
    assert_int_equal(stats.dropped, 3);
    assert_int_equal(stats.packets, 1);
    assert_int_equal(stats.bytes, 1);
    assert_int_equal(rtp_sender_stats(sender, AUDIO).dropped, 0);
    assert_int_equal(atomic_load(&heard.gone), 0);
    rtp_sender_destroy(&sender);
    close(fd);
}

static void says_why_it_cannot_connect(void **state)
{
    struct sockaddr_in to = loopback(5004);
    Heard heard = {0};
    RtpSender *sender = new_sender(&heard);

    (void)state;
    to.sin_family = AF_INET6;
    errno = 0;
    assert_int_equal(rtp_sender_connect(sender, AUDIO, &to), -1);
    assert_int_not_equal(errno, 0);
    rtp_sender_destroy(&sender);
}

static void hears_key_frame_requests(void **state)
{
#define PLI      0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2
#define FIR      0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0
#define EMPTY_RR 0x80, 201, 0, 1, 0, 0, 0, 1
    static const struct {
        const char *name;
        uint8_t bytes[40];
        size_t len;
        int requests;
    } rows[] = {
        {"PLI", {PLI}, 12, 1},
        {"FIR", {FIR}, 20, 1},
        {"behind a receiver report", {EMPTY_RR, PLI}, 20, 1},
        {"two", {PLI, PLI}, 24, 2},
        {"receiver report", {EMPTY_RR}, 8, 0},
        {"empty", {0}, 0, 0},
        {"not RTCP", {'h', 'e', 'l', 'l', 'o'}, 5, 0},
        {"cut short", {PLI}, 11, 0},
    };
    static const size_t ports[] = {AUDIO, VIDEO};
    struct sockaddr_in to;
    int fd = new_receiver(&to);

    (void)state;
    for (size_t i = 0; i < COUNT(rows) * COUNT(ports); i++) {
        size_t row = i / COUNT(ports);
        size_t port = ports[i % COUNT(ports)], other = ports[(i + 1) % COUNT(ports)];
        Heard heard = {0};
        RtpSender *sender = new_sender(&heard);
        assert_int_equal(rtp_sender_connect(sender, port, &to), 0);
        send_to(fd, rtp_sender_number(sender, port), rows[row].bytes, rows[row].len);
        if (rows[row].requests > 0)
            await(rows[row].name, &heard.keyframes[port], rows[row].requests);
        await_listener();
        assert_row(atomic_load(&heard.keyframes[port]) == rows[row].requests, rows[row].name, "%d",
                   atomic_load(&heard.keyframes[port]));
        assert_int_equal(atomic_load(&heard.keyframes[other]), 0);
        assert_int_equal(atomic_load(&heard.gone), 0);
        rtp_sender_destroy(&sender);
    }
    close(fd);
}

/* Once it is connected, nobody else has a say. */
static void hears_only_its_destination(void **state)
{
    struct sockaddr_in to, stranger;
    int fd = new_receiver(&to), strange_fd = new_receiver(&stranger);
    Heard heard = {0};
    RtpSender *sender = new_sender(&heard);

    (void)state;
    assert_int_equal(rtp_sender_connect(sender, VIDEO, &to), 0);
    send_pli(strange_fd, rtp_sender_number(sender, VIDEO));
    await_listener();
    assert_int_equal(atomic_load(&heard.keyframes[VIDEO]), 0);
    send_pli(fd, rtp_sender_number(sender, VIDEO));
    await("from its destination", &heard.keyframes[VIDEO], 1);
    rtp_sender_destroy(&sender);
    close(fd);
    close(strange_fd);
}

static void says_gone_once_after_each_connect(void **state)
{
    Heard heard = {0};
    RtpSender *sender = new_sender(&heard);

    (void)state;
    for (int round = 1; round <= 3; round++) {
        struct sockaddr_in to;
        char got[16];
        int fd = new_receiver(&to);
        assert_int_equal(rtp_sender_connect(sender, VIDEO, &to), 0);
        rtp_sender_send(sender, VIDEO, "here", 4);
        assert_int_equal(receive(fd, got, sizeof(got)), 4);
        close(fd);
        rtp_sender_send(sender, VIDEO, "x", 1);
        await("gone", &heard.gone, round);
        for (int i = 0; i < 5; i++)
            rtp_sender_send(sender, VIDEO, "x", 1);
        await_listener();
        assert_row(atomic_load(&heard.gone) == round, "gone again", "%d", atomic_load(&heard.gone));
        RtpSenderStats stats = rtp_sender_stats(sender, VIDEO);
        assert_int_equal(stats.packets + stats.dropped, round * 7);
    }
    rtp_sender_destroy(&sender);
}

/* A refusal by the last destination is not held against the next. */
static void forgets_the_last_destination(void **state)
{
    struct sockaddr_in closed, to;
    int closed_fd = new_receiver(&closed), fd = new_receiver(&to);
    Heard heard = {0};
    RtpSender *sender = new_sender(&heard);
    char got[16];

    (void)state;
    close(closed_fd);
    assert_int_equal(rtp_sender_connect(sender, AUDIO, &closed), 0);
    rtp_sender_send(sender, AUDIO, "lost", 4);
    await("gone", &heard.gone, 1);
    assert_int_equal(rtp_sender_connect(sender, AUDIO, &to), 0);
    rtp_sender_send(sender, AUDIO, "found", 5);
    assert_int_equal(receive(fd, got, sizeof(got)), 5);
    await_listener();
    assert_int_equal(atomic_load(&heard.gone), 1);
    rtp_sender_destroy(&sender);
    close(fd);
}

static void says_nothing_after_destroy(void **state)
{
    struct sockaddr_in from;
    int fd = new_receiver(&from);

    (void)state;
    for (int i = 0; i < 200; i++) {
        Heard heard = {0};
        RtpSender *sender = new_sender(&heard);
        uint16_t port = rtp_sender_number(sender, VIDEO);
        for (int n = 0; n < 4; n++) /* the listener may be at any of them when it is destroyed */
            send_pli(fd, port);
        rtp_sender_destroy(&sender);
        int said = atomic_load(&heard.keyframes[VIDEO]);
        send_pli(fd, port);
        if (i % 50 == 0)
            await_listener();
        assert_int_equal(atomic_load(&heard.keyframes[VIDEO]), said);
        assert_int_equal(atomic_load(&heard.gone), 0);
    }
    await_listener();
    close(fd);
}

/* A child that was forked meanwhile still has the sockets, and epoll with it would still report
 * them: closing them is not enough to leave the set. */
static void says_nothing_after_destroy_if_a_child_has_the_sockets(void **state)
{
    struct sockaddr_in from;
    int fd = new_receiver(&from), ends[2];
    Heard heard = {0};
    RtpSender *sender = new_sender(&heard);
    uint16_t port = rtp_sender_number(sender, VIDEO);

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { /* until the parent closes its end */
        char byte;
        close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(ends[0]);
    rtp_sender_destroy(&sender);
    send_pli(fd, port);
    await_listener();
    assert_int_equal(atomic_load(&heard.keyframes[VIDEO]), 0);
    close(ends[1]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    close(fd);
}

#define PACKETS 5000

static void *send_many(void *sender)
{
    for (int i = 0; i < PACKETS; i++)
        rtp_sender_send(sender, VIDEO, "x", 1);
    return NULL;
}

static void sends_beside_every_other_call(void **state)
{
    struct sockaddr_in to, closed;
    int fd = new_receiver(&to), closed_fd = new_receiver(&closed);
    Heard heard = {0};
    RtpSender *sender = new_sender(&heard);
    pthread_t thread;
    RtpSenderStats stats;

    (void)state;
    close(closed_fd);
    assert_int_equal(pthread_create(&thread, NULL, send_many, sender), 0);
    do {
        assert_int_equal(rtp_sender_connect(sender, VIDEO, &to), 0);
        assert_int_equal(rtp_sender_connect(sender, VIDEO, &closed), 0);
        send_pli(fd, rtp_sender_number(sender, VIDEO));
        stats = rtp_sender_stats(sender, VIDEO);
    } while (stats.packets + stats.dropped < PACKETS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    stats = rtp_sender_stats(sender, VIDEO);
    assert_int_equal(stats.packets + stats.dropped, PACKETS);
    assert_int_equal(stats.bytes, stats.packets);
    rtp_sender_destroy(&sender);
    close(fd);
}

#define with_listener(test) cmocka_unit_test_setup_teardown(test, start, stop)

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(needs_its_listener),
    with_listener(sends_from_each_port),
    with_listener(has_as_many_ports_as_it_is_asked_for),
    with_listener(counts_what_it_cannot_send),
    with_listener(says_why_it_cannot_connect),
    with_listener(hears_key_frame_requests),
    with_listener(hears_only_its_destination),
    with_listener(says_gone_once_after_each_connect),
    with_listener(forgets_the_last_destination),
    with_listener(says_nothing_after_destroy),
    with_listener(says_nothing_after_destroy_if_a_child_has_the_sockets),
    with_listener(sends_beside_every_other_call),
};

TEST_GROUP(rtp_sender, tests);
