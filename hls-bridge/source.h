/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SOURCE_H
#define SOURCE_H

/* One publisher and its sockets: what comes in goes to its intake, what its sender must know goes
 * back as RTCP.
 *
 * Thread-safety: one thread, the stream's. */

#include "intake.h"
#include "rtp_ingest.h"

typedef struct Source Source;

typedef struct SourceParams {
    const SourceSdp *sdp;
    bool fixed_ports; /* listen where the description says; else on 127.0.0.1, any port, to the
                         described address alone */
} SourceParams;

typedef struct SourceStats {
    IntakeStats media;
    uint64_t keyframe_requests, kernel_drops;
} SourceStats;

/* Opens the ports; packets that come wait there. Returns NULL with errno; `failed_port` as
 * rtp_ingest_create(). */
Source *source_create(const SourceParams *params, int64_t now_us, uint16_t *failed_port);

/* To be called once, before receive and tick; as intake_start(). */
void source_start(Source *source, const IntakeSink *sink, OpusToAac *audio, int64_t starts_90k);

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

/* What the publisher calls it; "": nothing. Borrowed. */
const char *source_title(const Source *source);

SourceStats source_stats(const Source *source);

#endif
