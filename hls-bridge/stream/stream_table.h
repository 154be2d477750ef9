/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_TABLE_H
#define STREAM_TABLE_H

/* All streams of the bridge, by name.
 *
 * Thread-safety: every function may be called from any thread, but for create and destroy. */

#include "base/clock.h"
#include "events/event_queue.h"
#include "stream/bridge_settings.h"
#include "package/thumbnail.h"
#include "serve/ll_hub.h"
#include "stream/stream.h"
#include "stream/stream_load.h"

typedef struct StreamTable StreamTable;

/* All are borrowed. */
typedef struct StreamTableParams {
    const BridgeSettings *settings;
    const Clock *clock;
    LlHub *ll_hub;            /* NULL: no low-latency HLS */
    Thumbnailer *thumbnailer; /* NULL: no thumbnails */
    EventQueue *events;       /* NULL: no events */
    const RungsParams *rungs; /* NULL: nothing is transcoded */
    const KeySource *keys;    /* of samples; NULL: streams make their own */
} StreamTableParams;

/* Returns NULL if there is no memory, or no thread can be made. */
StreamTable *stream_table_create(const StreamTableParams *params);

/* Stops all streams, at the same time, and waits for them. Accepts NULL, leaves NULL. */
void stream_table_destroy(StreamTable **table);

/* Takes up the streams that an earlier run has left in the folder, so that their playlists are
 * ended if no publisher comes back. Call it before anybody publishes; a stream that exists already
 * is left alone. Returns how many streams it took up. */
size_t stream_table_recover(StreamTable *table);

typedef enum PublishResult {
    PUBLISH_CREATED,
    PUBLISH_REPLACED, /* a running publisher of the same stream */
    PUBLISH_LIMIT,    /* there are as many streams as may be */
    PUBLISH_NO_ROOM,  /* all publishers together send so much that there is no room for another */
    PUBLISH_CROWDED,  /* held and ended streams take all room, and cannot be removed so fast */
    PUBLISH_BARRED,   /* this publisher has sent too much, a moment ago */
    PUBLISH_FAILED,   /* errno; `failed_port` if it is about a port */
} PublishResult;

/* A publisher for `name`, a valid stream name; see stream_publish(). */
PublishResult stream_table_publish(StreamTable *table, const char *name, const SourceSdp *sdp,
                                   bool fixed_ports, uint16_t *ports, uint16_t *failed_port);

/* Ends the publisher of this name. Returns 0, or -1 if there is none. */
int stream_table_unpublish(StreamTable *table, const char *name);

/* The same for an operator; an event says so. */
int stream_table_kick(StreamTable *table, const char *name);

/* Copies the status of one stream. Returns whether there is such a stream. */
bool stream_table_status(StreamTable *table, const char *name, StreamStatus *out);

typedef enum ClassResult {
    CLASS_DONE,
    CLASS_OFF,       /* control.class */
    CLASS_NO_STREAM, /* of that name, with a publisher */
    CLASS_TOO_OFTEN,
} ClassResult;

/* Whether a class may look at streams at all (control.class). */
bool stream_table_has_class(const StreamTable *table);

/* The status of one stream for a class to look at; all streams together, a bounded number of times
 * a second. */
ClassResult stream_table_look(StreamTable *table, const char *name, StreamStatus *out);

/* Makes trouble for one stream; see stream_trouble(). */
ClassResult stream_table_trouble(StreamTable *table, const char *name, const TroubleOrder *order);

/* The status of all, in order of name; the caller frees it. NULL with a count of 0: none. */
StreamStatus *stream_table_list(StreamTable *table, size_t *count);

StreamLoad stream_table_load(StreamTable *table);

/* Statistics of all low-latency requests; zeros if there is no low-latency HLS. */
LlHubStats stream_table_requests(const StreamTable *table);

/* Statistics of all events; zeros if there are none. */
EventStats stream_table_events(const StreamTable *table);

/* Frees streams that are gone, tends those that have ended, and removes the oldest if there are too
 * many. Call it about once a second, from one thread; a disk may hold it up. Returns whether
 * streams have freed memory. */
bool stream_table_tend(StreamTable *table);

#endif
