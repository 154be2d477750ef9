/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stream/stream_table_inner.h"

#include <stdio.h>
#include <string.h>

#include "package/left_over.h"

/* Since when a stream is in the state of stream_table_left_as(). If its publisher left just now,
 * its status may still be that of the broadcast: it is held from now on. */
static int64_t left_since_us(Stream *stream, StreamState state)
{
    int64_t since_us;

    if (state == STREAM_HELD)
        return stream_left_us(stream);
    stream_state(stream, &since_us);
    return since_us;
}

/* Of the streams without a publisher in `state`, the one that is in it for longest, but since after
 * `after_us`; NULL: none. `since_us` takes since when. The lock is held. */
static Stream *oldest(const StreamTable *t, StreamState state, int64_t after_us, int64_t *since_us)
{
    Stream *found = NULL;

    for (size_t i = 0; i < t->count; i++) {
        if (!stream_table_left_as(t->streams[i], state))
            continue;
        int64_t us = left_since_us(t->streams[i], state);
        if (us > after_us && (!found || us < *since_us)) {
            found = t->streams[i];
            *since_us = us;
        }
    }
    return found;
}

/* Ends the oldest streams that are held open, if there are too many. The lock is held. */
void stream_table_hurry_held(StreamTable *t)
{
    StreamLoad load = stream_table_measure(t);
    int64_t since_us = -1;

    for (; load.held > load.max_held; load.held--) {
        Stream *stream = oldest(t, STREAM_HELD, since_us, &since_us);
        if (stream && stream_hurry(stream))
            t->ended_early++;
    }
}

/* Returns how many it was; the lock is held. */
size_t stream_table_remove_gone(StreamTable *t)
{
    size_t n = 0;

    for (size_t i = t->count; i-- > 0;) {
        if (t->streams[i] == t->tended || !stream_is_gone(t->streams[i]))
            continue;
        Stream *gone = stream_table_take_out(t, i);
        stream_destroy(&gone); /* its thread has ended */
        n++;
    }
    return n;
}

/* Tends one stream, with the lock released, since a disk may be slow. Returns whether it is gone.
 */
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

/* Removes the folders of the oldest names, if there are too many. The lock is held, but not all the
 * time. */
static void forget_names(StreamTable *t)
{
    while (old_names_take(t->old_names, (size_t)t->settings->max_names, t->forgotten)) {
        if (stream_table_find(t, t->forgotten))
            continue; /* a stream that is there owns its folder */
        pthread_mutex_unlock(&t->lock);
        left_over_remove(t->settings->directory, t->forgotten);
        pthread_mutex_lock(&t->lock);
        t->names_forgotten++;
    }
    t->forgotten[0] = '\0';
}

/* Removes the oldest streams that have ended, if there are too many. The lock is held, but not all
 * the time. */
static void remove_oldest(StreamTable *t)
{
    StreamLoad load = stream_table_measure(t);
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
    stream_table_hurry_held(t);
    remove_oldest(t);
    for (Stream *stream; (stream = next_resting(t, name));) {
        snprintf(name, sizeof(name), "%s", stream_name(stream));
        resting += !tend(t, stream, false);
    }
    bool given_back = stream_table_remove_gone(t) > 0 || resting > t->resting;
    t->resting = resting;
    forget_names(t);
    pthread_mutex_unlock(&t->lock);
    return given_back;
}
