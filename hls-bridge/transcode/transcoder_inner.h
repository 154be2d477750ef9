/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRANSCODER_INNER_H
#define TRANSCODER_INNER_H

/* What the files of transcoder.h share: transcoder.c has its life, transcoder_talk.c what is said.
 *
 * Thread-safety: as transcoder.h. */

#include "base/media.h"
#include "transcode/transcoder.h"
#include "transcode/transcoder_process.h"

#define GIVEN 128 /* pictures whose units may still come; far more than a decoder holds back */

typedef enum TranscoderState {
    TRANSCODER_WAITS,  /* there is no process; one is started at `due_us` */
    TRANSCODER_STARTS, /* there is one, which has not said yet that it is ready */
    TRANSCODER_RUNS,
    TRANSCODER_ENDS,    /* it was killed, and is to be reaped */
    TRANSCODER_REFUSES, /* it said that it cannot do this; nobody tries again */
} TranscoderState;

typedef struct Given {
    int64_t pts_90k;
    bool key;
} Given;

struct Transcoder {
    TranscoderParams params;
    EncoderShare share; /* of params.budget */
    TranscoderState state;
    TranscoderProcess process;
    int64_t due_us;              /* WAITS: of the next start; ENDS: of the next look */
    int64_t since_us;            /* when the state began */
    int64_t wait_us;             /* before the next start after a fault */
    int64_t looked_us, quiet_us; /* the last look at it, and how long it owed an answer by then */
    const char *fault;           /* why it was killed; NULL: it was not for a fault */

    ByteBuffer out, in; /* to it, and from it */
    size_t out_at, in_at;
    bool deaf;          /* it has ended; what it said last is still to be heard, most of all why */
    bool hung_up;       /* all of that was received */
    Given given[GIVEN]; /* the newest, by their numbers */
    uint32_t next_id, answered;
    unsigned rungs_told; /* changes of rungs since the last answer */
    bool needs_key;
    uint32_t wanted, asked; /* rungs that are wanted, and those of them that it was asked for */
    bool unit_came[RUNGS_MAX];
    int64_t unit_90k[RUNGS_MAX]; /* the time of the last unit */
    uint32_t stopped;            /* rungs of which is still to be told that they stand still */

    TranscoderStats stats;
    WireTook took; /* of this process */
};

/* ---- transcoder.c ---- */

/* Ends a process that has failed: `why` is half a sentence that is kept. */
void transcoder_fail(Transcoder *t, const char *why, int64_t now_us);

/* It said that it is ready, or that it cannot do what it was asked to, and why. */
void transcoder_ready(Transcoder *t, int64_t now_us);
void transcoder_refuse(Transcoder *t, const char *why, int64_t now_us);

/* ---- transcoder_talk.c ---- */

/* Adds a message for the process, and sends what it takes. */
void transcoder_say(Transcoder *t, const WireMessage *message, int64_t now_us);

/* Sends, and receives. */
void transcoder_exchange(Transcoder *t, int64_t now_us);

/* Forgets what was said to and by a process that is gone; all rungs that ran stand still. */
void transcoder_forget(Transcoder *t);

#endif
