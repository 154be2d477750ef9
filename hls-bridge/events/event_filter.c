/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "events/event_filter.h"

#include <stdio.h>
#include <string.h>

#define BETWEEN ", \t\n"

_Static_assert(EVENT_KINDS <= 32, "EventFilter.kinds has a bit for each");

/* The next word of a list. Returns its length; 0: there is none. Moves `text` behind it. */
static size_t next_word(const char **text, const char **word)
{
    *word = *text + strspn(*text, BETWEEN);
    size_t len = strcspn(*word, BETWEEN);
    *text = *word + len;
    return len;
}

/* EVENT_KINDS: there is no such kind. */
static EventKind kind_of(const char *word, size_t len)
{
    EventKind kind = 0;

    while (kind < EVENT_KINDS &&
           (strlen(event_name(kind)) != len || strncmp(event_name(kind), word, len) != 0))
        kind++;
    return kind;
}

const char *event_filter_kinds(EventFilter *filter, const char *text)
{
    const char *word;

    filter->kinds = 0;
    for (size_t len; (len = next_word(&text, &word)) > 0;) {
        EventKind kind = kind_of(word, len);
        if (kind == EVENT_KINDS)
            return "names an event that there is not: they are started, live, held, resumed, "
                   "ended and others (docs/protocol.md, Events)";
        filter->kinds |= 1u << kind;
    }
    return NULL;
}

/* A stream's name, or its beginning and a star. */
static bool is_pattern(const char *word, size_t len)
{
    char name[STREAM_NAME_MAX + 1];
    bool prefix = word[len - 1] == '*';

    if (prefix && --len == 0)
        return true;
    if (len > STREAM_NAME_MAX)
        return false;
    memcpy(name, word, len);
    name[len] = '\0';
    return stream_name_valid(name);
}

const char *event_filter_streams(EventFilter *filter, const char *text)
{
    const char *word;

    if (strlen(text) >= sizeof(filter->streams))
        return "must have less than 512 characters";
    snprintf(filter->streams, sizeof(filter->streams), "%s", text);
    for (size_t len; (len = next_word(&text, &word)) > 0;)
        if (!is_pattern(word, len))
            return "must be names of streams, or beginnings of names with a star behind, as "
                   "\"shop, class-*\"";
    return NULL;
}

static bool matches(const char *word, size_t len, const char *stream)
{
    if (word[len - 1] == '*')
        return strncmp(word, stream, len - 1) == 0;
    return strncmp(word, stream, len) == 0 && stream[len] == '\0';
}

bool event_filter_takes(const EventFilter *filter, const Event *event)
{
    const char *text = filter->streams, *word;
    bool named = false;

    if (filter->kinds && !(filter->kinds >> event->kind & 1))
        return false;
    for (size_t len; (len = next_word(&text, &word)) > 0; named = true)
        if (matches(word, len, event->stream))
            return true;
    return !named;
}
