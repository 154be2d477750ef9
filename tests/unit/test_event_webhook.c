/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "webhook_rig.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "webhook_sign.h"

#define HEARD_MAX 1024

#define SECRET_1 "the-first-secret-of-this-test"
#define SECRET_2 "the-second-secret-of-this-test"

/* What the receiver has got, and what it answers. */
static struct {
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t change;
    int status;         /* that it answers; 0: it ends the connection without an answer */
    int64_t bad;        /* it answers 410 to the event of this number */
    size_t posts, lies; /* with a signature that is none */
    char signature[WEBHOOK_SIGNATURE_SIZE]; /* of the last one */
    int64_t heard[HEARD_MAX];               /* numbers of the events that it has taken */
    char id[HEARD_MAX][WEBHOOK_ID_SIZE * 2];
    size_t count;
} ear;

/* ---- the receiver ---- */

/* The value of a field, in place. */
static char *field(char *request, const char *name)
{
    char *value = strcasestr(request, name);

    assert_non_null(value);
    value += strlen(name);
    value[strcspn(value, "\r")] = '\0';
    return value;
}

/* Notes a request; the lock is held. */
static int note(char *request)
{
    char *body = strstr(request, "\r\n\r\n") + 4, signature[WEBHOOK_SIGNATURE_SIZE];
    WebhookSecrets secrets = {0};
    json_t *event = json_loads(body, 0, NULL);
    int64_t number =
        json_integer_value(json_object_get(json_object_get(event, "data"), "sequence"));
    char *signs = field(request, "\r\nwebhook-signature: ");
    char *when = field(request, "\r\nwebhook-timestamp: ");
    char *id = field(request, "\r\nwebhook-id: ");

    ear.posts++;
    snprintf(ear.signature, sizeof(ear.signature), "%s", signs);
    secrets.count = 1;
    assert_int_equal(webhook_secret_parse(SECRET_1, strlen(SECRET_1), &secrets.secret[0]), 0);
    assert_int_equal(
        webhook_sign(&secrets, id, strtoll(when, NULL, 10), body, strlen(body), signature), 0);
    if (!strstr(signs, signature) ||
        strcmp(json_string_value(json_object_get(event, "id")), id) != 0)
        ear.lies++;
    json_decref(event);
    int status = number == ear.bad ? 410 : ear.status;
    /* who stops may not have heard the answer */
    bool again = ear.count > 0 && strcmp(ear.id[ear.count - 1], id) == 0;
    if (status == 204 && !again && ear.count < HEARD_MAX) {
        snprintf(ear.id[ear.count], sizeof(ear.id[0]), "%s", id);
        ear.heard[ear.count++] = number;
    }
    pthread_cond_broadcast(&ear.change);
    return status;
}

static int hear(char *request)
{
    pthread_mutex_lock(&ear.lock);
    int status = note(request);
    pthread_mutex_unlock(&ear.lock);
    return status;
}

static void answer(int status)
{
    pthread_mutex_lock(&ear.lock);
    ear.status = status;
    pthread_mutex_unlock(&ear.lock);
}

/* Until `condition` holds of the ear, under its lock; fails if it never does. */
#define wait_for(condition)                                                                        \
    do {                                                                                           \
        struct timespec end_;                                                                      \
        clock_gettime(CLOCK_REALTIME, &end_);                                                      \
        end_.tv_sec += WAIT_S;                                                                     \
        pthread_mutex_lock(&ear.lock);                                                             \
        while (!(condition) && pthread_cond_timedwait(&ear.change, &ear.lock, &end_) == 0)         \
            ;                                                                                      \
        bool holds_ = (condition);                                                                 \
        pthread_mutex_unlock(&ear.lock);                                                           \
        assert_true(holds_);                                                                       \
    } while (0)

/* ---- the sink ---- */

static void start(int64_t tries)
{
    start_with(tries, 1 << 20);
    assert_string_equal(sink.name, "webhook:shop");
}

static int setup(void **state)
{
    (void)state;
    memset(&ear, 0, sizeof(ear));
    ear.status = 204;
    pthread_mutex_init(&ear.lock, NULL);
    pthread_cond_init(&ear.change, NULL);
    set_up_receiver(hear, SECRET_1 "\n");
    start(1000000);
    return 0;
}

