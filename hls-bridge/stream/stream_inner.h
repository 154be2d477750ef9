/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_INNER_H
#define STREAM_INNER_H

/* The inside of a stream, for its own files only: stream_publisher.c lets publishers in and out,
 * stream_access.c says who may watch, stream_life.c holds, ends and removes, stream_opening.c opens
 * the folder, stream_status.c reports, stream_thread.c runs all of them, and stream.c has the
 * functions for others.
 *
 * Thread-safety: call each function with `owner` held, unless it says otherwise. */

#include <pthread.h>
#include <stdatomic.h>

#include "ingest/source_problem.h"
#include "stream/mailbox.h"
#include "stream/pipeline.h"
#include "stream/stream.h"
#include "transcode/rung_trouble.h"

#define STREAM_RETRY_US US_PER_S /* of what could not be done */

/* Who does the stream's work. */
typedef enum Phase {
    PHASE_RUNS,  /* its thread */
    PHASE_RESTS, /* the caretaker; the thread has ended, or is about to */
    PHASE_GONE,  /* nobody: it has been removed */
} Phase;

typedef enum Opening {
    OPENING,
    OPENED,
    OPEN_FAILED, /* the thread has ended */
} Opening;

struct Stream {
    char name[STREAM_NAME_MAX + 1];
    StreamParams params;
    pthread_t thread;
    bool has_thread; /* to be joined; of those who publish and destroy */
    Mailbox *mail;
    Trouble *trouble;     /* that a teacher makes; NULL: there is no class */
    pthread_mutex_t lock; /* guards the next four */
    StreamStatus status;
    Opening opening;
    int open_error;        /* errno of OPEN_FAILED */
    bool awaited;          /* the thread that makes the stream waits for the result */
    pthread_cond_t opened; /* it is not OPENING any more */
    _Atomic Phase phase;
    atomic_bool hurried;
    atomic_uint_fast64_t silent; /* publishers that never sent anything */
    _Atomic int64_t left_us;     /* the last publisher went, or the stream was made; monotonic */

    /* Guards the members below. The stream's thread holds it from beginning to end, so nothing else
     * touches them. While the stream rests, whoever tends it takes the lock. */
    pthread_mutex_t owner;
    Packager *packager;
    Pipeline *pipeline;
    Ingest *source;         /* NULL: no publisher */
    const SourceSdp *fixed; /* the ports that are opened again when it has gone; NULL: none */
    bool taken_up;          /* the folder was opened, and read */
    StreamState state;
    bool stopping;            /* the next run of the bridge goes on with it */
    int64_t since_us;         /* the state began */
    int64_t deadline_us;      /* when it ends, HELD and ENDED */
    int64_t barred_until_us;  /* a publisher that was ended is kept out until then */
    bool broadcast;           /* one has begun, with a publisher, and has not ended */
    bool shown;               /* and something of it came */
    bool end_refused;         /* by the disk; told */
    bool access_refused;      /* likewise */
    RungTrouble rung_trouble; /* told */
    uint64_t failed_writes;   /* of media */
    int64_t write_failed_us;  /* the last of them, while that is told; 0: it is not */
    int64_t held_up_since_us; /* told; 0: it is not held up */
    int64_t next_status_us;
    int64_t live_since_unix_us;
    uint64_t publishers, excessive;
    SourceProblem problem; /* of the publisher; told */
};

static inline int64_t stream_time_us(const Stream *s)
{
    return clock_monotonic_us(s->params.packager.clock);
}

/* Whether nothing was ever listed, not by an earlier run either: so no viewer can want it. */
static inline bool stream_is_void(const Stream *s)
{
    return packager_is_empty(s->packager);
}

/* ---- stream_publisher.c ---- */

/* Creates a source for a description. Any thread. Returns NULL with errno, and with the port that
 * cannot be opened in `failed_port`, if that is not NULL. */
Ingest *stream_open_source(const Stream *s, const SourceSdp *sdp, bool fixed_ports,
                           uint16_t *failed_port);

/* The publisher's first packet makes the stream live. */
void stream_note_first(Stream *s);

/* Ends the publisher, if it sends too much, or nothing. */
void stream_check_publisher(Stream *s, int64_t now_us);

/* A new broadcast begins, if none is under way. */
void stream_start_broadcast(Stream *s);

/* Does what others have asked for. Returns false if the thread is to stop. */
bool stream_read_mail(Stream *s, int64_t now_us);

/* ---- stream_access.c ---- */

/* Sees to it that what `source` is about to publish can be watched by those alone who may. Returns
 * false if the disk refuses: then it must not be published. */
bool stream_set_access(Stream *s, const Ingest *source);

/* ---- stream_life.c ---- */

void stream_set_state(Stream *s, StreamState state, int64_t deadline_us);

/* Does what is due for a stream that is not live. Returns who goes on with it. */
Phase stream_run_deadline(Stream *s, int64_t now_us);

/* ---- stream_opening.c ---- */

/* Opens the folder. If that fails, whoever waits to hear of it is told; if nobody waits any more,
 * it is tried again as long as somebody publishes. Returns false if it is given up. */
bool stream_open(Stream *s);

/* Waits for the folder, `wait_us` at most. For whoever makes the stream. Returns false with errno
 * if it cannot be opened. */
bool stream_wait_until_open(Stream *s, int64_t wait_us);

void stream_close_folder(Stream *s);

/* ---- stream_status.c ---- */

/* Tells what has happened to the stream. */
void stream_emit(const Stream *s, Event event);

/* Tells that the thread is held up, and that it has caught up. */
void stream_note_delay(Stream *s, int64_t now_us);

/* Leaves a copy of how it stands for other threads, if the last one is old. */
void stream_update_status(Stream *s, int64_t now_us);

/* ---- stream_thread.c, for the threads of others ---- */

/* Returns 0, or -1 with errno. */
int stream_start_thread(Stream *s);

void stream_join_thread(Stream *s);

#endif
