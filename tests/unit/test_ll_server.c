/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "hls-bridge/serve/ll_server.h"
#include "hls-bridge/base/manual_clock.h"
#include "hls-bridge/base/media.h"
#include "temp_folder.h"
#include "instruments/hls-viewers/gunzip.h"

#define TIMEOUT_MS 60000            /* for what must come; reached only by a test that fails */
#define HOLD_US    (600 * US_PER_S) /* that a request is held */
#define WAIT_US    1 /* that a stream is waited for: until the server looks around next */
#define VIDEO      0 /* its index on the board */
#define PART       "video-77-8.0.m4s"
#define PART_BYTES (3 << 20) /* more than a socket takes at once */

static char folder[TEMP_FOLDER_SIZE];
static char socket_path[64];
static LlHub *hub;
static LlBoard *board;
static LlServer *server;
static int64_t wait_us = HOLD_US, timeout_us;
static size_t connections;
static ManualClock by_hand;
static const Clock *server_clock; /* NULL: the system's */

/* ---- a disk that hangs ---- */

static pthread_mutex_t disk = PTHREAD_MUTEX_INITIALIZER; /* held: nothing below `folder` opens */

static bool is_on_disk(const char *path)
{
    return *folder && strncmp(path, folder, strlen(folder)) == 0;
}