/* ---- tests ---- */

static void assert_heard(int64_t first, size_t count)
{
    pthread_mutex_lock(&ear.lock);
    assert_int_equal(ear.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ear.heard[i], first + (int64_t)i);
    assert_int_equal(ear.lies, 0);
    pthread_mutex_unlock(&ear.lock);
}

static void tells_all_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++)
        emit(i % 2 ? EVENT_LIVE : EVENT_ENDED, "shop");
    wait_for(ear.count == 100);
    end();
    assert_heard(1, 100);
    assert_string_equal(ear.id[99], "msg_test-100");
}

static void a_receiver_that_fails_is_told_later(void **state)
{
    static const int failures[] = {500, 0, 503, 404, 302};

    (void)state;
    for (size_t i = 0; i < COUNT(failures); i++) {
        size_t before;
        answer(failures[i]);
        emit(EVENT_LIVE, "shop");
        pthread_mutex_lock(&ear.lock);
        before = ear.posts;
        pthread_mutex_unlock(&ear.lock);
        wait_for(ear.posts >= before + 3);
        assert_true(figures().waiting >= 1);
        assert_true(figures().oldest_us > 0);
        answer(204);
        wait_for(ear.count == i + 1);
    }
    assert_heard(1, COUNT(failures));
    EventSinkStats stats = figures();
    assert_true(stats.keeps);
    assert_true(stats.failures >= 2 * COUNT(failures)); /* one may still be on its way */
    assert_int_equal(stats.dead, 0);
    assert_int_equal(stats.dropped, 0);
}

/* The process ends while events wait, and the next one delivers them, with the IDs that they had.
 */
static void what_waits_outlives_the_process(void **state)
{
    (void)state;
    answer(503);
    for (int i = 0; i < 10; i++)
        emit(EVENT_LIVE, "shop");
    wait_for(ear.posts >= 2);
    end();
    assert_heard(1, 0);
    answer(204);
    start(1000000);
    wait_for(ear.count == 10);
    sequence = 100;
    emit(EVENT_ENDED, "shop");
    wait_for(ear.count == 11);
    end();
    for (size_t i = 0; i < 10; i++) {
        char id[32];
        snprintf(id, sizeof(id), "msg_test-%zu", i + 1);
        assert_string_equal(ear.id[i], id);
    }
    assert_int_equal(ear.heard[10], 101);
    assert_int_equal(ear.lies, 0);
}

/* The reasons of the dead letters, with a semicolon behind each, and how many there are. */
static size_t read_dead(char *reasons, size_t size)
{
    char path[TEMP_FOLDER_SIZE + 16], line[2048];
    size_t n = 0;
    struct stat is;

    snprintf(path, sizeof(path), "%s/shop.dead", root);
    reasons[0] = '\0';
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    assert_int_equal(fstat(fileno(in), &is), 0);
    assert_int_equal(is.st_mode & 0777, 0600);
    for (; fgets(line, sizeof(line), in); n++) {
        json_t *all = json_loads(line, 0, NULL);
        assert_row(all, "line", "%s", line);
        assert_non_null(json_string_value(json_object_get(json_object_get(all, "event"), "id")));
        size_t len = strlen(reasons);
        snprintf(reasons + len, size - len, "%s;",
                 json_string_value(json_object_get(all, "reason")));
        json_decref(all);
    }
    fclose(in);
    return n;
}

static void an_event_that_is_never_taken_lets_the_others_pass(void **state)
{
    char reasons[256];

    (void)state;
    pthread_mutex_lock(&ear.lock);
    ear.bad = 2;
    pthread_mutex_unlock(&ear.lock);
    for (int i = 0; i < 3; i++)
        emit(EVENT_LIVE, "shop");
    wait_for(ear.count == 2);
    assert_int_equal(figures().dead, 1);
    end();
    assert_int_equal(ear.heard[0], 1);
    assert_int_equal(ear.heard[1], 3);
    assert_int_equal(read_dead(reasons, sizeof(reasons)), 1);
    assert_string_equal(reasons, "HTTP 410;");
}

