/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shared_list.h"

#include <stdlib.h>
#include <string.h>

#include "gunzip.h"

#define TEXT_MAX (1 << 20) /* bytes of an unpacked playlist */

typedef struct Version {
    char *body; /* as it came */
    size_t len;
    PlayerList *list;
} Version;

struct SharedList {
    Version latest, other; /* other: the last one that was older */
};

SharedList *shared_list_create(void)
{
    return calloc(1, sizeof(SharedList));
}

static void clear(Version *v)
{
    free(v->body);
    player_list_destroy(&v->list);
    *v = (Version){0};
}

void shared_list_destroy(SharedList **shared)
{
    if (!*shared)
        return;
    clear(&(*shared)->latest);
    clear(&(*shared)->other);
    free(*shared);
    *shared = NULL;
}

static bool is_same(const Version *v, const char *body, size_t len)
{
    return v->list && v->len == len && memcmp(v->body, body, len) == 0;
}

static bool goes_further(const PlayerList *list, const Version *than)
{
    return !than->list || list->ended || player_place_compare(list->end, than->list->end) >= 0;
}

static PlayerList *read_body(const char *body, size_t len, bool gzip, const char **wrong)
{
    if (!gzip)
        return player_list_read(body, len, wrong);
    char *text = gunzip(body, len, TEXT_MAX, &len, wrong);
    PlayerList *list = text ? player_list_read(text, len, wrong) : NULL;
    free(text);
    return list;
}

const PlayerList *shared_list_read(SharedList *s, const char *body, size_t len, bool gzip,
                                   const char **wrong)
{
    *wrong = NULL;
    if (is_same(&s->latest, body, len))
        return s->latest.list;
    if (is_same(&s->other, body, len))
        return s->other.list;
    Version v = {malloc(len + 1), len, read_body(body, len, gzip, wrong)};
    if (v.body && v.list)
        memcpy(v.body, body, len);
    else if (!v.body)
        *wrong = "there is no memory";
    if (*wrong) {
        clear(&v);
        return NULL;
    }
    if (goes_further(v.list, &s->latest)) {
        clear(&s->other);
        s->other = s->latest;
        s->latest = v;
    } else {
        clear(&s->other);
        s->other = v;
    }
    return v.list;
}

const PlayerList *shared_list_latest(const SharedList *s)
{
    return s->latest.list;
}
