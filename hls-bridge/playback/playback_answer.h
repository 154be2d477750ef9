/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLAYBACK_ANSWER_H
#define PLAYBACK_ANSWER_H

/* What a webhook answers that is asked about a viewer (docs/protocol.md, "A webhook for viewers").
 *
 * Thread-safety: none needed, there is no state. */

#include "admission_answer.h"

typedef enum PlaybackVerdict {
    PLAYBACK_ALLOWS,
    PLAYBACK_DENIES,
    PLAYBACK_UNUSABLE,    /* it has answered, but what is none of these */
    PLAYBACK_TIMEOUT,     /* it has not answered in time */
    PLAYBACK_UNREACHABLE, /* there is no connection, or it says that it is out of order */
    PLAYBACK_STOPPED,     /* the bridge stops; nobody was waited for */
    PLAYBACK_VERDICTS
} PlaybackVerdict;

typedef struct PlaybackAnswer {
    PlaybackVerdict verdict;
    int64_t end; /* ALLOWS: seconds since 1970, when the session is over; 0: it does not say */
    char reason[ADMISSION_REASON_MAX + 1]; /* DENIES: the sentence for the viewer, "": none. Neither
                                              ALLOWS nor DENIES: what is wrong, for the log */
} PlaybackAnswer;

/* Reads a whole answer whose status is no failure. */
void playback_answer_read(long status, const char *body, size_t len, PlaybackAnswer *out);

/* An answer that is none. `reason` is copied. */
PlaybackAnswer playback_answer_without(PlaybackVerdict verdict, const char *reason);

#endif
