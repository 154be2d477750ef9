/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "hls-bridge/base/manual_clock.h"
#include "hls-bridge/base/media.h"
#include "hls-bridge/playback/playback_gate.h"
#include "http_receiver.h"
#include "playback_path.h"
#include "temp_file.h"

#define SECRET  "0123456789abcdef0123456789abcdef\n"
#define CLAIMS  "{\"stream\":\"shop\",\"exp\":1796000000}"
#define UNIX_S  INT64_C(1795000000)
#define TIMEOUT (5 * US_PER_S)
#define NEVER   (1000000 * US_PER_S)
#define REQUEST 4096
#define CROWD   20
#define TRIES   100 /* for a port that nobody else takes meanwhile */

static struct {
    int listener;
    uint16_t port;
    pthread_t thread;
    _Atomic(const char *) reply; /* NULL: it takes the question, and says nothing */
    atomic_size_t asked;
    int mute[CROWD]; /* connections without an answer */
    size_t mutes;
    pthread_mutex_t lock;
    char last[REQUEST]; /* under the lock */
} receiver;

static ManualClock hand;
static char secret_file[TEMP_FILE_SIZE], url[64];
static PlaybackGateParams params;
static PlaybackGate *gate;

static void *receive(void *user)
{
    char request[REQUEST];

    (void)user;
    for (int fd; (fd = accept(receiver.listener, NULL, NULL)) >= 0;) {
        if (!http_receiver_read(fd, request, sizeof(request))) {
            close(fd);
            continue;
        }
        pthread_mutex_lock(&receiver.lock);
        memcpy(receiver.last, request, sizeof(request));
        pthread_mutex_unlock(&receiver.lock);
        const char *reply = atomic_load(&receiver.reply);
        if (!reply) {
            assert_true(receiver.mutes < CROWD);
            receiver.mute[receiver.mutes++] = fd;
        }
        atomic_fetch_add(&receiver.asked, 1);
        if (!reply)
            continue;
        assert_int_equal(write(fd, reply, strlen(reply)), strlen(reply));
        close(fd);
    }
    return NULL;
}

#define REPLY(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body

static const char allows[] = REPLY("200 OK", "{\"allow\":true}");

/* Makes the gate, at a port that is free. */
static void make_gate(void)
{
    for (int tries = 0; !gate; tries++) {
        close(http_receiver_listen(&params.port));
        gate = playback_gate_create(&params);
        assert_true(gate || (errno == EADDRINUSE && tries < TRIES));
    }
}

static int setup(void **state)
{
    (void)state;
    manual_clock_init(&hand, US_PER_S, UNIX_S * US_PER_S);
    receiver.listener = http_receiver_listen(&receiver.port);
    receiver.mutes = 0;
    atomic_store(&receiver.asked, 0);
    atomic_store(&receiver.reply, allows);
    pthread_mutex_init(&receiver.lock, NULL);
    assert_int_equal(pthread_create(&receiver.thread, NULL, receive, NULL), 0);
    temp_file(secret_file, SECRET);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/playback", receiver.port);
    params = (PlaybackGateParams){.address = "127.0.0.1",
                                  .connections = 100,
                                  .sessions = 100,
                                  .keep_us = 3600 * US_PER_S,
                                  .hook = {.clock = &hand.clock,
                                           .url = url,
                                           .secret_file = secret_file,
                                           .timeout_us = NEVER,
                                           .retries = 1,
                                           .waiting = 10}};
    return 0;
}

static void stop_receiver(void)
{
    if (receiver.listener < 0)
        return;
    shutdown(receiver.listener, SHUT_RDWR);
    pthread_join(receiver.thread, NULL);
    close(receiver.listener);
    receiver.listener = -1;
}

static int kept_stderr = -1; /* while a file stands in its place */

static void give_stderr_back(void)
{
    if (kept_stderr < 0)
        return;
    dup2(kept_stderr, STDERR_FILENO);
    close(kept_stderr);
    kept_stderr = -1;
}

static int teardown(void **state)
{
    (void)state;
    give_stderr_back(); /* a test that fails has not */
    playback_gate_destroy(&gate);
    assert_null(gate);
    stop_receiver();
    for (size_t i = 0; i < receiver.mutes; i++)
        close(receiver.mute[i]);
    pthread_mutex_destroy(&receiver.lock);
    unlink(secret_file);
    return 0;
}

