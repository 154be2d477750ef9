/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_H
#define EVENT_H

/* What has happened to a stream, as a record: one for each change, made by stream/ and control/
 * alone. docs/protocol.md says what each one means.
 *
 * Plain values: an Event may be copied and kept for any time.
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream_name.h"

#define EVENT_TITLE_SIZE 256 /* as long as a description's */

typedef enum EventKind {
    EVENT_STARTED,      /* a publisher is let in, and a new broadcast begins; no media yet */
    EVENT_LIVE,         /* the first media of the broadcast: `live` */
    EVENT_HELD,         /* no publisher sends, but one may come back: `held` */
    EVENT_RESUMED,      /* one came back in time, the broadcast goes on: `live` */
    EVENT_ENDED,        /* the playlist is ended, and may still be watched: `ended` */
    EVENT_REMOVED,      /* nothing is left of the stream but its numbers */
    EVENT_TAKEN_OVER,   /* another publisher takes the place of the one that is there */
    EVENT_REFUSED,      /* a publisher is not let in: `refused` */
    EVENT_KICKED,       /* an operator ends the publisher */
    EVENT_TOO_MUCH,     /* the publisher is ended, since it sends too much: `too_much` */
    EVENT_SILENT,       /* the publisher is ended, since nothing ever came from it */
    EVENT_PROBLEM,      /* the video cannot be played by all, or at all: `problem` */
    EVENT_PROBLEM_OVER, /* now it can */
    EVENT_DISK_TROUBLE, /* the disk refuses something: `disk` */
    EVENT_DISK_WORKS,   /* it takes that again: `disk`, without an error */
    EVENT_SLOW, /* the stream's thread is far behind what comes, mostly by a slow disk: `delay` */
    EVENT_CAUGHT_UP,  /* it is not any more: `delay` */
    EVENT_RUNGS_SLOW, /* the transcoder cannot keep up, or less than before: `rungs` */
    EVENT_RUNGS_WELL, /* it can again */
    EVENT_KINDS
} EventKind;

/* Why no publisher sends any more. */
typedef enum EventHeldReason {
    HELD_GONE,       /* it has said so, or the plugin or an operator has */
    HELD_TAKEN_OVER, /* another one is about to send */
    HELD_TOO_MUCH,
    HELD_NO_PACKETS, /* nothing has come for sources.timeout */
    HELD_STOPPING,   /* the bridge stops; its next run goes on with the stream */
    EVENT_HELD_REASONS
} EventHeldReason;

/* What the disk refuses. */
typedef enum EventDiskPart {
    DISK_FOLDER, /* to open the stream's folder */
    DISK_MEDIA,  /* to write segments or parts */
    DISK_END,    /* to write the playlists' end */
    DISK_ACCESS, /* to note that the stream is protected, so its publisher is not let in */
    EVENT_DISK_PARTS
} EventDiskPart;

typedef struct Event {
    EventKind kind;
    uint64_t sequence; /* 1, 2, 3... of all events of this run; a gap: some were dropped */
    int64_t unix_us;   /* when it happened */
    char stream[STREAM_NAME_MAX + 1];
    union { /* EventKind says which member is used; all is zero if none is */
        struct {
            bool video, audio;            /* what the publisher has described */
            uint64_t publishers;          /* of this stream so far, with this one */
            char title[EVENT_TITLE_SIZE]; /* as the publisher gives it, any bytes; "": none */
        } live;
        struct {
            EventHeldReason reason;
            bool empty;      /* there was nothing to show, so it is not held */
            int64_t hold_us; /* for how long it is held */
        } held;
        struct {
            bool listed; /* there was something to watch */
        } ended;
        struct {
            const char *reason; /* static text: max, bandwidth, crowded, barred, failed */
            int error;          /* errno of "failed"; else 0 */
            uint64_t untold;    /* refusals since the last that was told */
        } refused;
        struct {
            int64_t bitrate, most; /* bit/s: what it sends, and what sources.bitrate allows */
        } too_much;
        struct {
            const char *name, *text; /* static: "no-key-frames", and a sentence */
        } problem;
        struct {
            EventDiskPart part;
            int error; /* errno; 0: not known */
        } disk;
        struct {
            int64_t us; /* slow: how far behind it is; caught up: how long it was held up */
        } delay;
        struct {
            size_t still; /* rungs that stand still for it; 0: their pictures are left out alone */
        } rungs;
    };
} Event;

/* Static names for programs: "live", "no-packets", "folder". */
const char *event_name(EventKind kind);
const char *event_held_reason(EventHeldReason reason);
const char *event_disk_part(EventDiskPart part);

#endif
