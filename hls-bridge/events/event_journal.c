/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/media.h"

#define GENERATION_MASK ((UINT64_C(1) << 59) - 1) /* as large as a line has it */

#define MODE       0600 /* what happens here is nobody else's business */
#define COPY_BYTES 65536
#define KEEP_BYTES                                                                                 \
    65536 /* that a queue in which nothing waits may have: a new file for each event               \
             would cost the disk more than the event */

struct EventJournal {
    EventJournalParams params;
    char *queue_path, *mark_path, *new_path;
    int queue, mark;     /* below 0: they are not open */
    uint64_t generation; /* of the queue's file */
    int64_t at, end;     /* of the oldest event that waits, of all */
    uint64_t number;     /* of the oldest event that waits */
    uint64_t waiting;    /* events */
    uint64_t damaged;    /* lines */
    int64_t oldest_us;   /* 0: none waits */
    bool unsynced;
};

/* ---- create and destroy ---- */

static void close_files(EventJournal *j)
{
    if (j->queue >= 0)
        close(j->queue);
    if (j->mark >= 0)
        close(j->mark);
    j->queue = j->mark = -1;
}

void event_journal_destroy(EventJournal **journal)
{
    EventJournal *j = *journal;

    if (!j)
        return;
    close_files(j);
    free(j->queue_path);
    free(j->mark_path);
    free(j->new_path);
    free(j);
    *journal = NULL;
}

static char *path_with(const char *path, const char *suffix)
{
    char *with;

    return asprintf(&with, "%s%s", path, suffix) < 0 ? NULL : with;
}

EventJournal *event_journal_create(const EventJournalParams *params)
{
    EventJournal *j = calloc(1, sizeof(*j));

    if (!j)
        return NULL;
    *j = (EventJournal){.params = *params, .queue = -1, .mark = -1, .number = 1};
    j->params.path = NULL; /* the caller's */
    j->queue_path = path_with(params->path, ".queue");
    j->mark_path = path_with(params->path, ".mark");
    j->new_path = path_with(params->path, ".new");
    if (!j->queue_path || !j->mark_path || !j->new_path)
        event_journal_destroy(&j);
    return j;
}

/* ---- lines of the queue ---- */

/* Reads the line at `at`. Returns its length, 0 if there is no whole one, or -1 with errno. */
static ssize_t read_line(int fd, int64_t at, char *line)
{
    ssize_t n = pread(fd, line, EVENT_LINE_MAX, at);

    return n < 0 ? -1 : (ssize_t)event_line_length(line, (size_t)n);
}

/* Steps over damaged lines to the oldest event that waits. Returns the length of its line, 0 if
 * none waits, or -1 with errno. */
static ssize_t find_oldest(EventJournal *j, char *line, EventRecord *out)
{
    while (j->at < j->end) {
        ssize_t len = read_line(j->queue, j->at, line);
        if (len == 0) { /* somebody has cut the file: what is there is read again */
            close_files(j);
            errno = EIO;
        }
        if (len <= 0)
            return -1;
        if (event_line_is_record(line, (size_t)len, out)) {
            j->oldest_us = out->unix_us;
            return len;
        }
        j->at += len;
    }
    j->oldest_us = 0;
    return 0;
}

static void step_over(EventJournal *j, ssize_t len)
{
    j->at += len;
    j->number++;
    j->waiting--;
    if (j->waiting == 0)
        j->oldest_us = 0;
}

/* ---- a new file ---- */

static int write_all(int fd, const void *bytes, size_t len, int64_t at)
{
    ssize_t n = pwrite(fd, bytes, len, at);

    if (n >= 0 && n != (ssize_t)len)
        errno = ENOSPC;
    return n == (ssize_t)len ? 0 : -1;
}

static int copy(int from, int64_t at, int64_t end, int to, int64_t to_at)
{
    char bytes[COPY_BYTES];

    while (at < end) {
        size_t most = end - at < COPY_BYTES ? (size_t)(end - at) : COPY_BYTES;
        errno = EIO; /* of a file that is shorter than it was */
        ssize_t n = pread(from, bytes, most, at);
        if (n <= 0 || write_all(to, bytes, (size_t)n, to_at) < 0)
            return -1;
        at += n;
        to_at += n;
    }
    return 0;
}

/* The name of the new file survives a power cut. */
static int sync_folder(const char *path)
{
    char folder[PATH_MAX];

    snprintf(folder, sizeof(folder), "%s", path);
    int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    return status;
}

/* Begins a new file with what waits, in place of the one that there is, if any. Returns 0, or -1
 * with errno: then nothing has changed. */
static int begin_file(EventJournal *j)
{
    char head[EVENT_LINE_MAX];
    uint64_t generation;
    int fd = open(j->new_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, MODE);

    if (fd < 0)
        return -1;
    if (getrandom(&generation, sizeof(generation), 0) != sizeof(generation))
        goto fail;
    /* by chance: a mark of a file that a power cut has taken back is of no other one */
    generation &= GENERATION_MASK;
    size_t len = event_line_head(head, generation);
    if (write_all(fd, head, len, 0) < 0 ||
        (j->queue >= 0 && copy(j->queue, j->at, j->end, fd, (int64_t)len) < 0) || fsync(fd) < 0 ||
        rename(j->new_path, j->queue_path) < 0)
        goto fail;
    sync_folder(j->queue_path); /* the old file is as good, if it comes back */
    if (j->queue >= 0)
        close(j->queue);
    j->queue = fd;
    j->generation = generation;
    j->end += (int64_t)len - j->at;
    j->at = (int64_t)len;
    j->unsynced = false;
    return 0;
fail:;
    int error = errno;
    close(fd);
    unlink(j->new_path);
    errno = error;
    return -1;
}

