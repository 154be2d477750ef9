/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness.h"
#include "temp_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "hls-bridge/events/event_journal.h"

#define BOUND     (1 << 20)
#define FILE_SIZE 8192

static char root[TEMP_FOLDER_SIZE], path[TEMP_FOLDER_SIZE + 8], queue[TEMP_FOLDER_SIZE + 16],
    mark[TEMP_FOLDER_SIZE + 16];
static EventJournal *journal;
static uint64_t given_up; /* the number in the ID of the newest */
static size_t given_up_count, kept_count;
static ino_t kept_from; /* the file that had them */

static void give_up(void *user, const EventRecord *record)
{
    uint64_t id = strtoull(record->id, NULL, 10);

    assert_ptr_equal(user, &given_up);
    assert_true(given_up_count == 0 || id == given_up + 1); /* the oldest first */
    given_up = id;
    given_up_count++;
}

static void keep(void *user)
{
    struct stat is;

    assert_ptr_equal(user, &given_up);
    assert_int_equal(stat(queue, &is), 0);
    kept_count = given_up_count;
    kept_from = is.st_ino;
}

static void open_journal(int64_t bytes)
{
    const EventJournalParams params = {
        .path = path, .bytes = bytes, .give_up = give_up, .keep = keep, .user = &given_up};

    journal = event_journal_create(&params);
    assert_non_null(journal);
}

static int setup(void **state)
{
    (void)state;
    temp_folder(root);
    snprintf(path, sizeof(path), "%s/shop", root);
    snprintf(queue, sizeof(queue), "%s.queue", path);
    snprintf(mark, sizeof(mark), "%s.mark", path);
    given_up_count = kept_count = 0;
    kept_from = 0;
    open_journal(BOUND);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    event_journal_destroy(&journal);
    event_journal_destroy(&journal);
    temp_folder_remove(root);
    return 0;
}

/* As after SIGKILL: destroying writes nothing. */
static void start_again(int64_t bytes)
{
    event_journal_destroy(&journal);
    open_journal(bytes);
}

static int add(uint64_t number)
{
    char id[EVENT_ID_SIZE], body[64];

    snprintf(id, sizeof(id), "%llu", (unsigned long long)number);
    snprintf(body, sizeof(body), "{\"number\": %llu}", (unsigned long long)number);
    return event_journal_add(journal, 1000 + (int64_t)number, id, body);
}

/* The number in the ID of the oldest that waits, which is done with if `done`; 0: none waits. */
static uint64_t take(bool done)
{
    char line[EVENT_LINE_MAX];
    EventRecord record;
    uint64_t number;
    int there = event_journal_next(journal, line, &record, &number);

    assert_row(there >= 0, "next", "%s", strerror(errno));
    if (there == 0)
        return 0;
    if (done)
        assert_int_equal(event_journal_done(journal, number), 0);
    assert_int_equal(record.unix_us, 1000 + strtoll(record.id, NULL, 10));
    assert_memory_equal(record.body, "{\"number\": ", 11);
    return strtoull(record.id, NULL, 10);
}

static void add_all(uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++)
        assert_row(add(i) == 0, "add", "%llu: %s", (unsigned long long)i, strerror(errno));
}

/* They come, in order, and are done with. */
static void take_all(uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++) {
        uint64_t taken = take(true);
        assert_row(taken == i, "take", "%llu, not %llu", (unsigned long long)taken,
                   (unsigned long long)i);
    }
}

static void assert_waiting(uint64_t waiting)
{
    EventJournalStats stats = event_journal_stats(journal);

    assert_int_equal(stats.waiting, waiting);
    assert_true((stats.oldest_us == 0) == (waiting == 0));
}

