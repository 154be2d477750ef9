/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PICTURE_DELAY_H
#define PICTURE_DELAY_H

/* How long to wait for a picture before going on without it.
 *
 * Where a screen stands still, nobody says that no picture is coming: it is late, later, and then
 * taken to be missing. Waiting long for it holds up viewers close to live; waiting too short puts a
 * late picture after its time. So the wait follows how late pictures have been of late.
 *
 * Pure: time is the stream's own clock, an argument. Thread-safety: one thread. */

#include "base/media.h"

typedef struct PictureDelay {
    int64_t began_90k;  /* the period that is under way; 0: none yet */
    int64_t worst_90k;  /* delay in it */
    int64_t before_90k; /* in the one before; 0: none */
} PictureDelay;

/* A picture of `at_90k` came at `clock_90k`, where 0 delay is that of the fastest packet. */
void picture_delay_note(PictureDelay *delay, int64_t at_90k, int64_t clock_90k);

/* Between 0.1 and 0.25 s. */
int64_t picture_delay_wait_90k(const PictureDelay *delay);

#endif
