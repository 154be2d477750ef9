/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef INTAKE_H
#define INTAKE_H

/* One publisher's datagrams become decodable pictures and AAC frames on the stream's clock:
 *
 *   rtp_reorder -> video_depay             -> timeline, frame_order -> sink
 *               -> audio_clock, opus_to_aac -------------------------> sink
 *
 * There may be several video tracks, which show the same in other sizes. Each has its own of all
 * that stands in the first line, and its own sender reports place it on the stream's one clock.
 *
 * No I/O, no clock of its own: what it makes of a recording is the same at any speed.
 * Thread-safety: one thread. */

#include "ingest/ingest.h"
#include "ingest/rtcp_reporter.h"
#include "ingest/source_sdp.h"

typedef struct Intake Intake;

/* `sdp` is what the publisher says of its tracks. Returns NULL if there is no memory. */
Intake *intake_create(const SourceSdp *sdp);

/* To be called once, before any media. `audio` is borrowed, and needed if the description has
 * audio; `starts_90k` is where on the stream's clock this publisher may begin. */
void intake_start(Intake *intake, const IntakeSink *sink, OpusToAac *audio, int64_t starts_90k);

/* Accepts NULL, leaves NULL. */
void intake_destroy(Intake **intake);

/* Takes an RTP or RTCP datagram of a track, by its index in the description. What cannot be read is
 * counted and dropped. */
void intake_datagram(Intake *intake, size_t track, const uint8_t *data, size_t len, int64_t now_us);

/* Does what is due: gives up packets that did not come, and fills missing sound. */
void intake_tick(Intake *intake, int64_t now_us);

/* When intake_tick() next has something to do; NEVER_US: not by itself. */
int64_t intake_deadline_us(const Intake *intake);

/* The publisher has gone: fills the audio up to the end of its pictures; 0: it had none. */
void intake_finish(Intake *intake, int64_t pictures_end_90k);

/* Whether a track needs an IDR picture before its next picture, or before one at its right time. */
bool intake_needs_idr(const Intake *intake, size_t track);

/* The stream's clock at `now_us`; false: no media has come yet. */
bool intake_clock(const Intake *intake, int64_t now_us, int64_t *at_90k);

/* When what is at `at_90k` came. */
int64_t intake_arrival_of(const Intake *intake, int64_t at_90k);

/* How many packets have come of a track. */
uint64_t intake_packets(const Intake *intake, size_t track);

/* What there is to report to the sender of a track; borrowed. */
RtcpReporter *intake_reporter(Intake *intake, size_t track);

IntakeStats intake_stats(const Intake *intake);

#endif