static void comes_in_order_once(void **state)
{
    struct stat is;

    (void)state;
    assert_int_equal(take(true), 0);
    add_all(1, 5);
    assert_waiting(5);
    assert_int_equal(event_journal_stats(journal).oldest_us, 1001);
    assert_int_equal(take(false), 1);
    take_all(1, 5);
    assert_int_equal(take(true), 0);
    assert_waiting(0);
    assert_int_equal(event_journal_sync(journal), 0);
    assert_int_equal(stat(queue, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0600);
    assert_int_equal(stat(mark, &is), 0);
    assert_int_equal(is.st_mode & 0777, 0600);
}

static void the_next_run_goes_on(void **state)
{
    (void)state;
    add_all(1, 5);
    assert_int_equal(take(true), 1);
    assert_int_equal(take(true), 2);
    assert_int_equal(take(false), 3); /* it was on its way */
    start_again(BOUND);
    assert_int_equal(event_journal_open(journal), 0);
    assert_waiting(3);
    assert_int_equal(add(6), 0);
    take_all(3, 6);
    start_again(BOUND);
    assert_int_equal(take(true), 0);
    assert_int_equal(event_journal_stats(journal).damaged, 0);
}

/* ---- what a power cut leaves ---- */

static size_t read_all(const char *file, char bytes[FILE_SIZE])
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, bytes, FILE_SIZE);

    assert_true(n >= 0 && n < FILE_SIZE);
    close(fd);
    return (size_t)n;
}

