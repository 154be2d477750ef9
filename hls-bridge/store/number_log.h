/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef NUMBER_LOG_H
#define NUMBER_LOG_H

/* What of a stream's numbers must survive a power cut, in a file of its folder.
 *
 * Playlists are not written through to the disk, so a power cut may leave older ones than viewers
 * have seen, empty ones, or none. Their numbers must not be used again. So this file has a
 * bound, which is written through before any playlist that needs it: viewers have seen only numbers
 * below it. It allows for many segments to come, so the file is seldom written.
 *
 * While the machine stays up nothing is lost: whatever was written is there, and what is listed is
 * the newest that viewers have seen. The same is true if everything was written through; a settled
 * log says so. It is not true if viewers are told of a list that the disk has refused: then the log
 * says that what is found lags behind.
 *
 * The file has two records of a sector each, which are written in turn: a power cut damages one of
 * them at most, and a checksum tells which. Its name begins with a dot, so that nobody is served
 * it.
 *
 * Thread-safety: one thread. */

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

#define NUMBER_LOG_FILE  ".numbers"
#define NUMBER_LOG_AHEAD 1000 /* numbers that are kept in hand: half an hour of segments of 2 s */

typedef struct NumberLog NumberLog;

/* Of a playlist: the next media sequence number, and the newest discontinuity number. */
typedef struct Numbers {
    uint64_t msn, discontinuity;
} Numbers;

/* Playlists that have numbers of their own. */
typedef enum NumberSeries { NUMBERS_TS, NUMBERS_LL, NUMBER_SERIES } NumberSeries;

/* Reads what an earlier run has left; the folder is borrowed. Returns NULL with errno: there is no
 * memory, or the disk does not let it be read. */
NumberLog *number_log_open(Store *folder);

/* Writes nothing. Accepts NULL, leaves NULL. */
void number_log_close(NumberLog **log);

/* Whether a playlist that was found on disk with these numbers is the newest that viewers have
 * seen. Without a log it is taken for that. */
bool number_log_trusts(const NumberLog *log, NumberSeries series, const Numbers *found);

/* Viewers have seen no numbers but below these. Returns false if there is no log. */
bool number_log_bound(const NumberLog *log, NumberSeries series, Numbers *bound);

/* Makes sure that the log allows for these numbers, before viewers see them; if it has to be
 * written it allows for `ahead` more. 0: for exactly these, as lists are written through. Returns
 * 0, or -1 with errno: then they must not be seen. */
int number_log_reserve(NumberLog *log, NumberSeries series, const Numbers *next, uint64_t ahead);

/* Viewers are told of lists from memory that are newer than their files, or no longer so: while
 * `lags`, what is found by the next run is not trusted. Returns 0, or -1 with errno: then nothing
 * has changed, and they must not be told. */
int number_log_lag(NumberLog *log, NumberSeries series, bool lags);

/* All that is listed is written through. Returns 0, or -1 with errno: then it does not count. */
int number_log_settle(NumberLog *log);

#endif
