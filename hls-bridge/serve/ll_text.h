/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_TEXT_H
#define LL_TEXT_H

/* A version of a playlist, which all who wait for it are given: one copy of it, and one that is
 * compressed.
 *
 * Thread-safety: whoever holds a text may use it from any thread. */

#include <stddef.h>

typedef struct LlText {
    size_t len;
    char bytes[];
} LlText;

/* Returns a copy of `len` bytes, held by the caller, or NULL where there is no memory. */
LlText *ll_text_create(const char *bytes, size_t len);

/* One more holds it. Returns it. */
LlText *ll_text_hold(LlText *text);

/* Whoever holds it gives it back. Accepts NULL. */
void ll_text_release(LlText *text);

/* The same as gzip (RFC 1952): made when it is first asked for, and kept. Borrowed for as long as
 * `text` is held. Returns NULL where there is no memory. */
const LlText *ll_text_gzip(LlText *text);

#endif
