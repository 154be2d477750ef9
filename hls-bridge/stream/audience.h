/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIENCE_H
#define AUDIENCE_H

/* When the rungs of a stream were last asked for. Two know of it: the kernel of the files that a
 * web server reads (store/folder_readers.h), and the hub of the requests for low-latency HLS that
 * come to the bridge. A list of a rung counts, and its media, which is all that a player of DASH
 * asks for; its I-frame list does not: players fetch it before anybody has chosen the rung.
 *
 * Nothing is kept of a request but its time, so no number of them can make this grow.
 *
 * Thread-safety: the stream's thread. */

#include "serve/ll_hub.h"
#include "store/folder_readers.h"

#define AUDIENCE_MAX 6 /* rungs */

typedef struct Audience Audience;

/* All are borrowed. */
typedef struct AudienceParams {
    FolderReaders *readers;
    LlHub *hub;            /* NULL: no low-latency HLS */
    const char *directory; /* hls.directory */
} AudienceParams;

/* Whether a file of a stream's folder belongs to the rendition of that name: a list of it, or a
 * piece of its media. Pure. */
bool audience_is_of(const char *file, const char *name);

/* Begins to look after a stream's rungs, by their names, which are copied. Its folder is there.
 * Returns NULL with errno. */
Audience *audience_create(const AudienceParams *params, const char *stream,
                          const char *const *names, size_t count);

/* Accepts NULL, leaves NULL. */
void audience_destroy(Audience **audience);

/* Looks at what was asked for. `asked_us` takes for each rung when it was last, RUNG_NEVER_ASKED if
 * never; it has AUDIENCE_MAX entries. */
void audience_look(Audience *audience, int64_t now_us, int64_t *asked_us);

#endif
