/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "serve/ll_parts.h"

#include <string.h>

static void drop_oldest(LlParts *p)
{
    p->bytes -= p->kept[0].bytes->len;
    ll_text_release(p->kept[0].bytes);
    p->count--;
    memmove(&p->kept[0], &p->kept[1], p->count * sizeof(p->kept[0]));
}

void ll_parts_add(LlParts *p, int64_t msn, int64_t part, LlText *bytes, size_t max_bytes)
{
    while (p->count > 0 && (p->count == LL_PARTS_KEPT || p->bytes + bytes->len > max_bytes))
        drop_oldest(p);
    p->kept[p->count++] = (LlKept){msn, part, bytes};
    p->bytes += bytes->len;
}

LlText *ll_parts_find(const LlParts *p, int64_t msn, int64_t part)
{
    for (size_t i = p->count; i-- > 0;)
        if (p->kept[i].msn == msn && p->kept[i].part == part)
            return p->kept[i].bytes;
    return NULL;
}

void ll_parts_clear(LlParts *p)
{
    while (p->count > 0)
        drop_oldest(p);
}
