/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef M3U8_H
#define M3U8_H

/* Reads media playlists as a player does (RFC 8216): its own code, so that it cannot share a
 * mistake with the bridge that wrote them.
 *
 * Thread-safety: one thread for each M3u8. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define M3U8_NO_TIME INT64_MIN

typedef struct M3u8Segment {
    char *uri; /* as written */
    int64_t duration_us;
    uint64_t sequence;      /* media sequence number */
    uint64_t discontinuity; /* discontinuity sequence number */
    int64_t time_unix_us;   /* EXT-X-PROGRAM-DATE-TIME, M3U8_NO_TIME: none */
} M3u8Segment;

typedef struct M3u8 {
    unsigned version;
    int64_t target_s; /* 0: missing */
    uint64_t media_sequence, discontinuity_sequence;
    bool ended, has_type, is_multivariant;
    size_t count;
    M3u8Segment *segments;
    int64_t duration_us; /* of all */
} M3u8;

/* Reads `len` bytes. Returns the playlist, which the caller destroys, or NULL with a static
 * sentence in `wrong`. */
M3u8 *m3u8_read(const char *text, size_t len, const char **wrong);

/* Accepts NULL, leaves NULL. */
void m3u8_destroy(M3u8 **playlist);

/* The segment with this media sequence number, or NULL. */
const M3u8Segment *m3u8_segment(const M3u8 *playlist, uint64_t sequence);

#endif
