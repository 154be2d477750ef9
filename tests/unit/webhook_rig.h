/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UNIT_WEBHOOK_RIG_H
#define UNIT_WEBHOOK_RIG_H

/* A webhook of events, "shop", and a receiver that it posts them to.
 *
 * For one program's test. The receiver is a thread of its own: what it calls has to mind that. */

#include "http_receiver.h"
#include "temp_folder.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hls-bridge/base/clock.h"
#include "hls-bridge/base/media.h"
#include "hls-bridge/events/event_webhook.h"

#define REQUEST_SIZE 8192
#define WAIT_S       60 /* for what must come; reached only by a test that fails */

/* Takes a request apart; on the receiver's thread. Returns the status to answer; 0: it ends the
 * connection without an answer. */
typedef int Hears(char *request);

static Hears *hears;
static int listener, stop[2];
static pthread_t server;
static char root[TEMP_FOLDER_SIZE], secret_file[TEMP_FOLDER_SIZE + 16];
static WebhookTarget target;
static EventSink sink;
static uint64_t sequence;

static inline void *serve(void *unused)
{
    static char request[REQUEST_SIZE];
    char answer[128];
    struct pollfd fds[] = {{.fd = listener, .events = POLLIN}, {.fd = stop[0], .events = POLLIN}};

    (void)unused;
    while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        int status = http_receiver_read(fd, request, sizeof(request)) ? hears(request) : 0;
        snprintf(answer, sizeof(answer),
                 "HTTP/1.1 %d Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status);
        if (status)
            send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

static inline void write_secrets(const char *text)
{
    FILE *out = fopen(secret_file, "we");

    assert_non_null(out);
    assert_int_equal(fchmod(fileno(out), 0600), 0);
    fputs(text, out);
    fclose(out);
}

static inline void start_with(int64_t tries, int64_t bytes)
{
    const EventWebhookParams params = {
        .clock = clock_system(),
        .target = &target,
        .directory = root,
        .emitter = "b",
        .run = "msg_test",
        .limits = {.bytes = bytes,
                   .age_us = 86400 * US_PER_S,
                   .tries = tries,
                   .pause_us = US_PER_MS, /* tests wait for what comes, not for time */
                   .timeout_us = WAIT_S * US_PER_S},
    };

    sink = event_webhook_sink(&params);
    assert_non_null(sink.offer);
}

static inline void end(void)
{
    sink.hurry(sink.user);
    sink.close(sink.user);
    sink.close = NULL;
}

static inline void emit(EventKind kind, const char *stream)
{
    char why[EVENT_WHY_SIZE] = "";
    Event event = {.kind = kind, .sequence = ++sequence, .unix_us = clock_unix_us(clock_system())};

    snprintf(event.stream, sizeof(event.stream), "%s", stream);
    assert_row(sink.offer(sink.user, &event, why), "offer", "%s", why);
    sink.flush(sink.user);
}

static inline EventSinkStats figures(void)
{
    EventSinkStats stats = {0};

    sink.stats(sink.user, &stats);
    return stats;
}

/* The receiver, and a folder with this secret; no webhook yet. */
static inline void set_up_receiver(Hears *with, const char *secret)
{
    uint16_t port;

    hears = with;
    temp_folder(root);
    snprintf(secret_file, sizeof(secret_file), "%s/secret", root);
    write_secrets(secret);
    sequence = 0;
    listener = http_receiver_listen(&port);
    target = (WebhookTarget){.name = "shop"};
    snprintf(target.url, sizeof(target.url), "http://127.0.0.1:%u/hook", port);
    snprintf(target.secret_file, sizeof(target.secret_file), "%s", secret_file);
    assert_int_equal(pipe(stop), 0);
    assert_int_equal(pthread_create(&server, NULL, serve, NULL), 0);
}

static inline int teardown(void **state)
{
    (void)state;
    if (sink.close)
        end();
    close(stop[1]);
    pthread_join(server, NULL);
    close(stop[0]);
    close(listener);
    temp_folder_remove(root);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

#endif
