/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/journal_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/media.h"
#include "events/journal_bytes.h"

/* ---- create and destroy ---- */

/* Keeps errno. */
static void close_files(JournalFiles *j)
{
    int error = errno;

    if (j->queue >= 0)
        close(j->queue);
    if (j->mark >= 0)
        close(j->mark);
    j->queue = j->mark = -1;
    j->unsynced = false; /* there is nothing that could be */
    errno = error;
}

static char *path_with(const char *path, const char *suffix)
{
    char *with;

    return asprintf(&with, "%s%s", path, suffix) < 0 ? NULL : with;
}

bool journal_files_init(JournalFiles *j, const char *path, int64_t bytes)
{
    *j = (JournalFiles){.queue_path = path_with(path, ".queue"),
                        .mark_path = path_with(path, ".mark"),
                        .new_path = path_with(path, ".new"),
                        .bytes = bytes,
                        .queue = -1,
                        .mark = -1,
                        .number = 1};
    return j->queue_path && j->mark_path && j->new_path;
}

void journal_files_free(JournalFiles *j)
{
    close_files(j);
    free(j->queue_path);
    free(j->mark_path);
    free(j->new_path);
}

/* ---- lines of the queue ---- */

/* Reads the line at `at`. Returns its length, 0 if there is no whole one, or -1 with errno. */
static ssize_t read_line(int fd, int64_t at, char *line)
{
    ssize_t n = pread(fd, line, EVENT_LINE_MAX, at);

    return n < 0 ? -1 : (ssize_t)event_line_length(line, (size_t)n);
}

/* Counts what waits behind `at`, and cuts off what has no end. Returns 0, or -1 with errno: then
 * nothing has changed. */
static int count_lines(JournalFiles *j)
{
    char line[EVENT_LINE_MAX];
    EventRecord record;
    int64_t end = j->at, next = j->at, oldest_us = 0;
    uint64_t waiting = 0, damaged = 0;
    ssize_t len;

    for (; (len = read_line(j->queue, next, line)) > 0; end = next) {
        next += len;
        while (len > 0 && line[len - 1] != '\n' && next <= j->bytes) {
            len = read_line(j->queue, next, line);
            next += larger(len, 0);
        }
        if (len <= 0 || line[len - 1] != '\n')
            break; /* beyond the bound it is no line, but a hole: there may be gigabytes of it */
        if (!event_line_is_record(line, (size_t)len, &record))
            damaged++;
        else if (waiting++ == 0)
            oldest_us = record.unix_us;
    }
    off_t size = len < 0 ? -1 : lseek(j->queue, 0, SEEK_END);
    if (size < 0 || (size > end && ftruncate(j->queue, end) < 0))
        return -1;
    j->end = end;
    j->waiting = waiting;
    j->damaged += damaged + (size > end);
    j->oldest_us = oldest_us;
    return 0;
}

/* Of what has waited, this much is not there any more. */
static uint64_t lost(uint64_t before, uint64_t now)
{
    return before > now ? before - now : 0;
}

/* Somebody has cut the file, or damaged its end: counts again what is left behind `at`. If that is
 * nothing, all else was done, and is not to be read again. Returns 0, or -1 with errno. */
static int count_again(JournalFiles *j)
{
    uint64_t waited = j->waiting, damaged = j->damaged;

    if (count_lines(j) < 0)
        return -1;
    j->damaged = damaged + lost(waited, j->waiting); /* a damaged line was one of them */
    j->number++;                                     /* the oldest may be another one */
    return j->waiting > 0 ? 0 : journal_files_renew(j);
}

ssize_t journal_files_oldest(JournalFiles *j, char *line, EventRecord *out)
{
    while (j->at < j->end) {
        ssize_t len = read_line(j->queue, j->at, line);
        if (len < 0)
            return -1;
        if (len == 0) { /* the file is not what it was; only its owner may mend it */
            if (journal_files_lock(j) < 0 ||
                (j->queue < 0 ? journal_files_open(j) : count_again(j)) < 0)
                return -1;
            continue;
        }
        if (event_line_is_record(line, (size_t)len, out)) {
            j->oldest_us = out->unix_us;
            return len;
        }
        j->at = smaller(j->at + len, j->end);
    }
    j->damaged += j->waiting; /* they were whole when they were counted */
    j->waiting = 0;
    j->oldest_us = 0;
    return 0;
}

