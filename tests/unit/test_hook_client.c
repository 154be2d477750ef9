/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The client of the admission webhook, against a receiver of the test's own. */

#include "http_receiver.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "janus-plugin/hook/hook_client.h"

#define SECOND   INT64_C(1000000)
#define LONG_US  (3600 * SECOND) /* longer than a machine holds up a process */
#define HELD_MAX 64

#define HTTP(status, body) "HTTP/1.1 " status "\r\nConnection: close\r\n\r\n" body
#define ALLOW              HTTP("200 OK", "{\"allow\":true}")

/* What the receiver does with a connection. */
#define HANGS ((const char *)1) /* takes the request, and answers nothing */
#define DRIPS ((const char *)2) /* answers a byte now and then, for ever */
#define FLOOD ((const char *)3) /* answers a megabyte */

/* The receiver: does row by row what `acts` has, and the last row from then on. */
static struct {
    const char *const *acts; /* a text is answered, and "" is a connection that is closed */
    int listener, held[HELD_MAX];
    size_t held_count, seen;
    atomic_bool ends;
    pthread_t thread;
    char ids[HELD_MAX][WEBHOOK_ID_SIZE]; /* of the requests */
    char request[8192];                  /* the last one */
    HookSettings settings;
} receiver;

/* Reads a whole request. Returns false if it is none. */
static bool read_request(int fd)
{
    char *text = receiver.request;
    bool whole = http_receiver_read(fd, text, sizeof(receiver.request));
    const char *id = strstr(text, "webhook-id: ");

    if (!whole || !id || receiver.seen == HELD_MAX)
        return false;
    snprintf(receiver.ids[receiver.seen], WEBHOOK_ID_SIZE, "%.*s", (int)strcspn(id + 12, "\r"),
             id + 12);
    return true;
}

/* Answers for as long as anybody listens. */
static void drip(int fd)
{
    static const char head[] = "HTTP/1.1 200 OK\r\n\r\n{\"allow\":true";

    if (send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL) < 0)
        return;
    while (!receiver.ends && send(fd, " ", 1, MSG_NOSIGNAL) == 1)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void flood(int fd)
{
    static char block[65536];
    static const char head[] = "HTTP/1.1 200 OK\r\n\r\n{\"allow\":true}";

    memset(block, ' ', sizeof(block));
    send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL);
    for (int i = 0; i < 16 && send(fd, block, sizeof(block), MSG_NOSIGNAL) > 0; i++)
        ;
}

static void *serve(void *unused)
{
    const char *const *act = receiver.acts;

    (void)unused;
    for (int fd; (fd = accept(receiver.listener, NULL, NULL)) >= 0;) {
        if (!read_request(fd)) {
            close(fd);
            continue;
        }
        receiver.seen++;
        if (*act == HANGS && receiver.held_count < HELD_MAX) {
            receiver.held[receiver.held_count++] = fd;
            fd = -1;
        } else if (*act == DRIPS) {
            drip(fd);
        } else if (*act == FLOOD) {
            flood(fd);
        } else {
            send(fd, *act, strlen(*act), MSG_NOSIGNAL);
        }
        if (act[1])
            act++;
        close(fd);
    }
    return NULL;
}

static void start_receiver(const char *const *acts)
{
    uint16_t port;

    memset(&receiver, 0, sizeof(receiver));
    receiver.acts = acts;
    receiver.listener = http_receiver_listen(&port);
    receiver.settings = (HookSettings){.timeout_us = LONG_US, .retries = 1, .waiting = HELD_MAX};
    snprintf(receiver.settings.url, sizeof(receiver.settings.url), "http://127.0.0.1:%u/admit",
             port);
    assert_int_equal(
        webhook_secret_parse("0123456789abcdef", 16, &receiver.settings.secrets.secret[0]), 0);
    receiver.settings.secrets.count = 1;
    assert_int_equal(pthread_create(&receiver.thread, NULL, serve, NULL), 0);
}

static void stop_receiver(void)
{
    receiver.ends = true;
    shutdown(receiver.listener, SHUT_RDWR);
    pthread_join(receiver.thread, NULL);
    close(receiver.listener);
    for (size_t i = 0; i < receiver.held_count; i++)
        close(receiver.held[i]);
}

/* What has become of a question. */
typedef struct Outcome {
    pthread_mutex_t lock;
    pthread_cond_t told;
    unsigned times;
    HookAnswer answer;
} Outcome;

#define OUTCOME                                                                                    \
    {                                                                                              \
        .lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER                        \
    }

static void on_done(void *user, const HookAnswer *answer)
{
    Outcome *outcome = user;

    pthread_mutex_lock(&outcome->lock);
    outcome->times++;
    outcome->answer = *answer;
    pthread_cond_signal(&outcome->told);
    pthread_mutex_unlock(&outcome->lock);
}

