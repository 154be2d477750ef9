/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PLAYBACK_STATS_H
#define PLAYBACK_STATS_H

/* What has been asked about viewers, and answered. A plain value.
 *
 * Thread-safety: none needed, values are copied. */

#include <stddef.h>
#include <stdint.h>

#include "admission_answer.h"

typedef struct PlaybackStats {
    size_t sessions;  /* that are known */
    uint64_t evicted; /* before their time, to make room */
    uint64_t asked, retried;
    uint64_t busy;                         /* that could not be asked about: too many wait */
    uint64_t verdicts[ADMISSION_VERDICTS]; /* that have come */
    uint64_t unasked;                      /* let in without an answer, by the settings */
} PlaybackStats;

#endif
