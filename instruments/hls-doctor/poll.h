/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef POLL_H
#define POLL_H

/* How often to look at a playlist that may change at any time. */

#include <time.h>

#define POLL_MS 200 /* between two looks; finer than any player */

/* Waits until it is time for the next look. */
static inline void poll_pause(void)
{
    nanosleep(&(struct timespec){0, POLL_MS * 1000000l}, NULL);
}

#endif
