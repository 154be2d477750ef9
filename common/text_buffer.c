/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text_buffer.h"

#include <stdarg.h>
#include <stdio.h>

TextBuffer text_buffer(char *array, size_t size)
{
    array[0] = '\0';
    return (TextBuffer){.text = array, .size = size};
}

void text_add(TextBuffer *b, const char *format, ...)
{
    size_t room = b->size - b->len;
    va_list args;

    if (b->overflow)
        return;
    va_start(args, format);
    int n = vsnprintf(b->text + b->len, room, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= room) {
        b->text[b->len] = '\0';
        b->overflow = true;
        return;
    }
    b->len += (size_t)n;
}
