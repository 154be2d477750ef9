/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CARETAKER_H
#define CARETAKER_H

/* The thread that tends streams that have ended, and writes the list of what is live, once a
 * second. A disk may hold it up; that holds up nothing else.
 *
 * Thread-safety: create and destroy are called by one thread. */

#include "stream/public_list.h"
#include "stream/stream_table.h"

typedef struct Caretaker Caretaker;

/* Starts the thread; borrows both, which are the thread's until it ends. Returns NULL with errno.
 */
Caretaker *caretaker_create(StreamTable *table, PublicList *list);

/* Waits for the thread. Accepts NULL, leaves NULL. */
void caretaker_destroy(Caretaker **caretaker);

#endif
