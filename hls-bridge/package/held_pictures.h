/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HELD_PICTURES_H
#define HELD_PICTURES_H

/* Pictures of a rendition that wait, from an IDR picture on, until it is known whether a segment
 * begins with it.
 *
 * Thread-safety: a HeldPictures belongs to one thread. */

#include "base/media.h"

#define HELD_PICTURES_MAX 256 /* more are not kept: the oldest that waits for so long goes on */

typedef struct HeldPicture {
    AccessUnit unit; /* its bytes are held */
    int64_t pts_90k, dts_90k;
} HeldPicture;

/* Zero-initialised: empty. */
typedef struct HeldPictures {
    HeldPicture *item; /* owned */
    size_t first, count, capacity;
} HeldPictures;

static inline bool held_pictures_are_empty(const HeldPictures *held)
{
    return held->first == held->count;
}

/* The oldest; borrowed. There must be one. */
static inline const HeldPicture *held_pictures_oldest(const HeldPictures *held)
{
    return &held->item[held->first];
}

/* Keeps one. Returns 0, or -1 if there is no room or no memory: then it is not kept. */
int held_pictures_add(HeldPictures *held, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k);

/* Forgets the oldest. */
void held_pictures_drop(HeldPictures *held);

/* Forgets all, and frees the memory. */
void held_pictures_clear(HeldPictures *held);

#endif
