/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef RUNG_TROUBLE_H
#define RUNG_TROUBLE_H

/* When to say that a transcoder cannot keep up: when it leaves the first picture out, for each rung
 * more that stands still for it, and when it has left nothing out for a while.
 *
 * Pure: time is an argument. Thread-safety: none, a RungTrouble belongs to one thread. */

#include "transcode/transcoder_stats.h"

#define RUNG_CALM_US 10000000ll /* without a picture left out, and it keeps up */

typedef enum RungTroubleSays {
    RUNG_TROUBLE_NOTHING,
    RUNG_TROUBLE_SLOW,
    RUNG_TROUBLE_OVER,
} RungTroubleSays;

/* Zero-initialise. */
typedef struct RungTrouble {
    bool told;
    uint64_t skipped; /* pictures, at the last look */
    size_t still;     /* rungs that stood still for it then */
    int64_t last_us;  /* when there was trouble last */
} RungTrouble;

/* Looks at what a transcoder tells of itself. `still` in `trouble` is how many rungs stand still.
 */
RungTroubleSays rung_trouble_look(RungTrouble *trouble, const TranscoderStats *stats,
                                  int64_t now_us);

#endif