/* In the place of libc's, for all that this program links. */
int open(const char *path, int flags, ...)
{
    va_list more;

    va_start(more, flags);
    int mode = flags & O_CREAT ? va_arg(more, int) : 0;
    va_end(more);
    if (is_on_disk(path)) {
        pthread_mutex_lock(&disk);
        pthread_mutex_unlock(&disk);
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void publish(int64_t msn, int64_t open)
{
    char text[64];
    LlNews news = {.edge = {msn, 10, open, 15, false}, .epoch = 77, .text = text};

    news.text_len = (size_t)snprintf(text, sizeof(text), "%d.%d\n", (int)msn, (int)open);
    assert_int_equal(ll_board_publish(board, VIDEO, &news), 0);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(folder);
    snprintf(socket_path, sizeof(socket_path), "%s/ll.sock", folder);
    hub = ll_hub_create(&(LlHubParams){.wait_us = wait_us});
    board = ll_hub_join(hub, "shop", HOLD_US, US_PER_S / 5);
    assert_int_equal(ll_board_add(board, "video"), VIDEO);
    LlServerParams params = {.address = "127.0.0.1",
                             .socket = socket_path,
                             .hub = hub,
                             .clock = server_clock ? server_clock : clock_system(),
                             .connections = connections,
                             .timeout_us = timeout_us,
                             .target_us = 2 * US_PER_S};
    server = ll_server_create(&params);
    assert_non_null(server);
    publish(7, 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ll_server_destroy(&server);
    assert_null(server);
    assert_int_equal(access(socket_path, F_OK), -1);
    ll_board_leave(&board);
    ll_hub_destroy(&hub);
    temp_folder_remove(folder);
    return 0;
}

/* ---- a client ---- */

static int connect_client(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(to.sun_path, socket_path);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void ask(int fd, const char *method, const char *target)
{
    char text[256];

    snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nHost: x\r\n\r\n", method, target);
    say(fd, text);
}

static void ask_for_gzip(int fd, const char *method, const char *target)
{
    char text[256];

    snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n", method, target);
    say(fd, text);
}

/* Reads until `len` bytes are there, or the connection ends. */
static size_t hear(int fd, char *out, size_t len)
{
    size_t got = 0;

    while (got < len) {
        assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, TIMEOUT_MS), 1);
        ssize_t n = recv(fd, out + got, len - got, 0);
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    return got;
}

/* Reads one answer; its head goes to `head`. Returns its status. */
static int hear_head(int fd, char head[512])
{
    size_t n = 0;

    *head = '\0';
    while (!strstr(head, "\r\n\r\n") && n < 511 && hear(fd, head + n, 1) == 1)
        head[++n] = '\0';
    return n > 12 ? atoi(head + 9) : 0;
}

static void expect_answer(int fd, int status, const char *body)
{
    char head[512], got[128] = "", length[64];

    int answered = hear_head(fd, head);
    assert_row(answered == status, body, "%d: %s", answered, head);
    snprintf(length, sizeof(length), "Content-Length: %zu\r\n", strlen(body));
    assert_non_null(strstr(head, length));
    assert_int_equal(hear(fd, got, strlen(body)), strlen(body));
    assert_string_equal(got, body);
}

/* Until as many are held: they come by another thread. */
static void until_held(size_t count)
{
    for (int ms = 0; ll_board_held(board) != count; ms++) {
        assert_true(ms < TIMEOUT_MS);
        usleep(1000);
    }
}

/* ---- tests ---- */

static void holds_and_wakes(void **state)
{
    int fd[100];
    size_t count = COUNT(fd);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        fd[i] = connect_client();
        ask(fd[i], "GET", "/live/shop/video.m3u8?_HLS_msn=8&_HLS_part=0");
    }
    until_held(count);
    for (int64_t round = 1; round < 4; round++) { /* again on the same connections */
        char body[16], next[64];
        publish(7, round);
        snprintf(body, sizeof(body), "7.%d\n", (int)round);
        snprintf(next, sizeof(next), "/live/shop/video.m3u8?_HLS_msn=8&_HLS_part=%d", (int)round);
        for (size_t i = 0; i < count; i++) {
            expect_answer(fd[i], 200, body);
            ask(fd[i], "GET", next);
        }
        until_held(count);
    }
    for (size_t i = 0; i < count; i++)
        close(fd[i]); /* those who leave are not waited for */
    until_held(0);
}

static void answers_at_once(void **state)
{
    static const struct {
        const char *method, *target, *body;
        int status;
    } rows[] = {
        {"GET", "/live/shop/video.m3u8?_HLS_msn=7", "7.0\n", 200},
        {"GET", "/live/shop/video.m3u8", "7.0\n", 200},
        {"GET", "/live/shop/video.m3u8?_HLS_msn=x", "_HLS_msn is not a number", 400},
        {"GET", "/live/shop/video.m3u8?_HLS_part=1", "_HLS_part needs _HLS_msn", 400},
        {"GET", "/live/shop/video.m3u8?_HLS_msn=99", "that is too far ahead\n", 400},
        {"GET", "/live/none/video.m3u8?_HLS_msn=7", "there is no such thing\n", 404},
        {"GET", "/live/shop/audio.m3u8", "there is no such thing\n", 404},
        {"GET", "/live/shop/video-77-7.0.m4s", "there is no such thing\n", 404}, /* not in memory */
        {"GET", "/live/shop/../x", "there is no such thing\n", 404},
        {"GET", "/live/shop/%2e%2e%2fx", "there is no such thing\n", 404},
        {"GET", "/streams", "there is no such thing\n", 404},
        {"DELETE", "/live/shop/video.m3u8", "this takes GET alone\n", 405},
    };
    int fd = connect_client();

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        ask(fd, rows[i].method, rows[i].target);
        expect_answer(fd, rows[i].status, rows[i].body);
    }
    close(fd);
}

static void takes_requests_as_they_come(void **state)
{
    static const char *request = "GET /live/shop/video.m3u8 HTTP/1.1\r\n\r\n";
    char head[512], twice[128];
    int fd = connect_client();

    (void)state;
    snprintf(twice, sizeof(twice), "%s%s", request, request);
    say(fd, twice);
    expect_answer(fd, 200, "7.0\n");
    expect_answer(fd, 200, "7.0\n");
    for (const char *c = request; *c; c++) {
        say(fd, (const char[]){*c, '\0'});
        usleep(100);
    }
    expect_answer(fd, 200, "7.0\n");
    ask(fd, "HEAD", "/live/shop/video.m3u8");
    assert_int_equal(hear_head(fd, head), 200);
    assert_non_null(strstr(head, "Content-Length: 4\r\n"));
    say(fd, request); /* nothing but its head was sent */
    expect_answer(fd, 200, "7.0\n");
    close(fd);
}

/* A first request is held for a moment alone, and the stream's thread, which sleeps once its
 * publisher has gone, is not needed for that. */
static void ends_a_short_hold_in_time(void **state)
{
    const int64_t part_us = US_PER_S / 5, now_us = 100 * US_PER_S;
    const LlNews news = {.edge = {7, 10, 0, 15, false},
                         .epoch = 77,
                         .at_us = now_us,
                         .text = "7.0\n",
                         .text_len = 4};
    int fd = connect_client();

    (void)state;
    assert_int_equal(ll_board_publish(board, VIDEO, &news), 0);
    ask(fd, "GET", "/live/shop/video.m3u8");
    expect_answer(fd, 200, "7.0\n"); /* it is new, and the server has looked around by then */
    manual_clock_set(&by_hand, now_us + part_us / 2);
    ask(fd, "GET", "/live/shop/video.m3u8");
    until_held(1);
    manual_clock_set(&by_hand, now_us + part_us + part_us / 4);
    expect_answer(fd, 200, "7.0\n");
    close(fd);
}

/* Hears a compressed answer. Returns its text, as long as it is valid, and its own length. */
static char *hear_gzip(int fd, size_t *len)
{
    char head[512], body[256];
    const char *wrong;
    size_t text_len;

    assert_int_equal(hear_head(fd, head), 200);
    assert_non_null(strstr(head, "\r\nContent-Encoding: gzip\r\n"));
    assert_non_null(strstr(head, "\r\nVary: Accept-Encoding\r\n"));
    *len = strtoul(strstr(head, "Content-Length: ") + strlen("Content-Length: "), NULL, 10);
    assert_in_range(*len, 1, sizeof(body));
    assert_int_equal(hear(fd, body, *len), *len);
    char *text = gunzip(body, *len, 256, &text_len, &wrong);
    assert_non_null(text);
    text[text_len] = '\0';
    return text;
}

/* Each is given the kind that it takes, of the same version, whoever comes first. */
static void compresses_for_clients_that_accept_it(void **state)
{
    static const char *next = "/live/shop/video.m3u8?_HLS_msn=8&_HLS_part=0";
    int fd[] = {connect_client(), connect_client(), connect_client()};
    char head[512], length[64], *text;
    size_t len, again;

    (void)state;
    ask_for_gzip(fd[0], "GET", next);
    ask(fd[1], "GET", next);
    ask_for_gzip(fd[2], "GET", next);
    until_held(3);
    publish(7, 1);
    text = hear_gzip(fd[0], &len);
    assert_string_equal(text, "7.1\n");
    free(text);
    assert_int_equal(hear_head(fd[1], head), 200);
    assert_non_null(strstr(head, "Content-Length: 4\r\n"));
    assert_non_null(strstr(head, "\r\nVary: Accept-Encoding\r\n"));
    assert_null(strstr(head, "Content-Encoding"));
    assert_int_equal(hear(fd[1], head, 4), 4);
    text = hear_gzip(fd[2], &again);
    assert_int_equal(again, len);
    free(text);

    ask_for_gzip(fd[0], "HEAD", next);
    snprintf(length, sizeof(length), "Content-Length: %zu\r\n", len);
    assert_int_equal(hear_head(fd[0], head), 200);
    assert_non_null(strstr(head, length));
    ask_for_gzip(fd[0], "GET", "/live/shop/video.m3u8?_HLS_msn=99"); /* no list: not compressed */
    expect_answer(fd[0], 400, "that is too far ahead\n");
    for (size_t i = 0; i < COUNT(fd); i++)
        close(fd[i]);
}

/* Whoever cannot be understood is told so, and let go. */
static void ends_wrong_requests(void **state)
{
    char endless[5000], head[512], rest[64];
    const char *texts[] = {"nonsense\r\n\r\n", endless,
                           "POST /live/shop/video.m3u8 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"};
    const int statuses[] = {400, 431, 405};

    (void)state;
    memset(endless, 'x', sizeof(endless));
    endless[4096] = '\0';
    for (size_t i = 0; i < COUNT(texts); i++) {
        int fd = connect_client();
        say(fd, texts[i]);
        int status = hear_head(fd, head);
        assert_row(status == statuses[i], texts[i], "%d", status);
        assert_non_null(strstr(head, "Connection: close\r\n"));
        size_t left = hear(fd, rest, sizeof(rest));
        assert_row(left > 0 && left < sizeof(rest), texts[i], "%zu", left);
        close(fd);
    }
}

static void sends_a_part_when_it_is_whole(void **state)
{
    char head[512], *bytes = malloc(PART_BYTES), *got = malloc(PART_BYTES);
    int fd = connect_client();

    (void)state;
    for (size_t i = 0; i < PART_BYTES; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    ask(fd, "GET", "/live/shop/" PART);
    until_held(1);
    assert_int_equal(ll_board_keep(board, VIDEO, 8, 0, bytes, PART_BYTES), 0);
    assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 50), 0);
    publish(7, 1);
    assert_int_equal(hear_head(fd, head), 200);
    assert_non_null(strstr(head, "Content-Type: video/mp4\r\n"));
    ll_board_leave(&board); /* what is being sent stays until it is */
    assert_int_equal(hear(fd, got, PART_BYTES), PART_BYTES);
    assert_memory_equal(got, bytes, PART_BYTES);
    close(fd);
    free(bytes);
    free(got);
}

