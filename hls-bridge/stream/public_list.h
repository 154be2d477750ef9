/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PUBLIC_LIST_H
#define PUBLIC_LIST_H

/* streams.json, for whoever may watch: what is live now, as a file in the folder of all streams, so
 * that nginx can serve it to any number of people and nobody needs the control API.
 *
 * Thread-safety: one thread. */

#include "base/clock.h"
#include "stream/stream_table.h"

#define PUBLIC_LIST_FILE "streams.json"

typedef struct PublicList PublicList;

/* `clock` is borrowed. Returns NULL with errno. */
PublicList *public_list_create(const char *directory, const Clock *clock);

/* Leaves an empty list behind: nobody is live any more. Accepts NULL, leaves NULL. */
void public_list_destroy(PublicList **list);

/* Writes it where it says something new, and now and then else, so that its date tells that the
 * bridge is there. Call it about once a second. */
void public_list_update(PublicList *list, StreamTable *table);

#endif
