/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UTC_TEXT_H
#define UTC_TEXT_H

/* Dates and times as lists, logs and events write them.
 *
 * Pure: no I/O, no clock, no allocation. Thread-safety: any thread. */

#include "text_buffer.h"

#define UTC_TEXT_SIZE 32 /* bytes that hold any of them, with the 0 */

/* Adds a time in UTC (RFC 3339), "2026-11-29T12:34:56.789Z". `unix_us` is in microseconds since
 * 1970, `decimals` of a second are written, 0 to 6: what is below them is cut off. */
void utc_text_add(TextBuffer *out, int64_t unix_us, int decimals);

#endif
