/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PACE_H
#define PACE_H

/* What is left out if a transcoder cannot keep up: first pictures, then rungs from the top.
 *
 * All that counts is how far it is behind with the picture at hand, and all other times are those
 * of the pictures, so that a test needs no busy machine. A key picture is never left out, since a
 * rung is cut there. The lowest rung never goes. A rung comes back at a key picture, after a wait
 * that doubles each time that it did not last.
 *
 * Pure. Thread-safety: none, a Pace belongs to one thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACE_SKIP_US  250000ll  /* so far behind, pictures are left out, */
#define PACE_CALM_US  100000ll  /* until it is no more than this */
#define PACE_PATIENCE 2000000ll /* us of pictures left out, after which a rung goes */
#define PACE_FAR_US   1500000ll /* so far behind, a rung goes at once */

#define PACE_WAIT_US    10000000ll  /* before a rung comes back the first time, */
#define PACE_WAIT_MOST  160000000ll /* and at the most */
#define PACE_LASTING_US 30000000ll  /* so long without trouble, and it has lasted */

/* Zero-initialise. */
typedef struct Pace {
    size_t off;          /* rungs that have gone, from the top */
    bool skips;          /* pictures are left out now */
    bool began;          /* a picture was seen, */
    int64_t last_us;     /* with this time */
    int64_t pressure_us; /* of pictures left out, less what went well */
    int64_t changed_us;  /* when `off` changed last */
    int64_t wait_us;     /* before the next one comes back */
    uint32_t skipped;    /* pictures, in all */
} Pace;

/* Decides about the picture at `pts_us`, with `lag_us` from it to the newest that waits, for
 * `rungs` rungs. Returns whether it is encoded, by all but the upper `off` of them. */
bool pace_takes(Pace *pace, int64_t pts_us, int64_t lag_us, bool key, size_t rungs);

#endif
