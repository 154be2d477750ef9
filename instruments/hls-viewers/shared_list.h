/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SHARED_LIST_H
#define SHARED_LIST_H

/* A playlist that thousands of viewers get. Each version is unpacked and parsed once; the other
 * copies are only compared with it, byte by byte. Otherwise the viewers would cost more than the
 * server.
 *
 * Thread-safety: one thread. */

#include <stddef.h>

#include "player_list.h"

typedef struct SharedList SharedList;

SharedList *shared_list_create(void);          /* NULL: there is no memory */
void shared_list_destroy(SharedList **shared); /* accepts NULL, leaves NULL */

/* Reads what a viewer was given, compressed with gzip or not. Returns the list, borrowed until the
 * next call, or NULL with a static sentence in `wrong`. */
const PlayerList *shared_list_read(SharedList *shared, const char *body, size_t len, bool gzip,
                                   const char **wrong);

/* The one that goes furthest of all so far, NULL: none; borrowed likewise. */
const PlayerList *shared_list_latest(const SharedList *shared);

#endif