static void write_all(const char *file, const char *bytes, size_t len)
{
    int fd = open(file, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0600);

    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

/* Where the line ends of this number; the head is 0. */
static size_t end_of(const char *bytes, size_t number)
{
    const char *at = bytes;

    for (size_t i = 0; i <= number; i++)
        at = strchr(at, '\n') + 1;
    return (size_t)(at - bytes);
}

/* Five events, of which two are done; what lies on disk then. */
static size_t make_five(char bytes[FILE_SIZE], char marked[FILE_SIZE])
{
    add_all(1, 5);
    assert_int_equal(take(true), 1);
    assert_int_equal(take(true), 2);
    size_t len = read_all(queue, bytes);
    bytes[len] = '\0';
    assert_int_equal(read_all(mark, marked), EVENT_MARK_LEN);
    assert_int_equal(end_of(bytes, 5), len);
    return len;
}

/* Every event that is whole, and is not known to be done, is read; then all goes on. */
static void it_may_be_cut_at_each_byte(void **state)
{
    char bytes[FILE_SIZE], marked[FILE_SIZE];
    size_t len = make_five(bytes, marked);

    (void)state;
    for (size_t cut = 0; cut <= len; cut++) {
        event_journal_destroy(&journal);
        write_all(queue, bytes, cut);
        write_all(mark, marked, EVENT_MARK_LEN);
        open_journal(BOUND);
        /* a mark behind the end of the file says nothing */
        for (uint64_t i = cut >= end_of(bytes, 2) ? 3 : 1; i <= 5 && end_of(bytes, i) <= cut; i++) {
            uint64_t got = take(true);
            assert_row(got == i, "cut", "at %zu: %llu, not %llu", cut, (unsigned long long)got,
                       (unsigned long long)i);
        }
        assert_int_equal(take(false), 0);
        assert_int_equal(add(9), 0);
        start_again(BOUND);
        assert_int_equal(take(true), 9);
        assert_int_equal(take(true), 0);
    }
}

/* A damaged line is left out, and no other; at most its neighbours come twice. */
static void any_byte_may_be_damaged(void **state)
{
    char bytes[FILE_SIZE], marked[FILE_SIZE];
    size_t len = make_five(bytes, marked);

    (void)state;
    for (size_t at = 0; at < len; at++) {
        bool got[6] = {false};
        uint64_t last = 0;
        event_journal_destroy(&journal);
        bytes[at] ^= 0x55;
        write_all(queue, bytes, len);
        bytes[at] ^= 0x55;
        write_all(mark, marked, EVENT_MARK_LEN);
        open_journal(BOUND);
        for (uint64_t i; (i = take(true)) != 0; last = i) {
            assert_row(i > last && i <= 5, "damaged", "at %zu: %llu", at, (unsigned long long)i);
            got[i] = true;
        }
        for (size_t i = 3; i <= 5; i++) {
            bool hit = at >= end_of(bytes, i - 1) && at < end_of(bytes, i);
            /* without its end it is one line with the next */
            hit = hit || at == end_of(bytes, i - 1) - 1;
            assert_row(got[i] == !hit, "damaged", "at %zu: event %zu", at, i);
        }
    }
}

/* The name of a new file, or a mark, is not yet on disk when the power goes. */
static void a_mark_of_another_file_says_nothing(void **state)
{
    char bytes[FILE_SIZE], marked[FILE_SIZE], other[FILE_SIZE];
    size_t len = make_five(bytes, marked);

    (void)state;
    event_journal_destroy(&journal);
    assert_int_equal(unlink(queue), 0);
    open_journal(BOUND);
    for (uint64_t i = 6; i <= 9; i++) /* as long as the others */
        assert_int_equal(add(i), 0);
    start_again(BOUND); /* the mark of the file before lies beside it */
    take_all(6, 9);
    assert_int_equal(read_all(mark, other), EVENT_MARK_LEN);
    event_journal_destroy(&journal);
    write_all(queue, bytes, len);
    open_journal(BOUND); /* the old file is back */
    take_all(1, 5);
    event_journal_destroy(&journal);
    write_all(queue, bytes, len);
    for (size_t cut = 0; cut < EVENT_MARK_LEN; cut++) { /* its own mark is torn */
        write_all(mark, marked, cut);
        open_journal(BOUND);
        assert_int_equal(take(false), 1);
        event_journal_destroy(&journal);
    }
    write_all(mark, marked, EVENT_MARK_LEN);
    open_journal(BOUND);
    assert_int_equal(take(false), 3);
}

static void reads_no_stranger(void **state)
{
    static char text[3 * EVENT_LINE_MAX];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    write_all(queue, text, sizeof(text));
    assert_int_equal(take(true), 0);
    assert_int_equal(add(1), 0);
    assert_int_equal(take(true), 1);
    assert_true(event_journal_stats(journal).damaged > 0);
}

/* ---- bounds ---- */

static void the_oldest_are_given_up(void **state)
{
    enum { SMALL = 4096, EVENTS = 1000 };
    struct stat is;
    uint64_t next;

    (void)state;
    start_again(SMALL);
    for (uint64_t i = 1; i <= EVENTS; i++) {
        assert_int_equal(add(i), 0);
        assert_int_equal(stat(queue, &is), 0);
        assert_true(is.st_size <= SMALL);
        assert_int_equal(kept_count, given_up_count);
        assert_true(kept_from != is.st_ino); /* while they were in the file before */
    }
    assert_true(given_up_count > EVENTS / 2);
    assert_int_equal(given_up, given_up_count);
    assert_waiting(EVENTS - given_up_count);
    start_again(SMALL);
    for (next = given_up + 1; next <= EVENTS; next++)
        assert_int_equal(take(true), next);
    assert_int_equal(take(true), 0);
}

/* It was given up while it was being delivered: the next one is not taken for it. */
static void what_was_given_up_is_done_once(void **state)
{
    enum { SMALL = 4096 };
    char line[EVENT_LINE_MAX];
    EventRecord record;
    uint64_t number, i = 1;

    (void)state;
    start_again(SMALL);
    assert_int_equal(add(i++), 0);
    assert_int_equal(event_journal_next(journal, line, &record, &number), 1);
    while (given_up_count == 0)
        assert_int_equal(add(i++), 0);
    assert_int_equal(event_journal_done(journal, number), 0);
    assert_int_equal(take(false), given_up + 1);
}

static void a_queue_that_is_done_becomes_small(void **state)
{
    struct stat is;
    off_t most = 0;

    (void)state;
    for (uint64_t i = 1; i <= 10000; i++) {
        assert_int_equal(add(i), 0);
        assert_int_equal(take(true), i);
        assert_int_equal(stat(queue, &is), 0);
        most = is.st_size > most ? is.st_size : most;
    }
    assert_true(most > 65536 && most < 2 * 65536);
    start_again(BOUND);
    assert_int_equal(take(true), 0);
}

static void a_full_disk_leaves_no_half_a_line(void **state)
{
    struct rlimit had, small;
    struct stat is;

    (void)state;
    assert_int_equal(add(1), 0);
    assert_int_equal(stat(queue, &is), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &had), 0);
    small = (struct rlimit){.rlim_cur = (rlim_t)is.st_size + 20, .rlim_max = had.rlim_max};
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int status = add(2), error = errno;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &had), 0);
    signal(SIGXFSZ, before);
    assert_int_equal(status, -1);
    assert_true(error == ENOSPC || error == EFBIG);
    assert_waiting(1);
    off_t len = is.st_size;
    assert_int_equal(stat(queue, &is), 0);
    assert_int_equal(is.st_size, len);
    assert_int_equal(add(3), 0);
    assert_int_equal(take(true), 1);
    assert_int_equal(take(true), 3);
}

