/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef UUID_TEXT_H
#define UUID_TEXT_H

/* UUIDs as text (RFC 9562, section 4): "0f8fad5b-d9cb-469f-a165-70867728950e".
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stdint.h>

#define UUID_BYTES     16
#define UUID_TEXT_SIZE 37 /* its end included */

/* Writes it in lower case. */
void uuid_text_write(const uint8_t uuid[UUID_BYTES], char text[UUID_TEXT_SIZE]);

/* Reads a text of either case, which must have nothing more. Returns false if it is none. */
bool uuid_text_read(const char *text, uint8_t uuid[UUID_BYTES]);

#endif
