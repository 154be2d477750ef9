/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TIMELINE_H
#define TIMELINE_H

/* Puts the RTP clocks of one publisher's tracks onto the one clock of the stream.
 *
 * One track leads: the audio track, or the first video track where there is no audio. Its RTP clock
 * *is* the stream's clock, but for a fixed offset, which whoever counts its samples sets
 * (timeline_set_offset). Every other track is placed against it:
 *  - at first by arrival: what arrives together belongs together, so that nobody waits for a
 * report;
 *  - then by the sender reports of both tracks (RFC 3550 section 6.4.1), which say what was
 * captured together. The change from the one to the other is made at 50 ms per second, and every
 * later correction at 5 ms per second, so that no picture is seen to jump. One of more than
 * TIMELINE_STEP_US would last for minutes: it is made in one step, behind a discontinuity.
 * Reports that cannot be true are ignored, and a stream with none at all stays with arrival.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include "base/media.h"

typedef struct Timeline Timeline;

/* A correction of more is a step. Nobody looks away from a skew of as much, and slowly it would be
 * there for 40 s. */
#define TIMELINE_STEP_US (200 * US_PER_MS)

typedef struct TimelineStats {
    uint64_t reports, implausible; /* sender reports used, and ignored */
    bool by_reports;               /* track 1 and up are placed by reports */
    int64_t correction_us;         /* still to be made to the first placed track */
    int64_t corrected_us;          /* made to it since the start, by magnitude */
    uint64_t steps;                /* corrections made in one step */
} TimelineStats;

/* How late media comes, beyond the least late of the last seconds. */
typedef struct TimelineLateness {
    int64_t lead_us;   /* track 0: the least late of the last second or two */
    int64_t placed_us; /* the least late of the others likewise. 0 if none of theirs has come. The
                          same as lead_us if there are none, or if the two are nearly the same */
} TimelineLateness;

/* `clock_hz[i]` is the RTP clock of track i; track 0 leads. Returns NULL where there is no memory.
 */
Timeline *timeline_create(const uint32_t *clock_hz, size_t tracks);

/* Accepts NULL, leaves NULL. */
void timeline_destroy(Timeline **timeline);

/* A packet of `track` came. A placed track whose clock jumps by more than ten seconds is taken to
 * have begun anew. */
void timeline_arrival(Timeline *timeline, size_t track, int64_t rtp_ts, int64_t arrival_us);

/* A sender report of `track` came: at `ntp` its RTP clock stood at `rtp_ts`. */
void timeline_report(Timeline *timeline, size_t track, uint64_t ntp, int64_t rtp_ts);

/* Track 0's RTP time `rtp_ts` is `at_90k` on the stream's clock, from now on. The other tracks move
 * with it. */
void timeline_set_offset(Timeline *timeline, int64_t rtp_ts, int64_t at_90k);

/* A placed track has another clock now: it is placed by arrival again. */
void timeline_forget_track(Timeline *timeline, size_t track);

/* All tracks have, the lead too, whose offset is yet to be set. */
void timeline_forget(Timeline *timeline);

/* For `us` nobody looked: the stream's clock stood still for so long. */
void timeline_stand_still(Timeline *timeline, int64_t us);

TimelineLateness timeline_lateness(const Timeline *timeline);

/* All packets come later, or sooner, than they did: of delays, only the last second or two counts.
 * Track 0's RTP time `before`, as it was, is `after` now, which differ by how much later than the
 * others track 0 comes. */
void timeline_lead_moved(Timeline *timeline, int64_t before, int64_t after);

/* Track 0's RTP clock has become another: what was `before` is `after` now. Nothing else moves. */
void timeline_lead_jumped(Timeline *timeline, int64_t before, int64_t after);

/* The same, where it is the same clock, which has stood still: what reports said of it holds, but
 * for that. */
void timeline_lead_slipped(Timeline *timeline, int64_t before, int64_t after);

/* For how long track 0's RTP clock has stood still, by what arrives of it and of the other tracks
 * (see clock_slip.h); 0: it has not. */
int64_t timeline_lead_slip_us(const Timeline *timeline);

/* Where `rtp_ts` of `track` is on the stream's clock. For the tracks that are placed, each call
 * goes on with the correction that is due. */
int64_t timeline_place(Timeline *timeline, size_t track, int64_t rtp_ts);

/* By how much a placed track is to be moved in one step, as of the last timeline_place(): more than
 * TIMELINE_STEP_US, by magnitude, for a second of its media. 0: it is not. */
int64_t timeline_step_us(const Timeline *timeline, size_t track);

/* Makes that step. */
void timeline_step(Timeline *timeline, size_t track);

/* What arrives at `now_us` without any delay beyond the smallest seen: its time on track 0's RTP
 * clock, and on the stream's. false: nothing of track 0 has come yet. */
bool timeline_lead_now(const Timeline *timeline, int64_t now_us, int64_t *rtp_ts);
bool timeline_now(const Timeline *timeline, int64_t now_us, int64_t *at_90k);

/* When what is at `at_90k` on the stream's clock arrived, or would have with the smallest delay. */
int64_t timeline_arrival_of(const Timeline *timeline, int64_t at_90k);

TimelineStats timeline_stats(const Timeline *timeline);

#endif
