/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_CLOCK_H
#define AUDIO_CLOCK_H

/* Keeps the stream's audio without a gap: decides, for each packet and for time that passes without
 * one, which samples come next. It counts them, and its count is the clock of the whole stream.
 *
 *  - what was lost is rebuilt from the next packet (in-band FEC), or concealed; long gaps go
 * silent;
 *  - what was never sent (DTX) is filled with the decoder's comfort noise;
 *  - where nothing comes at all, silence follows at a distance, so that segments go on;
 *  - what comes after its time was filled is dropped; if all does, the clock is set anew;
 *  - what the sender lost before it was encoded, so that its clock has stood still, is silence;
 *  - what comes faster than real time is dropped, once media time is too far ahead of it, until
 * real time has caught up.
 *
 * Pure: time is an argument; no allocation. Thread-safety: one thread. */

#include "base/media.h"

#define AUDIO_STEPS_MAX 4 /* steps that one packet can lead to */

typedef enum AudioStepKind {
    AUDIO_DECODE,  /* decode the packet, leave out the first `skip` samples of it */
    AUDIO_REBUILD, /* decode `samples` from the packet's in-band FEC: what was before it */
    AUDIO_CONCEAL, /* let the decoder make up `samples` */
    AUDIO_SILENCE, /* `samples` of silence */
} AudioStepKind;

typedef struct AudioStep {
    AudioStepKind kind;
    int64_t samples, skip;
} AudioStep;

typedef struct AudioClockStats {
    uint64_t rebuilt_samples, concealed_samples, silent_samples, dropped_samples;
    uint64_t late_packets; /* dropped whole, since their time was filled */
    uint64_t jumps;        /* times that the sender's clock became another */
    uint64_t moves;        /* times that all came late, and the clock was set back to it */
    uint64_t slips;        /* times that the sender's clock has stood still */
    uint64_t aheads;       /* times that sound was dropped until real time had caught up */
} AudioClockStats;

/* Zero-initialised but for max_late_us: no packet has come yet. */
typedef struct AudioClock {
    int64_t max_late_us; /* how late a packet may come before silence takes its place */
    bool started;
    bool guessed;     /* next_ts is made up: no packet has come yet */
    int64_t next_ts;  /* RTP time of the sample that comes next */
    int64_t late_run; /* samples of late packets in a row */
    int64_t late_by;  /* of the first of them: how late it came */
    int64_t heard_ts; /* RTP time behind the packet that came last, wherever it was put */
    bool ahead;       /* of real time, too far: what comes is dropped until that has caught up */
    AudioClockStats stats;
} AudioClock;

/* What a packet says of the sender's clock. */
typedef enum AudioContinuity {
    AUDIO_CONTINUES,
    AUDIO_JUMPED,  /* it is another clock: what was jumped_from there is jumped_to here */
    AUDIO_SLIPPED, /* it is the same, and has stood still: as AUDIO_JUMPED */
    AUDIO_MOVED,   /* it is the same, but sound comes later than before: the packet stands where the
                      next sample is due, and other media moves with it by how late that is: as
                      AUDIO_JUMPED */
    AUDIO_CAUGHT_UP, /* real time has caught up with it: the packet stands where the next sample is
                        due, and only its arrival tells what belongs to it */
} AudioContinuity;

/* What a packet leads to: the steps are carried out in order. */
typedef struct AudioVerdict {
    AudioStep step[AUDIO_STEPS_MAX];
    size_t count;
    AudioContinuity continuity;
    int64_t jumped_from, jumped_to;
} AudioVerdict;

/* The clock begins before any packet has come: its RTP time is taken to be `ts` now. */
void audio_clock_start(AudioClock *clock, int64_t ts);

/* How late media comes beyond before, in samples: the least late of the last second or two, of
 * sound and of the pictures. */
typedef struct AudioLateness {
    int64_t sound, pictures;
} AudioLateness;

/* A packet that is next in order. */
typedef struct AudioArrival {
    int64_t ts, samples; /* its RTP time, and how much it holds: above 0 */
    uint32_t lost;       /* packets before it that are missing */
    int64_t now_ts;      /* RTP time, on the clock as it was, of what arrives now with the smallest
                            delay; at most `room` from next_ts */
    int64_t slipped;     /* samples for which the clock was found to have stood still; 0: none */
    AudioLateness late;
    int64_t room; /* samples that may be put in by now: with more, media time would be ahead of
                     real time by more than MEDIA_LEAD_US */
} AudioArrival;

/* No more than `room` samples are put in, whatever the packet says. */
AudioVerdict audio_clock_packet(AudioClock *clock, const AudioArrival *in);

/* Time has passed. Returns the samples of silence that are due, 0 for most calls. */
int64_t audio_clock_tick(AudioClock *clock, int64_t now_ts);

#endif
