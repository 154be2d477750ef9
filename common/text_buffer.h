/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TEXT_BUFFER_H
#define TEXT_BUFFER_H

/* Builds text in a fixed array, for modules that may not allocate. What does not fit sets
 * `overflow` and is left out; the text is terminated at all times.
 *
 * Thread-safety: a TextBuffer belongs to one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* The same without a format, each wholly or not at all, for texts that are written often: printf
 * takes some hundred instructions for each conversion. Inline, since mostly the length is known. */
static inline void text_add_bytes(TextBuffer *b, const char *bytes, size_t len)
{
    if (b->overflow || len >= b->size - b->len) {
        b->overflow = b->overflow || len > 0;
        return;
    }
    memcpy(b->text + b->len, bytes, len);
    b->len += len;
    b->text[b->len] = '\0';
}

static inline void text_add_string(TextBuffer *b, const char *text)
{
    text_add_bytes(b, text, strlen(text));
}

/* A number with so many digits at the least, 1 to 19; a sign counts as one, as with "%05d". */
void text_add_digits(TextBuffer *b, int64_t number, int digits);

static inline void text_add_number(TextBuffer *b, int64_t number)
{
    text_add_digits(b, number, 1);
}

#endif
