/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_BUFFER_H
#define TEXT_BUFFER_H

/* Builds text in a fixed array, for modules that may not allocate. What does not fit sets
 * `overflow` and is left out; the text is terminated at all times.
 *
 * Thread-safety: a TextBuffer belongs to one thread. */

#include <stdbool.h>
#include <stddef.h>

typedef struct TextBuffer {
    char *text; /* borrowed */
    size_t size;
    size_t len;
    bool overflow;
} TextBuffer;

/* An empty text in `array`, of at least one byte. */
TextBuffer text_buffer(char *array, size_t size);

/* Adds printf-formatted text, wholly or not at all. */
void text_add(TextBuffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