static void is_given_up_after_so_many_refusals(void **state)
{
    char reasons[256];

    (void)state;
    end();
    start(3);
    answer(500);
    emit(EVENT_LIVE, "shop");
    emit(EVENT_ENDED, "shop");
    wait_for(ear.posts >= 6);
    answer(204);
    emit(EVENT_LIVE, "shop");
    wait_for(ear.count >= 1 && ear.heard[ear.count - 1] == 3);
    end();
    size_t dead = read_dead(reasons, sizeof(reasons));
    assert_int_equal(dead, 2); /* the sixth was answered 500, so the second is dead as well */
    assert_string_equal(reasons,
                        "it was refused events.webhook_tries times;"
                        "it was refused events.webhook_tries times;");
    assert_int_equal(ear.posts, 7);
}

static void a_full_queue_gives_up_its_oldest(void **state)
{
    enum { EVENTS = 100 };
    char reasons[EVENTS * 64];

    (void)state;
    end();
    answer(503);
    start_with(10, 8192);
    for (int i = 0; i < EVENTS; i++)
        emit(EVENT_LIVE, "shop");
    uint64_t dead = figures().dead;
    assert_true(dead > EVENTS / 2 && dead < EVENTS);
    assert_int_equal(figures().waiting, EVENTS - dead);
    answer(204);
    wait_for(ear.count > 0 && ear.heard[ear.count - 1] == EVENTS);
    end();
    assert_true(read_dead(reasons, sizeof(reasons)) > 0); /* the rest is in shop.dead.old */
    assert_non_null(strstr(reasons, "more than events.webhook_queue waited;"));
    assert_true(ear.count >= EVENTS - dead); /* and the one that was on its way */
    assert_int_equal(ear.lies, 0);
}

static void says_that_its_disk_fails(void **state)
{
    const Event event = {.kind = EVENT_LIVE, .sequence = 1, .stream = "shop"};
    char why[EVENT_WHY_SIZE] = "", folder[TEMP_FOLDER_SIZE + 16];

    (void)state;
    end();
    snprintf(target.name, sizeof(target.name), "later/shop");
    start_with(10, 8192);
    assert_false(sink.offer(sink.user, &event, why));
    assert_string_equal(why, "its queue on disk: No such file or directory");
    snprintf(folder, sizeof(folder), "%s/later", root);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_true(sink.offer(sink.user, &event, why));
    wait_for(ear.count == 1);
}

static void tells_what_is_wanted_alone(void **state)
{
    (void)state;
    end();
    assert_null(event_filter_kinds(&target.filter, "live"));
    assert_null(event_filter_streams(&target.filter, "shop"));
    start(10);
    emit(EVENT_ENDED, "shop");
    emit(EVENT_LIVE, "radio");
    emit(EVENT_LIVE, "shop");
    wait_for(ear.count == 1);
    end();
    assert_heard(3, 1);
}

/* While both are there, a receiver may know either. */
static void secrets_are_replaced_while_it_runs(void **state)
{
    (void)state;
    emit(EVENT_LIVE, "shop");
    wait_for(ear.count == 1);
    assert_null(strchr(ear.signature, ' '));
    write_secrets(SECRET_2 "\n" SECRET_1 "\n");
    emit(EVENT_LIVE, "shop");
    wait_for(ear.count == 2);
    assert_non_null(strchr(ear.signature, ' '));
    assert_int_equal(chmod(secret_file, 0644), 0); /* one that others read is not read */
    emit(EVENT_LIVE, "shop");
    wait_for(ear.count == 3);
    assert_non_null(strchr(ear.signature, ' '));
    assert_int_equal(ear.lies, 0);
    write_secrets(SECRET_2 "\n");
    emit(EVENT_LIVE, "shop");
    wait_for(ear.count == 4);
    assert_int_equal(ear.lies, 1);
}

static const struct CMUnitTest tests[] = {
    TEST(tells_all_in_order),
    TEST(a_receiver_that_fails_is_told_later),
    TEST(what_waits_outlives_the_process),
    TEST(an_event_that_is_never_taken_lets_the_others_pass),
    TEST(is_given_up_after_so_many_refusals),
    TEST(a_full_queue_gives_up_its_oldest),
    TEST(says_that_its_disk_fails),
    TEST(tells_what_is_wanted_alone),
    TEST(secrets_are_replaced_while_it_runs),
};

TEST_GROUP(event_webhook, tests);
