/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/stream_texts.h"

#include <string.h>

#define SPACE " \t"

/* Copies `len` bytes without the spaces around them. Returns whether there was room. */
static bool copy_bare(char *to, size_t size, const char *from, size_t len)
{
    while (len > 0 && strchr(SPACE, *from))
        from++, len--;
    while (len > 0 && strchr(SPACE, from[len - 1]))
        len--;
    if (len >= size)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

/* A stream's name, or its beginning and a star. */
static bool is_pattern(const char *text)
{
    char name[STREAM_NAME_MAX + 2];
    size_t len = strlen(text);

    memcpy(name, text, len + 1);
    if (len > 0 && name[len - 1] == '*')
        name[--len] = '\0';
    return stream_name_valid(name) || strcmp(text, "*") == 0;
}

bool stream_texts_next(const char **text, StreamText *entry, StreamTextProblem *problem)
{
    const char *from = *text + strspn(*text, SPACE);
    size_t len = strcspn(from, ";");
    const char *equals = memchr(from, '=', len);

    *entry = (StreamText){0};
    *problem = STREAM_TEXT_GOOD;
    *text = from + len + (from[len] == ';');
    if (len == 0 && *from == '\0')
        return false;
    if (!equals)
        *problem = STREAM_TEXT_NO_EQUALS;
    else if (!copy_bare(entry->stream, sizeof(entry->stream), from, (size_t)(equals - from)) ||
             !is_pattern(entry->stream))
        *problem = STREAM_TEXT_NO_NAME;
    else if (!copy_bare(entry->text, sizeof(entry->text), equals + 1,
                        (size_t)(from + len - equals - 1)))
        *problem = STREAM_TEXT_LONG;
    return true;
}

bool stream_texts_find(const char *text, const char *stream, StreamText *entry)
{
    StreamTextProblem problem;

    while (stream_texts_next(&text, entry, &problem)) {
        size_t len = strlen(entry->stream);
        bool prefix = len > 0 && entry->stream[len - 1] == '*';
        if (problem == STREAM_TEXT_GOOD &&
            (prefix ? strncmp(entry->stream, stream, len - 1) : strcmp(entry->stream, stream)) == 0)
            return true;
    }
    return false;
}
