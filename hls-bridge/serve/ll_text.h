/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LL_TEXT_H
#define LL_TEXT_H

/* One version of a playlist, shared by all requests that wait for it: the text, and the same
 * compressed. It is counted by reference.
 *
 * Thread-safety: a holder of a text may use it from any thread. */

#include <stddef.h>

typedef struct LlText {
    size_t len;
    char bytes[];
} LlText;

/* Returns a copy of `len` bytes, held once by the caller, or NULL if there is no memory. */
LlText *ll_text_create(const char *bytes, size_t len);

/* Holds it once more, and returns it. */
LlText *ll_text_hold(LlText *text);

/* Ends one hold; the last one frees it. Accepts NULL. */
void ll_text_release(LlText *text);

/* The text as gzip (RFC 1952): made at the first call, and kept. Borrowed for as long as `text` is
 * held. Returns NULL if there is no memory. */
const LlText *ll_text_gzip(LlText *text);

#endif
