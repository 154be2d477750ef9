/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef AUDIO_CLOCK_H
#define AUDIO_CLOCK_H

/* Keeps the stream's audio without a gap. For each packet, and for time that passes without one, it
 * decides which samples come next. It counts them, and its count is the clock of the whole stream.
 *
 *  - A lost packet is rebuilt from the next one (in-band FEC), or concealed. A long gap is silent.
 *  - A pause in sending (DTX) is filled with the decoder's comfort noise.
 *  - If nothing comes at all, silence follows at a distance, so that segments go on.
 *  - A packet that comes after its time was filled is dropped. If all packets do, the clock is set
 *    back to them.
 *  - If the sender lost samples before it encoded them, its clock has stood still: silence takes
 *    their place.
 *  - If sound comes faster than real time, and media time is too far ahead, it is dropped until
 *    real time has caught up.
 *
 * Pure: time is an argument; no allocation. Thread-safety: one thread. */

#include "base/media.h"
#include "base/media_stats.h"

#define AUDIO_STEPS_MAX 4 /* steps that follow from one packet, at most */

typedef enum AudioStepKind {
    AUDIO_DECODE,  /* decode the packet, without its first `skip` samples */
    AUDIO_REBUILD, /* decode `samples` that were before the packet, from its in-band FEC */
    AUDIO_CONCEAL, /* let the decoder make up `samples` */
    AUDIO_SILENCE, /* `samples` of silence */
} AudioStepKind;

typedef struct AudioStep {
    AudioStepKind kind;
    int64_t samples, skip;
} AudioStep;

/* Zero-initialise it, then set max_late_us: no packet has come yet. */
typedef struct AudioClock {
    int64_t max_late_us; /* how late a packet may come before silence takes its place */
    bool started;
    bool guessed;     /* next_ts is a guess: no packet has come yet */
    int64_t next_ts;  /* RTP time of the sample that comes next */
    int64_t late_run; /* samples of late packets in a row */
    int64_t late_by;  /* how late the first of them was */
    int64_t heard_ts; /* RTP time at the end of the last packet, wherever it was put */
    bool ahead;       /* media time is too far ahead: sound is dropped until real time catches up */
    AudioClockStats stats;
} AudioClock;

/* What a packet says about the sender's clock. All but the first and the last give jumped_from, a
 * time on the clock as it was, and jumped_to, the same moment on the clock as it is now. */
typedef enum AudioContinuity {
    AUDIO_CONTINUES,
    AUDIO_JUMPED,    /* it is another clock */
    AUDIO_SLIPPED,   /* it is the same clock, and it has stood still */
    AUDIO_MOVED,     /* it is the same clock, but sound comes later than before. The packet stands
                        where the next sample is due. Other media moves with it, by as much as that
                        media is late. */
    AUDIO_CAUGHT_UP, /* real time has caught up. The packet stands where the next sample is due, and
                        only its arrival tells which pictures belong to it. */
} AudioContinuity;

/* What follows from a packet: the caller carries the steps out in order. */
typedef struct AudioVerdict {
    AudioStep step[AUDIO_STEPS_MAX];
    size_t count;
    AudioContinuity continuity;
    int64_t jumped_from, jumped_to;
} AudioVerdict;

/* Starts the clock before any packet has come: it takes `ts` as the RTP time of now. */
void audio_clock_start(AudioClock *clock, int64_t ts);

/* How much later media comes than before, in samples: of the packets of the last second or two, the
 * least late one, for sound and for pictures. */
typedef struct AudioLateness {
    int64_t sound, pictures;
} AudioLateness;

/* A packet that is next in order. */
typedef struct AudioArrival {
    int64_t ts, samples; /* its RTP time, and how much it holds: above 0 */
    uint32_t lost;       /* packets before it that are missing */
    int64_t now_ts;      /* RTP time, on the clock as it was, of a packet that arrives now with the
                            smallest delay; at most `room` from next_ts */
    int64_t slipped;     /* for how many samples the clock has stood still; 0: it has not */
    AudioLateness late;
    int64_t room; /* samples that may be put in by now. More would bring media time further than
                     MEDIA_LEAD_US ahead of real time. */
} AudioArrival;

/* Decides what follows from a packet. The steps put in at most `room` samples, whatever the packet
 * says. */
AudioVerdict audio_clock_packet(AudioClock *clock, const AudioArrival *in);

/* Call it as time passes. Returns the samples of silence that are due, mostly 0. */
int64_t audio_clock_tick(AudioClock *clock, int64_t now_ts);

#endif
