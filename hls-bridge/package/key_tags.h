/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef KEY_TAGS_H
#define KEY_TAGS_H

/* EXT-X-KEY in a media playlist (rfc8216bis, section 4.4.4.4): each says how to decrypt all that
 * follows, segments, parts and initialisation segments, up to the next.
 *
 * A list says it before the first segment and where the key changes; a delta update says it again
 * before the first segment that it does not leave out. With METHOD=AES-128 the IV is the media
 * sequence number. It need not be said, but Shaka Player reckons another for segments that come
 * while it plays, so lists of low latency say it with each segment. Initialisation segments are
 * clear: METHOD=NONE stands before one.
 *
 * Pure: no I/O, no clock, no allocation. Thread-safety: one thread. */

#include "package/media_key.h"
#include "text_buffer.h"

/* What holds at this place of a list. Zero-initialise: nothing is said yet, all is clear. */
typedef struct KeyTags {
    const MediaKey *key; /* NULL: it is clear; borrowed */
} KeyTags;

#define KEY_TAGS_NO_IV (-1)

/* What follows is encrypted with `key`, NULL: it is clear. `msn` is its number, if an IV is to be
 * said that is made of it; else KEY_TAGS_NO_IV. */
void key_tags_segment(KeyTags *tags, const MediaKey *key, int64_t msn, TextBuffer *out);

/* An initialisation segment follows, of a segment with that key. */
void key_tags_map(KeyTags *tags, const MediaKey *key, TextBuffer *out);

#endif