/* What is no longer in memory is a file, which nginx serves: were it opened here, the disk would
 * hold up those who wait for another stream. */
static void waits_for_no_disk(void **state)
{
    int slow = connect_client(), other = connect_client();
    char path[96];

    (void)state;
    snprintf(path, sizeof(path), "%s/shop", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof(path), "%s/shop/video-77-7.0.m4s", folder);
    close(open(path, O_WRONLY | O_CREAT, 0644));
    ask(other, "GET", "/live/shop/video.m3u8?_HLS_msn=8&_HLS_part=0");
    until_held(1);
    pthread_mutex_lock(&disk);
    ask(slow, "GET", "/live/shop/video-77-7.0.m4s");
    poll(&(struct pollfd){.fd = slow, .events = POLLIN}, 1, 100);
    publish(7, 1);
    int answered = poll(&(struct pollfd){.fd = other, .events = POLLIN}, 1, TIMEOUT_MS);
    pthread_mutex_unlock(&disk);
    assert_int_equal(answered, 1);
    expect_answer(other, 200, "7.1\n");
    expect_answer(slow, 404, "there is no such thing\n");
    close(slow);
    close(other);
}

/* Until as many wait for streams to begin. */
static void until_waiting(size_t count)
{
    for (int ms = 0; ll_hub_stats(hub).waiting != count; ms++) {
        assert_true(ms < TIMEOUT_MS);
        usleep(1000);
    }
}