#define ANOTHER_SIZE (TEMP_FOLDER_SIZE + 16)

/* A folder stands in the place of a new file; its path is for rmdir(). */
static void let_no_file_be_made(char another[ANOTHER_SIZE])
{
    snprintf(another, ANOTHER_SIZE, "%s.new", path);
    assert_int_equal(mkdir(another, 0700), 0);
}

/* A full disk has no room for a new file: what is done makes room in the one that there is. */
static void a_queue_that_is_done_needs_no_room_to_become_small(void **state)
{
    char another[ANOTHER_SIZE];
    struct stat is;
    uint64_t last = 0;

    (void)state;
    while (event_journal_stats(journal).bytes <= 65536)
        assert_int_equal(add(++last), 0);
    take_all(1, last);
    let_no_file_be_made(another);
    assert_int_equal(add(last + 1), 0);
    assert_int_equal(stat(queue, &is), 0);
    assert_true(is.st_size < 65536);
    start_again(BOUND); /* the mark is that of what has gone */
    assert_int_equal(take(true), last + 1);
    assert_int_equal(take(true), 0);
    assert_int_equal(rmdir(another), 0);
}

static void says_why_it_cannot_and_tries_again(void **state)
{
    char folder[TEMP_FOLDER_SIZE + 8];

    (void)state;
    event_journal_destroy(&journal);
    snprintf(folder, sizeof(folder), "%s/later", root);
    snprintf(path, sizeof(path), "%s/later/x", root);
    open_journal(BOUND);
    assert_int_equal(add(1), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(add(1), 0);
    assert_int_equal(take(true), 1);
}

static void a_second_process_is_refused(void **state)
{
    EventJournal *first = journal;

    (void)state;
    assert_int_equal(add(1), 0);
    open_journal(BOUND);
    assert_int_equal(add(2), -1);
    assert_int_equal(errno, EBUSY);
    event_journal_destroy(&first);
    assert_int_equal(add(2), 0);
    assert_int_equal(take(true), 1);
    assert_int_equal(take(true), 2);
}

/* An operator empties the file. */
static void a_file_that_is_cut_meanwhile_is_read_from_new(void **state)
{
    char line[EVENT_LINE_MAX];
    EventRecord record;
    uint64_t number;

    (void)state;
    assert_int_equal(add(1), 0);
    assert_int_equal(truncate(queue, 0), 0);
    assert_int_equal(event_journal_next(journal, line, &record, &number), 0);
    assert_int_equal(add(2), 0);
    assert_int_equal(take(true), 2);
}

/* Nothing waits, so nothing is read: what comes next is written where the next run finds it. */
static void what_comes_behind_a_cut_is_found_again(void **state)
{
    (void)state;
    for (uint64_t i = 1; i <= 3; i += 2) {
        assert_int_equal(add(i), 0);
        assert_int_equal(take(true), i);
        assert_int_equal(i == 1 ? truncate(queue, 0) : unlink(queue), 0);
        assert_int_equal(add(i + 1), 0);
        start_again(BOUND);
        assert_int_equal(event_journal_open(journal), 0);
        assert_int_equal(event_journal_stats(journal).damaged, 0);
        assert_int_equal(take(true), i + 1);
    }
}

/* What waits in a file that is removed is sent all the same, and by the next run, too. */
static void what_waits_outlives_a_file_that_is_removed(void **state)
{
    (void)state;
    add_all(1, 3);
    assert_int_equal(take(true), 1);
    assert_int_equal(unlink(queue), 0);
    assert_int_equal(add(4), 0);
    assert_int_equal(take(true), 2);
    start_again(BOUND);
    assert_int_equal(take(true), 3);
    assert_int_equal(take(true), 4);
}

/* Whoever empties the folder does not want what was done to be sent again, nor another process to
 * write the same queue. */
static void a_mark_that_is_removed_comes_again(void **state)
{
    (void)state;
    add_all(1, 3);
    assert_int_equal(take(true), 1);
    assert_int_equal(unlink(queue), 0);
    assert_int_equal(unlink(mark), 0);
    assert_int_equal(add(4), 0);
    EventJournal *first = journal;
    open_journal(BOUND);
    assert_int_equal(event_journal_open(journal), -1);
    assert_int_equal(errno, EBUSY);
    event_journal_destroy(&journal);
    journal = first;
    assert_int_equal(unlink(mark), 0); /* this time alone */
    assert_int_equal(take(true), 2);
    assert_int_equal(add(5), 0);
    start_again(BOUND);
    take_all(3, 5);
    assert_int_equal(take(true), 0);
}

/* What cannot be written to a file that has a name is not said to be kept. */
static void says_if_a_file_that_was_removed_cannot_be_made(void **state)
{
    char another[ANOTHER_SIZE];

    (void)state;
    assert_int_equal(add(1), 0);
    assert_int_equal(unlink(queue), 0);
    let_no_file_be_made(another);
    assert_int_equal(add(2), -1);
    assert_int_equal(take(false), 1); /* it is still there to be sent */
    assert_int_equal(rmdir(another), 0);
    assert_int_equal(add(3), 0);
    start_again(BOUND);
    assert_int_equal(take(true), 1);
    assert_int_equal(take(true), 3);
}

/* The file may become as long again by what comes next, which nobody has had. */
static void a_mark_beyond_the_end_does_not_come_true(void **state)
{
    struct stat is;

    (void)state;
    assert_int_equal(add(1), 0);
    assert_int_equal(add(2), 0);
    assert_int_equal(take(true), 1);
    assert_int_equal(take(true), 2);
    assert_int_equal(stat(queue, &is), 0);
    assert_int_equal(truncate(queue, is.st_size - 1), 0);
    start_again(BOUND);
    assert_int_equal(add(3), 0); /* as long as the second */
    start_again(BOUND);
    assert_int_equal(take(true), 1); /* once more */
    assert_int_equal(take(true), 3);
}

/* ---- what is done stays done ---- */

/* No mark can be about a file without a head: it gets one, else all would come at each start. */
static void a_damaged_head_makes_all_come_once_more(void **state)
{
    char bytes[FILE_SIZE], marked[FILE_SIZE];
    size_t len = make_five(bytes, marked);

    (void)state;
    event_journal_destroy(&journal);
    bytes[3] ^= 0x55;
    write_all(queue, bytes, len);
    open_journal(BOUND);
    take_all(1, 4);
    start_again(BOUND);
    assert_int_equal(take(true), 5);
    start_again(BOUND);
    assert_int_equal(take(true), 0);
    assert_int_equal(add(6), 0);
    start_again(BOUND);
    assert_int_equal(take(true), 6);
}

static void a_damaged_head_comes_again_if_there_is_no_room(void **state)
{
    char bytes[FILE_SIZE], marked[FILE_SIZE], another[ANOTHER_SIZE];
    size_t len = make_five(bytes, marked);

    (void)state;
    event_journal_destroy(&journal);
    bytes[3] ^= 0x55;
    write_all(queue, bytes, len);
    let_no_file_be_made(another);
    open_journal(BOUND);
    assert_int_equal(add(6), 0);
    take_all(1, 6);
    assert_int_equal(rmdir(another), 0);
}

/* They are among the dead letters: they are not to be sent as well. */
static void what_was_given_up_stays_so_without_room_for_a_new_file(void **state)
{
    enum { SMALL = 4096, MANY = 1000 };
    char another[ANOTHER_SIZE];
    uint64_t i = 1;

    (void)state;
    start_again(SMALL);
    assert_int_equal(add(i++), 0);
    let_no_file_be_made(another);
    while (i < MANY && add(i) == 0)
        i++;
    assert_true(given_up_count > 0);
    assert_int_equal(kept_count, given_up_count);
    start_again(SMALL);
    assert_int_equal(take(true), given_up + 1);
    assert_int_equal(rmdir(another), 0);
}

static void what_is_done_makes_room_on_a_full_disk(void **state)
{
    struct rlimit had, small;
    struct stat is;

    (void)state;
    assert_int_equal(add(1), 0);
    assert_int_equal(take(true), 1);
    assert_int_equal(stat(queue, &is), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &had), 0);
    small = (struct rlimit){.rlim_cur = (rlim_t)is.st_size, .rlim_max = had.rlim_max};
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int first = add(2), second = add(3);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &had), 0);
    signal(SIGXFSZ, before);
    assert_int_equal(first, 0);
    assert_int_equal(second, -1); /* the second of this run waits, and is not to go */
    start_again(BOUND);
    assert_int_equal(take(true), 2);
    assert_int_equal(take(true), 0);
}

