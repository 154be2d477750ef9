/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TIMELINE_H
#define TIMELINE_H

/* Puts the RTP clocks of one publisher's tracks onto the one clock of the stream.
 *
 * One track leads: the audio track, or the first video track if there is no audio. Its RTP clock
 * *is* the stream's clock, plus a fixed offset (timeline_set_offset), which the counter of its
 * samples sets. Every other track is placed against it:
 *  - At first by arrival: what arrives together belongs together. So nobody waits for a report.
 *  - Then by the sender reports of both tracks (RFC 3550 section 6.4.1), which say what was
 *    captured together. The change from the first to the second is made at 50 ms per second, and
 *    every later correction at 5 ms per second, so that nobody sees a picture jump. A correction of
 *    more than TIMELINE_STEP_US would take minutes: it is made in one step, behind a discontinuity.
 * Reports that cannot be true are ignored. A stream without reports stays with arrival.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include "base/media.h"
#include "base/media_stats.h"

typedef struct Timeline Timeline;

/* A larger correction is made in one step. Everybody notices a skew of this size, and at 5 ms per
 * second it would take 40 s to go. */
#define TIMELINE_STEP_US (200 * US_PER_MS)

/* How much later media comes now than with the smallest delay of the last 10 to 20 seconds. */
typedef struct TimelineLateness {
    int64_t lead_us;   /* track 0: the least late packet of the last second or two */
    int64_t placed_us; /* the other tracks: likewise. 0 if none of their packets came. The same as
                          lead_us if there are no others, or if the two are nearly the same. */
} TimelineLateness;

/* `clock_hz[i]` is the RTP clock of track i; track 0 leads. Returns NULL if there is no memory. */
Timeline *timeline_create(const uint32_t *clock_hz, size_t tracks);

/* Accepts NULL, leaves NULL. */
void timeline_destroy(Timeline **timeline);

/* A packet of `track` came. If the clock of a placed track jumps by more than ten seconds, the
 * track is placed again as a new one. */
void timeline_arrival(Timeline *timeline, size_t track, int64_t rtp_ts, int64_t arrival_us);

/* A sender report of `track` came: at the NTP time `ntp` its RTP clock stood at `rtp_ts`. */
void timeline_report(Timeline *timeline, size_t track, uint64_t ntp, int64_t rtp_ts);

/* From now on track 0's RTP time `rtp_ts` is `at_90k` on the stream's clock. The other tracks move
 * with it. */
void timeline_set_offset(Timeline *timeline, int64_t rtp_ts, int64_t at_90k);

/* A placed track has another clock now: it is placed by arrival again. */
void timeline_forget_track(Timeline *timeline, size_t track);

/* All tracks have another clock, track 0 too: set its offset next. */
void timeline_forget(Timeline *timeline);

/* The machine stood still for `us`: the stream's clock did too. */
void timeline_stand_still(Timeline *timeline, int64_t us);

TimelineLateness timeline_lateness(const Timeline *timeline);

/* All packets come later, or sooner, than they did: only delays of the last second or two count.
 * Track 0's RTP time `before`, on the clock as it was, is `after` on the clock as it is now. The
 * two differ by how much later track 0 comes than the others. */
void timeline_lead_moved(Timeline *timeline, int64_t before, int64_t after);

/* Track 0 has another RTP clock: the moment that was `before` is `after` now. Nothing else moves.
 */
void timeline_lead_jumped(Timeline *timeline, int64_t before, int64_t after);

/* Track 0's RTP clock is the same and has stood still, by the difference between `before` and
 * `after`. Its reports still count, less that difference. */
void timeline_lead_slipped(Timeline *timeline, int64_t before, int64_t after);

/* For how long track 0's RTP clock has stood still, judged by the arrivals of all tracks (see
 * clock_slip.h); 0: it has not. */
int64_t timeline_lead_slip_us(const Timeline *timeline);

/* Where `rtp_ts` of `track` is on the stream's clock. For a placed track, each call also makes a
 * part of the correction that is due. */
int64_t timeline_place(Timeline *timeline, size_t track, int64_t rtp_ts);

/* By how much a placed track is to be moved in one step, as of the last timeline_place(): a
 * correction that was larger than TIMELINE_STEP_US for a second of its media. 0: no step is due. */
int64_t timeline_step_us(const Timeline *timeline, size_t track);

/* Makes that step. */
void timeline_step(Timeline *timeline, size_t track);

/* The time of media that arrives at `now_us` with the smallest delay seen: on track 0's RTP clock,
 * and on the stream's. Returns false if nothing of track 0 has come yet. */
bool timeline_lead_now(const Timeline *timeline, int64_t now_us, int64_t *rtp_ts);
bool timeline_now(const Timeline *timeline, int64_t now_us, int64_t *at_90k);

/* When media at `at_90k` on the stream's clock arrives if it has the smallest delay. */
int64_t timeline_arrival_of(const Timeline *timeline, int64_t at_90k);

TimelineStats timeline_stats(const Timeline *timeline);

#endif
