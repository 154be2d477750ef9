/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRANSCODER_STATS_H
#define TRANSCODER_STATS_H

/* What a transcoder tells of itself. Plain values. Thread-safety: none needed. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSCODER_SENTENCE 256 /* bytes */

#define TRANSCODER_RUNGS_MAX 6  /* RUNGS_MAX */
#define TRANSCODER_RUNG_NAME 12 /* bytes */

/* Whether a rung is made, and if not, why. */
typedef enum RungState {
    RUNG_MADE,
    RUNG_UNWATCHED, /* nobody asks for it */
    RUNG_CROWDED,   /* there is no encoder for it: those that there may be are with lower rungs */
    RUNG_BEHIND,    /* the machine cannot keep up */
    RUNG_STARTING,  /* its process has given no picture out yet */
    RUNG_FAILED,    /* its process has failed, and is started again */
    RUNG_REFUSED,   /* its process cannot do it, for good */
    RUNG_WAITING,   /* for a key picture; for good, if the source is no larger than it */
    RUNG_STATES
} RungState;

typedef struct TranscoderRungStats {
    char name[TRANSCODER_RUNG_NAME]; /* "480p": that of its rendition, */
    bool best;                       /* unless that has none, as the best that viewers get */
    int width, height;               /* pixels; 0: it stands still */
    bool behind;                     /* ... since the machine cannot keep up */
    RungState state;
    uint64_t units, bytes;
} TranscoderRungStats;

/* Counts are of the transcoder's whole life, over all its processes. */
typedef struct TranscoderStats {
    bool runs;                          /* there is a process, and it takes pictures, */
    bool starts;                        /* or it is being started, and pictures wait for it */
    char refused[TRANSCODER_SENTENCE];  /* why it does nothing, for good; "": it does */
    uint64_t started, faults;           /* processes; how many of them were started, and failed */
    uint64_t stood_still, forbidden;    /* ... since they did not answer, did what they may not */
    uint64_t given, left_out;           /* pictures: to it; not to it, which had no room for them */
    uint64_t decoded, damaged, skipped; /* pictures: whole; lost to damage; not encoded in time */
    size_t waiting;                     /* pictures that it has not answered yet */
    int64_t lag_us;   /* from the last picture that it is done with to the newest one then */
    int64_t busy_us;  /* that pictures took it, in all, */
    int64_t media_us; /* and how long these show: the factor of real time is this by that */
    size_t encoders;  /* that it has of the budget */
    size_t rungs;
    TranscoderRungStats rung[TRANSCODER_RUNGS_MAX];
} TranscoderStats;

#endif
