/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DOUBLING_PAUSE_H
#define DOUBLING_PAUSE_H

/* Pauses between tries of what fails. Pure. Thread-safety: none needed, there is no state. */

#include <stdint.h>

/* `first` (1 or more), doubled for each of `times` (0 or more), but `most` at most; in any unit. */
static inline int64_t doubling_pause(int64_t first, int64_t times, int64_t most)
{
    int64_t pause = first;

    while (times-- > 0 && pause < most)
        pause = pause > most / 2 ? most : pause * 2;
    return pause < most ? pause : most;
}

#endif
