/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EVENT_LINE_H
#define EVENT_LINE_H

/* Lines of a queue on disk, each with a checksum, so that one that was torn by a power cut, or
 * damaged, is known for it:
 *
 *   CHECKSUM janus-hls-events 1 GENERATION         the first line of a queue
 *   CHECKSUM UNIX_US ID BODY                       an event; BODY has no end of line in it
 *   CHECKSUM GENERATION OFFSET                     how far that queue is done, in a file beside it
 *
 * CHECKSUM is the CRC-32 of what follows the space behind it, as eight hexadecimal digits.
 *
 * Pure: the parsers never read past `len` and change nothing. Thread-safety: none needed, there is
 * no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_LINE_MAX 8192 /* bytes with its end; an event has some hundred, 2,500 at the most */
#define EVENT_ID_SIZE  64
#define EVENT_MARK_LEN 51 /* bytes of a line of event_line_mark(), always */

/* An event as it lies in the queue. */
typedef struct EventRecord {
    int64_t unix_us; /* when it happened */
    char id[EVENT_ID_SIZE];
    const char *body; /* borrowed from the line, no 0 behind it */
    size_t len;
} EventRecord;

/* Each writes a line with its end into `line` (EVENT_LINE_MAX bytes). Returns its length, or 0 if
 * it would be too long. */
size_t event_line_head(char *line, uint64_t generation);
size_t event_line_record(char *line, int64_t unix_us, const char *id, const char *body);
size_t event_line_mark(char *line, uint64_t generation, uint64_t offset);

/* How many bytes the first line takes with its end; 0: it has no end yet. What is longer than a
 * line can be counts as one, of EVENT_LINE_MAX bytes. */
size_t event_line_length(const char *bytes, size_t len);

/* Each reads a line of this length. Returns false if it is damaged, or another kind of line. */
bool event_line_is_head(const char *line, size_t len, uint64_t *generation);
bool event_line_is_record(const char *line, size_t len, EventRecord *out);
bool event_line_is_mark(const char *line, size_t len, uint64_t *generation, uint64_t *offset);

#endif
