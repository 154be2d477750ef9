/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream_table.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bridge_log.h"
#include "package/left_over.h"
#include "store/old_names.h"

/* Whoever makes a stream hears of what is wrong with its folder, if that shows so soon. */
#define OPEN_WAIT_US (500 * US_PER_MS)

/* A stream that lets nobody in any more is about to be gone, unless the disk hangs: whoever comes
 * in that moment waits for it, so long at the most. */
#define GOING_WAIT_US (100 * US_PER_MS)
#define GOING_LOOK_US US_PER_MS

struct StreamTable {
    const BridgeSettings *settings;
    const Clock *clock;
    LlHub *ll_hub;
    StandIn *stand_in;
    Thumbnailer *thumbnailer;
    EventQueue *events;
    pthread_mutex_t lock; /* guards what follows; held while a stream is made, not while one ends */
    Stream **streams;     /* in order of name */
    size_t count, capacity;
    uint64_t refused_streams, refused_bandwidth, refused_crowded;
    uint64_t ended_early, removed_early, names_forgotten;
    uint64_t silent; /* of streams that are gone */
    size_t resting;  /* when they were last tended */
    OldNames *old_names;
    char forgotten[STREAM_NAME_MAX + 1]; /* its folder is being removed, without the lock */
    Stream *tended; /* stream_table_tend() is at it, without the lock: it stays where it is */
};

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

/* The stream of that name, made if there is none: a folder has one owner. The lock is held. Returns
 * NULL with errno. */
static Stream *add(StreamTable *t, const char *name)
{
    const BridgeSettings *settings = t->settings;
    StreamParams params = {
        .packager =
            {
                .clock = t->clock,
                .stream = name,
                .directory = settings->directory,
                .segment_us = settings->segment_us,
                .window = (size_t)settings->window,
                .audio_bitrate = settings->audio_bitrate,
                .writes_ts = settings->writes_ts,
                .durable = settings->durable,
                .ll_hub = t->ll_hub,
                .ll_part_us = bridge_settings_part_us(settings),
                .ll_dash = settings->ll_dash,
                .thumbnailer = t->thumbnailer,
                .thumbnail_us = settings->thumbnail_us,
                .bound = {.restart_us = settings->restart_us,
                          .files_per_s = settings->files_per_s,
                          .picture_bitrate = STREAM_EXCESS_FACTOR * settings->source_bitrate},
            },
        .hold_us = settings->hold_us,
        .keep_us = settings->keep_us,
        .stand_in = t->stand_in,
        .events = t->events,
        .backlog = (size_t)settings->backlog,
        .source_timeout_us = settings->source_timeout_us,
        .source_bitrate = settings->source_bitrate,
    };
    bool found;
    size_t at = place_of(t, name, &found);

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

/* Whether a publisher has left the stream, and it is held open, or has ended. */
static bool left_as(Stream *stream, StreamState state)
{
    if (stream_is_gone(stream) || stream_is_taken(stream))
        return false;
    return (stream_state(stream, NULL) == STREAM_ENDED) == (state == STREAM_ENDED);
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
        .refused_crowded = t->refused_crowded,
        .silent = t->silent,
        .max_held = bridge_settings_max_held(t->settings),
        .max_ended = bridge_settings_max_ended(t->settings),
        .ended_early = t->ended_early,
        .removed_early = t->removed_early,
        .names = (int64_t)old_names_count(t->old_names),
        .max_names = t->settings->max_names,
        .forgotten = t->names_forgotten,
    };

    for (size_t i = 0; i < t->count; i++) {
        load.silent += stream_silent(t->streams[i]);
        if (!stream_is_taken(t->streams[i])) {
            load.held += left_as(t->streams[i], STREAM_HELD);
            load.ended += left_as(t->streams[i], STREAM_ENDED);
            continue;
        }
        int64_t bitrate = stream_bitrate(t->streams[i]);
        load.streams++;
        load.bitrate += bitrate >= 0 ? bitrate : load.source_bitrate;
    }
    return load;
}

/* ---- streams that publishers have left ---- */

/* Since when a stream is what left_as() says. One whose publisher left just now may still have the
 * status of hours of broadcast: it is held from now on. */
static int64_t left_since_us(Stream *stream, StreamState state)
{
    int64_t since_us;

    if (state == STREAM_HELD)
        return stream_left_us(stream);
    stream_state(stream, &since_us);
    return since_us;
}

