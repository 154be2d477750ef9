/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_FILTER_H
#define EVENT_FILTER_H

/* Which events somebody wants: by their kind, and by the stream's name.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include "events/event.h"

#define EVENT_FILTER_STREAMS_SIZE 512

/* Zero-initialise: it takes all of them. */
typedef struct EventFilter {
    uint32_t kinds;                          /* a bit for each EventKind; 0: all */
    char streams[EVENT_FILTER_STREAMS_SIZE]; /* names and prefixes; "": all */
} EventFilter;

/* Reads "live, ended": names of kinds, with commas or spaces between. Returns NULL, or a sentence.
 */
const char *event_filter_kinds(EventFilter *filter, const char *text);

/* Reads "shop, class-*": names of streams, and prefixes with a star behind. Returns NULL, or a
 * sentence. */
const char *event_filter_streams(EventFilter *filter, const char *text);

bool event_filter_takes(const EventFilter *filter, const Event *event);

#endif
