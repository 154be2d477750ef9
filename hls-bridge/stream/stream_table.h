/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_TABLE_H
#define STREAM_TABLE_H

/* All streams of the bridge, by name.
 *
 * Thread-safety: every function may be called from any thread, but for create and destroy. */

#include "base/clock.h"
#include "events/event_queue.h"
#include "stream/bridge_settings.h"
#include "stream/stream.h"
#include "stream/stream_load.h"

typedef struct StreamTable StreamTable;

/* All are borrowed. */
typedef struct StreamTableParams {
    const BridgeSettings *settings;
    const Clock *clock;
    LlHub *ll_hub;            /* NULL: there is no low-latency HLS */
    Thumbnailer *thumbnailer; /* NULL: there are no thumbnails */
    EventQueue *events;       /* NULL: nobody wants to know what happens */
} StreamTableParams;

/* Returns NULL if there is no memory, or no thread to be had. */
StreamTable *stream_table_create(const StreamTableParams *params);

/* Stops all streams, at the same time, and waits for them. Accepts NULL, leaves NULL. */
void stream_table_destroy(StreamTable **table);

/* Takes up what an earlier run has left in the folder: so that viewers who wait are told the end,
 * if nobody comes back. To be called before anybody publishes; a stream that is there already is
 * left to its owner. Returns how many streams it was. */
size_t stream_table_recover(StreamTable *table);

typedef enum PublishResult {
    PUBLISH_CREATED,
    PUBLISH_REPLACED, /* a running publisher of the same stream */
    PUBLISH_LIMIT,    /* there are as many streams as may be */
    PUBLISH_NO_ROOM,  /* what they send leaves no room for another */
    PUBLISH_CROWDED,  /* what others have left takes all room, and cannot go as fast as they come */
    PUBLISH_BARRED,   /* this one has sent too much, a moment ago */
    PUBLISH_FAILED,   /* errno; `failed_port` where it is about one */
} PublishResult;

/* A publisher for `name`, a valid stream name; see stream_publish(). */
PublishResult stream_table_publish(StreamTable *table, const char *name, const SourceSdp *sdp,
                                   bool fixed_ports, uint16_t *ports, uint16_t *failed_port);

/* Returns 0, or -1 where nobody publishes under this name. */
int stream_table_unpublish(StreamTable *table, const char *name);

/* The same for an operator who ends the publisher, which is told. */
int stream_table_kick(StreamTable *table, const char *name);

/* Returns whether there is such a stream. */
bool stream_table_status(StreamTable *table, const char *name, StreamStatus *out);

/* The status of all, in order of name; the caller frees it. NULL with a count of 0: none. */
StreamStatus *stream_table_list(StreamTable *table, size_t *count);

StreamLoad stream_table_load(StreamTable *table);

/* Of all low-latency requests; zeros where there is no low-latency HLS. */
LlHubStats stream_table_requests(const StreamTable *table);

/* Of all events; zeros if nobody wants to know them. */
EventStats stream_table_events(const StreamTable *table);

/* Frees the streams that are gone, tends those that have ended, and has the oldest go where there
 * are more than may be. Call it about once a second, from one thread; a disk may hold it up.
 * Returns whether streams have given back what they took in memory. */
bool stream_table_tend(StreamTable *table);

#endif
