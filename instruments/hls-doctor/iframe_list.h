/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef IFRAME_LIST_H
#define IFRAME_LIST_H

/* One I-frame playlist of those that are followed: its versions, and the range of bytes of each of
 * its segments, which goes to the worker.
 *
 * Thread-safety: one thread. */

#include "rendition_files.h"

typedef struct IframeList IframeList;

/* They are numbered in the order of creation, for media_worker_iframes(). `uri` as the multivariant
 * playlist has it, and beside `base`. Before the worker's first job. Returns NULL if there is no
 * memory. */
IframeList *iframe_list_create(RenditionWorld *world, const char *base, const char *uri);

/* When the world's client is gone, so that nothing is under way. Accepts NULL, leaves NULL. */
void iframe_list_destroy(IframeList **list);

/* Does what is due by time. */
void iframe_list_tick(IframeList *list, int64_t now_us);

/* Whether it waits for an answer: of its list, or of a segment. */
bool iframe_list_waits(const IframeList *list);

const char *iframe_list_uri(const IframeList *list);
const M3u8 *iframe_list_last(const IframeList *list); /* the last version; NULL: none yet */
size_t iframe_list_plain(const IframeList *list);     /* answers that were not compressed */
uint64_t iframe_list_first(const IframeList *list);   /* the first sequence number that was seen */

#endif
