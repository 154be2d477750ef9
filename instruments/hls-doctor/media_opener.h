/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MEDIA_OPENER_H
#define MEDIA_OPENER_H

/* Decrypts what a job of the worker brings, so that all its checks find clear media; or says that
 * it cannot, and why.
 *
 * Thread-safety: one thread. */

#include "given_keys.h"
#include "media_worker.h"

typedef enum MediaOpened {
    MEDIA_OPEN,        /* it is clear, or was encrypted */
    MEDIA_DEMUX_ALONE, /* its samples are encrypted, and nothing else is: it cannot be decoded */
    MEDIA_LOCKED,      /* nothing of it can be read */
} MediaOpened;

/* Decrypts a job in its place, with the key that it brings or those that were given. */
MediaOpened media_opener_open(Findings *findings, const GivenKeys *given, MediaJob *job);

/* The same of a segment's file, a transport stream. `own` is the key that was fetched for it; NULL:
 * none. `len` becomes how many bytes there are when it is decrypted. */
MediaOpened media_opener_file(Findings *findings, const GivenKeys *given,
                              const M3u8Segment *segment, const uint8_t *own, uint8_t *data,
                              size_t *len);

/* Whether a key of 16 bytes is to be fetched to open a segment; its address is in `uri`
 * (M3U8_URI_SIZE bytes) then. */
bool media_opener_wants_key(const GivenKeys *given, const M3u8Segment *segment, char *uri);

/* What came of that address, with its HTTP status. Returns whether it is a key, which is in `key`
 * then; else a finding says what is wrong. */
bool media_opener_take_key(Findings *findings, const char *uri, long status, const uint8_t *data,
                           size_t len, uint8_t key[AES_BYTES]);

/* The bytes that are to be fetched of a segment's file: whole blocks of it, if it is encrypted as a
 * whole (rfc8216bis, section 6.3.6). */
M3u8Range media_opener_range(const M3u8Segment *segment);

#endif
