/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream_table.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge_log.h"

/* Whoever makes a stream hears of what is wrong with its folder, if that shows so soon. */
#define OPEN_WAIT_US (500 * US_PER_MS)

struct StreamTable {
    const BridgeSettings *settings;
    LlHub *ll_hub;
    StandIn *stand_in;
    Thumbnailer *thumbnailer;
    pthread_mutex_t lock; /* guards what follows; held while a stream is made, not while one ends */
    Stream **streams;     /* in order of name */
    size_t count, capacity;
    uint64_t refused_streams, refused_bandwidth;
    uint64_t silent; /* of streams that are gone */
};

StreamTable *stream_table_create(const BridgeSettings *settings, LlHub *ll_hub,
                                 Thumbnailer *thumbnailer)
{
    StreamTable *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->stand_in = stand_in_create();
    if (!t->stand_in) {
        free(t);
        return NULL;
    }
    t->settings = settings;
    t->ll_hub = ll_hub;
    t->thumbnailer = thumbnailer;
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
    free(t->streams);
    pthread_mutex_destroy(&t->lock);
    free(t);
    *table = NULL;
}

/* Where `name` is, or would be inserted; the lock is held. */
static size_t place_of(const StreamTable *t, const char *name, bool *found)
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

static Stream *find(const StreamTable *t, const char *name)
{
    bool found;
    size_t at = place_of(t, name, &found);

    return found ? t->streams[at] : NULL;
}

/* Takes a stream out that is gone; the caller destroys it. The lock is held. */
static Stream *take_out(StreamTable *t, size_t at)
{
    Stream *stream = t->streams[at];

    t->silent += stream_silent(stream);
    t->count--;
    memmove(&t->streams[at], &t->streams[at + 1], (t->count - at) * sizeof(Stream *));
    return stream;
}

/* Where a disk takes its time, one waits for it, and not each after the other. */
static int64_t open_wait_us(const StreamTable *t)
{
    for (size_t i = 0; i < t->count; i++)
        if (stream_is_opening(t->streams[i]))
            return 0;
    return OPEN_WAIT_US;
}

/* Makes a stream; the lock is held. Returns NULL with errno. */
static Stream *add(StreamTable *t, const char *name)
{
    const BridgeSettings *settings = t->settings;
    StreamParams params = {
        .packager =
            {
                .stream = name,
                .directory = settings->directory,
                .segment_us = settings->segment_us,
                .window = (size_t)settings->window,
                .audio_bitrate = settings->audio_bitrate,
                .writes_ts = settings->writes_ts,
                .ll_hub = t->ll_hub,
                .ll_part_us = bridge_settings_part_us(settings),
                .ll_dash = settings->ll_dash,
                .thumbnailer = t->thumbnailer,
                .thumbnail_us = settings->thumbnail_us,
            },
        .hold_us = settings->hold_us,
        .keep_us = settings->keep_us,
        .stand_in = t->stand_in,
        .backlog = (size_t)settings->backlog,
        .source_timeout_us = settings->source_timeout_us,
        .source_bitrate = settings->source_bitrate,
    };
    bool found;

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
    size_t at = place_of(t, name, &found);
    memmove(&t->streams[at + 1], &t->streams[at], (t->count - at) * sizeof(Stream *));
    t->streams[at] = stream;
    t->count++;
    return stream;
}

/* The lock is held. */
static StreamLoad measure_load(const StreamTable *t)
{
    StreamLoad load = {
        .max_streams = t->settings->max_streams,
        .bandwidth = t->settings->bandwidth_mbit * MBIT,
        .source_bitrate = t->settings->source_bitrate,
        .refused_streams = t->refused_streams,
        .refused_bandwidth = t->refused_bandwidth,
        .silent = t->silent,
    };

    for (size_t i = 0; i < t->count; i++) {
        load.silent += stream_silent(t->streams[i]);
        if (!stream_is_taken(t->streams[i]))
            continue;
        int64_t bitrate = stream_bitrate(t->streams[i]);
        load.streams++;
        load.bitrate += bitrate >= 0 ? bitrate : load.source_bitrate;
    }
    return load;
}

