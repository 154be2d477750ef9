/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TRANSCODER_H
#define TRANSCODER_H

/* The bridge's side of hls-transcoder, for one stream: gives it coded pictures, takes those of the
 * rungs, and looks after the process. One that ends, stands still or says what cannot be is ended
 * and started again, after a wait that grows with each time.
 *
 * Nothing here waits. If the transcoder does not take pictures as fast as they come, they are left
 * out up to the next key picture. Nothing is believed either: a unit that is for no picture that
 * was given is a fault.
 *
 * Time is an argument, and only compared with other times: any clock that does not go back.
 *
 * Thread-safety: a Transcoder belongs to one thread, and the kernel ends its process with this
 * thread; many may use one EncoderBudget. */

#include "transcode/encoder_budget.h"
#include "transcode/transcode_wire.h"
#include "transcode/transcoder_stats.h"

typedef struct Transcoder Transcoder;

typedef struct TranscoderParams {
    const char *program;    /* path of hls-transcoder; borrowed for the transcoder's life */
    const char *name;       /* the stream's, for the log; likewise */
    TranscodeConfig config; /* of one rung or more */
    EncoderBudget *budget;  /* shared; NULL: no limit. Borrowed */
    size_t encoders;        /* that it may have at once; 0: as many as rungs */
} TranscoderParams;

/* A coded picture of the source, as WirePicture; its time is later than that of earlier ones in the
 * order of decoding, but for pictures that are reordered. */
typedef struct TranscoderPicture {
    int64_t pts_90k;
    bool key;
    const uint8_t *data; /* borrowed for the call */
    size_t len;
} TranscoderPicture;

/* What comes of it. */
typedef enum TranscoderSays {
    TRANSCODER_NOTHING,
    TRANSCODER_RUNG, /* a rung is this from its next unit on, or stands still */
    TRANSCODER_UNIT, /* a picture of a rung: its time is one that was given, and it is an IDR
                        picture if that was a key picture, and only then */
} TranscoderSays;

typedef struct TranscoderNews {
    TranscoderSays says;
    WireRung rung;
    WireUnit unit; /* its bytes are borrowed until the next call of any of these functions */
} TranscoderNews;

/* Makes one; transcoder_work() starts its process. Returns NULL with errno. */
Transcoder *transcoder_create(const TranscoderParams *params);

/* Ends the process, at once. Accepts NULL, leaves NULL. */
void transcoder_destroy(Transcoder **transcoder);

/* Gives it a picture, or leaves it out and counts it. */
void transcoder_picture(Transcoder *transcoder, const TranscoderPicture *picture, int64_t now_us);

/* The rungs of these bits are wanted, of those that there are encoders for: the others stop. */
void transcoder_want(Transcoder *transcoder, uint32_t rungs, int64_t now_us);

/* Does what is due: starts, ends, writes and reads. Call it if the descriptor is ready, and at the
 * deadline. */
void transcoder_work(Transcoder *transcoder, int64_t now_us);

/* Takes what has come, in order; call it until there is nothing. */
TranscoderNews transcoder_take(Transcoder *transcoder, int64_t now_us);

/* To poll: it is always to be read from, and to be written to if `writes`. -1: there is none now.
 */
int transcoder_fd(const Transcoder *transcoder, bool *writes);

/* When transcoder_work() is due, whatever comes; NEVER_US: at no time. */
int64_t transcoder_deadline_us(const Transcoder *transcoder);

/* What it has counted. */
TranscoderStats transcoder_stats(const Transcoder *transcoder);

#endif
