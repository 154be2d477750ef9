/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EARLY_SOUND_H
#define EARLY_SOUND_H

/* Keeps the last second of sound, for a picture that comes later but begins within it.
 *
 * Pure: no allocation, but it holds the bytes of Opus packets: clear it at last. Thread-safety: one
 * thread. */

#include "base/media.h"

#define EARLY_SOUND_FRAMES 48 /* a second */
#define EARLY_SOUND_BYTES                                                                          \
    2048 /* of a frame, and beside it the one with fewer bits: one of two                          \
            channels has 1536 at the most (ISO/IEC 14496-3, 4.5.3.1) */

/* Zero-initialised: empty. */
typedef struct EarlySound {
    struct {
        int64_t pts_samples;
        size_t len;                      /* 0: it was too long to keep */
        size_t low;                      /* bytes behind it; 0: there are none, or too many */
        OpusPacket opus[OPUS_PER_FRAME]; /* held */
        size_t opus_count;
        uint8_t data[EARLY_SOUND_BYTES];
    } frame[EARLY_SOUND_FRAMES];
    size_t kept, taken; /* of all that came; the last EARLY_SOUND_FRAMES of them are here */
} EarlySound;

/* Keeps a frame; without room it replaces the oldest. */
void early_sound_keep(EarlySound *early, const AacFrame *frame);

/* Takes the oldest that is left; its data is borrowed until the next is kept. Returns false if
 * there is none. */
bool early_sound_take(EarlySound *early, AacFrame *out);

/* Forgets all, and releases what is held. */
void early_sound_clear(EarlySound *early);

#endif
