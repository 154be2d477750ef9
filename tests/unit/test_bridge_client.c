/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge_publisher.h"
#include "event_ear.h"
#include "http_receiver.h"
#include "temp_folder.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "hls-bridge/control/control_api.h"
#include "janus-plugin/bridge/bridge_client.h"
#include "janus-plugin/bridge/bridge_http.h"
#include "janus-plugin/bridge/bridge_registry.h"

#define TOKEN   "0123456789abcdef"
#define LONG_MS (3600 * 1000) /* longer than a machine holds up a process */
#define LOOK_MS 20
#define SERIAL  7 /* of what is announced; an event with another counts a hundredfold */

/* A real bridge without its programme, and what the client says of it. */
static char root[TEMP_FOLDER_SIZE], place[TEMP_FOLDER_SIZE + 16], bridge[TEMP_FOLDER_SIZE + 32];
static BridgeSettings settings;
static StreamTableParams table_params;
static StreamTable *table;
static ControlApi *api;
static Publisher publisher;
static atomic_int answered, refused, unreachable, reachable, released;
static atomic_int twice; /* how often it was said twice that it is out of reach, or is back */
static char reason[512]; /* of what was said last; read once the client has ended */

/* Whether a bridge that closes its connection leaves the process of the client's thread alone. */
static bool is_sigpipe_blocked(void)
{
    sigset_t blocked;

    return pthread_sigmask(SIG_BLOCK, NULL, &blocked) == 0 && sigismember(&blocked, SIGPIPE) == 1;
}

static const char *on_answer(void *user, unsigned serial, const char *sdp, size_t len)
{
    bool good = serial == SERIAL && len > 0 && memmem(sdp, len, "m=audio", 7);

    (void)user;
    atomic_fetch_add(&answered, good && is_sigpipe_blocked() ? 1 : 100);
    return NULL;
}

static void on_refusal(void *user, unsigned serial, const char *why)
{
    (void)user;
    snprintf(reason, sizeof(reason), "%s", why);
    atomic_fetch_add(&refused, serial == SERIAL ? 1 : 100);
}

static void on_unreachable(void *user, unsigned serial, const char *why)
{
    (void)user;
    snprintf(reason, sizeof(reason), "%s", why);
    twice += unreachable != reachable;
    atomic_fetch_add(&unreachable, serial == SERIAL ? 1 : 100);
}

static void on_reachable(void *user, unsigned serial)
{
    (void)user;
    twice += unreachable != reachable + 1;
    atomic_fetch_add(&reachable, serial == SERIAL ? 1 : 100);
}

static void on_release(void *user)
{
    (void)user;
    atomic_fetch_add(&released, 1);
}

static BridgeClient *new_client_that(const char *token, unsigned patience_ms, unsigned look_ms)
{
    const BridgeClientParams params = {
        .bridge = bridge,
        .token = token,
        .events = {on_answer, on_refusal, on_unreachable, on_reachable, on_release},
        .patience_ms = patience_ms,
        .look_ms = look_ms,
    };
    BridgeClient *client = bridge_client_create(&params);

    assert_non_null(client);
    return client;
}

/* It takes no announcement for late, and does not look whether the bridge still answers. */
static BridgeClient *new_client(const char *token)
{
    return new_client_that(token, LONG_MS, LONG_MS);
}

static void start_bridge(const char *token)
{
    ControlApiParams params = {.socket = place, .table = table};

    snprintf(params.access.token, sizeof(params.access.token), "%s", token);
    api = control_api_create(&params);
    assert_non_null(api);
    assert_int_equal(control_api_serve(api), 0);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    snprintf(place, sizeof(place), "%s/control.sock", root);
    snprintf(bridge, sizeof(bridge), "unix:%s", place);
    settings = bridge_settings_defaults();
    snprintf(settings.directory, sizeof(settings.directory), "%s", root);
    table_params = (StreamTableParams){.settings = &settings, .clock = clock_system()};
    table = stream_table_create(&table_params);
    assert_non_null(table);
    publisher = publisher_open();
    answered = refused = unreachable = reachable = released = twice = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    control_api_destroy(&api);
    stream_table_destroy(&table);
    publisher_close(&publisher);
    temp_folder_remove(root);
    return 0;
}

