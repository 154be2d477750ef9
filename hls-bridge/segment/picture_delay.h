/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PICTURE_DELAY_H
#define PICTURE_DELAY_H

/* Decides how long to wait for a picture before going on without it.
 *
 * If a screen stands still, nothing says that no picture is coming: it is late, later, and then
 * taken to be missing. A long wait holds up viewers close to live; a short one puts a late picture
 * after its time. So the wait follows how late recent pictures were.
 *
 * Pure: time is the stream's own clock, an argument. Thread-safety: one thread. */

#include "base/media.h"

typedef struct PictureDelay {
    int64_t began_90k;              /* begin of the current period; 0: none yet */
    int64_t worst_90k;              /* delay in it */
    int64_t before_90k;             /* in the one before; 0: none */
    int64_t oldest_90k, newest_90k; /* picture that came since the last look; 0: none */
    int64_t ahead_90k;              /* of the clock: pictures, by the newest; 0: they are not */
} PictureDelay;

/* A picture of `pts_90k` has come. */
void picture_delay_came(PictureDelay *delay, int64_t pts_90k);

/* Looks where the pictures stand that have come up to `clock_90k`. */
void picture_delay_look(PictureDelay *delay, int64_t clock_90k);

/* A picture at `at_90k` came at `clock_90k`; the fastest packet has delay 0. */
void picture_delay_note(PictureDelay *delay, int64_t at_90k, int64_t clock_90k);

/* How long to wait: 0.1 to 0.25 s. */
int64_t picture_delay_wait_90k(const PictureDelay *delay);

#endif
