/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STREAM_H
#define STREAM_H

/* One stream: a name, a folder of segments, and one publisher after the other.
 *
 * Its own thread does everything from socket to file (see docs/architecture.md). Between two
 * publishers the playlist is held open; if no publisher comes back, it is ended. Then the stream
 * rests: it has no thread and no encoder, and the caretaker tends it until it is removed, or until
 * the next publisher wakes it. A stream with nothing to show is gone with its publisher.
 *
 * Thread-safety: any thread may call every function; they send mail to the stream's thread, or copy
 * what it has left for them. One thread at a time calls stream_publish() and stream_destroy(), and
 * no thread tends a stream while it is destroyed. */

#include "events/event_queue.h"
#include "ingest/source_sdp.h"
#include "ingest/stand_in.h"
#include "ingest/trouble.h"
#include "segment/packager.h"
#include "stream/rungs.h"
#include "stream/stream_status.h"

/* Encoders overshoot: a publisher may send up to this many times its limit. */
#define STREAM_EXCESS_FACTOR 2

typedef struct Stream Stream;

typedef struct StreamParams {
    PackagerParams packager; /* with the stream's name and its clock */
    int64_t hold_us, keep_us;
    RungsParams rungs;         /* what is transcoded of each publisher */
    StandIn *stand_in;         /* of all streams; borrowed */
    EventQueue *events;        /* likewise; NULL: no events */
    size_t backlog;            /* bytes of a publisher that may wait for the stream's thread */
    int64_t source_timeout_us; /* a publisher that has sent nothing for so long is gone */
    int64_t source_bitrate;    /* bit/s; one that sends more than twice as much is ended */
    bool shows_class;          /* packets are looked at, and stream_trouble() works */
} StreamParams;

/* Starts the thread, which opens the folder and takes up what an earlier run has left in it. The
 * params and the name are copied. Returns NULL with errno if opening fails within `wait_us`. A disk
 * that takes longer holds up this stream alone; opening is tried again while there is a publisher.
 */
Stream *stream_create(const StreamParams *params, int64_t wait_us);

/* Whether the folder has not been opened yet. */
bool stream_is_opening(Stream *stream);

/* Stops the thread, which writes out what it has, and frees everything. The playlist stays open for
 * the next run. Accepts NULL, leaves NULL. */
void stream_destroy(Stream **stream);

/* Asks the thread to stop, and does not wait: so many streams can stop at the same time. */
void stream_stop(Stream *stream);

/* A publisher takes the stream over, in place of another one if there is one; `replaced` takes
 * whether there was. `ports` takes where to send its tracks. With `fixed_ports` the stream listens
 * where the description says, and goes on listening after the publisher is gone: the description
 * is borrowed then, and must outlive the stream. Returns 0, or -1 with errno: EAGAIN if the stream
 * is about to go (then create another), else with the port that cannot be opened in `failed_port`.
 */
int stream_publish(Stream *stream, const SourceSdp *sdp, bool fixed_ports, uint16_t *ports,
                   bool *replaced, uint16_t *failed_port);

/* The publisher has gone. Returns 0, or -1 if there is none. */
int stream_unpublish(Stream *stream);

/* When the last publisher left, or else the stream was made; monotonic. Counts while the stream is
 * not taken: other than its status it is true from that moment on. */
int64_t stream_left_us(const Stream *stream);

/* Ends a stream that is held open before its time, because others need the room. Returns whether
 * this is the first call since the last publisher. */
bool stream_hurry(Stream *stream);

/* Asks the thread to look at the clock: for a test that moves a manual clock on. */
void stream_wake(Stream *stream);

/* Whether it rests: it has ended, and only stream_tend() works on it. */
bool stream_is_resting(const Stream *stream);

/* Tends a stream that rests: removes files whose time is over, and the whole stream if its time is
 * over or `remove` is set; then stream_is_gone() is true. Does nothing to a stream that does not
 * rest. A slow disk may hold it up. */
void stream_tend(Stream *stream, int64_t now_us, bool remove);

/* Whether it has a publisher, or will have one at once. */
bool stream_is_taken(Stream *stream);

/* Whether a publisher was ended a moment ago because it sent too much: it must not come back yet.
 */
bool stream_is_barred(Stream *stream);

/* How many publishers were announced and dropped because they never sent anything; also after the
 * stream was removed. */
uint64_t stream_silent(const Stream *stream);

/* Whether the stream has been removed: only its memory is left. */
bool stream_is_gone(const Stream *stream);

/* Makes trouble for a class. Does nothing if the stream has none (`shows_class`). */
void stream_trouble(Stream *stream, const TroubleOrder *order);

const char *stream_name(const Stream *stream);
void stream_status(Stream *stream, StreamStatus *out);

/* `state` of its status, and since when if that is asked for: what is asked of all streams often.
 */
StreamState stream_state(Stream *stream, int64_t *since_us);

/* `bitrate` of its status: what is asked of all streams when a publisher comes. */
int64_t stream_bitrate(Stream *stream);

#endif
