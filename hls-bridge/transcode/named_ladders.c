/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "transcode/named_ladders.h"

#include <stdio.h>
#include <string.h>

#include "stream_name.h"

#define SPACE       " \t"
#define LADDER_SIZE 256 /* bytes of one */

typedef struct Entry {
    char stream[STREAM_NAME_MAX + 1];
    char ladder[LADDER_SIZE];
} Entry;

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

/* Reads the next entry from `*text` on. Returns false at the end. `wrong` takes a static sentence
 * if it is none, or NULL. */
static bool next_entry(const char **text, Entry *entry, const char **wrong)
{
    const char *from = *text + strspn(*text, SPACE);
    size_t len = strcspn(from, ";");
    const char *equals = memchr(from, '=', len);

    *entry = (Entry){0};
    *wrong = NULL;
    *text = from + len + (from[len] == ';');
    if (len == 0 && *from == '\0')
        return false;
    if (!equals)
        *wrong = "write it as \"shop = 480p:900k, 240p:250k; other = 360p:500k\"";
    else if (!copy_bare(entry->stream, sizeof(entry->stream), from, (size_t)(equals - from)) ||
             !stream_name_valid(entry->stream))
        *wrong = "before \"=\" stands a stream's name: " STREAM_NAME_RULE;
    else if (!copy_bare(entry->ladder, sizeof(entry->ladder), equals + 1,
                        (size_t)(from + len - equals - 1)))
        *wrong = "a ladder is longer than 255 characters";
    return true;
}

int named_ladders_check(const char *text, char *error)
{
    char why[RUNG_LADDER_ERROR_SIZE];
    const char *wrong;
    RungLadder ladder;
    Entry entry;

    *error = '\0';
    while (next_entry(&text, &entry, &wrong)) {
        if (!wrong && rung_ladder_read(entry.ladder, &ladder, why) == 0)
            continue;
        snprintf(error, NAMED_LADDERS_ERROR_SIZE, "%s%s%s", wrong ? "" : entry.stream,
                 wrong ? "" : ": ", wrong ? wrong : why);
        return -1;
    }
    return 0;
}

bool named_ladders_find(const char *text, const char *stream, RungLadder *ladder)
{
    char why[RUNG_LADDER_ERROR_SIZE];
    const char *wrong;
    Entry entry;

    while (next_entry(&text, &entry, &wrong))
        if (!wrong && strcmp(entry.stream, stream) == 0)
            return rung_ladder_read(entry.ladder, ladder, why) == 0;
    return false;
}

bool named_ladders_have_rungs(const char *text)
{
    char why[RUNG_LADDER_ERROR_SIZE];
    const char *wrong;
    RungLadder ladder;
    Entry entry;

    while (next_entry(&text, &entry, &wrong))
        if (!wrong && rung_ladder_read(entry.ladder, &ladder, why) == 0 && ladder.count > 0)
            return true;
    return false;
}
