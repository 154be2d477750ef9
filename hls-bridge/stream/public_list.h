/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PUBLIC_LIST_H
#define PUBLIC_LIST_H

/* Writes streams.json, the list of what is live now, as a file in the folder of all streams. So
 * nginx can serve it to any number of people, and none of them needs the control API.
 *
 * Thread-safety: one thread. */

#include "base/clock.h"
#include "stream/stream_table.h"

#define PUBLIC_LIST_FILE "streams.json"

typedef struct PublicList PublicList;

/* `clock` is borrowed. Returns NULL with errno. */
PublicList *public_list_create(const char *directory, const Clock *clock);

/* Writes an empty list: nothing is live any more. Accepts NULL, leaves NULL. */
void public_list_destroy(PublicList **list);

/* Writes the list if it has changed, and now and then if not, so that its date shows that the
 * bridge runs. Call it about once a second. */
void public_list_update(PublicList *list, StreamTable *table);

#endif
