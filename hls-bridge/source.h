/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SOURCE_H
#define SOURCE_H

/* One publisher, from its sockets to decodable pictures and AAC frames on the stream's clock:
 *
 *   rtp_ingest -> rtp_reorder -> h264_depay              -> timeline, frame_order -> sink
 *                             -> audio_clock, opus_to_aac -------------------------> sink
 *
 * Thread-safety: one thread, the stream's. */

#include "audio_clock.h"
#include "h264_depay.h"
#include "opus_to_aac.h"
#include "rtp_ingest.h"
#include "rtp_reorder.h"
#include "source_sdp.h"
#include "timeline.h"

typedef struct Source Source;

/* Where the media goes. Called from within source_receive() and source_tick(). */
typedef struct SourceSink {
    void *user;
    void (*picture)(void *user, const AccessUnit *unit, int64_t pts_90k, int64_t dts_90k);
    void (*audio)(void *user, const AacFrame *frame);
} SourceSink;

typedef struct SourceParams {
    const SourceSdp *sdp;
    bool fixed_ports; /* listen where the description says; else on 127.0.0.1, any port, to the
                         described address alone */
} SourceParams;

/* What there is to say of one track. */
typedef struct SourceTrackStats {
    TrackKind kind;
    uint64_t packets, bytes, refused; /* refused: no RTP, or of another payload type */
    RtpReorderStats reorder;
} SourceTrackStats;

typedef struct SourceStats {
    size_t tracks;
    SourceTrackStats track[STREAM_TRACKS_MAX];
    uint64_t keyframe_requests, kernel_drops;
    H264DepayStats video;
    AudioClockStats audio;
    TimelineStats timeline;
    H264Sps sps; /* width 0: no picture yet */
} SourceStats;

/* Opens the ports; packets that come wait there. Returns NULL with errno; `failed_port` as
 * rtp_ingest_create(). */
Source *source_create(const SourceParams *params, int64_t now_us, uint16_t *failed_port);

/* To be called once, before receive and tick. `audio` is borrowed, and needed where the description
 * has audio; `starts_90k` is where on the stream's clock this publisher may begin. */
void source_start(Source *source, const SourceSink *sink, OpusToAac *audio, int64_t starts_90k);

/* Accepts NULL, leaves NULL. */
void source_destroy(Source **source);

/* The ports on which the tracks of the description are heard, in its order. */
void source_ports(const Source *source, uint16_t *ports);

bool source_has(const Source *source, TrackKind kind);

size_t source_poll_fds(const Source *source, struct pollfd *fds);

/* Takes in what has come, and what time has brought about. */
void source_receive(Source *source, int64_t now_us);
void source_tick(Source *source, int64_t now_us);

/* When source_tick() next has something to do. */
int64_t source_deadline_us(const Source *source);

/* Asks the publisher for an IDR picture, unless it was asked just now. */
void source_ask_for_idr(Source *source, int64_t now_us);

/* The publisher has gone: fills the audio up to the end of the last picture. */
void source_finish(Source *source);

/* The stream's clock at `now_us`; false: no media has come yet. */
bool source_clock(const Source *source, int64_t now_us, int64_t *at_90k);

/* When, on CLOCK_MONOTONIC, what is at `at_90k` came. */
int64_t source_arrival_of(const Source *source, int64_t at_90k);

/* When a packet last came; the time of creation where none has. */
int64_t source_last_heard_us(const Source *source);
bool source_has_been_heard(const Source *source);

SourceStats source_stats(const Source *source);

#endif
