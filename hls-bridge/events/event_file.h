/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_FILE_H
#define EVENT_FILE_H

/* Events as lines of JSON (janus_event.h) at the end of a file. One that would grow beyond its
 * bound is renamed to PATH.old, in place of the one before.
 *
 * Thread-safety: as any sink. */

#include "events/event_sink.h"

/* `path` and `emitter` are copied; `bytes` is the bound. Returns a sink that has no `offer` if
 * there is no memory. The file need not exist, nor its folder: that shows with the first event. */
EventSink event_file_sink(const char *path, int64_t bytes, const char *emitter);

#endif