static void tells_when_a_stream_begins(void **state)
{
    static const char *const path[] = {"/live/shop/wait.json", "/live/late/wait.json"};
    LlBoard *late;
    int fd[2];

    (void)state;
    for (size_t i = 0; i < COUNT(fd); i++) {
        fd[i] = connect_client();
        ask(fd[i], "GET", path[i]);
    }
    until_waiting(2);
    ll_board_set_live(board, true);
    expect_answer(fd[0], 200, "{\"live\":true}\n");
    until_waiting(1);
    late = ll_hub_join(hub, "late", US_PER_S, US_PER_S / 5);
    ll_board_set_live(late, true);
    expect_answer(fd[1], 200, "{\"live\":true}\n");
    ask(fd[0], "GET", path[1]); /* at once, when it has begun */
    expect_answer(fd[0], 200, "{\"live\":true}\n");
    ll_board_leave(&late);
    ask(fd[0], "GET", path[1]);
    until_waiting(1);
    for (size_t i = 0; i < COUNT(fd); i++)
        close(fd[i]);
    until_waiting(0); /* those who leave are not waited for */
}

static int setup_limits(void **state)
{
    connections = 3;
    timeout_us = 1; /* until the server looks around next */
    return setup(state);
}

static int teardown_limits(void **state)
{
    connections = 0;
    timeout_us = 0;
    return teardown(state);
}

static int setup_by_hand(void **state)
{
    manual_clock_init(&by_hand, 100 * US_PER_S, 100 * US_PER_S);
    server_clock = &by_hand.clock;
    return setup(state);
}

static int teardown_by_hand(void **state)
{
    server_clock = NULL;
    return teardown(state);
}

/* Until as many are counted. */
static void until_noted(LlNote note, uint64_t count)
{
    for (int ms = 0; ll_hub_stats(hub).noted[note] != count; ms++) {
        assert_true(ms < TIMEOUT_MS);
        usleep(1000);
    }
}

/* Who trickles, and who takes no answer, is ended; who is held is not. */
static void ends_slow_clients(void **state)
{
    int trickles = connect_client(), takes_nothing = connect_client(), held = connect_client();
    char *bytes = calloc(1, PART_BYTES), byte;

    (void)state;
    assert_int_equal(ll_board_keep(board, VIDEO, 8, 0, bytes, PART_BYTES), 0);
    free(bytes);
    publish(7, 1);
    ask(held, "GET", "/live/shop/video.m3u8?_HLS_msn=8&_HLS_part=1");
    until_held(1);
    ask(takes_nothing, "GET", "/live/shop/" PART);
    say(trickles, "GET /live/shop/vid");
    until_noted(LL_NOTE_SLOW, 2);
    assert_int_equal(hear(trickles, &byte, 1), 0);
    assert_int_equal(ll_board_held(board), 1);
    publish(7, 2);
    expect_answer(held, 200, "7.2\n");
    close(trickles);
    close(takes_nothing);
    close(held);
}

