/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "cpix_sample.h"
#include "hls-bridge/base/media.h"
#include "hls-bridge/keys/key_server.h"
#include "http_receiver.h"

#define REFUSED  1 /* requests, of the first */
#define REQUEST  8192
#define LOOK_US  5000
#define CONTENT  "<cpix:ContentKey kid=\""
#define PERIOD   "<cpix:ContentKeyPeriod id=\"period\" index=\""
#define ACCEPTED "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s"

static int listener;
static uint16_t port;
static pthread_t thread;
static KeyServer *server;
static atomic_llong periods[256]; /* that were asked for, by the first byte of the key's ID */

static void note_period(const char *request)
{
    const char *kid = strstr(request, CONTENT), *period = strstr(request, PERIOD);

    assert_true(kid && period);
    const char byte[] = {kid[strlen(CONTENT)], kid[strlen(CONTENT) + 1], '\0'};
    atomic_store(&periods[strtoul(byte, NULL, 16)], strtoll(period + strlen(PERIOD), NULL, 10));
}

static void answer(int fd, const char *request, int n)
{
    static const char refusal[] =
        "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    static const char sample[] =
        SAMPLE_OF(SAMPLE_KEYS(SAMPLE_KEY("", SAMPLE_SECRET)), SAMPLE_SYSTEMS(SAMPLE_FAIRPLAY));
    char body[sizeof(sample)], text[sizeof(sample) + 256];
    const char *kid = strstr(request, CONTENT);

    memcpy(body, sample, sizeof(body));
    for (char *at = body; kid && (at = strstr(at, SAMPLE_KID));)
        memcpy(at, kid + strlen(CONTENT), strlen(SAMPLE_KID));
    int len = snprintf(text, sizeof(text), ACCEPTED, strlen(body), body);
    ssize_t sent = n < REFUSED ? write(fd, refusal, strlen(refusal)) : write(fd, text, (size_t)len);
    assert_true(sent > 0);
}

/* Answers one request after the other until the listener is shut. */
static void *receive(void *user)
{
    char request[REQUEST];

    (void)user;
    for (int n = 0, fd; (fd = accept(listener, NULL, NULL)) >= 0; n++) {
        if (http_receiver_read(fd, request, sizeof(request))) {
            note_period(request);
            answer(fd, request, n);
        }
        close(fd);
    }
    return NULL;
}

static int setup(void **state)
{
    static char url[64];

    (void)state;
    setenv("http_proxy", "http://127.0.0.1:1", 1); /* nobody is there, and nobody may be asked */
    listener = http_receiver_listen(&port);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
    server = key_server_create(&(KeyServerParams){.clock = clock_system(),
                                                  .url = url,
                                                  .secret_file = "",
                                                  .header_file = "",
                                                  .timeout_us = 60 * US_PER_S,
                                                  .systems = 1U << CPIX_FAIRPLAY});
    assert_non_null(server);
    assert_int_equal(pthread_create(&thread, NULL, receive, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    key_server_destroy(&server);
    assert_null(server);
    unsetenv("http_proxy");
    shutdown(listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(listener);
    return 0;
}

static void what_is_refused_is_asked_for_again(void **state)
{
    const KeySource *source = key_server_source(server);
    const uint8_t id[CPIX_KEY_SIZE] = {1, 2, 3};
    KeyTicket *ticket = source->ask(source->user, "shop", id);
    ByteBuffer document = {0};
    CpixKey key;

    (void)state;
    assert_non_null(ticket);
    while (!source->take(ticket, &document))
        usleep(LOOK_US);
    assert_false(source->take(ticket, &document)); /* it is moved once */
    source->drop(&ticket);
    assert_null(ticket);
    assert_null(cpix_document_read((const char *)document.data, document.len, id, &key));
    assert_memory_equal(key.id, id, sizeof(id));
    byte_buffer_free(&document);
}

/* Though two are asked for at once: the first of a stream may come, and be in use, within a second.
 */
static void each_key_has_a_period_of_its_own(void **state)
{
    const KeySource *source = key_server_source(server);
    const uint8_t ids[][CPIX_KEY_SIZE] = {{0xa1}, {0xa2}};
    KeyTicket *tickets[COUNT(ids)];

    (void)state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        tickets[i] = source->ask(source->user, "shop", ids[i]);
        assert_non_null(tickets[i]);
    }
    for (size_t i = 0; i < COUNT(ids); i++) {
        ByteBuffer document = {0};
        while (!source->take(tickets[i], &document))
            usleep(LOOK_US);
        source->drop(&tickets[i]);
        byte_buffer_free(&document);
    }
    assert_true(periods[0xa1] > 0);
    assert_true(periods[0xa2] > periods[0xa1]);
}

/* Each may wait, be under way, or be done. */
static void tickets_are_dropped_at_any_time(void **state)
{
    const KeySource *source = key_server_source(server);
    KeyTicket *tickets[40];
    uint8_t id[CPIX_KEY_SIZE] = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(tickets); i++) {
        id[0] = (uint8_t)i;
        tickets[i] = source->ask(source->user, "shop", id);
        assert_non_null(tickets[i]);
        if (i % 3 == 0)
            source->drop(&tickets[i]);
    }
    usleep(LOOK_US);
    for (size_t i = 0; i < COUNT(tickets); i++)
        source->drop(&tickets[i]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(what_is_refused_is_asked_for_again, setup, teardown),
    cmocka_unit_test_setup_teardown(each_key_has_a_period_of_its_own, setup, teardown),
    cmocka_unit_test_setup_teardown(tickets_are_dropped_at_any_time, setup, teardown),
};

TEST_GROUP(key_server, tests);
