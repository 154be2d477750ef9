/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STATUS_JSON_H
#define STATUS_JSON_H

/* How streams stand, as JSON for GET /streams and as Prometheus text for GET /metrics
 * (docs/protocol.md lists the fields).
 *
 * Thread-safety: any thread. */

#include <jansson.h>
#include <stddef.h>

/* Of stream/stream_status.h, stream/stream_load.h, serve/ll_hub.h, events/event_stats.h
 * and playback/playback_stats.h. */
typedef struct StreamStatus StreamStatus;
typedef struct StreamLoad StreamLoad;
typedef struct LlHubStats LlHubStats;
typedef struct EventStats EventStats;
typedef struct PlaybackStats PlaybackStats;

/* The caller owns the objects. */
json_t *status_json(const StreamStatus *status);
json_t *load_json(const StreamLoad *load);

/* What the bridge itself uses of the machine. Returns NULL if the kernel does not tell. */
json_t *process_json(void);

/* Of all events, and how they come to each sink that waits. */
json_t *events_json(const EventStats *events);

typedef struct StatusMetrics {
    const StreamStatus *streams;
    size_t count; /* of them */
    const StreamLoad *load;
    const LlHubStats *requests;
    const EventStats *events;
    const PlaybackStats *playback; /* NULL: nobody is asked about viewers */
} StatusMetrics;

/* The caller frees the text. Returns NULL if there is no memory. */
char *status_metrics(const StatusMetrics *status);

#endif