static HookAnswer await(Outcome *outcome)
{
    pthread_mutex_lock(&outcome->lock);
    while (outcome->times == 0)
        pthread_cond_wait(&outcome->told, &outcome->lock);
    pthread_mutex_unlock(&outcome->lock);
    return outcome->answer;
}

/* Asks one question of a client of its own. */
static HookAnswer ask_once(HookStats *stats)
{
    HookClient *client = hook_client_create(&receiver.settings);
    Outcome outcome = OUTCOME;

    assert_non_null(client);
    assert_int_equal(hook_client_ask(client, "{\"type\":\"publish\"}", on_done, &outcome), 0);
    HookAnswer answer = await(&outcome);
    *stats = hook_client_stats(client);
    hook_client_destroy(&client);
    assert_null(client);
    assert_int_equal(outcome.times, 1);
    assert_int_equal(stats->asked, 1);
    assert_int_equal(stats->waiting, 0);
    assert_int_equal(stats->verdict[answer.verdict], 1);
    return answer;
}

static void asks_with_a_signature(void **state)
{
    static const char *const acts[] = {ALLOW, NULL};
    char expected[WEBHOOK_SIGNATURE_SIZE], line[512];
    HookStats stats;

    (void)state;
    start_receiver(acts);
    HookAnswer answer = ask_once(&stats);
    assert_int_equal(answer.verdict, ADMISSION_ALLOWS);
    assert_int_equal(stats.retried, 0);
    stop_receiver();
    assert_int_equal(strncmp(receiver.request, "POST /admit HTTP/1.1\r\n", 22), 0);
    assert_non_null(strstr(receiver.request, "Content-Type: application/json\r\n"));
    const char *at = strstr(receiver.request, "webhook-timestamp: ");
    assert_non_null(at);
    assert_int_equal(webhook_sign(&receiver.settings.secrets, receiver.ids[0],
                                  strtoll(at + 19, NULL, 10), "{\"type\":\"publish\"}", 18,
                                  expected),
                     0);
    snprintf(line, sizeof(line), "webhook-signature: %s\r\n", expected);
    assert_non_null(strstr(receiver.request, line));
    assert_non_null(strstr(receiver.request, "\r\n\r\n{\"type\":\"publish\"}"));
}

