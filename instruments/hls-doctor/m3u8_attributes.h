/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef M3U8_ATTRIBUTES_H
#define M3U8_ATTRIBUTES_H

/* Reads attribute lists of playlist tags (rfc8216bis, section 4.2).
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One attribute of a list; both point into the list. */
typedef struct M3u8Attribute {
    const char *name, *value; /* the value without its quotes */
    size_t name_len, len;
    bool quoted;
} M3u8Attribute;

/* Takes the next attribute from the list at `*at`. Returns false at its end, and if it is
 * malformed: then `*at` does not point at its terminating NUL. */
bool m3u8_attribute_next(const char **at, M3u8Attribute *out);

/* Whether a list is well-formed and names nothing twice. One of more attributes than there are by
 * far is not: to compare each with all others would take long. */
bool m3u8_attributes_sound(const char *list);

/* The attribute of this name, wherever it stands in the list. */
bool m3u8_attribute(const char *list, const char *name, M3u8Attribute *out);

/* The value of an attribute, in five forms: as a copy that the caller frees, NULL if it is missing;
 * cut to `size` bytes with a NUL, "" if it is missing; whether it is YES; decimal seconds in
 * microseconds, -1 if it is missing or not valid; an integer, likewise. */
char *m3u8_attribute_copy(const char *list, const char *name);
void m3u8_attribute_text(const char *list, const char *name, char *out, size_t size);
bool m3u8_attribute_yes(const char *list, const char *name);
int64_t m3u8_attribute_us(const char *list, const char *name);
int64_t m3u8_attribute_integer(const char *list, const char *name);

#endif
