/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bridge_publisher.h"
#include "event_ear.h"
#include "temp_folder.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "hls-bridge/control/control_api.h"
#include "hls-bridge/control/control_listener.h"

#define TOKEN       "0123456789abcdef"
#define ANSWER_SIZE 65536

static char root[TEMP_FOLDER_SIZE], place[TEMP_FOLDER_SIZE + 16];
static BridgeSettings settings;
static StreamTableParams table_params;
static StreamTable *table;
static ControlApi *api;
static EventEar ear, slow;
static EventQueue *events;

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    snprintf(place, sizeof(place), "%s/control.sock", root);
    settings = bridge_settings_defaults();
    snprintf(settings.directory, sizeof(settings.directory), "%s", root);
    events = event_ear_queue(&ear, clock_system());
    table_params =
        (StreamTableParams){.settings = &settings, .clock = clock_system(), .events = events};
    table = stream_table_create(&table_params);
    assert_non_null(table);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    control_api_destroy(&api);
    assert_null(api);
    stream_table_destroy(&table);
    event_queue_destroy(&events);
    temp_folder_remove(root);
    return 0;
}

static void listen_with(const ControlAccess *access)
{
    const ControlApiParams params = {.socket = place, .access = *access, .table = table};

    api = control_api_create(&params);
    assert_non_null(api);
}

static void serve_with(const ControlAccess *access)
{
    listen_with(access);
    assert_int_equal(control_api_serve(api), 0);
}

static int connect_to(const char *path)
{
    struct sockaddr_un there = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(there.sun_path, sizeof(there.sun_path), "%s", path);
    assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof(there)), 0);
    return fd;
}

static void send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads to the end of the connection. Returns the status. */
static int read_answer(int fd, char answer[ANSWER_SIZE])
{
    size_t len = 0;

    for (ssize_t n; (n = recv(fd, answer + len, ANSWER_SIZE - 1 - len, 0)) > 0;)
        len += (size_t)n;
    answer[len] = '\0';
    close(fd);
    return len > 12 ? (int)strtol(answer + strlen("HTTP/1.1 "), NULL, 10) : -1;
}

/* `head` has more fields, each with its end. */
static int ask(const char *first_line, const char *head, const char *body, char answer[ANSWER_SIZE])
{
    char text[2048];
    int fd = connect_to(place);

    snprintf(text, sizeof(text),
             "%s HTTP/1.1\r\n%sConnection: close\r\nContent-Length: %zu\r\n\r\n%s", first_line,
             head, strlen(body), body);
    send_text(fd, text);
    return read_answer(fd, answer);
}

/* ---- the beginning ---- */

/* Whoever comes while streams are taken up waits, and nobody else can listen there meanwhile. */
static void a_request_that_comes_too_early_waits(void **state)
{
    const ControlAccess access = {0};
    char answer[ANSWER_SIZE];
    struct pollfd fd;

    (void)state;
    listen_with(&access);
    fd = (struct pollfd){.fd = connect_to(place), .events = POLLIN};
    send_text(fd.fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert_int_equal(control_listener_unix(place), -1);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(poll(&fd, 1, 50), 0);
    assert_int_equal(control_api_serve(api), 0);
    assert_int_equal(read_answer(fd.fd, answer), 200);
}

static void nobody_is_served_after_the_end(void **state)
{
    const ControlAccess open = {0};

    (void)state;
    listen_with(&open);
    control_api_destroy(&api);
    assert_int_equal(access(place, F_OK), -1);
}

/* ---- who may ask ---- */

static void says_who_may_ask(void **state)
{
    static const struct {
        const char *line, *head;
        int status;
    } rows[] = {
        {"GET /healthz", "Host: localhost\r\n", 200},
        {"GET /streams", "Host: 127.0.0.1:8190\r\n", 200},
        {"GET /streams", "Host: attacker.example\r\n", 403},
        {"PUT /streams/x", "Host: attacker.example\r\n", 403},
        {"DELETE /streams/x", "Host: localhost\r\nOrigin: http://attacker.example\r\n", 403},
        {"OPTIONS /streams/x", "Host: localhost\r\nOrigin: http://attacker.example\r\n", 403},
        {"POST /streams/x", "Host: localhost\r\nOrigin: null\r\n", 403},
        {"GET /metrics", "Host: localhost\r\nOrigin: http://localhost:8190\r\n", 403},
        {"GET /healthz", "Host: attacker.example\r\n", 403},
        {"DELETE /streams/x", "Host: localhost\r\n", 404},
        {"PUT /streams/x", "Host: localhost\r\n", 400},
    };
    const ControlAccess open = {0};
    char answer[ANSWER_SIZE];

    (void)state;
    serve_with(&open);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = ask(rows[i].line, rows[i].head, "", answer);
        assert_row(status == rows[i].status, rows[i].line, "%s gives %d: %s", rows[i].head, status,
                   answer);
    }
}

