/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef OLD_NAMES_H
#define OLD_NAMES_H

/* The names of streams that were removed, the oldest first: of each a folder is left with the
 * numbers that the next stream of the name goes on with. There may be so many of them and no more.
 *
 * No I/O, no clock. Thread-safety: none; the table of streams has a lock. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream_name.h"

typedef struct OldNames OldNames;

/* Returns NULL if there is no memory. */
OldNames *old_names_create(void);

/* Accepts NULL, leaves NULL. */
void old_names_destroy(OldNames **names);

/* The stream of that name was removed: it is the newest one from now on. If there is no memory
 * it is left out, until the next run of the bridge finds its folder. */
void old_names_add(OldNames *names, const char *name);

/* There is a stream of that name again. */
void old_names_drop(OldNames *names, const char *name);

/* Takes the oldest off if there are more than `most`. Returns whether there was one, in `name`.
 */
bool old_names_take(OldNames *names, size_t most, char name[STREAM_NAME_MAX + 1]);

size_t old_names_count(const OldNames *names);

#endif
