/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream_table_inner.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "store/folder_readers.h"

/* A stream that lets no publisher in any more is about to be gone, unless the disk hangs. A
 * publisher that comes in that moment waits for it, at most this long. */
#define GOING_WAIT_US (100 * US_PER_MS)
#define GOING_LOOK_US US_PER_MS

/* Refusals that are told at once, and then one in so long. */
#define TOLD_AT_ONCE  20
#define TOLD_EVERY_US US_PER_S

/* Whether a publisher has left the stream, and it is held open, or has ended. */
bool stream_table_left_as(Stream *stream, StreamState state)
{
    if (stream_is_gone(stream) || stream_is_taken(stream))
        return false;
    return (stream_state(stream, NULL) == STREAM_ENDED) == (state == STREAM_ENDED);
}

/* The lock is held. */
StreamLoad stream_table_measure(const StreamTable *t)
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
            load.held += stream_table_left_as(t->streams[i], STREAM_HELD);
            load.ended += stream_table_left_as(t->streams[i], STREAM_ENDED);
            continue;
        }
        int64_t bitrate = stream_bitrate(t->streams[i]);
        load.streams++;
        load.bitrate += bitrate >= 0 ? bitrate : load.source_bitrate;
    }
    return load;
}

StreamLoad stream_table_load(StreamTable *t)
{
    pthread_mutex_lock(&t->lock);
    StreamLoad load = stream_table_measure(t);
    pthread_mutex_unlock(&t->lock);
    if (t->rungs.audience.readers)
        load.lost_reads = folder_readers_lost(t->rungs.audience.readers);
    return load;
}

/* How many streams there may be, whatever they do. */
int64_t stream_table_most(const BridgeSettings *settings)
{
    return settings->max_streams + bridge_settings_max_held(settings) +
           bridge_settings_max_ended(settings);
}

/* Whether there is room for one more name. Streams that are gone are freed first. The lock is held.
 */
static bool has_place(StreamTable *t)
{
    stream_table_hurry_held(t);
    if ((int64_t)t->count >= stream_table_most(t->settings))
        stream_table_remove_gone(t);
    return (int64_t)t->count < stream_table_most(t->settings);
}

/* Whether one more publisher is let in, under a `new_name` or not; a refusal is counted. The lock
 * is held. */
static bool has_room(StreamTable *t, bool new_name, PublishResult *refusal)
{
    StreamLoad load = stream_table_measure(t);

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
    size_t at = stream_table_place_of(t, name, &found);

    if (!found || t->streams[at] == t->tended)
        return false;
    for (; wait_us > 0 && !stream_is_gone(t->streams[at]); wait_us -= GOING_LOOK_US)
        nanosleep(&pause, NULL);
    if (!stream_is_gone(t->streams[at]))
        return false;
    Stream *gone = stream_table_take_out(t, at);
    stream_destroy(&gone); /* its thread has ended */
    return true;
}

/* Lets a publisher in, if it may come in; the lock is held. */
static PublishResult enter(StreamTable *t, const char *name, const SourceSdp *sdp, bool fixed_ports,
                           uint16_t *ports, uint16_t *failed_port)
{
    for (int64_t wait_us = GOING_WAIT_US;; wait_us = 0) {
        Stream *stream = stream_table_add(t, name);
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

/* Emits the event that a publisher was refused. Refusals cost a stranger nothing, and must not push
 * out the events that others wait for: those that come too often are only counted. The lock is
 * held. */
static void tell_refusal(StreamTable *t, const char *name, PublishResult result, int error)
{
    static const char *const reasons[] = {
        [PUBLISH_LIMIT] = "max",     [PUBLISH_NO_ROOM] = "bandwidth", [PUBLISH_CROWDED] = "crowded",
        [PUBLISH_BARRED] = "barred", [PUBLISH_FAILED] = "failed",
    };
    Event event = {.kind = EVENT_REFUSED,
                   .refused = {.reason = reasons[result],
                               .error = result == PUBLISH_FAILED ? error : 0,
                               .untold = t->untold_refusals}};

    if (!token_bucket_take(&t->told_refusals, TOLD_EVERY_US, TOLD_AT_ONCE,
                           clock_monotonic_us(t->clock))) {
        t->untold_refusals++;
        return;
    }
    t->untold_refusals = 0;
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
    Stream *stream = stream_table_find(t, name);
    if (stream && stream_is_barred(stream))
        result = PUBLISH_BARRED;
    else if ((stream && stream_is_taken(stream)) || has_room(t, !stream, &result))
        result = enter(t, name, sdp, fixed_ports, ports, failed_port);
    int error = errno;
    if (result != PUBLISH_CREATED && result != PUBLISH_REPLACED)
        tell_refusal(t, name, result, error);
    pthread_mutex_unlock(&t->lock);
    errno = error;
    return result;
}
