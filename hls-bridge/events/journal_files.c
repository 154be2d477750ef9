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
    errno = error;
}

static char *path_with(const char *path, const char *suffix)
{
    char *with;

    return asprintf(&with, "%s%s", path, suffix) < 0 ? NULL : with;
}

bool journal_files_init(JournalFiles *j, const char *path)
{
    *j = (JournalFiles){.queue_path = path_with(path, ".queue"),
                        .mark_path = path_with(path, ".mark"),
                        .new_path = path_with(path, ".new"),
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

/* Steps over damaged lines to the oldest event that waits. Returns the length of its line, 0 if
 * none waits, or -1 with errno. */
ssize_t journal_files_oldest(JournalFiles *j, char *line, EventRecord *out)
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
int journal_files_begin(JournalFiles *j)
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
int journal_files_empty(JournalFiles *j)
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

int journal_files_mark(const JournalFiles *j)
{
    char line[EVENT_LINE_MAX];

    return journal_write(j->mark, line, event_line_mark(line, j->generation, (uint64_t)j->at), 0);
}

/* Begins a new one, which is the lock too, in place of one that was removed. Returns 0, or -1 with
 * errno. */
static int begin_mark(JournalFiles *j)
{
    int fd = journal_open_locked(j->mark_path);

    if (fd < 0)
        return -1;
    close(j->mark);
    j->mark = fd;
    return journal_files_mark(j);
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

/* ---- open ---- */

/* Counts what waits behind `at`, and cuts off what has no end. */
static int count_lines(JournalFiles *j)
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
static int take_up(JournalFiles *j)
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
        return journal_files_begin(j);
    }
    if (event_line_is_head(line, (size_t)len, &j->generation)) {
        int64_t marked = marked_offset(j);
        if (marked < 0)
            return -1;
        j->at = larger(marked, len);
    }
    return count_lines(j); /* a head that is damaged is one more line that is no event */
}

int journal_files_open(JournalFiles *j)
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

/* If somebody has cut a file, or removed it, what is written would be behind a hole, or nowhere,
 * and the next run could not read it. If the queue was cut, what is left of it is read again. If it
 * was removed, all that waits is still in it, and is copied to a new one. Returns 0, or -1 with
 * errno. */
int journal_files_check(JournalFiles *j)
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
    return queue.st_nlink == 0 ? journal_files_begin(j) : 0;
}
