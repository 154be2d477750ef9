/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/audience.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rendition.h"
#include "transcode/rung_demand.h"
#include "transcode/rung_ladder.h"

_Static_assert(AUDIENCE_MAX == RUNGS_MAX, "there is a place for each rung");

#define DIGITS    "0123456789"
#define PATH_SIZE 1200 /* bytes: hls.directory and the stream's name */

struct Audience {
    AudienceParams params;
    char stream[STREAM_NAME_MAX + 1];
    FolderWatch *watch;
    size_t count;
    char name[AUDIENCE_MAX][RENDITION_NAME_SIZE]; /* only read once there is a watch */
    _Atomic int64_t read_us[AUDIENCE_MAX];        /* any thread that looks sets it */
};

/* Whether `text` is what stands behind a name in "-EPOCH-NUMBER.ts" and the like. */
static bool is_numbered(const char *text)
{
    for (int i = 0; i < 2; i++) {
        size_t digits = *text == '-' ? strspn(text + 1, DIGITS) : 0;
        if (digits == 0)
            return false;
        text += 1 + digits;
    }
    return *text == '.';
}

bool audience_is_of(const char *file, const char *name)
{
    static const char *const kinds[] = {"video-", "index-", "seg-"};
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t at = strlen(kinds[i]);
        if (strncmp(file, kinds[i], at) != 0 || strncmp(file + at, name, len) != 0)
            continue;
        const char *rest = file + at + len;
        return strcmp(rest, ".m3u8") == 0 || is_numbered(rest);
    }
    return false;
}

static void on_read(void *user, const char *file, int64_t now_us)
{
    Audience *a = user;

    for (size_t i = 0; i < a->count; i++)
        if (audience_is_of(file, a->name[i]))
            atomic_store(&a->read_us[i], now_us);
}

Audience *audience_create(const AudienceParams *params, const char *stream,
                          const char *const *names, size_t count)
{
    char path[PATH_SIZE];
    Audience *a = calloc(1, sizeof(*a));

    if (!a)
        return NULL;
    a->params = *params;
    snprintf(a->stream, sizeof(a->stream), "%s", stream);
    a->count = count < AUDIENCE_MAX ? count : AUDIENCE_MAX;
    for (size_t i = 0; i < a->count; i++) {
        snprintf(a->name[i], sizeof(a->name[i]), "%s", names[i]);
        atomic_init(&a->read_us[i], RUNG_NEVER_ASKED);
    }
    snprintf(path, sizeof(path), "%s/%s", params->directory, stream);
    a->watch = folder_readers_watch(params->readers, path, on_read, a);
    if (a->watch)
        return a;
    int error = errno;
    free(a);
    errno = error;
    return NULL;
}

void audience_destroy(Audience **audience)
{
    Audience *a = *audience;

    if (!a)
        return;
    folder_readers_leave(a->params.readers, &a->watch);
    free(a);
    *audience = NULL;
}

/* When its low-latency list or a part of it was last asked for, of the bridge itself. */
static int64_t asked_of_hub(const Audience *a, size_t i)
{
    char list[LL_LIST_NAME_SIZE];
    int64_t at_us;

    snprintf(list, sizeof(list), "video-%s", a->name[i]);
    return a->params.hub && ll_hub_asked(a->params.hub, a->stream, list, &at_us) ? at_us
                                                                                 : RUNG_NEVER_ASKED;
}

void audience_look(Audience *a, int64_t now_us, int64_t *asked_us)
{
    folder_readers_look(a->params.readers, now_us);
    for (size_t i = 0; i < a->count; i++)
        asked_us[i] = larger(atomic_load(&a->read_us[i]), asked_of_hub(a, i));
}
