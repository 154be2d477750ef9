/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "webhook_rig.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "hls-bridge/base/bridge_log.h"
#include "hls-bridge/events/event_line.h"

/* What a webhook says of its disk: each thing once, and once that it is over. */

#define LOG_SIZE 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the log */
static char said[LOG_SIZE];
static size_t said_len;

static atomic_int status; /* that the receiver answers */
static atomic_bool mark_fails, sync_fails;
static char queue[TEMP_FOLDER_SIZE + 16], dead[TEMP_FOLDER_SIZE + 16];

/* ---- the disk and the log ---- */

void __wrap_log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void __wrap_log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void __wrap_log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t at);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at);

static void say(const char *format, va_list args)
{
    pthread_mutex_lock(&lock);
    int n = vsnprintf(said + said_len, LOG_SIZE - said_len, format, args);
    said_len += n > 0 && (size_t)n < LOG_SIZE - said_len ? (size_t)n : 0;
    pthread_mutex_unlock(&lock);
}

#define SAY_AS(name)                                                                               \
    void name(const char *format, ...)                                                             \
    {                                                                                              \
        va_list args;                                                                              \
                                                                                                   \
        va_start(args, format);                                                                    \
        say(format, args);                                                                         \
        va_end(args);                                                                              \
    }

SAY_AS(__wrap_log_error)
SAY_AS(__wrap_log_warn)
SAY_AS(__wrap_log_info)

int __wrap_fdatasync(int fd)
{
    errno = EIO;
    return sync_fails ? -1 : __real_fdatasync(fd);
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    errno = ENOSPC;
    return mark_fails && len == EVENT_MARK_LEN ? -1 : __real_pwrite(fd, bytes, len, at);
}

static size_t count_said(const char *what)
{
    size_t n = 0;

    pthread_mutex_lock(&lock);
    for (const char *at = said; (at = strstr(at, what)); at++)
        n++;
    pthread_mutex_unlock(&lock);
    return n;
}

#define assert_said(what, times)                                                                   \
    assert_row(count_said(what) == (times), what, "%zu times, not %d: %s", count_said(what),       \
               times, said)

/* ---- the receiver and the sink ---- */

static int hear(char *request)
{
    (void)request;
    return status;
}

static void start(void)
{
    start_with(1000000, 1 << 20);
}

/* Fails if it never holds. */
#define wait_for(condition)                                                                        \
    do {                                                                                           \
        int64_t end_us_ = clock_monotonic_us(clock_system()) + WAIT_S * US_PER_S;                  \
        while (!(condition) && clock_monotonic_us(clock_system()) < end_us_)                       \
            usleep(1000);                                                                          \
        assert_true(condition);                                                                    \
    } while (0)

/* Some events that are delivered, or given up, one after the other. */
static void emit_done(int events)
{
    while (events-- > 0) {
        emit(EVENT_LIVE, "shop");
        wait_for(figures().waiting == 0);
    }
}

static int setup(void **state)
{
    (void)state;
    said[0] = '\0';
    said_len = 0;
    status = 204;
    mark_fails = sync_fails = false;
    set_up_receiver(hear, "the-secret-of-this-test-of-the-log\n");
    snprintf(queue, sizeof(queue), "%s/shop.queue", root);
    snprintf(dead, sizeof(dead), "%s/shop.dead", root);
    start();
    return 0;
}

/* ---- tests ---- */

static void a_mark_that_cannot_be_written_is_told_once(void **state)
{
    (void)state;
    mark_fails = true;
    emit_done(3);
    assert_said("the queue's mark cannot be written: No space left on device", 1);
    mark_fails = false;
    emit_done(3);
    assert_said("the queue's mark", 2);
    assert_said("the queue's mark is written again", 1);
}

static void a_disk_that_writes_nothing_through_is_told_once(void **state)
{
    (void)state;
    status = 410;
    sync_fails = true;
    emit_done(3);
    assert_said("its queue cannot be written through: Input/output error", 1);
    assert_said("shop.dead cannot be written through: Input/output error", 1);
    sync_fails = false;
    emit_done(3);
    assert_said("its queue is written through again", 1);
    assert_said("shop.dead is written through again", 1);
    assert_said("written through", 4);
}

static void an_event_that_is_lost_is_told_after_others_were_buried(void **state)
{
    (void)state;
    status = 410;
    emit_done(2);
    assert_said("events are given up, and added to", 1);
    assert_int_equal(unlink(dead), 0);
    assert_int_equal(mkdir(dead, 0700), 0);
    emit_done(2);
    assert_int_equal(figures().dropped, 2);
    assert_said("events are lost: HTTP 410; they cannot be added to", 1);
    assert_int_equal(rmdir(dead), 0);
    emit_done(2);
    assert_said("events are given up, and added to", 2);
}

/* Nothing was said to wait on a disk that cannot be read. */
static void a_queue_that_cannot_be_read_is_told_once(void **state)
{
    char folder[TEMP_FOLDER_SIZE + 16];

    (void)state;
    end();
    snprintf(target.name, sizeof(target.name), "later/shop");
    start();
    wait_for(count_said("No such file or directory") > 0);
    assert_said("its queue cannot be read: No such file or directory; it is tried again", 1);
    assert_said("they wait on disk", 0);
    snprintf(folder, sizeof(folder), "%s/later", root);
    assert_int_equal(mkdir(folder, 0700), 0);
    wait_for(count_said("its queue is read again") > 0);
    assert_said("cannot be", 1);
}

static void what_is_lost_of_the_queue_is_told(void **state)
{
    (void)state;
    status = 503;
    for (int i = 0; i < 3; i++)
        emit(EVENT_LIVE, "shop");
    assert_int_equal(truncate(queue, 0), 0);
    status = 204;
    emit_done(1);
    assert_int_equal(figures().dropped, 3);
    assert_said("lines of its queue are lost, since they were damaged or cut off: 3", 1);
}

static const struct CMUnitTest tests[] = {
    TEST(a_mark_that_cannot_be_written_is_told_once),
    TEST(a_disk_that_writes_nothing_through_is_told_once),
    TEST(an_event_that_is_lost_is_told_after_others_were_buried),
    TEST(a_queue_that_cannot_be_read_is_told_once),
    TEST(what_is_lost_of_the_queue_is_told),
};

TEST_GROUP(event_webhook_log, tests);
