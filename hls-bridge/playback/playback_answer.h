/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLAYBACK_ANSWER_H
#define PLAYBACK_ANSWER_H

/* What a webhook answers that is asked about a viewer (docs/protocol.md, "A webhook for viewers").
 *
 * Thread-safety: none needed, there is no state. */

#include "admission_answer.h"

typedef struct PlaybackAnswer {
    AdmissionVerdict verdict;
    int64_t end; /* ALLOWS: seconds since 1970, when the session is over; 0: it does not say */
    char reason[ADMISSION_REASON_MAX + 1]; /* DENIES: the sentence for the viewer, "": none. Neither
                                              ALLOWS nor DENIES: what is wrong, for the log */
} PlaybackAnswer;

/* Reads a whole answer whose status is no failure. */
void playback_answer_read(long status, const char *body, size_t len, PlaybackAnswer *out);

/* An answer that is none. `reason` is copied. */
PlaybackAnswer playback_answer_without(AdmissionVerdict verdict, const char *reason);

#endif
