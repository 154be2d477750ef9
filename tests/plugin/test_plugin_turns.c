/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The plugin between Janus's threads, its own and the bridge client's, in orders that a generator
 * draws. The rules are checked when all is calm. `./check` runs 10,000 interleavings with
 * AddressSanitizer, and 3,000 with ThreadSanitizer, which sees a lock that is missing within the
 * first hundred; `./check fuzz` runs 50,000 with each. A failure names its seed: run that alone
 * with SEED=N, or more seeds with EPISODES=N. */

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "tests/unit/harness.h"

#include "fibers.h"
#include "plugin_play.h"
#include "plugin_rules.h"
#include "stub_bridge.h"
#include "stub_clock.h"
#include "stub_gateway.h"
#include "stub_hook.h"

#define ROUNDS  100 /* of one life; handles come and go in each */
#define HANDLES 3   /* at the most */
#define CLIENTS 2
#define ACTS    4 /* of each actor in a round */

#define CONNECT_US 30000001 /* longer than ICE and DTLS may take */

/* lives of the plugin, in each of the two groups */
#if defined(__SANITIZE_THREAD__)
#define EPISODES   15
#define FIRST_SEED 1000000
#else
#define EPISODES   50
#define FIRST_SEED 1
#endif

static StubHandle *handles[HANDLES];
static unsigned handle_count; /* in this round */
static bool hooked;           /* there is an admission webhook in this life */
static char secret_file[] = "/dev/shm/janus-hls-hook-XXXXXX";
static int bridge_fd; /* where the bridge listens */
static uint16_t bridge_port, closed_port;

static struct {
    unsigned rounds, answers, taken_over, plis;
} seen; /* to be sure that something was tried */

/* ---- the actors ---- */

/* The loop of a handle: Janus calls everything about its media there. */
static void *run_loop(void *data)
{
    StubHandle *handle = data;

    for (int i = 0; i < ACTS; i++) {
        fibers_yield();
        switch (fibers_draw(10)) {
        case 0:
        case 1:
        case 2:
            stub_setup(handle);
            break;
        case 3:
            stub_rtp(handle, 0, RTP_PACKET, sizeof(RTP_PACKET) - 1);
            break;
        case 4:
        case 5:
            stub_rtp(handle, 1, RTP_PACKET, sizeof(RTP_PACKET) - 1);
            break;
        case 6:
            stub_rtcp(handle, 1, RTCP_REPORT, sizeof(RTCP_REPORT) - 1);
            break;
        case 7:
            stub_slow_link(handle);
            break;
        case 8:
            stub_hangup(handle);
            break;
        default:
            stub_detach(handle);
        }
        if (handle->close_pc)
            stub_hangup(handle);
    }
    return NULL;
}

static const char *const messages[] = {
    "{\"request\":\"publish\",\"stream\":\"a\",\"key\":\"a long key\"}",
    "{\"request\":\"publish\",\"stream\":\"a\",\"key\":\"another key\"}",
    "{\"request\":\"publish\",\"stream\":\"b\",\"key\":\"a long key\"}",
    "{\"request\":\"publish\",\"stream\":\"b\"}",
    "{\"request\":\"configure\",\"bitrate\":100000,\"video\":false}",
    "{\"request\":\"configure\",\"video\":true,\"keyframe\":true}",
    "{\"request\":\"unpublish\"}",
    "{\"request\":\"report\",\"round_trip_ms\":12}",
    "{\"request\":\"list\"}",
    "{\"request\":\"info\",\"stream\":\"a\"}",
    "{\"request\":\"kick\",\"stream\":\"a\"}",
    "{\"request\":\"nonsense\"}",
};

static void *run_client(void *unused)
{
    (void)unused;
    for (int i = 0; i < ACTS; i++) {
        fibers_yield();
        bool publish = fibers_draw(2) == 0;
        const char *message = messages[fibers_draw(publish ? 4 : COUNT(messages))];
        const char *offer = fibers_draw(4) == 0 ? OFFER_SOUND : OFFER_BOTH;
        bool has_offer = fibers_draw(8) > 0 ? message < messages[4] : fibers_draw(2) == 0;
        json_decref(stub_send(handles[fibers_draw(handle_count)], message,
                              publish || has_offer ? offer : NULL));
    }
    return NULL;
}

/* Answers a packet that has come with a key frame request. */
static void ask_back(void)
{
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    char packet[2048];

    if (recvfrom(bridge_fd, packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&from, &len) >
        0)
        sendto(bridge_fd, RTCP_PLI, sizeof(RTCP_PLI) - 1, 0, (struct sockaddr *)&from, len);
}

/* The bridge client's thread. */
static void *run_bridge(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2 * ACTS; i++) {
        fibers_yield();
        switch (fibers_draw(9)) {
        case 0:
        case 1:
        case 2:
            stub_bridge_accept(fibers_draw(64), fibers_draw(4) ? bridge_port : closed_port);
            break;
        case 3:
            stub_bridge_refuse(fibers_draw(64));
            break;
        case 4:
            stub_bridge_lose(fibers_draw(64));
            break;
        case 5:
            stub_bridge_regain(fibers_draw(64));
            break;
        case 6:
        case 7:
            ask_back();
            break;
        default:
            stub_bridge_release();
        }
    }
    return NULL;
}

