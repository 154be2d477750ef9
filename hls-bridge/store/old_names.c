/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/old_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MIN 64

typedef char Name[STREAM_NAME_MAX + 1];

struct OldNames {
    Name *name; /* from `first` to `end`; what was dropped in between is moved over */
    size_t first, end, capacity;
};

OldNames *old_names_create(void)
{
    return calloc(1, sizeof(OldNames));
}

void old_names_destroy(OldNames **names)
{
    if (!*names)
        return;
    free((*names)->name);
    free(*names);
    *names = NULL;
}

/* Makes room for one more at the end. */
static bool reserve(OldNames *n)
{
    if (n->end < n->capacity)
        return true;
    if (n->first > n->capacity / 2) { /* half of it is free at the beginning */
        memmove(n->name, n->name + n->first, (n->end - n->first) * sizeof(Name));
        n->end -= n->first;
        n->first = 0;
        return true;
    }
    size_t capacity = n->capacity ? n->capacity * 2 : CAPACITY_MIN;
    Name *grown = realloc(n->name, capacity * sizeof(Name));
    if (!grown)
        return false;
    n->name = grown;
    n->capacity = capacity;
    return true;
}

void old_names_add(OldNames *n, const char *name)
{
    old_names_drop(n, name);
    if (reserve(n))
        snprintf(n->name[n->end++], sizeof(Name), "%s", name);
}

void old_names_drop(OldNames *n, const char *name)
{
    for (size_t i = n->first; i < n->end; i++) {
        if (strcmp(n->name[i], name) != 0)
            continue;
        n->end--;
        memmove(n->name + i, n->name + i + 1, (n->end - i) * sizeof(Name));
        return;
    }
}

bool old_names_take(OldNames *n, size_t most, char name[STREAM_NAME_MAX + 1])
{
    if (old_names_count(n) <= most)
        return false;
    memcpy(name, n->name[n->first++], sizeof(Name));
    return true;
}

size_t old_names_count(const OldNames *n)
{
    return n->end - n->first;
}