/* What a receiver answers, whatever that is, and no second question. */
static void takes_what_is_answered(void **state)
{
    static const struct {
        const char *name, *answer;
        AdmissionVerdict verdict;
        const char *reason;
    } rows[] = {
        {"denied", HTTP("200 OK", "{\"allow\":false,\"reason\":\"pay first\"}"), ADMISSION_DENIES,
         "pay first"},
        {"forbidden", HTTP("403 Forbidden", ""), ADMISSION_DENIES, ""},
        {"a page", HTTP("200 OK", "<html>"), ADMISSION_UNUSABLE, "it must be a JSON object"},
        {"nothing", HTTP("200 OK", ""), ADMISSION_UNUSABLE, "it must be a JSON object"},
        {"elsewhere",
         "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n",
         ADMISSION_UNUSABLE, "HTTP status 302"},
        {"a megabyte", FLOOD, ADMISSION_UNUSABLE, "it is too long"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *const acts[] = {rows[i].answer, NULL};
        HookStats stats;
        start_receiver(acts);
        HookAnswer answer = ask_once(&stats);
        stop_receiver();
        assert_row(answer.verdict == rows[i].verdict, rows[i].name, "%d %s", answer.verdict,
                   answer.reason);
        assert_row(strncmp(answer.reason, rows[i].reason, strlen(rows[i].reason)) == 0,
                   rows[i].name, "%s", answer.reason);
        assert_row(receiver.seen == 1, rows[i].name, "%zu requests", receiver.seen);
    }
}

static void asks_again_under_the_same_id(void **state)
{
    static const char *const rows[][4] = {
        {HTTP("503 Later", ""), ALLOW, NULL},
        {"", ALLOW, NULL}, /* closed without an answer */
        {"nonsense\r\n\r\n", HTTP("429 Slower", ""), ALLOW, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        HookStats stats;
        start_receiver(rows[i]);
        receiver.settings.retries = 2;
        HookAnswer answer = ask_once(&stats);
        stop_receiver();
        assert_int_equal(answer.verdict, ADMISSION_ALLOWS);
        assert_int_equal(receiver.seen, stats.retried + 1);
        assert_true(receiver.seen > 1);
        for (size_t k = 1; k < receiver.seen; k++)
            assert_string_equal(receiver.ids[k], receiver.ids[0]);
    }
}

static void gives_up_after_so_many_tries(void **state)
{
    static const char *const acts[] = {HTTP("500 Broken", "{\"allow\":true}"), NULL};

    (void)state;
    for (int retries = 0; retries <= 1; retries++) {
        HookStats stats;
        start_receiver(acts);
        receiver.settings.retries = retries;
        HookAnswer answer = ask_once(&stats);
        stop_receiver();
        assert_int_equal(answer.verdict, ADMISSION_UNREACHABLE);
        assert_string_equal(answer.reason, "HTTP status 500");
        assert_int_equal(receiver.seen, retries + 1);
    }
}

static void nobody_is_there(void **state)
{
    static const char *const acts[] = {ALLOW, NULL};
    HookStats stats;

    (void)state;
    start_receiver(acts);
    stop_receiver();
    HookAnswer answer = ask_once(&stats);
    assert_int_equal(answer.verdict, ADMISSION_UNREACHABLE);
    assert_true(answer.reason[0]);
    assert_int_equal(stats.retried, 1);
}

/* A machine that stands still may end the time before there is a connection: that is asked again
 * with more time. */
static void has_a_time_for_all(const char *act)
{
    const char *const acts[] = {act, NULL};
    HookAnswer answer = {.verdict = ADMISSION_UNREACHABLE};

    for (int64_t timeout_us = SECOND / 5;
         answer.verdict == ADMISSION_UNREACHABLE && timeout_us < 60 * SECOND; timeout_us *= 3) {
        HookStats stats;
        start_receiver(acts);
        receiver.settings.timeout_us = timeout_us;
        answer = ask_once(&stats);
        stop_receiver();
        assert_true(receiver.seen <= 1); /* one that is slow is not asked twice */
    }
    assert_int_equal(answer.verdict, ADMISSION_TIMEOUT);
}

static void does_not_wait_for_one_that_hangs(void **state)
{
    (void)state;
    has_a_time_for_all(HANGS);
}

static void does_not_wait_for_one_that_drips(void **state)
{
    (void)state;
    has_a_time_for_all(DRIPS);
}

/* Those that hang hold up nobody, and there is a bound to them. */
static void one_that_hangs_holds_up_nobody(void **state)
{
    static const char *const acts[] = {HANGS, HANGS, ALLOW, NULL};
    Outcome outcome[4] = {OUTCOME, OUTCOME, OUTCOME, OUTCOME};

    (void)state;
    start_receiver(acts);
    receiver.settings.waiting = 3;
    HookClient *client = hook_client_create(&receiver.settings);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(hook_client_ask(client, "{}", on_done, &outcome[i]), 0);
    /* one of the three is answered, in whichever order they come */
    while (hook_client_stats(client).waiting > 2)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    assert_int_equal(hook_client_ask(client, "{}", on_done, &outcome[3]), 0);
    assert_int_equal(await(&outcome[3]).verdict, ADMISSION_ALLOWS);
    HookStats stats = hook_client_stats(client);
    assert_int_equal(stats.waiting, 2);
    assert_int_equal(stats.busy, 0);
    hook_client_destroy(&client);
    unsigned stopped = 0;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(outcome[i].times, 1);
        stopped += outcome[i].answer.verdict == ADMISSION_STOPPED;
    }
    assert_int_equal(stopped, 2);
    stop_receiver();
}

static void takes_no_more_than_it_may(void **state)
{
    static const char *const acts[] = {HANGS, NULL};
    Outcome outcome[3] = {OUTCOME, OUTCOME, OUTCOME};

    (void)state;
    start_receiver(acts);
    receiver.settings.waiting = 2;
    HookClient *client = hook_client_create(&receiver.settings);
    assert_int_equal(hook_client_ask(client, "{}", on_done, &outcome[0]), 0);
    assert_int_equal(hook_client_ask(client, "{}", on_done, &outcome[1]), 0);
    assert_int_equal(hook_client_ask(client, "{}", on_done, &outcome[2]), -1);
    assert_int_equal(hook_client_stats(client).busy, 1);
    hook_client_stop(client);
    assert_int_equal(hook_client_ask(client, "{}", on_done, &outcome[2]), -1); /* it has stopped */
    assert_int_equal(hook_client_stats(client).busy, 1);
    hook_client_destroy(&client);
    assert_int_equal(outcome[0].answer.verdict, ADMISSION_STOPPED);
    assert_int_equal(outcome[2].times, 0);
    stop_receiver();
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(asks_with_a_signature),
    cmocka_unit_test(takes_what_is_answered),
    cmocka_unit_test(asks_again_under_the_same_id),
    cmocka_unit_test(gives_up_after_so_many_tries),
    cmocka_unit_test(nobody_is_there),
    cmocka_unit_test(does_not_wait_for_one_that_hangs),
    cmocka_unit_test(does_not_wait_for_one_that_drips),
    cmocka_unit_test(one_that_hangs_holds_up_nobody),
    cmocka_unit_test(takes_no_more_than_it_may),
};

TEST_GROUP(hook_client, tests);