/* ---- a web server that asks ---- */

typedef struct Visit {
    char path[PLAYBACK_PATH_SIZE], response[REQUEST];
    pthread_t thread;
    atomic_bool over;
} Visit;

static void *visit(void *user)
{
    Visit *v = user;
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                   .sin_port = htons(params.port)};
    char request[PLAYBACK_PATH_SIZE + 100];
    size_t len = 0;
    ssize_t n;

    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
             v->path);
    assert_int_equal(write(fd, request, strlen(request)), strlen(request));
    while ((n = read(fd, v->response + len, sizeof(v->response) - 1 - len)) > 0)
        len += (size_t)n;
    v->response[len] = '\0';
    close(fd);
    atomic_store(&v->over, true);
    return NULL;
}

static void begin(Visit *v, const char *address)
{
    memset(v, 0, sizeof(*v));
    playback_path(v->path, address, CLAIMS, "shop");
    assert_int_equal(pthread_create(&v->thread, NULL, visit, v), 0);
}

static void join(Visit *v)
{
    pthread_join(v->thread, NULL);
}

/* Whether the response has this status, and these words; NULL: no such. */
static void assert_said(const Visit *v, int status, const char *words)
{
    char begin[24];

    snprintf(begin, sizeof(begin), "HTTP/1.1 %d ", status);
    assert_row(strncmp(v->response, begin, strlen(begin)) == 0, begin, "%s", v->response);
    assert_row(!words || strstr(v->response, words), words, "%s", v->response);
}

static void ask(const char *address, int status, const char *words)
{
    Visit v;

    begin(&v, address);
    join(&v);
    assert_said(&v, status, words);
}

static void until_asked(size_t n)
{
    while (atomic_load(&receiver.asked) < n)
        usleep(1000);
}

/* ---- tests ---- */

static void a_session_is_asked_about_once(void **state)
{
    (void)state;
    make_gate();
    ask("192.0.2.7", 204, "Cache-Control: max-age=3600\r\n");
    pthread_mutex_lock(&receiver.lock);
    assert_non_null(strstr(receiver.last, "POST /playback HTTP/1.1\r\n"));
    assert_non_null(strstr(receiver.last, "\r\nwebhook-id: msg_"));
    assert_non_null(strstr(receiver.last, "\r\nwebhook-timestamp: 1795000000\r\n"));
    assert_non_null(strstr(receiver.last, "\r\nwebhook-signature: v1,"));
    assert_non_null(
        strstr(receiver.last, "\"stream\":\"shop\",\"address\":\"192.0.2.7\",\"token\":" CLAIMS));
    pthread_mutex_unlock(&receiver.lock);
    ask("192.0.2.7", 204, NULL);
    assert_int_equal(receiver.asked, 1);
    ask("192.0.2.8", 204, NULL);
    assert_int_equal(receiver.asked, 2);
    manual_clock_set(&hand, hand.now_us + params.keep_us);
    ask("192.0.2.8", 204, NULL);
    assert_int_equal(receiver.asked, 3);
    PlaybackStats stats = playback_gate_stats(gate);
    assert_int_equal(stats.asked, 3);
    assert_int_equal(stats.verdicts[ADMISSION_ALLOWS], 3);
    assert_int_equal(stats.sessions, 2);
}

static void all_that_ask_meanwhile_wait_for_one_answer(void **state)
{
    Visit crowd[CROWD];

    (void)state;
    atomic_store(&receiver.reply, NULL);
    make_gate();
    for (size_t i = 0; i < CROWD; i++)
        begin(&crowd[i], "192.0.2.7");
    until_asked(1);
    assert_int_equal(write(receiver.mute[0], allows, strlen(allows)), strlen(allows));
    shutdown(receiver.mute[0], SHUT_WR);
    for (size_t i = 0; i < CROWD; i++) {
        join(&crowd[i]);
        assert_said(&crowd[i], 204, "max-age=");
    }
    assert_int_equal(receiver.asked, 1);
}