static void refuses_one_connection_too_many(void **state)
{
    int fd[4];
    char byte;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fd[i] = connect_client();
        ask(fd[i], "GET", "/live/shop/video.m3u8?_HLS_msn=8&_HLS_part=0");
    }
    until_held(3);
    fd[3] = connect_client();
    assert_int_equal(hear(fd[3], &byte, 1), 0);
    until_noted(LL_NOTE_REFUSED, 1);
    close(fd[0]); /* which makes room */
    until_held(2);
    fd[0] = connect_client();
    ask(fd[0], "GET", "/live/shop/video.m3u8");
    expect_answer(fd[0], 200, "7.0\n");
    for (size_t i = 0; i < 4; i++)
        close(fd[i]);
}

static int setup_short(void **state)
{
    wait_us = WAIT_US;
    return setup(state);
}

static int teardown_short(void **state)
{
    wait_us = HOLD_US;
    return teardown(state);
}

/* An answer without a body has none, and nothing that tells of it: the next one follows. */
static void tells_that_a_stream_has_not_begun(void **state)
{
    int fd = connect_client();
    char head[512];

    (void)state;
    ask(fd, "GET", "/live/late/wait.json");
    assert_int_equal(hear_head(fd, head), 204);
    assert_null(strstr(head, "Content-"));
    assert_non_null(strstr(head, "Cache-Control: no-store\r\n"));
    ask(fd, "GET", "/live/shop/video.m3u8");
    expect_answer(fd, 200, "7.0\n");
    close(fd);
}

/* Whoever is still held when it ends gets an answer. */
static void ends_with_an_answer(void **state)
{
    int fd = connect_client();

    (void)state;
    ask(fd, "GET", "/live/shop/video.m3u8?_HLS_msn=8&_HLS_part=0");
    until_held(1);
    ll_server_destroy(&server);
    expect_answer(fd, 503, "nothing new has come\n");
    close(fd);
}

/* A child that is being started has all descriptors for a moment. What happens at a connection that
 * is closed meanwhile is nobody's event. */
static void forgets_a_connection_that_a_child_still_has(void **state)
{
    int closed = connect_client(), other = connect_client(), until[2];

    (void)state;
    ask(closed, "GET", "/live/shop/video.m3u8?_HLS_msn=8&_HLS_part=0");
    until_held(1);
    assert_int_equal(pipe(until), 0);
    pid_t child = fork();
    if (child == 0) {
        close(until[1]);
        _exit(read(until[0], &(char){0}, 1) == 0 ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(shutdown(closed, SHUT_WR), 0);
    until_held(0);
    ask(other, "GET",
        "/live/shop/video.m3u8?_HLS_msn=7&_HLS_part=0"); /* the server is done with it */
    expect_answer(other, 200, "7.0\n");
    assert_int_equal(shutdown(closed, SHUT_RD), 0);
    ask(other, "GET", "/live/shop/video.m3u8?_HLS_msn=7&_HLS_part=0");
    expect_answer(other, 200, "7.0\n");
    close(until[1]);
    close(closed);
    close(other);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(until[0]);
}

static void says_where_it_cannot_listen(void **state)
{
    LlServerParams params = {
        .address = "127.0.0.1", .socket = "/nowhere/ll.sock", .hub = hub, .clock = clock_system()};

    (void)state;
    assert_null(ll_server_create(&params));
    assert_int_equal(errno, ENOENT);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(holds_and_wakes, setup, teardown),
    cmocka_unit_test_setup_teardown(answers_at_once, setup, teardown),
    cmocka_unit_test_setup_teardown(takes_requests_as_they_come, setup, teardown),
    cmocka_unit_test_setup_teardown(ends_a_short_hold_in_time, setup_by_hand, teardown_by_hand),
    cmocka_unit_test_setup_teardown(compresses_for_clients_that_accept_it, setup, teardown),
    cmocka_unit_test_setup_teardown(ends_wrong_requests, setup, teardown),
    cmocka_unit_test_setup_teardown(sends_a_part_when_it_is_whole, setup, teardown),
    cmocka_unit_test_setup_teardown(waits_for_no_disk, setup, teardown),
    cmocka_unit_test_setup_teardown(tells_when_a_stream_begins, setup, teardown),
    cmocka_unit_test_setup_teardown(tells_that_a_stream_has_not_begun, setup_short, teardown_short),
    cmocka_unit_test_setup_teardown(ends_slow_clients, setup_limits, teardown_limits),
    cmocka_unit_test_setup_teardown(refuses_one_connection_too_many, setup_limits, teardown_limits),
    cmocka_unit_test_setup_teardown(ends_with_an_answer, setup, teardown),
    cmocka_unit_test_setup_teardown(forgets_a_connection_that_a_child_still_has, setup, teardown),
    cmocka_unit_test_setup_teardown(says_where_it_cannot_listen, setup, teardown),
};

TEST_GROUP(ll_server, tests);
