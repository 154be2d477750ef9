/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef LOOK_JSON_H
#define LOOK_JSON_H

/* A stream as a class looks at it: a packet of each track, the segment that grows, and trouble that
 * a teacher makes, as JSON (docs/protocol.md lists the fields). Its size is bounded by the number
 * of tracks.
 *
 * Thread-safety: any thread. */

#include <jansson.h>

/* Of stream/stream_status.h. */
typedef struct StreamStatus StreamStatus;

/* The caller owns the object. */
json_t *look_json(const StreamStatus *status);

#endif
