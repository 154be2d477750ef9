/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/media.h"
#include "events/journal_bytes.h"

/* That a queue in which nothing waits may have: a new file for each event would cost the disk more
 * than the event. */
#define KEEP_BYTES 65536

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

/* Keeps errno. */
static void close_files(EventJournal *j)
{
    int error = errno;

    if (j->queue >= 0)
        close(j->queue);
    if (j->mark >= 0)
        close(j->mark);
    j->queue = j->mark = -1;
    errno = error;
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

/* Begins a new file with what waits, in place of the one that there is, if any. Returns 0, or -1
 * with errno: then nothing has changed. */
static int begin_file(EventJournal *j)
{
    uint64_t generation;
    int fd = journal_open(j->new_path, O_CREAT | O_TRUNC);

    if (fd < 0)
        return -1;
    size_t len = journal_write_head(fd, &generation);
    if (len == 0 ||
        (j->queue >= 0 && journal_copy(j->queue, j->at, j->end, fd, (int64_t)len) < 0) ||
        fsync(fd) < 0 || rename(j->new_path, j->queue_path) < 0)
        goto fail;
    journal_sync_folder(j->queue_path); /* the old file is as good, if it comes back */
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

/* The same in place, if nothing waits: a full disk has no room for a new file, and may be full of
 * what is done. Returns 0, or -1 with errno: then the next one who comes begins the file. */
static int empty_file(EventJournal *j)
{
    if (ftruncate(j->queue, 0) < 0)
        return -1;
    j->unsynced = false;
    j->at = j->end = (int64_t)journal_write_head(j->queue, &j->generation);
    if (j->end > 0)
        return 0;
    close_files(j);
    return -1;
}

/* ---- the mark ---- */

static int write_mark(const EventJournal *j)
{
    char line[EVENT_LINE_MAX];

    return journal_write(j->mark, line, event_line_mark(line, j->generation, (uint64_t)j->at), 0);
}

/* Begins a new one, which is the lock too, in place of one that was removed. Returns 0, or -1 with
 * errno. */
static int begin_mark(EventJournal *j)
{
    int fd = journal_open_locked(j->mark_path);

    if (fd < 0)
        return -1;
    close(j->mark);
    j->mark = fd;
    return write_mark(j);
}

/* ---- open ---- */

/* How much of the file of this generation an earlier run has done; -1 with errno. A mark that is
 * older than the file, or newer than what is left of it, says nothing: then all of it is read. It
 * goes, since what comes next may be just as long as what it was about. */
static int64_t marked_offset(EventJournal *j)
{
    char line[EVENT_MARK_LEN], before;
    uint64_t generation, offset;

    if (pread(j->mark, line, sizeof(line), 0) != EVENT_MARK_LEN ||
        !event_line_is_mark(line, EVENT_MARK_LEN, &generation, &offset) ||
        generation != j->generation || offset == 0)
        return 0;
    if (pread(j->queue, &before, 1, (off_t)offset - 1) == 1 && before == '\n')
        return (int64_t)offset;
    return ftruncate(j->mark, 0) < 0 || fdatasync(j->mark) < 0 ? -1 : 0;
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
    if (event_line_is_head(line, (size_t)len, &j->generation)) {
        int64_t marked = marked_offset(j);
        if (marked < 0)
            return -1;
        j->at = larger(marked, len);
    }
    return count_lines(j); /* a head that is damaged is one more line that is no event */
}

int event_journal_open(EventJournal *j)
{
    if (j->queue >= 0)
        return 0;
    j->mark = journal_open_locked(j->mark_path);
    if (j->mark < 0)
        return -1;
    j->queue = journal_open(j->queue_path, 0);
    if ((j->queue < 0 && errno != ENOENT) || take_up(j) < 0) {
        close_files(j);
        return -1;
    }
    j->number++; /* what was read of a file before is not of this one */
    return 0;
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
    j->params.keep(j->params.user);
    int status = begin_file(j);
    return status < 0 && j->waiting == 0 ? empty_file(j) : status;
}

/* If somebody has cut a file, or removed it, what is written would be behind a hole, or nowhere,
 * and the next run could not read it. If the queue was cut, what is left of it is read again. If it
 * was removed, all that waits is still in it, and is copied to a new one. Returns 0, or -1 with
 * errno. */
static int look_after_files(EventJournal *j)
{
    struct stat queue, mark;

    if (j->queue < 0)
        return 0;
    if (fstat(j->queue, &queue) < 0 || fstat(j->mark, &mark) < 0)
        return -1;
    if (queue.st_size < j->end || (queue.st_nlink == 0 && j->waiting == 0)) {
        close_files(j); /* which gives a full disk the room of a file without a name */
        return 0;
    }
    if (mark.st_nlink == 0 && begin_mark(j) < 0) /* the lock comes first */
        return -1;
    return queue.st_nlink == 0 ? begin_file(j) : 0;
}

int event_journal_add(EventJournal *j, int64_t unix_us, const char *id, const char *body)
{
    char line[EVENT_LINE_MAX];
    size_t len = event_line_record(line, unix_us, id, body);

    if (len == 0) {
        errno = EMSGSIZE;
        return -1;
    }
    if (look_after_files(j) < 0 || event_journal_open(j) < 0 || make_room(j, len) < 0)
        return -1;
    if (journal_append(j->queue, line, len, j->end) < 0)
        return -1;
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
    return write_mark(j);
}

int event_journal_sync(EventJournal *j)
{
    j->unsynced = j->unsynced && fdatasync(j->queue) < 0;
    return j->unsynced ? -1 : 0;
}

EventJournalStats event_journal_stats(const EventJournal *j)
{
    return (EventJournalStats){
        .waiting = j->waiting, .damaged = j->damaged, .bytes = j->end, .oldest_us = j->oldest_us};
}
