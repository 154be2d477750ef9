/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_TABLE_H
#define STREAM_TABLE_H

/* All streams of the bridge, by name.
 *
 * Thread-safety: every function may be called from any thread, but for create and destroy. */

#include "base/clock.h"
#include "stream/bridge_settings.h"
#include "stream/stream.h"

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

/* What publishers take of what they may. */
typedef struct StreamLoad {
    int64_t streams, max_streams;
    int64_t bitrate; /* bit/s; who has come just now counts for `source_bitrate` */
    int64_t bandwidth, source_bitrate;           /* bit/s, as configured; no bandwidth: 0 */
    uint64_t refused_streams, refused_bandwidth; /* publishers that each limit has kept out */
    uint64_t refused_crowded;                    /* by PUBLISH_CROWDED */
    uint64_t silent;          /* let in, and let go since nothing ever came from them */
    int64_t held, max_held;   /* streams that are open, and nobody publishes */
    int64_t ended, max_ended; /* streams that may still be watched */
    uint64_t ended_early;     /* of the held ones, since there were too many */
    uint64_t removed_early;   /* of the ended ones, likewise */
    int64_t names, max_names; /* of streams that were removed, whose numbers are kept */
    uint64_t forgotten;       /* of them, since there were too many */
} StreamLoad;

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
