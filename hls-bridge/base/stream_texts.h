/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_TEXTS_H
#define STREAM_TEXTS_H

/* Settings of single streams in one text: names of streams, or beginnings of names with a star
 * behind, each with a text of its own, and semicolons between. The first that fits a stream holds.
 *
 *   shop = cbcs; class-* = aes-128; radio =
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <stdbool.h>

#include "stream_name.h"

#define STREAM_TEXT_SIZE 256 /* bytes of the text of one */

typedef struct StreamText {
    char stream[STREAM_NAME_MAX + 2]; /* its name; with a star at the end, how it begins */
    char text[STREAM_TEXT_SIZE];      /* without the spaces around it; may be "" */
} StreamText;

/* What can be wrong with an entry. */
typedef enum StreamTextProblem {
    STREAM_TEXT_GOOD,
    STREAM_TEXT_NO_EQUALS,
    STREAM_TEXT_NO_NAME, /* what stands before "=" can be no stream's */
    STREAM_TEXT_LONG,
} StreamTextProblem;

/* Reads the next entry from `*text` on, and moves that behind it. Returns false at the end. */
bool stream_texts_next(const char **text, StreamText *entry, StreamTextProblem *problem);

/* Finds the first entry for a stream, of those that are good. Returns whether there is one. */
bool stream_texts_find(const char *text, const char *stream, StreamText *entry);

#endif
