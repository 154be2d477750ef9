/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/encryption_settings.h"
#include "stream/stream_table_inner.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bridge_log.h"
#include "package/left_over.h"

/* The maker of a stream waits this long to hear whether its folder cannot be opened. */
#define OPEN_WAIT_US (500 * US_PER_MS)

StreamTable *stream_table_create(const StreamTableParams *params)
{
    StreamTable *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->stand_in = stand_in_create(params->clock);
    t->old_names = t->stand_in ? old_names_create() : NULL;
    if (!t->old_names) {
        stand_in_destroy(&t->stand_in);
        free(t);
        return NULL;
    }
    t->settings = params->settings;
    t->clock = params->clock;
    t->ll_hub = params->ll_hub;
    t->thumbnailer = params->thumbnailer;
    t->events = params->events;
    t->keys = params->keys;
    if (params->rungs)
        t->rungs = *params->rungs;
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void stream_table_destroy(StreamTable **table)
{
    StreamTable *t = *table;

    if (!t)
        return;
    for (size_t i = 0; i < t->count; i++)
        stream_stop(t->streams[i]);
    for (size_t i = 0; i < t->count; i++)
        stream_destroy(&t->streams[i]);
    stand_in_destroy(&t->stand_in);
    old_names_destroy(&t->old_names);
    free(t->streams);
    pthread_mutex_destroy(&t->lock);
    free(t);
    *table = NULL;
}

/* Where `name` is, or would be inserted; the lock is held. */
size_t stream_table_place_of(const StreamTable *t, const char *name, bool *found)
{
    size_t low = 0, high = t->count;

    *found = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(stream_name(t->streams[middle]), name);
        if (order == 0)
            *found = true;
        if (order >= 0)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

Stream *stream_table_find(const StreamTable *t, const char *name)
{
    bool found;
    size_t at = stream_table_place_of(t, name, &found);

    return found ? t->streams[at] : NULL;
}

/* Takes a stream out that is gone; the caller destroys it. The lock is held. */
Stream *stream_table_take_out(StreamTable *t, size_t at)
{
    Stream *stream = t->streams[at];

    t->silent += stream_silent(stream);
    t->count--;
    memmove(&t->streams[at], &t->streams[at + 1], (t->count - at) * sizeof(Stream *));
    return stream;
}

/* All are asked to stop first, so that a slow disk is waited for once and not for each stream. */
static int64_t open_wait_us(const StreamTable *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (stream_is_opening(t->streams[i]))
            return 0;
    return OPEN_WAIT_US;
}

/* The params for a stream of that name. */
static StreamParams params_of(const StreamTable *t, const char *name)
{
    const BridgeSettings *settings = t->settings;

    return (StreamParams){
        .packager =
            {
                .clock = t->clock,
                .stream = name,
                .directory = settings->directory,
                .audio_bitrate = settings->audio_bitrate,
                .low_bitrate = bridge_settings_low_bitrate(settings, name),
                .outputs =
                    {
                        .segment_us = settings->segment_us,
                        .window = (size_t)settings->window,
                        .writes_ts = settings->writes_ts,
                        .durable = settings->durable,
                        .ll_hub = t->ll_hub,
                        .language = settings->language,
                        .opus = settings->opus,
                        .ll_part_us = bridge_settings_part_us(settings),
                        .ll_dash = settings->ll_dash,
                        .thumbnailer = encryption_settings_allow_thumbnails(settings, name)
                                           ? t->thumbnailer
                                           : NULL,
                        .thumbnail_us = settings->thumbnail_us,
                        .encryption = encryption_settings_of(settings, name, t->keys),
                        .also = settings->also,
                    },
                .bound = {.restart_us = settings->restart_us,
                          .files_per_s = settings->files_per_s,
                          .picture_bitrate = STREAM_EXCESS_FACTOR * settings->source_bitrate},
            },
        .hold_us = settings->hold_us,
        .keep_us = settings->keep_us,
        .rungs = t->rungs,
        .stand_in = t->stand_in,
        .events = t->events,
        .backlog = (size_t)settings->backlog,
        .source_timeout_us = settings->source_timeout_us,
        .source_bitrate = settings->source_bitrate,
        .shows_class = settings->shows_class,
    };
}

Stream *stream_table_add(StreamTable *t, const char *name)
{
    StreamParams params = params_of(t, name);
    bool found;
    size_t at = stream_table_place_of(t, name, &found);

    if (found)
        return t->streams[at];
    if (strcmp(name, t->forgotten) == 0) { /* its folder is about to go: in a moment */
        errno = EAGAIN;
        return NULL;
    }
    if (t->count == t->capacity) {
        size_t capacity = t->capacity ? t->capacity * 2 : 16;
        Stream **grown = realloc(t->streams, capacity * sizeof(Stream *));
        if (!grown)
            return NULL;
        t->streams = grown;
        t->capacity = capacity;
    }
    Stream *stream = stream_create(&params, open_wait_us(t));
    if (!stream)
        return NULL;
    memmove(&t->streams[at + 1], &t->streams[at], (t->count - at) * sizeof(Stream *));
    t->streams[at] = stream;
    t->count++;
    old_names_drop(t->old_names, name);
    return stream;
}

int stream_table_unpublish(StreamTable *t, const char *name)
{
    pthread_mutex_lock(&t->lock);
    Stream *stream = stream_table_find(t, name);
    int status = stream ? stream_unpublish(stream) : -1;
    pthread_mutex_unlock(&t->lock);
    return status;
}

int stream_table_kick(StreamTable *t, const char *name)
{
    Event event = {.kind = EVENT_KICKED};

    pthread_mutex_lock(&t->lock);
    Stream *stream = stream_table_find(t, name);
    int status = stream && stream_is_taken(stream) ? 0 : -1;
    if (status == 0) { /* before what comes of it is told */
        snprintf(event.stream, sizeof(event.stream), "%s", name);
        event_queue_emit(t->events, &event);
        stream_unpublish(stream);
    }
    pthread_mutex_unlock(&t->lock);
    return status;
}

bool stream_table_status(StreamTable *t, const char *name, StreamStatus *out)
{
    pthread_mutex_lock(&t->lock);
    Stream *stream = stream_table_find(t, name);
    if (stream)
        stream_status(stream, out);
    pthread_mutex_unlock(&t->lock);
    return stream;
}

StreamStatus *stream_table_list(StreamTable *t, size_t *count)
{
    pthread_mutex_lock(&t->lock);
    *count = t->count;
    StreamStatus *list = *count ? malloc(*count * sizeof(*list)) : NULL;
    if (!list)
        *count = 0;
    for (size_t i = 0; i < *count; i++)
        stream_status(t->streams[i], &list[i]);
    pthread_mutex_unlock(&t->lock);
    return list;
}

LlHubStats stream_table_requests(const StreamTable *t)
{
    return t->ll_hub ? ll_hub_stats(t->ll_hub) : (LlHubStats){0};
}

EventStats stream_table_events(const StreamTable *t)
{
    return event_queue_stats(t->events);
}

size_t stream_table_recover(StreamTable *t)
{
    const char *directory = t->settings->directory;
    DIR *dir = opendir(directory);
    size_t n = 0, left = 0;

    if (!dir)
        return 0;
    pthread_mutex_lock(&t->lock);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!stream_name_valid(entry->d_name) || stream_table_find(t, entry->d_name))
            continue;
        LeftOver left_over = left_over_look(directory, entry->d_name);
        if (left_over == LEFT_OVER_FOREIGN)
            continue;
        if (left_over == LEFT_OVER_OLD) {
            media_keys_forget(t->settings->encryption_directory, entry->d_name, t->clock);
            old_names_add(t->old_names, entry->d_name);
        } else if ((int64_t)t->count >= stream_table_most(t->settings))
            left++;
        else if (stream_table_add(t, entry->d_name))
            n++;
        else
            log_warn("%s: cannot be taken up: %s", entry->d_name, strerror(errno));
    }
    pthread_mutex_unlock(&t->lock);
    closedir(dir);
    if (left)
        log_warn(
            "%zu more streams of an earlier run stay as they are: there are too many "
            "(sources.held, sources.ended)",
            left);
    return n;
}