static bool is_taken(void)
{
    return stream_table_load(table).streams == 1;
}

static void announces_and_withdraws_through_a_socket_with_a_token(void **state)
{
    BridgeClient *client;

    (void)state;
    start_bridge(TOKEN);
    client = new_client(TOKEN);
    bridge_client_announce(client, "shop", publisher.offer, &client, SERIAL);
    until(answered == 1);
    assert_true(is_taken());
    bridge_client_withdraw(client, "shop", &client, false);
    until(!is_taken());
    until(released == 1);
    bridge_client_destroy(&client);
    assert_null(client);
    assert_int_equal(refused + unreachable, 0);
}

static void tells_of_a_kick_and_of_no_other_end(void **state)
{
    EventEar ear;

    (void)state;
    for (int kicked = 0; kicked <= 1; kicked++) {
        teardown(NULL);
        setup(NULL);
        stream_table_destroy(&table);
        table_params.events = event_ear_queue(&ear, clock_system());
        table = stream_table_create(&table_params);
        start_bridge("");
        BridgeClient *client = new_client(NULL);
        bridge_client_announce(client, "shop", publisher.offer, &client, SERIAL);
        until(answered == 1);
        bridge_client_withdraw(client, "shop", &client, kicked == 1);
        until(!is_taken());
        until(
            event_ear_heard(&ear, "removed;")); /* by the stream's thread, unless the table ends */
        bridge_client_destroy(&client);
        control_api_destroy(&api);
        stream_table_destroy(&table);
        event_queue_destroy(&table_params.events);
        assert_int_equal(strstr(ear.words, "kicked;") != NULL, kicked);
    }
}

static void says_that_the_token_is_wrong(void **state)
{
    BridgeClient *client;

    (void)state;
    start_bridge(TOKEN);
    client = new_client(NULL);
    bridge_client_announce(client, "shop", publisher.offer, &client, SERIAL);
    until(refused == 1);
    bridge_client_destroy(&client);
    assert_non_null(strstr(reason, "control.token_file"));
    assert_false(is_taken());
    assert_int_equal(released, 1);
}

static void waits_for_a_socket_that_is_not_there_yet(void **state)
{
    BridgeClient *client = new_client(TOKEN);

    (void)state;
    bridge_client_announce(client, "shop", publisher.offer, &client, SERIAL);
    until(unreachable == 1);
    start_bridge(TOKEN);
    until(answered == 1);
    bridge_client_destroy(&client);
    assert_non_null(strstr(reason, bridge));
    assert_int_equal(released, 1);
}

/* ---- one that hangs ---- */

/* A bridge that can be stopped as SIGSTOP does it: the kernel still takes connections for it. */
static atomic_bool silent, stopping;
static atomic_int looks, offers;
static int listener;
static pthread_t thread;

