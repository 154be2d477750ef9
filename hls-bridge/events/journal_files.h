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
    int queue, mark;     /* below 0: they are not open */
    uint64_t generation; /* of the queue's file */
    int64_t at, end;     /* of the oldest event that waits, of all */
    uint64_t number;     /* of the oldest event that waits */
    uint64_t waiting;    /* events */
    uint64_t damaged;    /* lines */
    int64_t oldest_us;   /* 0: none waits */
    bool unsynced;
} JournalFiles;

/* Touches no file yet. Returns false if there is no memory. */
bool journal_files_init(JournalFiles *files, const char *path);

void journal_files_free(JournalFiles *files);

/* Each of these returns 0, or -1 with errno. */

/* Takes the lock and reads the queue that there is, or begins one. Does nothing if they are open.
 */
int journal_files_open(JournalFiles *files);

/* If somebody has cut a file, or removed it, what is written would be behind a hole, or nowhere,
 * and the next run could not read it. If the queue was cut, what is left of it is read again. If it
 * was removed, all that waits is still in it, and is copied to a new one. Returns 0, or -1 with
 * errno. */
int journal_files_check(JournalFiles *files);

/* Begins a new file with what waits, in place of the one that there is, if any. Returns 0, or -1
 * with errno: then nothing has changed. */
int journal_files_begin(JournalFiles *files);

/* The same in place, if nothing waits: a full disk has no room for a new file, and may be full of
 * what is done. Returns 0, or -1 with errno: then the next one who comes begins the file. */
int journal_files_empty(JournalFiles *files);

/* Writes how much is done. */
int journal_files_mark(const JournalFiles *files);

/* Steps over damaged lines to the oldest event that waits. Returns the length of its line, 0 if
 * none waits, or -1 with errno. */
ssize_t journal_files_oldest(JournalFiles *files, char *line, EventRecord *out);

/* The oldest event, whose line has this length, waits no more. */
void journal_files_step(JournalFiles *files, ssize_t len);

#endif