/* Whether one more publisher is let in, and counts him if not; the lock is held. */
static bool has_room(StreamTable *t, PublishResult *refusal)
{
    StreamLoad load = measure_load(t);

    if (load.streams >= load.max_streams) {
        t->refused_streams++;
        *refusal = PUBLISH_LIMIT;
        return false;
    }
    if (load.bandwidth && load.bitrate + load.source_bitrate > load.bandwidth) {
        t->refused_bandwidth++;
        *refusal = PUBLISH_NO_ROOM;
        return false;
    }
    return true;
}

PublishResult stream_table_publish(StreamTable *t, const char *name, const SourceSdp *sdp,
                                   bool fixed_ports, uint16_t *ports, uint16_t *failed_port)
{
    PublishResult result = PUBLISH_FAILED;
    bool replaced = false, found;

    *failed_port = 0;
    pthread_mutex_lock(&t->lock);
    size_t at = place_of(t, name, &found);
    if (found && stream_is_gone(t->streams[at])) {
        Stream *gone = take_out(t, at);
        stream_destroy(&gone); /* its thread has ended */
        found = false;
    }
    if (found && stream_is_barred(t->streams[at])) {
        result = PUBLISH_BARRED;
    } else if ((found && stream_is_taken(t->streams[at])) || has_room(t, &result)) {
        Stream *stream = found ? t->streams[at] : add(t, name);
        if (stream && stream_publish(stream, sdp, fixed_ports, ports, &replaced, failed_port) == 0)
            result = replaced ? PUBLISH_REPLACED : PUBLISH_CREATED;
    }
    int error = errno;
    pthread_mutex_unlock(&t->lock);
    errno = error;
    return result;
}

int stream_table_unpublish(StreamTable *t, const char *name)
{
    pthread_mutex_lock(&t->lock);
    Stream *stream = find(t, name);
    int status = stream ? stream_unpublish(stream) : -1;
    pthread_mutex_unlock(&t->lock);
    return status;
}

bool stream_table_status(StreamTable *t, const char *name, StreamStatus *out)
{
    pthread_mutex_lock(&t->lock);
    Stream *stream = find(t, name);
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

StreamLoad stream_table_load(StreamTable *t)
{
    pthread_mutex_lock(&t->lock);
    StreamLoad load = measure_load(t);
    pthread_mutex_unlock(&t->lock);
    return load;
}

LlHubStats stream_table_requests(const StreamTable *t)
{
    return t->ll_hub ? ll_hub_stats(t->ll_hub) : (LlHubStats){0};
}

void stream_table_reap(StreamTable *t)
{
    if (pthread_mutex_trylock(&t->lock) != 0)
        return; /* a stream is being made, which may take a moment */
    for (size_t i = t->count; i-- > 0;) {
        if (!stream_is_gone(t->streams[i]))
            continue;
        Stream *gone = take_out(t, i);
        stream_destroy(&gone); /* its thread has ended */
    }
    pthread_mutex_unlock(&t->lock);
}

static bool has_file(const char *directory, const char *name, const char *file)
{
    char path[BRIDGE_PATH_SIZE + 128];

    int n = snprintf(path, sizeof(path), "%s/%s/%s", directory, name, file);
    return n > 0 && n < (int)sizeof(path) && access(path, R_OK) == 0;
}

static bool has_playlist(const char *directory, const char *name)
{
    return has_file(directory, name, PLAYLIST_FILE) || has_file(directory, name, MASTER_FILE);
}

size_t stream_table_recover(StreamTable *t)
{
    DIR *dir = opendir(t->settings->directory);
    struct dirent *entry;
    size_t n = 0;

    if (!dir)
        return 0;
    pthread_mutex_lock(&t->lock);
    while ((entry = readdir(dir))) {
        if (!stream_name_valid(entry->d_name) ||
            !has_playlist(t->settings->directory, entry->d_name))
            continue;
        if (add(t, entry->d_name))
            n++;
        else
            log_warn("%s: cannot be taken up: %s", entry->d_name, strerror(errno));
    }
    pthread_mutex_unlock(&t->lock);
    closedir(dir);
    return n;
}