static void wants_the_token(void **state)
{
    const ControlAccess access = {.token = TOKEN};
    char answer[ANSWER_SIZE];

    (void)state;
    serve_with(&access);
    assert_int_equal(ask("GET /streams", "Host: localhost\r\n", "", answer), 401);
    assert_non_null(strstr(answer, "WWW-Authenticate: Bearer\r\n"));
    assert_non_null(strstr(answer, "control.token_file"));
    assert_int_equal(ask("PUT /streams/x",
                         "Host: localhost\r\nAuthorization: Bearer 0123456789abcdeX\r\n", "v=0",
                         answer),
                     401);
    assert_int_equal(
        ask("GET /streams", "Host: localhost\r\nAuthorization: Bearer " TOKEN "\r\n", "", answer),
        200);
    assert_int_equal(ask("GET /healthz", "Host: localhost\r\n", "", answer), 200);
}

/* ---- the socket ---- */

static void a_unix_socket_is_for_its_group_alone(void **state)
{
    struct stat is;
    int fd;

    (void)state;
    umask(0);
    fd = control_listener_unix(place);
    assert_true(fd >= 0);
    assert_int_equal(stat(place, &is), 0);
    assert_int_equal(is.st_mode & 07777, 0660);
    close(fd);
    umask(0077);
    fd = control_listener_unix(place); /* nobody listens at the old one any more */
    assert_true(fd >= 0);
    assert_int_equal(stat(place, &is), 0);
    assert_int_equal(is.st_mode & 07777, 0660);
    umask(022);
    close(fd);
}