static void a_mark_that_is_removed_comes_again_with_what_is_done(void **state)
{
    (void)state;
    add_all(1, 3);
    assert_int_equal(unlink(mark), 0);
    assert_int_equal(take(true), 1);
    start_again(BOUND);
    assert_int_equal(take(true), 2);
}

/* ---- what is lost is counted ---- */

static void assert_damaged(uint64_t damaged)
{
    assert_int_equal(event_journal_stats(journal).damaged, damaged);
}

static void a_line_that_is_damaged_meanwhile_does_not_wait(void **state)
{
    char bytes[FILE_SIZE];

    (void)state;
    add_all(1, 3);
    size_t len = read_all(queue, bytes);
    bytes[len] = '\0';
    bytes[end_of(bytes, 1) + 3] ^= 0x55;
    write_all(queue, bytes, len);
    assert_int_equal(take(true), 1);
    assert_int_equal(take(true), 3);
    assert_int_equal(take(true), 0);
    assert_waiting(0);
    assert_damaged(1);
}

/* The end of the last line, behind which nothing may be added. */
static void an_end_that_is_damaged_meanwhile_is_cut_off(void **state)
{
    char bytes[FILE_SIZE];

    (void)state;
    add_all(1, 2);
    size_t len = read_all(queue, bytes);
    bytes[len - 1] = 'x';
    write_all(queue, bytes, len);
    assert_int_equal(take(true), 1);
    assert_int_equal(take(true), 0);
    assert_waiting(0);
    assert_damaged(1);
    assert_int_equal(add(3), 0);
    assert_int_equal(take(true), 3);
}