static void a_viewer_that_is_denied_is_told_why_and_asked_about_again(void **state)
{
    (void)state;
    atomic_store(&receiver.reply,
                 REPLY("200 OK", "{\"allow\":false,\"reason\":\"no hours\\nleft\"}"));
    make_gate();
    ask("192.0.2.7", 403, "\r\nJanus-Hls-Reason: no hours left\r\n");
    ask("192.0.2.7", 403, "no hours left");
    assert_int_equal(receiver.asked, 1);
    manual_clock_set(&hand, hand.now_us + 10 * US_PER_S);
    atomic_store(&receiver.reply, REPLY("403 Forbidden", ""));
    ask("192.0.2.7", 403, "\r\nJanus-Hls-Reason: you may not watch this now\r\n");
    manual_clock_set(&hand, hand.now_us + 10 * US_PER_S);
    atomic_store(&receiver.reply, allows);
    ask("192.0.2.7", 204, NULL);
    assert_int_equal(receiver.asked, 3);
}

static void a_session_ends_when_it_is_said_to(void **state)
{
    (void)state;
    atomic_store(&receiver.reply, REPLY("200 OK", "{\"allow\":true,\"end\":1795000060}"));
    make_gate();
    ask("192.0.2.7", 204, "max-age=60\r\n");
    manual_clock_set(&hand, hand.now_us + 59 * US_PER_S);
    ask("192.0.2.7", 204, "max-age=1\r\n");
    assert_int_equal(receiver.asked, 1);
    manual_clock_set(&hand, hand.now_us + US_PER_S);
    ask("192.0.2.7", 403, "your time to watch this is over"); /* the same end again */
    assert_int_equal(receiver.asked, 2);
}

