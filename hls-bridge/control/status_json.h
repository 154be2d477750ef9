/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STATUS_JSON_H
#define STATUS_JSON_H

/* How streams stand, as JSON for GET /streams and as Prometheus text for GET /metrics
 * (docs/protocol.md lists the fields).
 *
 * Thread-safety: any thread. */

#include <jansson.h>

#include "stream/stream_table.h"

/* The caller owns the objects. */
json_t *status_json(const StreamStatus *status);
json_t *load_json(const StreamLoad *load);

/* What the bridge itself uses of the machine. Returns NULL where the kernel does not tell. */
json_t *process_json(void);

/* The caller frees the text. Returns NULL where there is no memory. */
char *status_metrics(const StreamStatus *streams, size_t count, const StreamLoad *load,
                     const LlHubStats *requests);

#endif
