/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef M3U8_UNSOUND_H
#define M3U8_UNSOUND_H

/* Faults of a playlist that can be read all the same.
 *
 * Pure. Thread-safety: one thread for each M3u8. */

#include "m3u8.h"

/* Notes in the playlist whether a line repeats a tag that may stand once, or has attributes that
 * cannot be read. `seen` is 0 before the first line. */
void m3u8_note_unsound(M3u8 *playlist, unsigned *seen, const char *line);

#endif
