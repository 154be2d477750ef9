/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/public_list.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "store/folder.h"

#define REWRITE_US (5 * US_PER_S) /* if nothing has changed */

struct PublicList {
    Store *folder;
    const Clock *clock;
    json_t *streams; /* that were written last; NULL: none yet */
    int64_t written_us;
    bool failing; /* said in the log */
};

PublicList *public_list_create(const char *directory, const Clock *clock)
{
    PublicList *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->clock = clock;
    l->folder = folder_open(directory, ".", clock);
    if (l->folder)
        return l;
    free(l);
    return NULL;
}

static json_t *describe(const StreamStatus *status)
{
    const VideoFormat *sps = &intake_stats_best(&status->source.media)->format;
    json_t *object = json_pack("{s:s, s:I}", "name", status->name, "live_since",
                               (json_int_t)(status->live_since_unix_us / US_PER_S));

    if (status
            ->title[0]) /* json_string() returns NULL if it is no UTF-8, and then it is left out */
        json_object_set_new(object, "title", json_string(status->title));
    if (sps->width > 0) {
        json_object_set_new(object, "width", json_integer(sps->width));
        json_object_set_new(object, "height", json_integer(sps->height));
    }
    if (sps->width > 0 && status->output.thumbnail.made_unix_us > 0)
        json_object_set_new(object, "thumbnail",
                            json_integer(status->output.thumbnail.made_unix_us / US_PER_S));
    return object;
}

static json_t *list_live(StreamTable *table)
{
    size_t count;
    StreamStatus *list = stream_table_list(table, &count);
    json_t *streams = json_array();

    for (size_t i = 0; i < count; i++)
        if (list[i].state == STREAM_LIVE && !list[i].unlisted)
            json_array_append_new(streams, describe(&list[i]));
    free(list);
    return streams;
}

/* Takes over `streams`. */
static void write_list(PublicList *l, json_t *streams, int64_t now_us)
{
    json_t *all = json_pack("{s:I, s:O}", "at", (json_int_t)(clock_unix_us(l->clock) / US_PER_S),
                            "streams", streams);
    char *text = json_dumps(all, JSON_COMPACT);

    json_decref(all);
    json_decref(l->streams);
    l->streams = streams;
    l->written_us = now_us;
    bool good = text && store_put(l->folder, PUBLIC_LIST_FILE, text, strlen(text), 0) == 0;
    if (!good && !l->failing)
        log_error("%s cannot be written: %s; it is tried again", PUBLIC_LIST_FILE, strerror(errno));
    l->failing = !good;
    free(text);
}

void public_list_update(PublicList *l, StreamTable *table)
{
    int64_t now_us = clock_monotonic_us(l->clock);
    json_t *streams = list_live(table);

    if (l->streams && !l->failing && json_equal(streams, l->streams) &&
        now_us - l->written_us < REWRITE_US)
        json_decref(streams);
    else
        write_list(l, streams, now_us);
}

void public_list_destroy(PublicList **list)
{
    PublicList *l = *list;

    if (!l)
        return;
    write_list(l, json_array(), clock_monotonic_us(l->clock));
    json_decref(l->streams);
    store_close(&l->folder);
    free(l);
    *list = NULL;
}
