/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLOUD_EVENT_H
#define CLOUD_EVENT_H

/* An event as CloudEvents 1.0 has it, in structured mode (application/cloudevents+json).
 *
 *   {"specversion": "1.0", "id": "msg_5f...-12", "source": "/janus-hls/hls-bridge",
 *    "type": "org.janus-hls.stream.held", "subject": "shop", "time": "2026-11-20T15:33:11.239000Z",
 *    "datacontenttype": "application/json", "data": {"event": "held", "stream": "shop", ...}}
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "events/event.h"

#define CLOUD_EVENT_MEDIA_TYPE  "application/cloudevents+json; charset=utf-8"
#define CLOUD_EVENT_SOURCE_SIZE 256 /* bytes that hold the source of any emitter of 64 */

/* The source of all events of an emitter of up to 64 bytes: a URI reference, in which whatever is
 * no unreserved character is percent-encoded (RFC 3986). */
void cloud_event_source(const char *emitter, char source[CLOUD_EVENT_SOURCE_SIZE]);

/* One line of JSON, without its end; the caller frees it. Returns NULL if there is no memory. */
char *cloud_event_text(const Event *event, const char *source, const char *id);

#endif
