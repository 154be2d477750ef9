/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEDIA_KEYS_H
#define MEDIA_KEYS_H

/* The keys that one stream's media is encrypted with.
 *
 * A key is for the segments of one series of numbers from one number on, up to where the next key
 * begins, of all renditions alike. It is random, and so is its ID. It is a file of 16 bytes in a
 * folder of the stream's own, which is not the one that everybody may fetch from:
 *
 *   key-ll-120-ID.bin     from segment 120 of low latency on; "ts": of the classic lists
 *
 * Or a key server gives the keys of samples: then the next one is asked for as soon as one is in
 * use, and the file has what the server has answered (".cpix").
 *
 * The name says all that there is to know of it, so a run that follows finds the keys of this one.
 * A key has reached the disk before media_keys_take() returns it, so it is there before anything
 * that it was used for, also after a power cut. It is removed some time after the last segment that
 * needs it.
 *
 * Thread-safety: one thread, the stream's. */

#include "base/clock.h"
#include "keys/key_source.h"
#include "package/media_key.h"

#define MEDIA_KEY_ROTATE_MAX 100000 /* segments for a key */

typedef struct MediaKeys MediaKeys;

/* How streams are to be encrypted. All zeros: not at all, and no earlier run has done so. */
typedef struct MediaEncryption {
    MediaCipher cipher;    /* MEDIA_CLEAR: keys of an earlier run are looked after, and none made */
    const char *directory; /* of all streams' keys; exists if there are any; borrowed */
    int64_t rotate;        /* segments for each key; 0: the same one for good */
    int64_t rotate_samples;   /* likewise, of keys of samples */
    const char *uri;          /* of a key, as media_key_write_uri() has it; borrowed; NULL: none */
    const char *clearkey_uri; /* of licences of ClearKey, as media_key_fill_in() has it, for DASH;
                                 borrowed; NULL or "": none */
    const KeySource *source;  /* of keys of samples; borrowed; NULL: they are made here */
    bool stops; /* if it has not given the next key in time, segments are lost, and do not have the
                   key before */
} MediaEncryption;

typedef struct MediaKeysParams {
    MediaEncryption encryption; /* with a directory */
    const char *stream;         /* a valid stream name; borrowed */
    const Clock *clock;         /* borrowed */
} MediaKeysParams;

/* Whether an earlier run has left a folder for the stream's keys. */
bool media_keys_are_left(const char *directory, const char *stream);

/* Takes up the keys that an earlier run has left. Returns NULL with errno. */
MediaKeys *media_keys_open(const MediaKeysParams *params);

/* The keys in memory are wiped; files stay. Accepts NULL, leaves NULL. */
void media_keys_close(MediaKeys **keys);

/* How segments of a series are encrypted. `keys` may be NULL: MEDIA_CLEAR. */
MediaCipher media_keys_cipher(const MediaKeys *keys, NumberSeries series);

/* The key of a segment that is being made; if there is none, or it has had its number of segments,
 * a new one, which is written through. Numbers of a series may be asked for again, but not below
 * the oldest that is kept. Returns it, borrowed for as long as a list has the segment (see
 * media_keys_keep()), or NULL with errno: then the segment cannot be made. A key server's begins
 * behind all segments that were asked for before it came, so that renditions have the same. */
const MediaKey *media_keys_take(MediaKeys *keys, NumberSeries series, int64_t msn);

/* The key of a segment that was made, likewise; NULL: there is none. `keys` may be NULL. */
const MediaKey *media_keys_find(const MediaKeys *keys, NumberSeries series, int64_t msn);

/* Segments that a list has: from `first` on, up to but not with `next`. */
typedef struct MediaKeyNeed {
    int64_t first, next;
} MediaKeyNeed;

/* Lists of the series have these segments and no others: all keys but those, and the newest, are
 * removed a while after `at_us`, when the files of the others go. `keys` may be NULL. */
void media_keys_keep(MediaKeys *keys, NumberSeries series, const MediaKeyNeed *need, size_t needs,
                     int64_t at_us);

/* No list has a segment any more, nor is there a file: removes the keys of the series at once.
 * `keys` may be NULL. */
void media_keys_clear(MediaKeys *keys, NumberSeries series);

/* Removes what is due. Returns when something next is; NEVER_US: nothing. `keys` may be NULL. */
int64_t media_keys_expire(MediaKeys *keys, int64_t now_us);

/* Whether all keys that the text of a list names are there. `keys` may be NULL: there is none. */
bool media_keys_have_all(const MediaKeys *keys, const char *text);

/* Removes the keys of a stream of which nothing else is left; the clock is borrowed for the call.
 */
void media_keys_forget(const char *directory, const char *stream, const Clock *clock);

#endif
