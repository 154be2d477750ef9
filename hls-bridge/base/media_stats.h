/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEDIA_STATS_H
#define MEDIA_STATS_H

/* What the stages that a publisher's media go through have seen, as plain values: so that reading
 * a status does not pull in the stages.
 *
 * Thread-safety: none needed, values are copied. */

#include <stdbool.h>
#include <stdint.h>

/* What reordering did with the packets of a track. */
typedef struct RtpReorderStats {
    uint64_t received, duplicates; /* duplicates: came twice */
    uint64_t late;                 /* came after they were given up */
    uint64_t lost;                 /* given up */
    uint64_t reordered;            /* came after a later one, in time */
    uint64_t strays;               /* of another sequence than the current one */
    uint64_t restarts;             /* the sender started again */
    uint64_t overflow;             /* behind a gap that is wider than what can be held */
    uint64_t waited_us;            /* that packets were held, summed */
} RtpReorderStats;

/* What became of the pictures of a track. */
typedef struct VideoDepayStats {
    uint64_t access_units, idrs; /* handed out */
    uint64_t damaged;            /* access units that lacked something */
    uint64_t undecodable; /* whole ones, but what they refer to was lost, or no IDR came yet */
    uint64_t malformed;   /* packets that cannot be read */
    bool has_sets;        /* parameter sets of both kinds are known, from wherever */
} VideoDepayStats;

/* What the clock of the sound went through. */
typedef struct AudioClockStats {
    uint64_t rebuilt_samples, concealed_samples, silent_samples, dropped_samples;
    uint64_t late_packets; /* dropped whole, since their time was filled */
    uint64_t jumps;        /* how often the sender changed to another clock */
    uint64_t moves;        /* how often all sound was late, and the clock was set back to it */
    uint64_t slips;        /* how often the sender's clock stood still */
    uint64_t aheads;       /* how often sound was dropped until real time had caught up */
} AudioClockStats;

/* How video is placed against the sound. */
typedef struct TimelineStats {
    uint64_t reports, implausible; /* sender reports used, and ignored */
    bool by_reports;               /* tracks 1 and up are placed by reports */
    int64_t correction_us;         /* still to be made to the track placed last */
    int64_t corrected_us;          /* made since the start, as a sum of magnitudes */
    uint64_t steps;                /* corrections made in one step */
} TimelineStats;

#endif