static void what_is_no_socket_stays(void **state)
{
    (void)state;
    assert_int_equal(control_listener_unix(root), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(access(root, F_OK), 0);
    assert_int_equal(control_listener_unix("/nowhere/control.sock"), -1);
    assert_int_equal(errno, ENOENT);
}

/* ---- publishers ---- */

/* Serves everybody, and has a publisher of "shop" taken. `answer`: ANSWER_SIZE bytes of what was
 * said of it. The caller closes it. */
static Publisher publish(char *answer)
{
    static const ControlAccess access = {0};
    Publisher p = publisher_open();

    serve_with(&access);
    assert_int_equal(ask("PUT /streams/shop", "Host: localhost\r\n", p.offer, answer), 201);
    return p;
}

static void announces_and_withdraws(void **state)
{
    char answer[ANSWER_SIZE];

    (void)state;
    Publisher p = publish(answer);
    assert_non_null(strstr(answer, "Location: /streams/shop\r\n"));
    assert_non_null(strstr(answer, "m=audio "));
    assert_int_equal(ask("PUT /streams/shop", "Host: localhost\r\n", p.offer, answer), 200);
    assert_int_equal(ask("GET /streams/shop", "Host: localhost\r\n", "", answer), 200);
    assert_non_null(strstr(answer, "\"name\": \"shop\""));
    assert_int_equal(ask("GET /metrics", "Host: localhost\r\n", "", answer), 200);
    assert_non_null(strstr(answer, "\nhls_bridge_taken_streams 1\n"));
    assert_non_null(strstr(answer, "\nhls_bridge_max_left_streams{state=\"held\"} 200\n"));
    assert_int_equal(ask("GET /streams", "Host: localhost\r\n", "", answer), 200);
    assert_non_null(strstr(answer, "\"max_ended\": 200"));
    assert_int_equal(ask("DELETE /streams/shop", "Host: localhost\r\n", "", answer), 204);
    publisher_close(&p);
}

/* What comes of it is the same; what is told is not. */
static void reports_a_kicked_publisher(void **state)
{
    static const struct {
        const char *line;
        bool kicked;
    } rows[] = {
        {"DELETE /streams/shop", false},
        {"DELETE /streams/shop?reason=kicked", true},
        {"DELETE /streams/shop?reason=requested", false},
        {"DELETE /streams/shop?reason", false},
    };
    const ControlAccess access = {0};
    Publisher p = publisher_open();
    char answer[ANSWER_SIZE];

    (void)state;
    serve_with(&access);
    assert_int_equal(ask(rows[1].line, "Host: localhost\r\n", "", answer), 404);
    for (size_t i = 0; i < COUNT(rows); i++) {
        StreamStatus status;
        event_ear_clear(&ear);
        assert_int_equal(ask("PUT /streams/shop", "Host: localhost\r\n", p.offer, answer), 201);
        assert_int_equal(ask(rows[i].line, "Host: localhost\r\n", "", answer), 204);
        until((stream_table_tend(table), !stream_table_status(table, "shop", &status)));
        assert_row((strstr(ear.words, "kicked;") != NULL) == rows[i].kicked, rows[i].line, "%s",
                   ear.words);
    }
    publisher_close(&p);
}

static void add_figures(void *user, EventSinkStats *stats)
{
    (void)user;
    stats->keeps = true;
    stats->dead = 2;
    stats->bytes = 321;
    stats->oldest_us = 1795175309500000;
}

static void shows_how_events_come_to_each_sink(void **state)
{
    const EventSink sink = {.name = "file",
                            .user = &slow,
                            .waits = true,
                            .offer = event_ear_hear,
                            .stats = add_figures};
    const EventQueueParams params = {
        .clock = clock_system(), .sinks = &sink, .count = 1, .room = 16};
    const ControlAccess access = {0};
    char answer[ANSWER_SIZE];

    (void)state;
    stream_table_destroy(&table);
    event_queue_destroy(&events);
    pthread_mutex_init(&slow.lock, NULL);
    events = event_queue_create(&params);
    table_params.events = events;
    table = stream_table_create(&table_params);
    serve_with(&access);
    event_queue_emit(events, &(Event){.kind = EVENT_ENDED});
    until(event_ear_has(&slow, "ended;") && event_queue_stats(events).sink[0].taken == 1);
    assert_int_equal(ask("GET /metrics", "Host: localhost\r\n", "", answer), 200);
    assert_non_null(strstr(answer, "\nhls_bridge_events_total 1\n"));
    assert_non_null(strstr(answer, "\nhls_bridge_delivered_events_total{sink=\"file\"} 1\n"));
    assert_non_null(strstr(answer, "\nhls_bridge_dropped_events_total{sink=\"file\"} 0\n"));
    assert_non_null(strstr(answer, "\nhls_bridge_waiting_events{sink=\"file\"} 0\n"));
    assert_non_null(strstr(answer, "\nhls_bridge_dead_events_total{sink=\"file\"} 2\n"));
    assert_non_null(strstr(answer, "\nhls_bridge_event_queue_bytes{sink=\"file\"} 321\n"));
    assert_non_null(strstr(
        answer,
        "\nhls_bridge_oldest_waiting_event_timestamp_seconds{sink=\"file\"} 1795175309.5\n"));
    assert_int_equal(ask("GET /streams", "Host: localhost\r\n", "", answer), 200);
    assert_non_null(strstr(answer, "\"emitted\": 1"));
    assert_non_null(strstr(answer, "\"delivered\": 1"));
    assert_non_null(strstr(answer, "\"dead\": 2,"));
    assert_non_null(strstr(answer, "\"bytes\": 321,"));
    assert_non_null(strstr(answer, "\"oldest\": 1795175309.5"));
}

static void refuses_a_long_body(void **state)
{
    const ControlAccess access = {0};
    static char body[70001];
    char answer[ANSWER_SIZE], head[128];

    (void)state;
    serve_with(&access);
    memset(body, 'a', sizeof(body) - 1);
    int fd = connect_to(place);
    snprintf(head, sizeof(head),
             "PUT /streams/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
             "Content-Length: %zu\r\n\r\n",
             sizeof(body) - 1);
    send_text(fd, head);
    send_text(fd, body);
    assert_int_equal(read_answer(fd, answer), 400);
    assert_non_null(strstr(answer, "longer than 64 KiB"));
}

/* ---- a class ---- */

static void has_no_class_unless_it_is_wanted(void **state)
{
    static const char *const calls[] = {
        "GET /streams/shop/look",
        "POST /streams/shop/trouble?hold=keys&seconds=1",
        "POST /streams/shop/look",
        "GET /streams/a%20b/look",
    };
    char answer[ANSWER_SIZE];

    (void)state;
    Publisher p = publish(answer);
    for (size_t i = 0; i < COUNT(calls); i++) {
        assert_int_equal(ask(calls[i], "Host: localhost\r\n", "", answer), 404);
        assert_non_null(strstr(answer, "control.class"));
    }
    publisher_close(&p);
}

static void shows_a_packet_to_a_class(void **state)
{
    char answer[ANSWER_SIZE];

    (void)state;
    settings.shows_class = true;
    Publisher p = publish(answer);
    const char *media = strstr(answer, "m=audio ");
    assert_non_null(media);
    publisher_send(&p, (uint16_t)strtol(media + strlen("m=audio "), NULL, 10), 3);
    until((ask("GET /streams/shop/look", "Host: localhost\r\n", "", answer), /* 429 now and then */
           strstr(answer, "\"packet\": {")));
    assert_non_null(strstr(answer, "\"sequence\": 0"));
    assert_non_null(strstr(answer, "\"payload_type\": 111"));
    assert_non_null(strstr(answer, "\"bytes\": 13"));
    assert_non_null(strstr(answer, "\"held_back\": 0"));
    publisher_close(&p);
}

static void makes_the_trouble_that_can_be_understood(void **state)
{
    static const struct {
        const char *line;
        int status;
    } rows[] = {
        {"POST /streams/shop/trouble?lose=5&seconds=20", 204},
        {"POST /streams/shop/trouble?hold=keys&seconds=60", 204},
        {"POST /streams/shop/trouble?lose=50&hold=keys&seconds=1", 204},
        {"POST /streams/shop/trouble", 400},
        {"POST /streams/shop/trouble?seconds=5", 400},
        {"POST /streams/shop/trouble?lose=5", 400},
        {"POST /streams/shop/trouble?lose=0&seconds=5", 400},
        {"POST /streams/shop/trouble?lose=51&seconds=5", 400},
        {"POST /streams/shop/trouble?lose=4294967297&seconds=5", 400},
        {"POST /streams/shop/trouble?lose=5x&seconds=5", 400},
        {"POST /streams/shop/trouble?lose&hold=keys&seconds=5",
         204}, /* a name alone is no argument */
        {"POST /streams/shop/trouble?lose=5&seconds=61", 400},
        {"POST /streams/shop/trouble?hold=all&seconds=5", 400},
        {"GET /streams/shop/trouble?hold=keys&seconds=5", 405},
        {"POST /streams/shop/look", 405},
        {"POST /streams/nobody/trouble?hold=keys&seconds=5", 404},
        {"GET /streams/nobody/look", 404},
        {"GET /streams/a%20b/look", 400},
        {"GET /streams//look", 400},
    };
    char answer[ANSWER_SIZE];

    (void)state;
    settings.shows_class = true;
    Publisher p = publish(answer);
    for (size_t i = 0; i < COUNT(rows); i++) {
        int status = ask(rows[i].line, "Host: localhost\r\n", "", answer);
        assert_row(status == rows[i].status, rows[i].line, "%d, not %d: %s", status, rows[i].status,
                   answer);
    }
    publisher_close(&p);
}

/* ---- all at once ---- */

static void *ask_much(void *data)
{
    unsigned seed = (unsigned)(uintptr_t)data;
    char answer[ANSWER_SIZE], line[64];

    for (int i = 0; i < 50; i++) {
        static const char *const what[] = {"PUT /streams/n", "DELETE /streams/n", "GET /streams/n"};
        Publisher p = publisher_open();
        size_t which = (size_t)rand_r(&seed) % COUNT(what);
        snprintf(line, sizeof(line), "%s%d", what[which], rand_r(&seed) % 4);
        if (rand_r(&seed) % 4 == 0)
            snprintf(line, sizeof(line), "GET /%s", which ? "streams" : "metrics");
        int status = ask(line, "Host: localhost\r\n", *line == 'P' ? p.offer : "", answer);
        assert_true(status >= 200 && status < 600);
        publisher_close(&p);
    }
    return NULL;
}

static void many_ask_at_once(void **state)
{
    const ControlAccess access = {0};
    pthread_t thread[4];

    (void)state;
    serve_with(&access);
    for (uintptr_t i = 0; i < COUNT(thread); i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask_much, (void *)(i + 1)), 0);
    for (int i = 0; i < 20; i++)
        stream_table_tend(table);
    for (size_t i = 0; i < COUNT(thread); i++)
        pthread_join(thread[i], NULL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(a_request_that_comes_too_early_waits),
    TEST(nobody_is_served_after_the_end),
    TEST(says_who_may_ask),
    TEST(wants_the_token),
    TEST(a_unix_socket_is_for_its_group_alone),
    TEST(what_is_no_socket_stays),
    TEST(announces_and_withdraws),
    TEST(reports_a_kicked_publisher),
    TEST(shows_how_events_come_to_each_sink),
    TEST(refuses_a_long_body),
    TEST(has_no_class_unless_it_is_wanted),
    TEST(shows_a_packet_to_a_class),
    TEST(makes_the_trouble_that_can_be_understood),
    TEST(many_ask_at_once),
};

TEST_GROUP(control_api, tests);