void journal_files_step(JournalFiles *j, ssize_t len)
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
static int begin_file(JournalFiles *j)
{
    uint64_t generation;
    int64_t from = j->waiting > 0 ? j->at : j->end;
    int fd = journal_open(j->new_path, O_CREAT | O_TRUNC);

    if (fd < 0)
        return -1;
    size_t len = journal_write_head(fd, &generation);
    if (len == 0 || (j->queue >= 0 && journal_copy(j->queue, from, j->end, fd, (int64_t)len) < 0) ||
        fsync(fd) < 0 || rename(j->new_path, j->queue_path) < 0)
        goto fail;
    journal_sync_folder(j->queue_path); /* the old file is as good, if it comes back */
    if (j->queue >= 0)
        close(j->queue);
    j->queue = fd;
    j->generation = generation;
    j->end += (int64_t)len - from;
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

int journal_files_empty(JournalFiles *j)
{
    if (ftruncate(j->queue, 0) < 0)
        return -1;
    j->unsynced = false;
    j->at = j->end = (int64_t)journal_write_head(j->queue, &j->generation);
    if (j->end > 0)
        return 0;
    close_files(j); /* the next one who comes begins the file */
    return -1;
}

int journal_files_renew(JournalFiles *j)
{
    int status = begin_file(j);

    return status < 0 && j->waiting == 0 && j->queue >= 0 ? journal_files_empty(j) : status;
}

/* ---- the mark ---- */

int journal_files_mark(const JournalFiles *j)
{
    char line[EVENT_LINE_MAX];

    return journal_write(j->mark, line, event_line_mark(line, j->generation, (uint64_t)j->at), 0);
}

/* How much of the file of this generation an earlier run has done; -1 with errno. A mark that is
 * older than the file, or newer than what is left of it, says nothing: then all of it is read. It
 * goes, since what comes next may be just as long as what it was about. */
static int64_t marked_offset(JournalFiles *j)
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

/* Whether somebody has had the queue since we lost its lock. If it has no name, nobody had: what
 * waits is in our file alone. Nor if it is shorter: who takes events from it writes the mark. */
static bool was_taken(const JournalFiles *j)
{
    struct stat ours, mark, named;

    if (fstat(j->queue, &ours) < 0 || fstat(j->mark, &mark) < 0 || mark.st_size > 0)
        return true;
    if (lstat(j->queue_path, &named) < 0)
        return errno != ENOENT;
    return named.st_dev != ours.st_dev || named.st_ino != ours.st_ino || ours.st_size > j->end;
}

int journal_files_lock(JournalFiles *j)
{
    struct stat mark;

    if (fstat(j->mark, &mark) < 0)
        return -1;
    if (mark.st_nlink > 0)
        return 0;
    int fd = journal_open_locked(j->mark_path);
    if (fd < 0)
        return -1;
    close(j->mark);
    j->mark = fd;
    if (!was_taken(j))
        return journal_files_mark(j);
    close_files(j);
    j->counted = false; /* what waited here may have been delivered by somebody else */
    return 0;
}

/* ---- open ---- */

/* Takes up a file whose first line is no head. No mark can be about it: without a new head, all
 * that is in it would come again at each start. Returns 0, or -1 with errno. */
static int take_up_headless(JournalFiles *j)
{
    char line[EVENT_LINE_MAX];
    EventRecord record;

    if (count_lines(j) < 0 || journal_files_oldest(j, line, &record) < 0)
        return -1;
    int status = journal_files_renew(j);
    return j->waiting > 0 ? 0 : status; /* they can be sent without it */
}

/* Reads the queue that there is, or begins one. Returns 0, or -1 with errno. */
static int take_up(JournalFiles *j)
{
    char line[EVENT_LINE_MAX];

    j->at = j->end = 0;
    j->generation = 0;
    ssize_t len = j->queue < 0 ? 0 : read_line(j->queue, 0, line);
    if (len < 0)
        return -1;
    if (len == 0) { /* there is none, or not one whole line of it */
        j->waiting = 0;
        j->oldest_us = 0;
        return journal_files_renew(j);
    }
    if (!event_line_is_head(line, (size_t)len, &j->generation))
        return take_up_headless(j);
    int64_t marked = marked_offset(j);
    if (marked < 0)
        return -1;
    j->at = larger(marked, len);
    return count_lines(j);
}

int journal_files_open(JournalFiles *j)
{
    uint64_t waited = j->waiting, damaged = j->damaged;

    if (j->queue >= 0)
        return 0;
    j->mark = journal_open_locked(j->mark_path);
    if (j->mark < 0)
        return -1;
    j->queue = journal_open(j->queue_path, 0);
    if ((j->queue < 0 && errno != ENOENT) || take_up(j) < 0) {
        close_files(j);
        j->waiting = waited;
        j->damaged = damaged;
        return -1;
    }
    if (j->counted)
        j->damaged = damaged + lost(waited, j->waiting);
    j->counted = true;
    j->number++; /* what was read of a file before is not of this one */
    return 0;
}

int journal_files_check(JournalFiles *j)
{
    struct stat queue;

    if (j->queue < 0)
        return 0;
    if (journal_files_lock(j) < 0) /* before anything is written */
        return -1;
    if (j->queue < 0)
        return 0;
    if (fstat(j->queue, &queue) < 0)
        return -1;
    if (queue.st_nlink == 0 && j->waiting == 0) {
        close_files(j); /* which gives a full disk the room of a file without a name */
        return 0;
    }
    if (queue.st_size < j->end)
        return count_again(j);
    if (queue.st_size > j->end && ftruncate(j->queue, j->end) < 0)
        return -1;
    return queue.st_nlink == 0 ? begin_file(j) : 0;
}
