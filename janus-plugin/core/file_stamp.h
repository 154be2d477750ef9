/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef FILE_STAMP_H
#define FILE_STAMP_H

/* Tells whether files have changed, by looking at them now and then.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stdint.h>

/* A number for the state of `file` and what `before` was a number for (0: nothing): where it lies,
 * its length, its times. 0: it is not there. */
uint64_t file_stamp(uint64_t before, const char *file);

/* Zero-initialise: nothing has been read. */
typedef struct StampWatch {
    uint64_t read, seen;
} StampWatch;

/* Whether the files are to be read: they are other than when they were read last, and the same as
 * at the last look, so that nobody is just writing them. */
bool stamp_watch_due(StampWatch *watch, uint64_t stamp);

/* Notes that they have just been read; 0: they were not there. */
void stamp_watch_read(StampWatch *watch, uint64_t stamp);

#endif
