/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "package/held_pictures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/sample_bytes.h"

/* Makes room for one more at the end. */
static int make_room(HeldPictures *h)
{
    if (h->count < h->capacity)
        return 0;
    if (h->first > 0) {
        memmove(h->item, h->item + h->first, (h->count - h->first) * sizeof(*h->item));
        h->count -= h->first;
        h->first = 0;
        return 0;
    }
    size_t capacity = h->capacity ? 2 * h->capacity : 8;
    if (capacity > HELD_PICTURES_MAX) {
        errno = ENOBUFS;
        return -1;
    }
    HeldPicture *item = realloc(h->item, capacity * sizeof(*item));
    if (!item)
        return -1;
    h->item = item;
    h->capacity = capacity;
    return 0;
}

int held_pictures_add(HeldPictures *h, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k)
{
    if (make_room(h) < 0)
        return -1;
    SampleBytes *bytes = sample_bytes_of_unit(unit);
    if (!bytes)
        return -1;
    HeldPicture *p = &h->item[h->count++];
    *p = (HeldPicture){*unit, pts_90k, dts_90k};
    p->unit.bytes = bytes;
    p->unit.data = sample_bytes_data(bytes);
    p->unit.nal = bytes->nal;
    p->unit.nals = bytes->nals;
    return 0;
}

void held_pictures_drop(HeldPictures *h)
{
    sample_bytes_release(&h->item[h->first++].unit.bytes);
    if (h->first == h->count)
        h->first = h->count = 0;
}

void held_pictures_clear(HeldPictures *h)
{
    while (!held_pictures_are_empty(h))
        held_pictures_drop(h);
    free(h->item);
    *h = (HeldPictures){0};
}
