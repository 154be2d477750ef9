/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SOURCE_H
#define SOURCE_H

/* One publisher and its sockets: what comes in goes to its intake, what its sender must know goes
 * back as RTCP.
 *
 * Thread-safety: one thread, the stream's. */

#include "base/clock.h"
#include "ingest/intake.h"
#include "ingest/stand_in.h"

typedef struct Source Source;

typedef struct SourceParams {
    const SourceSdp *sdp;
    bool fixed_ports;   /* listen where the description says; else on 127.0.0.1, any port, to the
                           described address alone */
    StandIn *stand_in;  /* for the stream's thread; borrowed */
    size_t backlog;     /* bytes that may wait for the stream's thread */
    const Clock *clock; /* borrowed */
} SourceParams;

typedef struct SourceTrackStats {
    int64_t bitrate; /* bit/s over the last second or so */
    double frame_rate;
    uint64_t keyframe_requests;
} SourceTrackStats;

typedef struct SourceStats {
    IntakeStats media;
    SourceTrackStats track[STREAM_TRACKS_MAX]; /* as `media` has them */
    int64_t video_bitrate;                     /* of all video tracks */
    int64_t audio_bitrate;
    double frame_rate; /* of the first video track */
    uint64_t keyframe_requests, kernel_drops, backlog_drops;
} SourceStats;

typedef enum SourceNews {
    SOURCE_NOTHING,
    SOURCE_MEDIA,
    SOURCE_GAP, /* what comes next follows a gap, since it could not wait: source_begin_anew() */
} SourceNews;

/* Opens the ports; packets that come wait there. Returns NULL with errno; `failed_port` as
 * rtp_ingest_create(). */
Source *source_create(const SourceParams *params, int64_t now_us, uint16_t *failed_port);

/* To be called once, before receive and tick; as intake_start(). */
void source_start(Source *source, const IntakeSink *sink, OpusToAac *audio, int64_t starts_90k);

/* Accepts NULL, leaves NULL. */
void source_destroy(Source **source);

/* The ports on which the tracks of the description are heard, in its order. */
void source_ports(const Source *source, uint16_t *ports);

/* What the publisher sends, in the order of the tracks. */
Renditions source_renditions(const Source *source);

bool source_has(const Source *source, TrackKind kind);

size_t source_poll_fds(const Source *source, struct pollfd *fds);

/* Reads what has come. The thread is at work from now on, until it rests: where it is held up,
 * others read for it, and ask for IDR pictures as source_keep_asking() says. */
void source_read(Source *source, int64_t now_us);
void source_rest(Source *source);

/* Takes in what was read at one time, which `read_us` takes: long ago where the thread was held up.
 * To be called until there is nothing. */
SourceNews source_receive(Source *source, int64_t *read_us);

bool source_has_more(Source *source);

/* What was received, which was finished, has nothing to do with what comes next: source_start() it
 * again. */
void source_begin_anew(Source *source);

/* Goes on with what time has brought about; `now_us` is the time up to which all was received. */
void source_tick(Source *source, int64_t now_us);

/* When source_tick() next has something to do. */
int64_t source_deadline_us(const Source *source);

/* Asks the publisher for an IDR picture of each video track, unless it was asked just now, or much
 * has come since. source_tick() asks by itself for one of a track that cannot go on without. */
void source_ask_for_idr(Source *source, int64_t now_us);

/* While the thread is held up, the publisher is asked at `at_us` and each `every_us` from then on;
 * NEVER_US: not at all. */
void source_keep_asking(Source *source, int64_t at_us, int64_t every_us);

/* The publisher has gone: fills the audio up to where his pictures have ended, 0: there were none.
 */
void source_finish(Source *source, int64_t pictures_end_90k);

/* The stream's clock at `now_us`; false: no media has come yet. */
bool source_clock(const Source *source, int64_t now_us, int64_t *at_90k);

/* When, on the monotonic clock, what is at `at_90k` came. */
int64_t source_arrival_of(const Source *source, int64_t at_90k);

/* When a packet last came; the time of creation where none has. */
int64_t source_last_heard_us(const Source *source);
bool source_has_been_heard(const Source *source);

/* What the publisher has sent of late, in bit/s, by when it arrived; see mean_rate_get(). */
bool source_bitrate(const Source *source, int64_t *bitrate);

/* What the publisher calls it; "": nothing. Borrowed. */
const char *source_title(const Source *source);

/* Whether no list of what is live names it. */
bool source_is_unlisted(const Source *source);

SourceStats source_stats(const Source *source);

#endif
