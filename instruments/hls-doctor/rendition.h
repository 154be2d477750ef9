/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RENDITION_H
#define RENDITION_H

/* One rendition of those that are followed together: its playlist, asked for again as soon as there
 * is something new, and its files. follow.c has them all.
 *
 * Thread-safety: one thread. */

#include "part_rules.h"
#include "playlist_rules.h"
#include "rendition_files.h"
#include "report_rules.h"

/* What was done with a rendition. */
typedef struct RenditionStats {
    size_t blocking, held; /* requests for what was not there, and those that had to wait */
    size_t deltas;         /* that left something out, rebuilt and compared with the whole list */
    size_t refusals;       /* requests that were to be refused */
    size_t plain;          /* playlists that were not compressed by gzip */
    size_t failures;       /* answers without a playlist, before the first one */
    int64_t longest_hold_us;
    FilesStats files;
} RenditionStats;

typedef struct Rendition Rendition;

/* Called with each version that has come, before the next is asked for. */
typedef void RenditionNews(void *user, Rendition *rendition);

/* `uri` as the multivariant playlist has it, and beside `base`. It is number `index` of those of
 * the world's worker. Returns NULL if there is no memory. */
Rendition *rendition_create(RenditionWorld *world, const char *base, const char *uri, size_t index,
                            RenditionNews *news, void *user);
void rendition_destroy(Rendition **rendition); /* accepts NULL, leaves NULL */

/* Begins, and from time to time does what is due by time. */
void rendition_start(Rendition *rendition);
void rendition_tick(Rendition *rendition, int64_t now_us);

const char *rendition_uri(const Rendition *rendition);
const M3u8 *rendition_list(const Rendition *rendition); /* the last version; NULL: none yet */
RenditionStats rendition_stats(const Rendition *rendition);
PlaylistHistory rendition_playlist_history(const Rendition *rendition);
PartHistory rendition_part_history(const Rendition *rendition);

/* When the request for the last version was sent, and when the server answered it: at once, or when
 * it had something new. Both are 0 if it is a file of this machine. */
typedef struct RenditionMoment {
    int64_t asked_us, came_us;
    bool was_held;
} RenditionMoment;

RenditionMoment rendition_moment(const Rendition *rendition);

#endif