/* Of those that were left as `state`, the one that has been so for longest, after `after_us`; NULL:
 * none. `since_us` takes since when. The lock is held. */
static Stream *oldest(const StreamTable *t, StreamState state, int64_t after_us, int64_t *since_us)
{
    Stream *found = NULL;

    for (size_t i = 0; i < t->count; i++) {
        if (!left_as(t->streams[i], state))
            continue;
        int64_t us = left_since_us(t->streams[i], state);
        if (us > after_us && (!found || us < *since_us)) {
            found = t->streams[i];
            *since_us = us;
        }
    }
    return found;
}

/* Has the oldest end that are held open, where there are more than may be. The lock is held. */
static void hurry_held(StreamTable *t)
{
    StreamLoad load = measure_load(t);
    int64_t since_us = -1;

    for (; load.held > load.max_held; load.held--) {
        Stream *stream = oldest(t, STREAM_HELD, since_us, &since_us);
        if (stream && stream_hurry(stream))
            t->ended_early++;
    }
}

/* Returns how many it was; the lock is held. */
static size_t remove_gone(StreamTable *t)
{
    size_t n = 0;

    for (size_t i = t->count; i-- > 0;) {
        if (t->streams[i] == t->tended || !stream_is_gone(t->streams[i]))
            continue;
        Stream *gone = take_out(t, i);
        stream_destroy(&gone); /* its thread has ended */
        n++;
    }
    return n;
}

/* Looks after one, with the lock released, since a disk may take its time. Returns whether it is
 * gone. */
static bool tend(StreamTable *t, Stream *stream, bool remove)
{
    t->tended = stream;
    pthread_mutex_unlock(&t->lock);
    stream_tend(stream, clock_monotonic_us(t->clock), remove);
    pthread_mutex_lock(&t->lock);
    t->tended = NULL;
    if (!stream_is_gone(stream))
        return false;
    old_names_add(t->old_names, stream_name(stream));
    return true;
}

/* Removes the folders of the oldest names, where there are more than may be. The lock is held, but
 * not all the time. */
static void forget_names(StreamTable *t)
{
    while (old_names_take(t->old_names, (size_t)t->settings->max_names, t->forgotten)) {
        if (find(t, t->forgotten))
            continue; /* a stream that is there owns its folder */
        pthread_mutex_unlock(&t->lock);
        left_over_remove(t->settings->directory, t->forgotten);
        pthread_mutex_lock(&t->lock);
        t->names_forgotten++;
    }
    t->forgotten[0] = '\0';
}

/* Removes the oldest that have ended, where there are more than may be. The lock is held, but not
 * all the time. */
static void remove_oldest(StreamTable *t)
{
    StreamLoad load = measure_load(t);
    int64_t since_us = -1;

    for (; load.ended > load.max_ended; load.ended--) {
        Stream *stream = oldest(t, STREAM_ENDED, since_us, &since_us);
        if (stream && tend(t, stream, true))
            t->removed_early++;
    }
}

/* The next one after `name` that rests; NULL: none. The lock is held. */
static Stream *next_resting(const StreamTable *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(stream_name(t->streams[i]), name) > 0 && stream_is_resting(t->streams[i]))
            return t->streams[i];
    return NULL;
}

bool stream_table_tend(StreamTable *t)
{
    char name[STREAM_NAME_MAX + 1] = "";
    size_t resting = 0;

    if (pthread_mutex_trylock(&t->lock) != 0)
        return false; /* a stream is being made, which may take a moment */
    hurry_held(t);
    remove_oldest(t);
    for (Stream *stream; (stream = next_resting(t, name));) {
        snprintf(name, sizeof(name), "%s", stream_name(stream));
        resting += !tend(t, stream, false);
    }
    bool given_back = remove_gone(t) > 0 || resting > t->resting;
    t->resting = resting;
    forget_names(t);
    pthread_mutex_unlock(&t->lock);
    return given_back;
}

/* ---- publishers ---- */

/* How many streams there may be, whatever they do. */
static int64_t most_streams(const BridgeSettings *settings)
{
    return settings->max_streams + bridge_settings_max_held(settings) +
           bridge_settings_max_ended(settings);
}

