/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef HEX_TEXT_H
#define HEX_TEXT_H

/* Bytes in hexadecimal digits, of lower case, two for each.
 *
 * Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>

/* Writes 2 * len digits, and a zero. Returns where that is. */
char *hex_write(char *to, const unsigned char *bytes, size_t len);

/* Reads 2 * len digits of a text that ends with a zero. Returns false if one is none. */
bool hex_read(const char *text, unsigned char *bytes, size_t len);

#endif
