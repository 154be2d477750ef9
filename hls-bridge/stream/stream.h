/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_H
#define STREAM_H

/* One stream: a name, a folder of segments, and one publisher after the other.
 *
 * A thread of its own does everything from socket to file (see docs/architecture.md). Between two
 * publishers the playlist is held open; when nobody comes back it is ended. Then the stream rests:
 * it has no thread and no encoder, and somebody else tends it until it is removed, or until the
 * next publisher wakes it. A stream that has nothing to show goes with its publisher.
 *
 * Thread-safety: every function may be called from any thread; they hand over to the stream's
 * thread, or copy what it has left for them. stream_publish() and stream_destroy() are called by
 * one thread at a time, and nobody tends a stream while it is destroyed. */

#include "events/event_queue.h"
#include "ingest/source.h"
#include "segment/packager.h"
#include "stream/stream_status.h"

/* Encoders overshoot: a publisher that sends up to so many times what it may is let be. */
#define STREAM_EXCESS_FACTOR 2

typedef struct Stream Stream;

typedef struct StreamParams {
    PackagerParams packager; /* with the stream's name and its clock */
    int64_t hold_us, keep_us;
    StandIn *stand_in;         /* of all streams; borrowed */
    EventQueue *events;        /* likewise; NULL: nobody wants to know */
    size_t backlog;            /* bytes of a publisher that may wait for the stream's thread */
    int64_t source_timeout_us; /* a publisher that has sent nothing for so long is gone */
    int64_t source_bitrate;    /* bit/s; one that sends more than twice as much is ended */
} StreamParams;

/* Starts the thread, which opens the folder; what an earlier run has left there is taken up. The
 * params and the name are copied. Returns NULL with errno, where that is known within `wait_us`; a
 * disk that takes longer holds up the stream alone, and is tried again while somebody publishes. */
Stream *stream_create(const StreamParams *params, int64_t wait_us);

/* Whether the folder has not been opened yet. */
bool stream_is_opening(Stream *stream);

/* Stops the thread, which writes out what there is, and frees everything. The playlist stays open,
 * for the next run. Accepts NULL, leaves NULL. */
void stream_destroy(Stream **stream);

/* Asks the thread to stop, without waiting: so that many can stop at a time. */
void stream_stop(Stream *stream);

/* A publisher takes the stream over, in place of the one that may be there. `ports` takes where its
 * tracks are to be sent. `replaced` takes whether there was one. With `fixed_ports` it listens
 * where the description says, and goes on listening when the publisher is gone. Returns 0, or -1
 * with errno: EAGAIN where the stream is about to go (create it anew), else with the port that
 * cannot be had in `failed_port`. */
int stream_publish(Stream *stream, const SourceSdp *sdp, bool fixed_ports, uint16_t *ports,
                   bool *replaced, uint16_t *failed_port);

/* The publisher has gone. Returns 0, or -1 where there is none. */
int stream_unpublish(Stream *stream);

/* When the last publisher left, or else the stream was made; monotonic. Counts while the stream is
 * not taken: other than its status it is true from that moment on. */
int64_t stream_left_us(const Stream *stream);

/* Ends a stream that is held open, before its time: others need the room. Returns whether this is
 * new to it since somebody last published. */
bool stream_hurry(Stream *stream);

/* Has the thread look at the clock: for who moves that on by hand, and will not wait a second. */
void stream_wake(Stream *stream);

/* Whether it rests: it has ended, and nothing is done for it but by stream_tend(). */
bool stream_is_resting(const Stream *stream);

/* Looks after a stream that rests: removes the files that may go, and the whole stream where its
 * time is over or `remove` is set; stream_is_gone() says so then. A stream that does not rest is
 * left alone. May take as long as the disk likes. */
void stream_tend(Stream *stream, int64_t now_us, bool remove);

/* Whether somebody publishes, or is about to. */
bool stream_is_taken(Stream *stream);

/* Whether a publisher was ended a moment ago since he sent too much: he must not come back at once.
 */
bool stream_is_barred(Stream *stream);

/* How many publishers were announced and let go, since nothing ever came from them; when the stream
 * has been removed, too. */
uint64_t stream_silent(const Stream *stream);

/* Whether the stream has been removed: nothing is left of it but the memory. */
bool stream_is_gone(const Stream *stream);

const char *stream_name(const Stream *stream);
void stream_status(Stream *stream, StreamStatus *out);

/* `state` of its status, and since when if that is asked for: what is asked of all streams often.
 */
StreamState stream_state(Stream *stream, int64_t *since_us);

/* `bitrate` of its status: what is asked of all streams when a publisher comes. */
int64_t stream_bitrate(Stream *stream);

#endif