/* Whether there is room for one more name, beside what others have left; what has gone makes some.
 * The lock is held. */
static bool has_place(StreamTable *t)
{
    hurry_held(t);
    if ((int64_t)t->count >= most_streams(t->settings))
        remove_gone(t);
    return (int64_t)t->count < most_streams(t->settings);
}

/* Whether one more publisher is let in, under a `new_name` or not, and counts him if not; the lock
 * is held. */
static bool has_room(StreamTable *t, bool new_name, PublishResult *refusal)
{
    StreamLoad load = measure_load(t);

    if (new_name && !has_place(t)) {
        t->refused_crowded++;
        *refusal = PUBLISH_CROWDED;
        return false;
    }
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

/* Frees the stream of that name if it is gone, or goes within `wait_us`. Returns whether it has.
 * The lock is held. */
static bool free_gone(StreamTable *t, const char *name, int64_t wait_us)
{
    const struct timespec pause = {.tv_nsec = GOING_LOOK_US * 1000};
    bool found;
    size_t at = place_of(t, name, &found);

    if (!found || t->streams[at] == t->tended)
        return false;
    for (; wait_us > 0 && !stream_is_gone(t->streams[at]); wait_us -= GOING_LOOK_US)
        nanosleep(&pause, NULL);
    if (!stream_is_gone(t->streams[at]))
        return false;
    Stream *gone = take_out(t, at);
    stream_destroy(&gone); /* its thread has ended */
    return true;
}

/* A publisher that may come in does so; the lock is held. */
static PublishResult enter(StreamTable *t, const char *name, const SourceSdp *sdp, bool fixed_ports,
                           uint16_t *ports, uint16_t *failed_port)
{
    for (int64_t wait_us = GOING_WAIT_US;; wait_us = 0) {
        Stream *stream = add(t, name);
        bool replaced = false;
        if (stream && stream_publish(stream, sdp, fixed_ports, ports, &replaced, failed_port) == 0)
            return replaced ? PUBLISH_REPLACED : PUBLISH_CREATED;
        int error = errno;
        if (!stream || error != EAGAIN || wait_us == 0 || !free_gone(t, name, wait_us)) {
            errno = error;
            return PUBLISH_FAILED;
        }
    }
}

/* Tells that a publisher is not let in. */
static void tell_refusal(StreamTable *t, const char *name, PublishResult result, int error)
{
    static const char *const reasons[] = {
        [PUBLISH_LIMIT] = "max",     [PUBLISH_NO_ROOM] = "bandwidth", [PUBLISH_CROWDED] = "crowded",
        [PUBLISH_BARRED] = "barred", [PUBLISH_FAILED] = "failed",
    };
    Event event = {
        .kind = EVENT_REFUSED,
        .refused = {.reason = reasons[result], .error = result == PUBLISH_FAILED ? error : 0}};

    snprintf(event.stream, sizeof(event.stream), "%s", name);
    event_queue_emit(t->events, &event);
}

PublishResult stream_table_publish(StreamTable *t, const char *name, const SourceSdp *sdp,
                                   bool fixed_ports, uint16_t *ports, uint16_t *failed_port)
{
    PublishResult result = PUBLISH_FAILED;

    *failed_port = 0;
    pthread_mutex_lock(&t->lock);
    free_gone(t, name, 0);
    Stream *stream = find(t, name);
    if (stream && stream_is_barred(stream))
        result = PUBLISH_BARRED;
    else if ((stream && stream_is_taken(stream)) || has_room(t, !stream, &result))
        result = enter(t, name, sdp, fixed_ports, ports, failed_port);
    int error = errno;
    pthread_mutex_unlock(&t->lock);
    if (result != PUBLISH_CREATED && result != PUBLISH_REPLACED)
        tell_refusal(t, name, result, error);
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

int stream_table_kick(StreamTable *t, const char *name)
{
    Event event = {.kind = EVENT_KICKED};

    pthread_mutex_lock(&t->lock);
    Stream *stream = find(t, name);
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
        if (!stream_name_valid(entry->d_name) || find(t, entry->d_name))
            continue;
        if (!left_over_wants_care(directory, entry->d_name))
            old_names_add(t->old_names, entry->d_name);
        else if ((int64_t)t->count >= most_streams(t->settings))
            left++;
        else if (add(t, entry->d_name))
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
