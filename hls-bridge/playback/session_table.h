/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SESSION_TABLE_H
#define SESSION_TABLE_H

/* What is known about sessions of viewers: a bounded number of them. If there are too many, those
 * go that nobody has asked about for the longest: they are asked about again.
 *
 * Pure: time is an argument. Thread-safety: none, the owner has a lock. */

#include <stdbool.h>
#include <stddef.h>

#include "playback/playback_ask.h"

typedef enum SessionState {
    SESSION_WAITS, /* for an answer */
    SESSION_ALLOWED,
    SESSION_DENIED,
    SESSION_UNKNOWN, /* whether it may could not be found out: come again */
} SessionState;

typedef struct Session {
    uint8_t key[PLAYBACK_SESSION_SIZE];
    SessionState state;
    int64_t until_us; /* the answer is good for so long, monotonic; of WAITS: without meaning */
    char *sentence;   /* owned; NULL: none */
    void *waiters;    /* the owner's, while it waits */
    struct Session *next_alike; /* the table's own, from here on */
    struct Session *newer, *older;
} Session;

typedef struct SessionTable SessionTable;

/* At most `most` sessions, 1 or more. Returns NULL if there is no memory. */
SessionTable *session_table_create(size_t most);

/* Accepts NULL, leaves NULL. */
void session_table_destroy(SessionTable **table);

/* The session, if it waits, or its answer is still good; it counts as the newest then. NULL: there
 * is none. Borrowed until the next session_table_add(). */
Session *session_table_find(SessionTable *table, const uint8_t key[PLAYBACK_SESSION_SIZE],
                            int64_t now_us);

/* Adds one that is not there, which waits. Returns NULL if there is no memory, or all wait. */
Session *session_table_add(SessionTable *table, const uint8_t key[PLAYBACK_SESSION_SIZE]);

/* Its answer has come. `sentence` is copied; "": none. */
void session_table_settle(Session *session, SessionState state, int64_t until_us,
                          const char *sentence);

/* How many there are, and how many had to go before their time. */
size_t session_table_count(const SessionTable *table);
uint64_t session_table_evicted(const SessionTable *table);

#endif