static void what_was_cut_off_is_counted(void **state)
{
    char bytes[FILE_SIZE];

    (void)state;
    add_all(1, 5);
    assert_int_equal(take(true), 1);
    size_t len = read_all(queue, bytes);
    bytes[len] = '\0';
    assert_int_equal(truncate(queue, (off_t)end_of(bytes, 3) + 5), 0);
    assert_int_equal(add(6), 0);
    assert_waiting(3);
    assert_damaged(2); /* the fourth, in the middle, and the fifth */
    assert_int_equal(truncate(queue, 0), 0);
    assert_int_equal(take(true), 0);
    assert_waiting(0);
    assert_damaged(5);
}

/* All that is left was delivered: it is neither sent again nor said to be lost. */
static void what_was_done_is_not_read_again_if_it_is_cut(void **state)
{
    struct stat is;

    (void)state;
    add_all(1, 3);
    take_all(1, 3);
    assert_int_equal(stat(queue, &is), 0);
    assert_int_equal(truncate(queue, is.st_size - 5), 0);
    assert_int_equal(add(4), 0);
    assert_int_equal(take(true), 4);
    assert_int_equal(take(true), 0);
    assert_damaged(0);
}

/* The event that is under way has gone with the file: the next one is not taken for it. */
static void what_was_cut_while_it_was_sent_is_done_once(void **state)
{
    char line[EVENT_LINE_MAX];
    EventRecord record;
    uint64_t number;

    (void)state;
    assert_int_equal(add(1), 0);
    assert_int_equal(event_journal_next(journal, line, &record, &number), 1);
    assert_int_equal(truncate(queue, 0), 0);
    assert_int_equal(add(2), 0);
    assert_int_equal(event_journal_done(journal, number), 0);
    assert_int_equal(take(true), 2);
}

/* Nothing is left to be marked, or to be written through: that is no failure. */
static void a_file_that_was_cut_is_no_failure_of_what_was_sent(void **state)
{
    char line[EVENT_LINE_MAX];
    EventRecord record;
    uint64_t number;

    (void)state;
    assert_int_equal(add(1), 0);
    assert_int_equal(event_journal_next(journal, line, &record, &number), 1);
    assert_int_equal(truncate(queue, 0), 0);
    event_journal_next(journal, line, &record, &number);
    assert_row(event_journal_done(journal, number) == 0, "done", "%s", strerror(errno));
    assert_row(event_journal_sync(journal) == 0, "sync", "%s", strerror(errno));
}

/* ---- other hands ---- */

