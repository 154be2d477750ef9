/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_TABLE_INNER_H
#define STREAM_TABLE_INNER_H

/* The inside of the table of streams, for its own files only: stream_table.c finds and makes
 * streams, stream_admission.c lets publishers in, stream_care.c ends and removes streams without a
 * publisher, stream_class.c shows streams to a class.
 *
 * Thread-safety: call all functions with the lock held. */

#include <pthread.h>

#include "store/old_names.h"
#include "stream/stream_table.h"
#include "token_bucket.h"

struct StreamTable {
    const BridgeSettings *settings;
    const Clock *clock;
    LlHub *ll_hub;
    StandIn *stand_in;
    Thumbnailer *thumbnailer;
    EventQueue *events;
    RungsParams rungs;
    const KeySource *keys;
    pthread_mutex_t lock; /* guards what follows; held while a stream is made, not while one ends */
    Stream **streams;     /* in order of name */
    size_t count, capacity;
    uint64_t refused_streams, refused_bandwidth, refused_crowded;
    uint64_t ended_early, removed_early, names_forgotten;
    uint64_t silent;   /* of streams that are gone */
    size_t resting;    /* when they were last tended */
    TokenBucket looks; /* of a class */
    TokenBucket told_refusals;
    uint64_t untold_refusals; /* since the last that was told */
    OldNames *old_names;
    char forgotten[STREAM_NAME_MAX + 1]; /* its folder is being removed, without the lock */
    Stream *tended; /* stream_table_tend() works on it without the lock: it must not be freed */
};

/* ---- stream_table.c ---- */

/* Where `name` is, or would be inserted. */
size_t stream_table_place_of(const StreamTable *t, const char *name, bool *found);

/* NULL: there is none of that name. */
Stream *stream_table_find(const StreamTable *t, const char *name);

/* Takes a stream out that is gone; the caller destroys it. */
Stream *stream_table_take_out(StreamTable *t, size_t at);

/* The stream of that name, made if there is none: a folder has one owner. Returns NULL with errno.
 */
Stream *stream_table_add(StreamTable *t, const char *name);

/* ---- stream_admission.c ---- */

/* Whether a publisher has left the stream, and it is held open, or has ended. */
bool stream_table_left_as(Stream *stream, StreamState state);

StreamLoad stream_table_measure(const StreamTable *t);

/* How many streams there may be, whatever they do. */
int64_t stream_table_most(const BridgeSettings *settings);

/* ---- stream_care.c ---- */

/* Ends the oldest streams that are held open, if there are too many. */
void stream_table_hurry_held(StreamTable *t);

/* Frees the streams that are gone. Returns how many they were. */
size_t stream_table_remove_gone(StreamTable *t);

#endif
