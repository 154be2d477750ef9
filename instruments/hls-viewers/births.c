/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "births.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Of 128 segments: far more than are listed at low latency. */
#define SLOTS           8192
#define SLOTS_A_SEGMENT 64
#define PATH_SIZE       4096

typedef struct Slot {
    PlayerPlace at;
    Birth birth;
    bool taken;
} Slot;

struct Births {
    char folder[PATH_SIZE]; /* empty: none */
    Slot slot[SLOTS];
};

Births *births_create(const char *folder)
{
    Births *b = calloc(1, sizeof(*b));

    if (b)
        snprintf(b->folder, sizeof(b->folder), "%s", folder ? folder : "");
    return b;
}

void births_destroy(Births **births)
{
    free(*births);
    *births = NULL;
}

static Birth of_file(const char *folder, const char *uri)
{
    char path[2 * PATH_SIZE];
    struct stat file;

    if (snprintf(path, sizeof(path), "%s/%s", folder, uri) >= (int)sizeof(path) ||
        stat(path, &file) < 0)
        return (Birth){-1, -1};
    return (Birth){(int64_t)file.st_mtim.tv_sec * 1000000 + file.st_mtim.tv_nsec / 1000,
                   file.st_size};
}

Birth *births_of(Births *b, PlayerPlace at, const char *uri, int64_t now_us)
{
    Slot *s = &b->slot[(uint64_t)(at.msn * SLOTS_A_SEGMENT + at.part) % SLOTS];

    if (s->taken && player_place_compare(s->at, at) == 0)
        return &s->birth;
    s->taken = true;
    s->at = at;
    s->birth = *b->folder ? of_file(b->folder, uri) : (Birth){now_us, -1};
    return &s->birth;
}