/* A second bridge had the lock of a new mark, and has added events. */
static void who_has_lost_the_lock_reads_what_others_have_added(void **state)
{
    EventJournal *first = journal;

    (void)state;
    assert_int_equal(add(1), 0);
    assert_int_equal(add(2), 0);
    assert_int_equal(unlink(mark), 0);
    open_journal(BOUND);
    assert_int_equal(add(3), 0);
    assert_int_equal(take(true), 1);
    EventJournal *second = journal;
    journal = first;
    assert_int_equal(add(4), -1);
    assert_int_equal(errno, EBUSY);
    event_journal_destroy(&second);
    assert_int_equal(add(4), 0);
    take_all(2, 4);
    assert_int_equal(take(true), 0);
    start_again(BOUND);
    assert_int_equal(take(true), 0);
    assert_damaged(0);
}

/* Nobody else was there: what has gone was not sent by another bridge. */
static void what_was_cut_off_without_a_mark_is_counted(void **state)
{
    (void)state;
    add_all(1, 3);
    assert_int_equal(take(true), 1);
    assert_int_equal(unlink(mark), 0);
    assert_int_equal(truncate(queue, 0), 0);
    assert_int_equal(add(4), 0);
    assert_damaged(2);
    start_again(BOUND);
    assert_int_equal(take(true), 4);
    assert_int_equal(take(true), 0);
}

#define HOLE_BYTES (INT64_C(4) << 30)

static off_t size_of_queue(void)
{
    struct stat is;

    assert_int_equal(stat(queue, &is), 0);
    return is.st_size;
}

static void a_file_that_became_longer_is_cut(void **state)
{
    (void)state;
    assert_int_equal(add(1), 0);
    assert_int_equal(truncate(queue, HOLE_BYTES), 0);
    assert_int_equal(add(2), 0);
    assert_true(size_of_queue() < BOUND);
    assert_int_equal(truncate(queue, HOLE_BYTES), 0);
    start_again(BOUND); /* before anybody saw it */
    assert_int_equal(event_journal_open(journal), 0);
    assert_true(size_of_queue() < BOUND);
    assert_damaged(1);
    assert_int_equal(take(true), 1);
    assert_int_equal(take(true), 2);
    assert_int_equal(take(true), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(comes_in_order_once),
    TEST(the_next_run_goes_on),
    TEST(it_may_be_cut_at_each_byte),
    TEST(any_byte_may_be_damaged),
    TEST(a_mark_of_another_file_says_nothing),
    TEST(reads_no_stranger),
    TEST(the_oldest_are_given_up),
    TEST(what_was_given_up_is_done_once),
    TEST(a_queue_that_is_done_becomes_small),
    TEST(a_queue_that_is_done_needs_no_room_to_become_small),
    TEST(a_full_disk_leaves_no_half_a_line),
    TEST(says_why_it_cannot_and_tries_again),
    TEST(a_second_process_is_refused),
    TEST(a_file_that_is_cut_meanwhile_is_read_from_new),
    TEST(what_comes_behind_a_cut_is_found_again),
    TEST(what_waits_outlives_a_file_that_is_removed),
    TEST(a_mark_that_is_removed_comes_again),
    TEST(says_if_a_file_that_was_removed_cannot_be_made),
    TEST(a_mark_beyond_the_end_does_not_come_true),
    TEST(a_damaged_head_makes_all_come_once_more),
    TEST(a_damaged_head_comes_again_if_there_is_no_room),
    TEST(what_was_given_up_stays_so_without_room_for_a_new_file),
    TEST(what_is_done_makes_room_on_a_full_disk),
    TEST(a_mark_that_is_removed_comes_again_with_what_is_done),
    TEST(a_line_that_is_damaged_meanwhile_does_not_wait),
    TEST(an_end_that_is_damaged_meanwhile_is_cut_off),
    TEST(what_was_cut_off_is_counted),
    TEST(what_was_done_is_not_read_again_if_it_is_cut),
    TEST(what_was_cut_while_it_was_sent_is_done_once),
    TEST(a_file_that_was_cut_is_no_failure_of_what_was_sent),
    TEST(who_has_lost_the_lock_reads_what_others_have_added),
    TEST(what_was_cut_off_without_a_mark_is_counted),
    TEST(a_file_that_became_longer_is_cut),
};

TEST_GROUP(event_journal, tests);
