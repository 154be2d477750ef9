/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRACK_RATES_H
#define TRACK_RATES_H

/* How much each track sends in a second, for people who want to see it change.
 *
 * Pure: time is an argument. Thread-safety: one thread. */

#include "ingest/ingest_stats.h"

/* What had come at the beginning of the second that is measured. Zero-initialise, then begin. */
typedef struct TrackRates {
    int64_t began_us;
    uint64_t bytes[STREAM_TRACKS_MAX], pictures[STREAM_TRACKS_MAX];
} TrackRates;

/* Media comes from now on; nothing of it is counted yet. */
void track_rates_begin(TrackRates *rates, int64_t now_us);

/* Whether a second is over, so that track_rates_take() has something to say. */
bool track_rates_due(const TrackRates *rates, int64_t now_us);

/* `media` is what has come since the beginning: fills bitrate and frame_rate of each of its tracks
 * in `out`, and begins the next second. */
void track_rates_take(TrackRates *rates, const IntakeStats *media, int64_t now_us,
                      IngestTrackStats *out);

#endif
