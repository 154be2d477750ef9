/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "text_buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#define DIGITS_MAX 20 /* of 64 bits, or a sign and 19 of them */

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

void text_add_digits(TextBuffer *b, int64_t number, int digits)
{
    char text[DIGITS_MAX], *const end = text + sizeof(text), *at = end;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    int left = number < 0 ? digits - 1 : digits;

    assert(digits >= 1 && digits < DIGITS_MAX);
    for (; rest > 0 || left > 0; left--, rest /= 10)
        *--at = (char)('0' + rest % 10);
    if (number < 0)
        *--at = '-';
    b->overflow = b->overflow || (size_t)(end - at) >= b->size - b->len;
    if (b->overflow)
        return;
    while (at < end) /* few: cheaper than memcpy() */
        b->text[b->len++] = *at++;
    b->text[b->len] = '\0';
}
