/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_PARTS_H
#define LL_PARTS_H

/* The newest parts of one rendition, in memory: whoever has waited for one is answered from here,
 * and no disk has a say in it. Older ones are files, which are not this server's affair.
 *
 * Thread-safety: none, the board's lock guards it. */

#include <stdint.h>

#include "serve/ll_text.h"

#define LL_PARTS_KEPT 8 /* enough for the request that a playlist's hint has made to come */

typedef struct LlKept {
    int64_t msn, part;
    LlText *bytes;
} LlKept;

/* Zero-initialise. */
typedef struct LlParts {
    LlKept kept[LL_PARTS_KEPT]; /* the oldest first */
    size_t count, bytes;
} LlParts;

/* Takes over `bytes`, and gives back the oldest while there are more of them, or more than
 * `max_bytes`; the newest is kept, whatever it is. */
void ll_parts_add(LlParts *parts, int64_t msn, int64_t part, LlText *bytes, size_t max_bytes);

/* Returns the part, borrowed, or NULL. */
LlText *ll_parts_find(const LlParts *parts, int64_t msn, int64_t part);

/* Gives back all. */
void ll_parts_clear(LlParts *parts);

#endif
