/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ingest/track_rates.h"

#define PERIOD_US US_PER_S

void track_rates_begin(TrackRates *r, int64_t now_us)
{
    *r = (TrackRates){.began_us = now_us};
}

bool track_rates_due(const TrackRates *r, int64_t now_us)
{
    return now_us - r->began_us >= PERIOD_US;
}

void track_rates_take(TrackRates *r, const IntakeStats *media, int64_t now_us,
                      IngestTrackStats *out)
{
    int64_t elapsed_us = now_us - r->began_us;

    for (size_t i = 0; i < media->tracks; i++) {
        uint64_t bytes = media->track[i].bytes, pictures = media->track[i].video.access_units;
        out[i].bitrate = (int64_t)(bytes - r->bytes[i]) * 8 * US_PER_S / elapsed_us;
        out[i].frame_rate = (double)(pictures - r->pictures[i]) * US_PER_S / (double)elapsed_us;
        r->bytes[i] = bytes;
        r->pictures[i] = pictures;
    }
    r->began_us = now_us;
}
