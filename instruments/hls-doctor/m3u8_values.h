/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef M3U8_VALUES_H
#define M3U8_VALUES_H

/* Finds the values of playlist tags, and reads those that are no attribute lists: dates (ISO 8601)
 * and byte ranges.
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stdint.h>

/* What stands behind `tag` at the beginning of a line; NULL: the line has another. */
const char *m3u8_after(const char *line, const char *tag);

/* Reads 2026-01-31T12:00:00.123Z, or with +hh:mm in place of the Z, as microseconds since 1970.
 * Returns whether it is one; else `unix_us` is unchanged. */
bool m3u8_time_read(const char *text, int64_t *unix_us);

/* Bytes of a file: EXT-X-BYTERANGE. */
typedef struct M3u8Range {
    int64_t offset; /* -1: where the last range of the same file ends */
    int64_t len;    /* -1: the whole file */
} M3u8Range;

#define M3U8_WHOLE ((M3u8Range){-1, -1})

/* Reads "n@o" or "n". Returns whether it is one; else `range` is unchanged. */
bool m3u8_range_read(const char *text, M3u8Range *range);

#endif
