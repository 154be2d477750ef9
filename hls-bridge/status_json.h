/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STATUS_JSON_H
#define STATUS_JSON_H

/* How streams stand, as JSON for GET /streams and as Prometheus text for GET /metrics
 * (docs/protocol.md lists the fields).
 *
 * Thread-safety: any thread. */

#include <jansson.h>

#include "stream.h"

/* The caller owns the object. */
json_t *status_json(const StreamStatus *status);

/* The caller frees the text. Returns NULL where there is no memory. */
char *status_metrics(const StreamStatus *streams, size_t count, const LlHubStats *requests);

#endif
