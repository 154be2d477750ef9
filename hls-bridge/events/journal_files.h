/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef JOURNAL_FILES_H
#define JOURNAL_FILES_H

/* The two files of an event_journal.c, its only user: how they are found, begun, read and kept in
 * step with what others do to them. Whoever has the lock of PATH.mark owns PATH.queue: nobody else
 * may write it.
 *
 * Thread-safety: none, the owner has a lock. */

#include <sys/types.h>

#include "events/event_line.h"

/* Filled in by journal_files_init(); its user may read all of it. */
typedef struct JournalFiles {
    char *queue_path, *mark_path, *new_path;
    int64_t bytes;       /* that the queue may have */
    int queue, mark;     /* below 0: they are not open */
    uint64_t generation; /* of the queue's file; 0: its head is damaged */
    int64_t at, end;     /* of the oldest event that waits, of all */
    uint64_t number;     /* of the oldest event that waits */
    uint64_t waiting;    /* events; while the files are closed, those that waited before */
    uint64_t damaged;    /* lines */
    int64_t oldest_us;   /* 0: none waits */
    bool unsynced;
    bool counted; /* `waiting` is what an earlier look at these files has found */
} JournalFiles;

/* Touches no file yet. Returns false if there is no memory. */
bool journal_files_init(JournalFiles *files, const char *path, int64_t bytes);

void journal_files_free(JournalFiles *files);

/* Each of these returns 0, or -1 with errno. */

/* Takes the lock and reads the queue that there is, or begins one. Does nothing if they are open.
 */
int journal_files_open(JournalFiles *files);

/* If the mark was removed, and the lock with it, takes that of a new one. The files are closed then
 * if somebody may have had it in between. They must be open. */
int journal_files_lock(JournalFiles *files);

/* To be called before something is written: if somebody has cut the queue, what is left is counted
 * again; if it became longer, that is cut off; if it was removed, it is made again with all that
 * waits. May close the files. */
int journal_files_check(JournalFiles *files);

/* Begins a new queue with what waits. If nothing does, and the disk has no room for another file,
 * the one that there is is emptied: the disk may be full of what is done. On failure what waits is
 * as it was. */
int journal_files_renew(JournalFiles *files);

/* The same, in place alone. Nothing may wait. */
int journal_files_empty(JournalFiles *files);

/* Writes how much is done. */
int journal_files_mark(const JournalFiles *files);

/* Steps over damaged lines to the oldest event that waits. Returns the length of its line, 0 if
 * none waits, or -1 with errno. */
ssize_t journal_files_oldest(JournalFiles *files, char *line, EventRecord *out);

/* The oldest event, whose line has this length, waits no more. */
void journal_files_step(JournalFiles *files, ssize_t len);

#endif