/* The thread of the admission webhook's client. */
static void *run_hook(void *unused)
{
    (void)unused;
    for (int i = 0; i < ACTS; i++) {
        fibers_yield();
        switch (fibers_draw(4)) {
        case 0:
            stub_hook_answer("{\"allow\":false}");
            break;
        case 1:
            stub_hook_answer("{\"allow\":true,\"stream\":\"a\"}");
            break;
        case 2:
            stub_hook_fail(ADMISSION_TIMEOUT);
            break;
        default:
            stub_hook_answer("{\"allow\":true}");
        }
    }
    return NULL;
}

/* Lets all come to its end that is under way. */
static void calm_down(void)
{
    do
        fibers_settle();
    while (stub_hook_answer("{\"allow\":true}"));
}

static void *run_operator(void *unused)
{
    static const char *const asked[] = {"{\"request\":\"list\"}",
                                        "{\"request\":\"info\",\"stream\":\"b\"}",
                                        "{\"request\":\"kick\",\"stream\":\"a\"}"};

    (void)unused;
    for (int i = 0; i < ACTS; i++) {
        fibers_yield();
        if (fibers_draw(8) == 0) /* whoever has not connected by then is ended */
            stub_clock_pass(CONNECT_US);
        if (fibers_draw(2) == 0)
            json_decref(stub_query(handles[fibers_draw(handle_count)]));
        else
            json_decref(stub_admin(asked[fibers_draw(COUNT(asked))]));
    }
    return NULL;
}

static void run_round(void)
{
    pthread_t actors[HANDLES + CLIENTS + 3];
    size_t n = 0;

    fibers_set_ticks(2);
    handle_count = 1 + fibers_draw(HANDLES);
    for (unsigned i = 0; i < handle_count; i++) {
        handles[i] = stub_attach();
        pthread_create(&actors[n++], NULL, run_loop, handles[i]);
    }
    for (unsigned i = 0, clients = 1 + fibers_draw(CLIENTS); i < clients; i++)
        pthread_create(&actors[n++], NULL, run_client, NULL);
    pthread_create(&actors[n++], NULL, run_bridge, NULL);
    pthread_create(&actors[n++], NULL, run_operator, NULL);
    if (hooked)
        pthread_create(&actors[n++], NULL, run_hook, NULL);
    for (size_t i = 0; i < n; i++)
        pthread_join(actors[i], NULL);
    calm_down();
    plugin_check_publishers(handles, handle_count);
    for (unsigned i = 0; i < handle_count; i++)
        stub_detach(handles[i]);
    calm_down();
    plugin_check_nothing_is_left();
    for (unsigned i = 0; i < handle_count; i++) {
        seen.answers += (unsigned)handles[i]->answers;
        stub_free(handles[i]);
    }
    seen.rounds++;
}

static void run_episode(void *unused)
{
    char settings[256];

    (void)unused;
    stub_has_handlers = fibers_draw(2) == 0;
    hooked = fibers_draw(2) == 0; /* the gateway's stub writes `general: { SETTINGS }` */
    snprintf(settings, sizeof(settings),
             "open = true; tries = 1000; workers = 2; requests = 5;%s%s%s",
             hooked ? "}; admission: { url = \"http://127.0.0.1:1/\"; waiting = 3; secret_file = \""
                    : "",
             hooked ? secret_file : "", hooked ? "\";" : "");
    fibers_require(stub_start(settings) == 0);
    for (int i = 0; i < ROUNDS; i++)
        run_round();
    stub_stop();
}

/* ---- the tests ---- */

static uint16_t port_of(int fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static uint64_t lives(void)
{
    const char *episodes = getenv("EPISODES");

    return episodes ? strtoull(episodes, NULL, 10) : EPISODES;
}

static void run_from(uint64_t first)
{
    const char *seed = getenv("SEED");
    int closed_fd = socket(AF_INET, SOCK_DGRAM, 0), secret_fd = mkstemp(secret_file);

    assert_int_equal(write(secret_fd, "0123456789abcdef", 16), 16);
    close(secret_fd);
    bridge_fd = socket(AF_INET, SOCK_DGRAM, 0);
    bridge_port = port_of(bridge_fd);
    closed_port = port_of(closed_fd);
    close(closed_fd);
    stub_pause = fibers_yield;
    for (uint64_t i = 0; i < (seed ? 1 : lives()); i++)
        fibers_run(seed ? strtoull(seed, NULL, 10) : first + i, run_episode, NULL);
    close(bridge_fd);
    unlink(secret_file);
    strcpy(strrchr(secret_file, '-'), "-XXXXXX"); /* for the next test */
    print_message("%u interleavings, %llu switches, %u answers, %d PLIs\n", seen.rounds,
                  (unsigned long long)fibers_switches(), seen.answers, stub_plis);
    assert_true(seen.answers > seen.rounds / 4);
    assert_true(stub_plis > 0);
    assert_true(stub_notified > 0);
}

static void keeps_its_rules_in_every_order(void **state)
{
    (void)state;
    run_from(FIRST_SEED);
}

static void keeps_its_rules_in_other_orders(void **state)
{
    (void)state;
    run_from(FIRST_SEED + lives());
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keeps_its_rules_in_every_order),
};
static const struct CMUnitTest more_tests[] = {
    cmocka_unit_test(keeps_its_rules_in_other_orders),
};

/* two groups, so that two cores have something to do to the end */
TEST_GROUP(plugin_turns, tests);
TEST_GROUP(plugin_more_turns, more_tests);
