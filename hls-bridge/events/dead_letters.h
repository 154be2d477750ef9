/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DEAD_LETTERS_H
#define DEAD_LETTERS_H

/* The file to which a webhook adds the events that it gives up: a line of JSON for each, with the
 * reason. One that is full becomes PATH.old. The log says once that events are given up, and once
 * that they are lost, since they could not be added.
 *
 * Thread-safety: none, the owner has a lock. */

#include "events/event_line.h"
#include "line_file.h"

/* Filled in by dead_letters_init(). */
typedef struct DeadLetters {
    const char *owner; /* that the log names; borrowed */
    LineFile file;
    bool giving_up, losing, unsynced; /* said in the log */
} DeadLetters;

/* Touches no file yet; `path` is copied. Returns false if there is no memory. */
bool dead_letters_init(DeadLetters *dead, const char *owner, const char *path, int64_t bytes);

void dead_letters_free(DeadLetters *dead);

/* Adds an event that was tried so often, at this time in seconds of Unix. It is to be kept then.
 * Returns false if it is lost. */
bool dead_letters_add(DeadLetters *dead, const EventRecord *record, int64_t tries,
                      const char *reason, int64_t unix_s);

/* What was added survives a power cut, and somebody may move the file away. */
void dead_letters_keep(DeadLetters *dead);

/* The receiver takes events: those that are given up later are told of again. */
void dead_letters_over(DeadLetters *dead);

#endif
