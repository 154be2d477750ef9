/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EARLY_SOUND_H
#define EARLY_SOUND_H

/* Keeps the last seconds of sound, for a picture that comes later but begins within them.
 *
 * Thread-safety: one thread. */

#include "base/media.h"

/* As long as sizes wait for one another (LADDER_WAIT_90K), and as media may be ahead of real time
 * (MEDIA_LEAD_US): so much may come at once if the machine has stood still. */
#define EARLY_SOUND_FRAMES (3 * SAMPLES_PER_S / AAC_FRAME_SAMPLES)
#define EARLY_SOUND_BYTES                                                                          \
    2048 /* of a frame, and beside it the one with fewer bits: one of two                          \
            channels has 1536 at the most (ISO/IEC 14496-3, 4.5.3.1) */

/* NULL: nothing is kept. */
typedef struct EarlySound EarlySound;

/* Keeps a frame, and makes what it is kept in; without room it replaces the oldest. Without memory
 * it is left out. */
void early_sound_keep(EarlySound **early, const AacFrame *frame);

/* Takes the oldest that is left; its data is borrowed until the next is kept. Returns false if
 * there is none. */
bool early_sound_take(EarlySound *early, AacFrame *out);

/* Forgets all. */
void early_sound_destroy(EarlySound **early);

#endif
