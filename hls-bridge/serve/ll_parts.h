/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_PARTS_H
#define LL_PARTS_H

/* Keeps the newest parts of one rendition in memory. Requests that waited for a part are answered
 * from here, so that a slow disk cannot delay them. Older parts are files, which nginx serves.
 *
 * Thread-safety: the board's lock guards it. */

#include <stdint.h>

#include "serve/ll_text.h"

#define LL_PARTS_KEPT 8 /* enough for requests that follow the hint in a playlist */

typedef struct LlKept {
    int64_t msn, part;
    LlText *bytes;
} LlKept;

/* Zero-initialise. */
typedef struct LlParts {
    LlKept kept[LL_PARTS_KEPT]; /* oldest first */
    size_t count, bytes;
} LlParts;

/* Takes over `bytes`. Releases the oldest parts while there are more than LL_PARTS_KEPT, or more
 * than `max_bytes` in all; the newest is always kept. */
void ll_parts_add(LlParts *parts, int64_t msn, int64_t part, LlText *bytes, size_t max_bytes);

/* Returns the part, borrowed, or NULL. */
LlText *ll_parts_find(const LlParts *parts, int64_t msn, int64_t part);

/* Releases all parts. */
void ll_parts_clear(LlParts *parts);

#endif