/* ---- open ---- */

/* How much of the file of this generation an earlier run has done. A mark that is older than the
 * file, or newer than what a power cut has left of it, says nothing: then all of it is read. */
static int64_t marked_offset(EventJournal *j)
{
    char line[EVENT_MARK_LEN], before;
    uint64_t generation, offset;

    if (pread(j->mark, line, sizeof(line), 0) == EVENT_MARK_LEN &&
        event_line_is_mark(line, EVENT_MARK_LEN, &generation, &offset) &&
        generation == j->generation && offset > 0 &&
        pread(j->queue, &before, 1, (off_t)offset - 1) == 1 && before == '\n')
        return (int64_t)offset;
    return 0;
}

/* Counts what waits behind `at`, and cuts off what has no end. */
static int count_lines(EventJournal *j)
{
    char line[EVENT_LINE_MAX];
    EventRecord record;
    ssize_t len;

    j->waiting = 0;
    j->oldest_us = 0;
    for (j->end = j->at; (len = read_line(j->queue, j->end, line)) > 0; j->end += len) {
        if (!event_line_is_record(line, (size_t)len, &record)) {
            j->damaged++;
            continue;
        }
        if (j->waiting++ == 0)
            j->oldest_us = record.unix_us;
    }
    if (len < 0)
        return -1;
    if (lseek(j->queue, 0, SEEK_END) > j->end) {
        j->damaged++;
        return ftruncate(j->queue, j->end);
    }
    return 0;
}

/* Reads the queue that there is, or begins one. Returns 0, or -1 with errno. */
static int take_up(EventJournal *j)
{
    char line[EVENT_LINE_MAX];

    j->at = j->end = 0;
    j->generation = 0;
    ssize_t len = j->queue < 0 ? 0 : read_line(j->queue, 0, line);
    if (len < 0)
        return -1;
    if (len == 0) { /* there is none, or not one whole line of it */
        if (j->queue >= 0)
            close(j->queue);
        j->queue = -1;
        j->waiting = 0;
        return begin_file(j);
    }
    if (event_line_is_head(line, (size_t)len, &j->generation))
        j->at = larger(marked_offset(j), len);
    return count_lines(j); /* a head that is damaged is one more line that is no event */
}

int event_journal_open(EventJournal *j)
{
    if (j->queue >= 0)
        return 0;
    j->mark = open(j->mark_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, MODE);
    if (j->mark < 0 || flock(j->mark, LOCK_EX | LOCK_NB) < 0)
        goto fail;
    j->queue = open(j->queue_path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if ((j->queue < 0 && errno != ENOENT) || take_up(j) < 0)
        goto fail;
    j->number++; /* what was read of a file before is not of this one */
    return 0;
fail:;
    int error = errno == EWOULDBLOCK ? EBUSY : errno;
    close_files(j);
    errno = error;
    return -1;
}

/* ---- use ---- */

/* Gives up the oldest until what waits takes half of the bound. Returns 0, or -1 with errno. */
static int give_up_oldest(EventJournal *j)
{
    char line[EVENT_LINE_MAX];
    EventRecord record;

    while (j->end - j->at > j->params.bytes / 2) {
        ssize_t len = find_oldest(j, line, &record);
        if (len <= 0)
            return (int)len;
        j->params.give_up(j->params.user, &record);
        step_over(j, len);
    }
    return 0;
}

/* Makes room for a line of this length. Returns 0, or -1 with errno. */
static int make_room(EventJournal *j, size_t len)
{
    bool drained = j->waiting == 0 && j->end > KEEP_BYTES;

    if (!drained && j->end + (int64_t)len <= j->params.bytes)
        return 0;
    if (give_up_oldest(j) < 0)
        return -1;
    return begin_file(j);
}

int event_journal_add(EventJournal *j, int64_t unix_us, const char *id, const char *body)
{
    char line[EVENT_LINE_MAX];
    size_t len = event_line_record(line, unix_us, id, body);

    if (len == 0) {
        errno = EMSGSIZE;
        return -1;
    }
    if (event_journal_open(j) < 0 || make_room(j, len) < 0)
        return -1;
    if (write_all(j->queue, line, len, j->end) < 0) {
        int error = errno;
        if (ftruncate(j->queue, j->end) < 0) /* else half a line is there until the next one */
            error = errno;
        errno = error;
        return -1;
    }
    j->end += (int64_t)len;
    if (j->waiting++ == 0)
        j->oldest_us = unix_us;
    j->unsynced = true;
    return 0;
}

int event_journal_next(EventJournal *j, char *line, EventRecord *out, uint64_t *number)
{
    if (event_journal_open(j) < 0)
        return -1;
    ssize_t len = find_oldest(j, line, out);
    *number = j->number;
    return len < 0 ? -1 : len > 0;
}

int event_journal_done(EventJournal *j, uint64_t number)
{
    char line[EVENT_LINE_MAX];
    EventRecord record;

    if (number != j->number)
        return 0;
    ssize_t len = find_oldest(j, line, &record);
    if (len <= 0)
        return (int)len;
    step_over(j, len);
    return write_all(j->mark, line, event_line_mark(line, j->generation, (uint64_t)j->at), 0);
}

int event_journal_sync(EventJournal *j)
{
    if (!j->unsynced)
        return 0;
    if (fdatasync(j->queue) < 0)
        return -1;
    j->unsynced = false;
    return 0;
}

EventJournalStats event_journal_stats(const EventJournal *j)
{
    return (EventJournalStats){
        .waiting = j->waiting, .damaged = j->damaged, .bytes = j->end, .oldest_us = j->oldest_us};
}
