/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_journal.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "events/journal_bytes.h"
#include "events/journal_files.h"

/* That a queue in which nothing waits may have: a new file for each event would cost the disk more
 * than the event. */
#define KEEP_BYTES 65536

struct EventJournal {
    EventJournalParams params;
    JournalFiles files;
};

/* ---- create and destroy ---- */

void event_journal_destroy(EventJournal **journal)
{
    EventJournal *j = *journal;

    if (!j)
        return;
    journal_files_free(&j->files);
    free(j);
    *journal = NULL;
}

EventJournal *event_journal_create(const EventJournalParams *params)
{
    EventJournal *j = calloc(1, sizeof(*j));

    if (!j)
        return NULL;
    j->params = *params;
    j->params.path = NULL; /* the caller's */
    if (!journal_files_init(&j->files, params->path, params->bytes))
        event_journal_destroy(&j);
    return j;
}

int event_journal_open(EventJournal *j)
{
    return journal_files_open(&j->files);
}

/* ---- use ---- */

/* Gives up the oldest until what waits takes half of the bound. Returns 0, or -1 with errno. */
static int give_up_oldest(EventJournal *j)
{
    char line[EVENT_LINE_MAX];
    EventRecord record;

    while (j->files.end - j->files.at > j->params.bytes / 2) {
        ssize_t len = journal_files_oldest(&j->files, line, &record);
        if (len <= 0)
            return (int)len;
        j->params.give_up(j->params.user, &record);
        journal_files_step(&j->files, len);
    }
    return 0;
}

/* Makes room for a line of this length. Returns 0, or -1 with errno. */
static int make_room(EventJournal *j, size_t len)
{
    JournalFiles *f = &j->files;
    bool drained = f->waiting == 0 && f->end > KEEP_BYTES;
    int64_t before = f->at;

    if (!drained && f->end + (int64_t)len <= j->params.bytes)
        return 0;
    int status = give_up_oldest(j), error = errno;
    j->params.keep(j->params.user);
    if (status == 0) {
        status = journal_files_renew(f);
        error = errno;
    }
    if (status < 0 && f->queue >= 0 && f->at != before)
        journal_files_mark(f); /* they are still in the file, and are not to be sent as well */
    errno = error;
    return status;
}

int event_journal_add(EventJournal *j, int64_t unix_us, const char *id, const char *body)
{
    JournalFiles *f = &j->files;
    char line[EVENT_LINE_MAX];
    size_t len = event_line_record(line, unix_us, id, body);

    if (len == 0) {
        errno = EMSGSIZE;
        return -1;
    }
    if (journal_files_check(f) < 0 || journal_files_open(f) < 0 || make_room(j, len) < 0)
        return -1;
    if (journal_append(f->queue, line, len, f->end) < 0 &&
        (f->waiting > 0 || journal_files_empty(f) < 0 || /* what is done makes room */
         journal_append(f->queue, line, len, f->end) < 0))
        return -1;
    f->end += (int64_t)len;
    if (f->waiting++ == 0)
        f->oldest_us = unix_us;
    f->unsynced = true;
    return 0;
}

int event_journal_next(EventJournal *j, char *line, EventRecord *out, uint64_t *number)
{
    if (journal_files_open(&j->files) < 0)
        return -1;
    ssize_t len = journal_files_oldest(&j->files, line, out);
    *number = j->files.number;
    return len < 0 ? -1 : len > 0;
}

int event_journal_done(EventJournal *j, uint64_t number)
{
    JournalFiles *f = &j->files;
    char line[EVENT_LINE_MAX];
    EventRecord record;

    if (f->queue < 0 || number != f->number)
        return 0;
    ssize_t len = journal_files_oldest(f, line, &record);
    if (len <= 0 || number != f->number)
        return len < 0 ? -1 : 0;
    journal_files_step(f, len);
    if (journal_files_lock(f) < 0)
        return -1;
    return f->queue < 0 ? 0 : journal_files_mark(f);
}

int event_journal_sync(EventJournal *j)
{
    j->files.unsynced = j->files.unsynced && fdatasync(j->files.queue) < 0;
    return j->files.unsynced ? -1 : 0;
}

EventJournalStats event_journal_stats(const EventJournal *j)
{
    return (EventJournalStats){.waiting = j->files.waiting,
                               .damaged = j->files.damaged,
                               .bytes = j->files.end,
                               .oldest_us = j->files.oldest_us};
}
