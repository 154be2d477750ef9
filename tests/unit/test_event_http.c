/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http_receiver.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>

#include "hls-bridge/events/event_http.h"

#define REQUEST_SIZE 4096

static int listener;
static char url[64], request[REQUEST_SIZE];
static const char *answer; /* NULL: there is none */
static pthread_t server;

/* Takes one request, and answers it; or waits until who has asked goes. */
static void *serve_one(void *unused)
{
    int fd = accept(listener, NULL, NULL);
    char more;

    (void)unused;
    http_receiver_read(fd, request, sizeof(request));
    if (answer)
        send(fd, answer, strlen(answer), MSG_NOSIGNAL);
    else
        while (read(fd, &more, 1) > 0)
            ;
    close(fd);
    return NULL;
}

static int setup(void **state)
{
    uint16_t port;

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1); /* nobody is there, and nobody may be asked */
    listener = http_receiver_listen(&port);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/events", port);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unsetenv("http_proxy");
    close(listener);
    return 0;
}

static bool offer(EventSink *sink, const char *with, char *why)
{
    const Event event = {.kind = EVENT_ENDED, .sequence = 3, .stream = "shop"};

    answer = with;
    assert_int_equal(pthread_create(&server, NULL, serve_one, NULL), 0);
    bool good = sink->offer(sink->user, &event, why);
    assert_int_equal(pthread_join(server, NULL), 0);
    return good;
}

static void posts_what_janus_would(void **state)
{
    EventSink sink = event_http_sink(url, "b");
    char why[EVENT_WHY_SIZE] = "";

    (void)state;
    assert_true(offer(
        &sink, "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", why));
    assert_true(strncmp(request, "POST /events HTTP/1.1\r\n", 23) == 0);
    assert_non_null(strcasestr(request, "content-type: application/json\r\n"));
    json_t *all = json_loads(strstr(request, "\r\n\r\n"), 0, NULL);
    assert_int_equal(json_integer_value(json_object_get(all, "type")), 4);
    json_decref(all);
    sink.close(sink.user);
}

static void says_what_was_answered(void **state)
{
    static const struct {
        const char *answer, *why; /* NULL: it is taken */
    } rows[] = {
        {"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "HTTP 500"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nokay", NULL},
        {"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n"
         "Connection: close\r\n\r\n",
         "HTTP 302"},
        {"HTTP/1.1 404 Nothing\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "HTTP 404"},
        {"", "Server returned nothing"},
        {"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", NULL},
    };
    EventSink sink = event_http_sink(url, "b");

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char why[EVENT_WHY_SIZE] = "";
        bool good = offer(&sink, rows[i].answer, why);
        assert_row(good == !rows[i].why, rows[i].answer, "%d", good);
        assert_row(!rows[i].why || strncmp(why, rows[i].why, strlen(rows[i].why)) == 0,
                   rows[i].answer, "%s", why);
    }
    sink.close(sink.user);
}

static void says_that_nobody_listens(void **state)
{
    char why[EVENT_WHY_SIZE] = "";
    EventSink sink = event_http_sink(url, "b");

    (void)state;
    shutdown(listener, SHUT_RDWR);
    close(listener);
    assert_false(sink.offer(sink.user, &(Event){.kind = EVENT_ENDED, .stream = "shop"}, why));
    assert_string_not_equal(why, "");
    assert_null(strstr(why, "127.0.0.1")); /* a URL may have a password */
    sink.close(sink.user);
}

static void *hurry(void *data)
{
    EventSink *sink = data;

    sink->hurry(sink->user);
    return NULL;
}

/* Its own limit is five seconds, and each of them would be missed by who stops the bridge. */
static void a_server_that_hangs_is_left_when_it_is_to_hurry(void **state)
{
    EventSink sink = event_http_sink(url, "b");
    char why[EVENT_WHY_SIZE] = "";
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, hurry, &sink), 0);
    assert_false(offer(&sink, NULL, why));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(why, "Timeout was reached");
    sink.close(sink.user);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(posts_what_janus_would),
    TEST(says_what_was_answered),
    TEST(says_that_nobody_listens),
    TEST(a_server_that_hangs_is_left_when_it_is_to_hurry),
};

TEST_GROUP(event_http, tests);