/* What becomes of a viewer when there is no answer. */
static void without_an_answer_a_policy_decides(void **state)
{
    static const char out_of_order[] = REPLY("503 Busy", "");
    static const struct {
        const char *name, *reply;
        bool on_timeout, on_unreachable;
        int status;
        const char *words;
        AdmissionVerdict verdict;
        size_t asked;
        int64_t timeout_us;
    } rows[] = {
        {"late, denied", NULL, false, true, 403, "Retry-After: 2", ADMISSION_TIMEOUT, 1, TIMEOUT},
        {"late, allowed", NULL, true, false, 204, "max-age=", ADMISSION_TIMEOUT, 1, TIMEOUT},
        {"out of order, denied", out_of_order, true, false, 403, "Retry-After: 2",
         ADMISSION_UNREACHABLE, 2, NEVER},
        {"out of order, allowed", out_of_order, false, true, 204, "max-age=", ADMISSION_UNREACHABLE,
         2, NEVER},
        {"of no use", REPLY("200 OK", "yes"), true, true, 403, "operator", ADMISSION_UNUSABLE, 1,
         NEVER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t before = atomic_load(&receiver.asked);
        atomic_store(&receiver.reply, rows[i].reply);
        params.hook.timeout_us = rows[i].timeout_us;
        params.allows_on_timeout = rows[i].on_timeout;
        params.allows_on_unreachable = rows[i].on_unreachable;
        make_gate();
        Visit v;
        begin(&v, "192.0.2.7");
        until_asked(before + 1);
        while (!atomic_load(&v.over)) { /* time goes on */
            manual_clock_set(&hand, hand.now_us + US_PER_S / 10);
            usleep(5000);
        }
        join(&v);
        assert_said(&v, rows[i].status, rows[i].words);
        PlaybackStats stats = playback_gate_stats(gate);
        assert_row(stats.verdicts[rows[i].verdict] == 1, rows[i].name, "another verdict");
        assert_int_equal(stats.unasked, rows[i].status == 204);
        assert_int_equal(atomic_load(&receiver.asked) - before, rows[i].asked);
        playback_gate_destroy(&gate);
    }
}

/* How often `words` stand in `text`. */
static size_t count_words(const char *text, const char *words)
{
    size_t n = 0;

    while ((text = strstr(text, words))) {
        text += strlen(words);
        n++;
    }
    return n;
}

static void a_webhook_that_fails_now_and_then_does_not_fill_the_log(void **state)
{
    char path[TEMP_FILE_SIZE], address[16], log[8192] = "";

    (void)state;
    temp_file(path, "");
    params.hook.retries = 0;
    make_gate();
    int file = open(path, O_RDWR | O_CLOEXEC);
    unlink(path);
    kept_stderr = dup(STDERR_FILENO);
    assert_true(kept_stderr >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    for (int i = 0; i < 20; i++) {
        atomic_store(&receiver.reply, i % 2 ? allows : REPLY("503 Busy", ""));
        snprintf(address, sizeof(address), "192.0.2.%d", i);
        ask(address, i % 2 ? 204 : 403, NULL);
        manual_clock_set(&hand, hand.now_us + 7 * US_PER_S);
    }
    manual_clock_set(&hand, hand.now_us + 60 * US_PER_S);
    ask("192.0.2.20", 204, NULL);
    give_stderr_back();
    assert_true(pread(file, log, sizeof(log) - 1, 0) > 0);
    close(file);
    assert_row(count_words(log, "fails: HTTP status 503") == 2, "it fails", "%s", log);
    assert_row(count_words(log, "503 (5 questions since") == 1, "how often", "%s", log);
    assert_row(count_words(log, "answers again") == 1, "once", "%s", log);
}

static void nobody_listens(void **state)
{
    (void)state;
    stop_receiver();
    params.hook.retries = 0;
    make_gate();
    ask("192.0.2.7", 403, "Retry-After: 2");
    assert_int_equal(playback_gate_stats(gate).verdicts[ADMISSION_UNREACHABLE], 1);
    ask("192.0.2.7", 403, "Retry-After: 2"); /* not asked about again so soon */
    assert_int_equal(playback_gate_stats(gate).asked, 1);
    manual_clock_set(&hand, hand.now_us + 2 * US_PER_S);
    ask("192.0.2.7", 403, "Retry-After: 2");
    assert_int_equal(playback_gate_stats(gate).asked, 2);
}

static void too_many_questions_are_not_asked(void **state)
{
    Visit waits;

    (void)state;
    atomic_store(&receiver.reply, NULL);
    params.hook.waiting = 1;
    make_gate();
    begin(&waits, "192.0.2.7");
    until_asked(1);
    ask("192.0.2.8", 403, "Retry-After: 2");
    assert_int_equal(playback_gate_stats(gate).busy, 1);
    assert_int_equal(receiver.asked, 1);
    playback_gate_destroy(&gate); /* who waits is answered */
    join(&waits);
    assert_true(!*waits.response || strstr(waits.response, "Retry-After: 2"));
}

/* Of those who come in too great a number nothing is kept, so nobody else has to go for them. */
static void a_crowd_pushes_nobody_out(void **state)
{
    Visit waits;

    (void)state;
    params.hook.waiting = 1;
    params.sessions = 2;
    make_gate();
    ask("192.0.2.6", 204, NULL);
    atomic_store(&receiver.reply, NULL);
    begin(&waits, "192.0.2.7");
    until_asked(2);
    ask("192.0.2.8", 403, "Retry-After: 2");
    ask("192.0.2.9", 403, "Retry-After: 2");
    ask("192.0.2.6", 204, NULL);
    assert_int_equal(playback_gate_stats(gate).evicted, 0);
    assert_int_equal(receiver.asked, 2);
    playback_gate_destroy(&gate);
    join(&waits);
}

static void nothing_else_is_there(void **state)
{
    Visit v = {.path = "/streams"};

    (void)state;
    make_gate();
    assert_int_equal(pthread_create(&v.thread, NULL, visit, &v), 0);
    join(&v);
    assert_said(&v, 404, NULL);
    assert_int_equal(receiver.asked, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(a_session_is_asked_about_once),
    TEST(all_that_ask_meanwhile_wait_for_one_answer),
    TEST(a_viewer_that_is_denied_is_told_why_and_asked_about_again),
    TEST(a_session_ends_when_it_is_said_to),
    TEST(without_an_answer_a_policy_decides),
    TEST(a_webhook_that_fails_now_and_then_does_not_fill_the_log),
    TEST(nobody_listens),
    TEST(too_many_questions_are_not_asked),
    TEST(a_crowd_pushes_nobody_out),
    TEST(nothing_else_is_there),
};

TEST_GROUP(playback_gate, tests);
