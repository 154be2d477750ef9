/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "names.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

typedef struct Name {
    char *text;
    bool placed, held; /* whether the rest is known */
    uint64_t sequence;
    int64_t part;
    uint64_t hash; /* of its bytes */
    size_t len;
} Name;

struct Names {
    void *tree;
};

Names *names_create(void)
{
    return calloc(1, sizeof(Names));
}

static void free_name(void *node)
{
    Name *n = node;

    free(n->text);
    free(n);
}

void names_destroy(Names **names)
{
    if (!*names)
        return;
    tdestroy((*names)->tree, free_name);
    free(*names);
    *names = NULL;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const Name *)a)->text, ((const Name *)b)->text);
}

/* What is known of it; NULL if there is no memory. */
static Name *find(Names *names, const char *text)
{
    Name *n = calloc(1, sizeof(*n));

    if (!n || !(n->text = strdup(text))) {
        free(n);
        return NULL;
    }
    Name **there = tsearch(n, &names->tree, compare);
    if (!there || *there != n)
        free_name(n);
    return there ? *there : NULL;
}

bool names_stand_for(Names *names, const char *text, uint64_t sequence, int64_t part)
{
    Name *n = find(names, text);

    if (!n || (n->placed && n->sequence == sequence && n->part == part))
        return true;
    if (n->placed)
        return false;
    n->placed = true;
    n->sequence = sequence;
    n->part = part;
    return true;
}

/* FNV-1a. */
static uint64_t hash_of(const uint8_t *data, size_t len)
{
    uint64_t h = 14695981039346656037u;

    for (size_t i = 0; i < len; i++)
        h = (h ^ data[i]) * 1099511628211u;
    return h;
}

bool names_hold(Names *names, const char *text, const uint8_t *data, size_t len)
{
    Name *n = find(names, text);
    uint64_t hash = hash_of(data, len);

    if (!n)
        return true;
    if (n->held)
        return n->len == len && n->hash == hash;
    n->held = true;
    n->len = len;
    n->hash = hash;
    return true;
}
