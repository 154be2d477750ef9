/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_JOURNAL_H
#define EVENT_JOURNAL_H

/* Events that wait on disk, the oldest first: PATH.queue, to whose end they are added, and
 * PATH.mark, which says how much of it is done. event_line.h has what stands in them.
 *
 * What is added survives the end of the process at once, and a power cut from event_journal_sync()
 * on. What is done may be read again after either, if the mark is older than that: an event is
 * never lost for it. A line that was torn or damaged is left out and counted; what was cut off in
 * the middle at the end is cut off whole. If the queue's head is damaged, nobody knows what of it
 * is done: all of it is read once more.
 *
 * Others may cut the queue, or remove either file, while it is open. What waited and was cut off is
 * counted as damaged; what was done is not read again for it; what is removed is made again. A mark
 * that was removed took the lock with it: if another process had the queue until there is a new
 * one, the queue is read again.
 *
 * The queue is written to a new file, without what is done, when nothing waits and when it would
 * grow beyond its bound; if nothing waits and the disk has no room for that, or for the next event,
 * it is emptied. If what waits is too much, the oldest are given up, down to half of the bound.
 * Both files are readable by their owner alone, and locked: a second process is refused.
 *
 * Thread-safety: none, the owner has a lock. */

#include "events/event_line.h"

typedef struct EventJournal EventJournal;

typedef struct EventJournalParams {
    const char *path; /* copied */
    int64_t bytes;    /* that the queue may have */
    /* An event is given up, since there are too many; it is borrowed. */
    void (*give_up)(void *user, const EventRecord *record);
    /* Those that were given up, if any, go from the queue's file next: keeps them. */
    void (*keep)(void *user);
    void *user;
} EventJournalParams;

typedef struct EventJournalStats {
    uint64_t waiting;  /* events */
    uint64_t damaged;  /* lines that could not be read, or were cut off as they waited */
    int64_t bytes;     /* of the queue's file */
    int64_t oldest_us; /* when the oldest that waits has happened; 0: none waits */
} EventJournalStats;

/* Touches no file yet. Returns NULL if there is no memory. */
EventJournal *event_journal_create(const EventJournalParams *params);

/* Leaves the files as they are. Accepts NULL, leaves NULL. */
void event_journal_destroy(EventJournal **journal);

/* Reads what an earlier run has left, if that has not happened yet; the other functions do so
 * themselves. Returns 0, or -1 with errno: it may be tried again. */
int event_journal_open(EventJournal *journal);

/* Adds an event whole or not at all; a file that was removed meanwhile is made again, with all that
 * waits. Returns 0, or -1 with errno. */
int event_journal_add(EventJournal *journal, int64_t unix_us, const char *id, const char *body);

/* The oldest event that waits, read into `line` (EVENT_LINE_MAX bytes), which it borrows, and its
 * number among all of this run. Returns 1; 0: none waits; or -1 with errno. */
int event_journal_next(EventJournal *journal, char *line, EventRecord *out, uint64_t *number);

/* The event of that number is done with, if it was not given up or cut off meanwhile. Returns 0, or
 * -1 with errno: it is not read again in this run, but may be by the next one. */
int event_journal_done(EventJournal *journal, uint64_t number);

/* What was added since the last time survives a power cut. Returns 0, or -1 with errno. */
int event_journal_sync(EventJournal *journal);

EventJournalStats event_journal_stats(const EventJournal *journal);

#endif
