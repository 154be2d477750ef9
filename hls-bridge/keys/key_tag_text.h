/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef KEY_TAG_TEXT_H
#define KEY_TAG_TEXT_H

/* Checks a tag EXT-X-KEY that somebody else has written, before it goes into lists (rfc8216bis,
 * sections 4.2 and 4.4.4.4).
 *
 * Pure. Thread-safety: none needed, there is no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_TAG_IV_SIZE 16

/* Whether `line` is one whole tag of METHOD=SAMPLE-AES, with a URI, with this KEYFORMAT, with no
 * other vector than `iv`, and of visible ASCII alone. */
bool key_tag_text_valid(const char *line, size_t len, const char *format,
                        const uint8_t iv[KEY_TAG_IV_SIZE]);

#endif
