/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef BRIDGE_METRICS_H
#define BRIDGE_METRICS_H

/* What is of the bridge as a whole in GET /metrics, as Prometheus text.
 *
 * Thread-safety: any thread. */

#include <stdio.h>

typedef struct StreamLoad StreamLoad;
typedef struct LlHubStats LlHubStats;
typedef struct EventStats EventStats;
typedef struct PlaybackStats PlaybackStats;

/* What publishers take of what they may. */
void bridge_metrics_load(FILE *out, const StreamLoad *load);

/* Low-latency requests and connections. */
void bridge_metrics_requests(FILE *out, const LlHubStats *requests);

/* How many events each sink got. */
void bridge_metrics_events(FILE *out, const EventStats *events);

/* What the webhook for viewers was asked, and has answered. */
void bridge_metrics_playback(FILE *out, const PlaybackStats *playback);

#endif
