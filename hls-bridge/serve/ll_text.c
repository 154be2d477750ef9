/* SPDX-License-Identifier: GPL-3.0-or-later */
#define ZLIB_CONST /* zlib takes const input */
#include "serve/ll_text.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define AS_GZIP 16 /* added to zlib's windowBits: write gzip */

typedef struct SharedText {
    atomic_size_t holders;
    _Atomic(LlText *) gzip; /* NULL: not made yet */
    LlText text;
} SharedText;

static SharedText *shared(LlText *text)
{
    return (SharedText *)((char *)text - offsetof(SharedText, text));
}

/* Returns a text with room for `len` bytes. */
static LlText *new_text(size_t len)
{
    SharedText *s = malloc(sizeof(*s) + len);

    if (!s)
        return NULL;
    atomic_init(&s->holders, 1);
    atomic_init(&s->gzip, NULL);
    s->text.len = len;
    return &s->text;
}

LlText *ll_text_create(const char *bytes, size_t len)
{
    LlText *text = new_text(len);

    if (text)
        memcpy(text->bytes, bytes, len);
    return text;
}

LlText *ll_text_hold(LlText *text)
{
    atomic_fetch_add(&shared(text)->holders, 1);
    return text;
}

void ll_text_release(LlText *text)
{
    if (!text || atomic_fetch_sub(&shared(text)->holders, 1) > 1)
        return;
    ll_text_release(atomic_load(&shared(text)->gzip));
    free(shared(text));
}

static LlText *compress_text(const LlText *text)
{
    z_stream z = {.next_in = (const Bytef *)text->bytes, .avail_in = (uInt)text->len};
    LlText *packed = NULL;

    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + AS_GZIP, MAX_MEM_LEVEL - 1,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    packed = new_text(deflateBound(&z, text->len));
    if (packed) {
        z.next_out = (Bytef *)packed->bytes;
        z.avail_out = (uInt)packed->len;
        deflate(&z, Z_FINISH); /* the result fits: the room is its bound */
        packed->len = z.total_out;
    }
    deflateEnd(&z);
    return packed;
}

const LlText *ll_text_gzip(LlText *text)
{
    LlText *there = atomic_load(&shared(text)->gzip);

    if (there)
        return there;
    LlText *packed = compress_text(text);
    if (!packed || atomic_compare_exchange_strong(&shared(text)->gzip, &there, packed))
        return packed;
    ll_text_release(packed); /* another thread was first */
    return there;
}