static void answer_one(int fd)
{
    static const char offered[] =
        "HTTP/1.1 201 Created\r\nContent-Length: 9\r\n"
        "Connection: close\r\n\r\nm=audio\r\n";
    static const char well[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
        "Connection: close\r\n\r\n";
    char request[8192];

    if (!http_receiver_read(fd, request, sizeof(request)))
        return;
    bool is_offer = strncmp(request, "PUT ", 4) == 0;
    atomic_fetch_add(is_offer ? &offers : &looks, 1);
    const char *text = is_offer ? offered : well;
    send(fd, text, strlen(text), MSG_NOSIGNAL); /* who asked may have given up */
}

static void *serve(void *unused)
{
    (void)unused;
    while (!stopping) {
        struct pollfd ready = {listener, POLLIN, 0};
        if (silent || poll(&ready, 1, 10) <= 0 || silent) {
            poll(NULL, 0, 1);
            continue;
        }
        int fd = accept(listener, NULL, NULL);
        answer_one(fd);
        close(fd);
    }
    return NULL;
}

static int start_stand_in(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    setup(state);
    silent = stopping = false;
    looks = offers = 0;
    snprintf(address.sun_path, sizeof(address.sun_path), "%.*s", (int)sizeof(place) - 1, place);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
    return 0;
}

static int stop_stand_in(void **state)
{
    stopping = true;
    assert_int_equal(pthread_join(thread, NULL), 0);
    close(listener);
    return teardown(state);
}

static void says_that_the_bridge_hangs_and_is_back(void **state)
{
    BridgeClient *client = new_client_that(NULL, LONG_MS, LOOK_MS);

    (void)state;
    bridge_client_announce(client, "shop", publisher.offer, &client, SERIAL);
    until(answered == 1);
    until(looks >= 3 && reachable == unreachable); /* none, unless we are held up ourselves */
    int before = unreachable;
    silent = true;
    until(unreachable > before);
    silent = false;
    until(reachable == unreachable);
    before = looks;
    until(looks >= before + 3);
    assert_int_equal(offers, 1); /* it is not announced again: it has never gone */
    assert_int_equal(answered, 1);
    assert_int_equal(twice, 0);
    bridge_client_destroy(&client);
    assert_non_null(strstr(reason, "does not answer"));
    assert_int_equal(released, 1);
}

/* The publisher is told that the bridge takes long, and goes live when the answer comes. The bridge
 * is asked once: what is asked again and again is never answered by one that always takes long. */
static void waits_for_a_bridge_that_takes_long(void **state)
{
    BridgeClient *client = new_client_that(NULL, 20, LOOK_MS);

    (void)state;
    silent = true;
    bridge_client_announce(client, "shop", publisher.offer, &client, SERIAL);
    until(unreachable == 1);
    assert_int_equal(answered, 0);
    silent = false;
    until(answered == 1);
    until(looks >= 1);
    bridge_client_destroy(&client);
    assert_int_equal(offers, 1);
    assert_int_equal(refused, 0);
    assert_non_null(strstr(reason, "has not taken the announcement yet"));
}

/* Whoever stops Janus does not wait for a bridge that hangs. */
static void ends_beside_a_bridge_that_hangs(void **state)
{
    BridgeClient *client = new_client_that(NULL, 20, LONG_MS);

    (void)state;
    silent = true;
    bridge_client_announce(client, "shop", publisher.offer, &client, SERIAL);
    until(unreachable == 1);
    bridge_client_destroy(&client);
    assert_null(client);
    assert_int_equal(released, 1);
    assert_int_equal(answered + refused, 0);
}

static void a_long_reason_ends_with_a_whole_character(void **state)
{
    char text[BRIDGE_REASON_SIZE];

    (void)state;
    for (int before = 0; before < 2; before++) { /* one of the two is cut within it */
        GString *problem = g_string_new(before ? "{\"detail\": \"x" : "{\"detail\": \"");
        for (int i = 0; i < BRIDGE_REASON_SIZE; i++)
            g_string_append(problem, "ñ");
        g_string_append(problem, "\"}");
        bridge_http_problem(problem, 503, text);
        assert_true(g_utf8_validate(text, -1, NULL));
        assert_in_range(strlen(text), BRIDGE_REASON_SIZE - 2, BRIDGE_REASON_SIZE - 1);
        g_string_free(problem, true);
    }
}

#define TEST(function)  cmocka_unit_test_setup_teardown(function, setup, teardown)
#define HANGS(function) cmocka_unit_test_setup_teardown(function, start_stand_in, stop_stand_in)

static const struct CMUnitTest tests[] = {
    TEST(announces_and_withdraws_through_a_socket_with_a_token),
    TEST(tells_of_a_kick_and_of_no_other_end),
    TEST(says_that_the_token_is_wrong),
    TEST(waits_for_a_socket_that_is_not_there_yet),
    HANGS(says_that_the_bridge_hangs_and_is_back),
    HANGS(waits_for_a_bridge_that_takes_long),
    HANGS(ends_beside_a_bridge_that_hangs),
    cmocka_unit_test(a_long_reason_ends_with_a_whole_character),
};

TEST_GROUP(bridge_client, tests);
