/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FETCH_H
#define FETCH_H

/* Downloads what a viewer would, from a URL or a folder, one file after the other.
 *
 * Thread-safety: one thread. */

#include <stddef.h>
#include <stdint.h>

typedef struct Fetch Fetch;

/* An answer. `data` is borrowed until the next call, and may be changed until then. */
typedef struct Fetched {
    uint8_t *data;
    size_t len;
    long status; /* HTTP; 200 and 404 stand for files that are there and are not; 0: no answer */
} Fetched;

/* `where`: a playlist's URL or path; names in it are beside it. Returns NULL if there is no
 * memory, or it is too long. */
Fetch *fetch_create(const char *where);
void fetch_destroy(Fetch **fetch); /* accepts NULL, leaves NULL */

/* The playlist itself, or something that it names. */
Fetched fetch_playlist(Fetch *fetch);
Fetched fetch_beside(Fetch *fetch, const char *name);

#endif
